"""Keys in a token: SoftHSM plays the hardware, as a vendor's library would."""

import os
import secrets
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from signing import Verdict, check, sign_paper
from signing.hsm import HsmKey, open_hsm
from signing.keys import KeyFailed, fits

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN = "2468013579"
pytestmark = pytest.mark.skipif(
    not (MODULE.exists() and shutil.which("softhsm2-util")) and not os.environ.get("MOTCUA_CI"),
    reason="SoftHSM is missing: apt-get install softhsm2",
)


@pytest.fixture(scope="module")
def token(pki, tmp_path_factory) -> HsmKey:
    """A token with an RSA and an EC key; certificates are in it as well. The library reads its settings once per process."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder}/tokens\nobjectstore.backend = file\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    label = f"motcua-{secrets.token_hex(4)}"
    for name in (label, f"{label}-2"):
        _run("--init-token", "--free", "--label", name, "--so-pin", PIN, "--pin", PIN)
    for number, name in enumerate(("seal", "biz", "official"), 1):
        _import(folder, pki, label, name, f"{number:02x}")
    return HsmKey(MODULE, label, "seal", PIN)


def _run(*words: str) -> None:
    subprocess.run(["softhsm2-util", *words], check=True, capture_output=True)


def _import(folder: Path, pki, token: str, name: str, number: str) -> None:
    import pkcs11
    from pkcs11.util.x509 import decode_x509_certificate

    key = folder / f"{name}.pem"
    key.write_bytes(pki.key_pem(name))
    _run("--import", str(key), "--token", token, "--label", name, "--id", number, "--pin", PIN)
    described = decode_x509_certificate(pki.cert(name).dump())
    with pkcs11.lib(str(MODULE)).get_token(token_label=token).open(user_pin=PIN, rw=True) as session:
        session.create_object({**described, pkcs11.Attribute.TOKEN: True, pkcs11.Attribute.LABEL: name})


def key(token: HsmKey, label: str) -> HsmKey:
    return replace(token, label=label)


@pytest.mark.parametrize("label, scheme", [("seal", "rsassa_pss"), ("official", "ecdsa")])
async def test_a_key_in_a_token_signs_documents_that_pass(token, pki, paper, policy, label, scheme):
    signer = open_hsm(key(token, label), chain=pki.chain(label))

    assert signer.certificate == pki.cert(label).dump()
    report = check(await sign_paper(paper, signer), policy)
    assert (report.verdict, report.signatures[0].algorithm) == (Verdict.VALID, scheme)


async def test_pkcs1_v15_only_where_the_token_cannot_do_pss(token, pki, paper, policy):
    signer = open_hsm(token, chain=pki.chain("seal"), pss=False)

    report = check(await sign_paper(paper, signer), policy)
    assert (report.verdict, report.signatures[0].algorithm) == (Verdict.VALID, "rsassa_pkcs1v15")


async def test_the_three_ways_of_signing_fit_the_certificate(token, pki):
    digest = secrets.token_bytes(32)
    for label, mechanism in (("seal", "rsassa_pss"), ("seal", "rsassa_pkcs1v15"), ("official", "ecdsa")):
        signature = await open_hsm(key(token, label)).sign(digest, mechanism)
        assert fits(pki.cert(label), digest, signature, mechanism)
        assert not fits(pki.cert(label), bytes(32), signature, mechanism)


def test_a_wrong_pin_is_named_and_never_tried_twice(token):
    """Three wrong ones would lock the token: jobs are tried ten times."""
    wrong = replace(token, token=f"{token.token}-2", pin="1111111111")
    for told in ("PinIncorrect", "not tried again"):
        with pytest.raises(KeyFailed, match=told) as failed:
            open_hsm(wrong)
        assert failed.value.reason == "wrong-pin"


def test_a_second_pin_for_an_open_token_is_not_tried_either(token):
    open_hsm(token)
    with pytest.raises(KeyFailed, match="another one"):
        open_hsm(replace(token, pin="1111111111"))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the library's own tidying fails as well
async def test_a_lost_session_is_opened_again(token, pki):
    from signing.hsm import _logins

    signer = open_hsm(token)
    _logins[token.module, token.token].session.close()

    assert fits(pki.cert("seal"), bytes(32), await signer.sign(bytes(32), "rsassa_pss"), "rsassa_pss")


@pytest.mark.parametrize(
    "change, reason",
    [({"label": "absent"}, "unsuitable"), ({"token": "absent"}, "unsuitable"), ({"module": Path("/absent.so")}, "unsuitable")],
)
def test_what_is_configured_wrongly_is_said(token, change, reason):
    with pytest.raises(KeyFailed) as failed:
        open_hsm(replace(token, **change))
    assert failed.value.reason == reason


def test_a_pin_is_in_no_text_of_ours(token):
    signer = open_hsm(token)
    assert PIN not in f"{token!r} {signer!r}"


def test_the_key_in_the_token_is_the_certificate_s(token, pki):
    """SoftHSM keeps what we imported; this pins that the test speaks of the same key as the authority."""
    public = serialization.load_der_public_key(pki.cert("seal").public_key.dump())
    assert public.key_size == 2048
