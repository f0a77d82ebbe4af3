"""Where keys are: one file for each seal and person, read when it is needed, and nothing secret in any text."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from app.issued.keyring import Keyring
from app.issued.rules import Way
from signing import SoftSigner
from signing.csc import CscSigner
from signing.hsm import HsmKey
from signing.keys import KeyFailed
from tests.csc import provider_of
from tests.issued.conftest import LEADER, PASSPHRASE
from tests.pki import Pki

ENTRIES = {
    "person-hsm": 'kind = "pkcs11"\nmodule = "/usr/lib/vendor.so"\ntoken = "bct"\nkey = "leader"\n',
    "person-remote": 'kind = "csc"\nurl = "https://sign.example/csc/v1"\ncredential = "42"\n',
    "person-remote-now": 'kind = "csc"\nurl = "https://sign.example/csc/v1"\ncredential = "42"\napproval = false\n',
    "person-desk": 'kind = "upload"\ncertificate = "desk.pem"\n',
    "person-asked": 'kind = "pkcs12"\napproval = true\n',
}


@pytest.fixture
def ring(tmp_path: Path) -> Keyring:
    for name, text in ENTRIES.items():
        (tmp_path / f"{name}.toml").write_text(text)
    return Keyring(tmp_path, PASSPHRASE, "1234", "bearer", loopback=True)


@pytest.mark.parametrize(
    "name, way",
    [
        ("person-hsm", Way.AT_ONCE),
        ("person-remote", Way.APPROVAL),
        ("person-remote-now", Way.AT_ONCE),
        ("person-desk", Way.UPLOAD),
        ("person-asked", Way.APPROVAL),
        ("person-of-whom-nothing-is-said", Way.AT_ONCE),
    ],
)
def test_the_entry_says_how_a_signature_comes_about(ring, name, way):
    assert ring.way(name) is way


async def test_a_soft_key_is_opened_once(keys):
    ring = Keyring(keys, PASSPHRASE)
    first = await ring.signer(f"person-{LEADER}")

    assert isinstance(first, SoftSigner)
    assert await ring.signer(f"person-{LEADER}") is first
    assert ring.holds("seal-G02")
    assert not ring.holds("seal-G02.914")


async def test_a_remote_key_is_called_with_this_service_s_token_at_this_host_alone(pki: Pki, tmp_path: Path):
    async with provider_of(pki) as provider:
        (tmp_path / "token").write_text("of this service\n")
        entry = f'kind = "csc"\nurl = "{provider.service().url}"\ncredential = "vn/official"\ntoken_file = "token"\n'
        (tmp_path / "person-x.toml").write_text(entry)
        signer = await Keyring(tmp_path, csc_token="another", loopback=True).signer("person-x")

    assert isinstance(signer, CscSigner)
    assert (signer.certificate, signer.most) == (pki.cert("official").dump(), 3)
    assert provider.asked[0][2] == "Bearer of this service"
    assert signer.service.rules.hosts == {"127.0.0.1"}


@pytest.mark.parametrize(
    "text, told",
    [
        ("kind = ", "TOML|Invalid"),
        ('kind = "magic"\n', "union_tag_invalid"),
        ('kind = "csc"\nurl = "x"\ncredential = "42"\npin = "0000"\n', "pin"),
        ('kind = "pkcs11"\n', "module"),
    ],
    ids=["no-toml", "unknown-kind", "a-secret-in-the-file", "half-of-it"],
)
def test_a_wrong_entry_is_told_without_its_values(ring, text, told):
    (ring.folder / "person-bad.toml").write_text(text)
    with pytest.raises(KeyFailed, match=told) as failed:
        ring.way("person-bad")
    assert failed.value.reason == "unsuitable"
    assert "0000" not in str(failed.value)


def test_an_official_with_a_token_of_his_own_is_known_by_certificate_or_number(ring, pki: Pki):
    certificate = pki.cert("official").dump()
    (ring.folder / "desk.pem").write_bytes(certificate)
    assert ring.registered("person-desk") == (certificate, "")
    (ring.folder / "person-number.toml").write_text('kind = "upload"\npersonal_number = "001200000001"\n')
    assert ring.registered("person-number") == (b"", "001200000001")
    (ring.folder / "person-nobody.toml").write_text('kind = "upload"\n')
    with pytest.raises(KeyFailed, match="names neither"):
        ring.registered("person-nobody")


async def test_a_key_that_lies_open_is_refused(pki: Pki, tmp_path: Path):
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    key = serialization.load_pem_private_key(pki.key_pem("seal"), None)
    own = x509.load_der_x509_certificate(pki.cert("seal").dump())
    open_box = pkcs12.serialize_key_and_certificates(b"seal", key, own, None, serialization.NoEncryption())
    (tmp_path / "seal-G02.p12").write_bytes(open_box)
    with pytest.raises(ValueError, match="not encrypted"):
        await Keyring(tmp_path, PASSPHRASE).signer("seal-G02")


def test_no_secret_is_in_a_text_of_ours(ring):
    told = repr(ring) + repr(HsmKey(Path("/x.so"), "t", "k", "1234"))
    assert "1234" not in told
    assert "bearer" not in told
    assert PASSPHRASE.decode() not in told
