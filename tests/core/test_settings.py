from base64 import b64encode
from pathlib import Path

import pytest
from pydantic import ValidationError

from app import cli
from app.core.settings import Settings

READY = {
    "environment": "production",
    "demo": False,
    "fetch_loopback": False,
    "DATABASE_URL": "postgresql://motcua_app@db/motcua",
    "public_url": "https://dichvucong.example",
    "trusted_proxies": "10.0.0.2",
    "secret_key": "s" * 32,
    "blob_key": b64encode(b"k" * 32).decode(),
    "gateway_secret": "g",
    "signing_keys": Path("/keys"),
    "signing_passphrase": "p",
    "tsa_url": "https://tsa.example",
    "oidc_issuer": "https://id.example",
    "gateway_url": "https://pay.example",
}


def test_production_starts_when_everything_is_set():
    assert Settings(**READY).production


@pytest.mark.parametrize("name", [name for name in READY if name not in {"environment", "demo", "fetch_loopback"}])
def test_production_does_not_start_without_it_and_names_it(name):
    with pytest.raises(ValidationError) as refusal:
        Settings(**{key: value for key, value in READY.items() if key != name})

    assert (name if name.isupper() else f"MOTCUA_{name.upper()}") in str(refusal.value)


@pytest.mark.parametrize("name", ["demo", "fetch_loopback"])
def test_production_does_not_start_with_a_demo_part(name):
    with pytest.raises(ValidationError, match=f"MOTCUA_{name.upper()}=false"):
        Settings(**READY | {name: True})


def test_production_does_not_start_with_a_shifted_clock(monkeypatch):
    monkeypatch.setenv("MOTCUA_CLOCK_SHIFT_SECONDS", "259200")

    with pytest.raises(ValidationError, match="rehearsals"):
        Settings(**READY)


@pytest.mark.parametrize(
    "name, value",
    [
        ("secret_key", "short"),
        ("blob_key", "not base64!"),
        ("blob_key", b64encode(b"k" * 16).decode()),
        ("oidc_issuer", "http://localhost:8001/id"),
        ("gateway_url", "http://127.0.0.2/pay"),
        ("tsa_url", "http://[::1]/tsa"),
    ],
)
def test_production_does_not_start_with_a_value_that_only_looks_set(name, value):
    with pytest.raises(ValidationError, match=f"MOTCUA_{name.upper()}"):
        Settings(**READY | {name: value})


def test_a_refusal_to_start_does_not_tell_the_secrets():
    with pytest.raises(ValidationError) as refusal:
        Settings(environment="production", secret_key="canary-secret")

    assert "canary" not in str(refusal.value)
    assert "secret'" not in str(refusal.value)


def test_the_command_line_says_what_is_missing_in_sentences_and_shows_no_value(monkeypatch):
    monkeypatch.setenv("MOTCUA_ENVIRONMENT", "production")
    monkeypatch.setenv("MOTCUA_BLOB_KEY", "canary")

    with pytest.raises(SystemExit) as end:
        cli.main(["serve"])

    assert "set DATABASE_URL" in str(end.value)
    assert "canary" not in str(end.value)


def test_the_demos_addresses_follow_its_outside_world_unless_they_are_set():
    moved = Settings(demo_url="http://127.0.0.1:9001/", gateway_url="http://127.0.0.1:9999/pay")

    assert moved.oidc_issuer == "http://127.0.0.1:9001/id"
    assert moved.gateway_url == "http://127.0.0.1:9999/pay"


def test_every_setting_is_documented():
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    names = {str(field.validation_alias or f"MOTCUA_{name.upper()}") for name, field in Settings.model_fields.items()}

    missing = sorted(name for name in names if f"`{name}`" not in text)

    assert not missing


@pytest.mark.parametrize("name", ["tsa_url", "oidc_issuer", "gateway_url"])
def test_production_does_not_lean_on_a_demo_on_another_machine(name):
    with pytest.raises(ValidationError, match=f"MOTCUA_{name.upper()}"):
        Settings(**READY | {"demo_url": "http://demo.example:8001", name: "http://demo.example:8001/id"})
