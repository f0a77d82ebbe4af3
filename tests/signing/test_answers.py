"""Which answers of authorities count: lists and OCSP answers of every odd kind, each the only word about the signer."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509 import ocsp

from signing import Evidence, Item, Policy, Source, check, needs_of, sign_paper
from signing.revocation import fits, read_item
from tests.pki import NOW, Pki

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(scope="module")
async def signed(pki: Pki, paper: bytes) -> bytes:
    return await sign_paper(paper, pki.signer("biz"))


def certificate(pki: Pki, label: str) -> x509.Certificate:
    return x509.load_der_x509_certificate(pki.cert(label).dump())


def key(pki: Pki, label: str):
    return load_pem_private_key(pki.key_pem(label), None)


def a_list(
    pki: Pki,
    *extensions: tuple[x509.ExtensionType, bool],
    name: str = "pubca",
    signer: str = "pubca",
    begins: datetime = NOW - HOUR,
    ends: datetime = NOW + DAY,
    revoked: tuple[int, datetime] | None = None,
) -> Item:
    """A list under the name of one and with the key of another."""
    made = x509.CertificateRevocationListBuilder().issuer_name(certificate(pki, name).subject)
    made = made.last_update(begins).next_update(ends).add_extension(x509.CRLNumber(1), critical=False)
    for extension, critical in extensions:
        made = made.add_extension(extension, critical=critical)
    if revoked:
        serial, since = revoked
        one = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(since).build()
        made = made.add_revoked_certificate(one)
    der = made.sign(key(pki, signer), SHA256()).public_bytes(Encoding.DER)
    return read_item(Source.CRL, "http://ca.example/x.crl", der)


def a_status(
    pki: Pki,
    *,
    about: str = "biz",
    signer: str = "pubca-ocsp",
    begins: datetime = NOW - HOUR,
    ends: datetime | None = NOW + DAY,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    since: datetime | None = None,
    nonce: bytes = b"",
    enclosed: bool = True,
) -> Item:
    """An OCSP answer about one certificate, signed by another."""
    by = certificate(pki, signer)
    made = ocsp.OCSPResponseBuilder().add_response(
        certificate(pki, about),
        certificate(pki, "pubca"),
        SHA1(),
        status,
        begins,
        ends,
        since,
        None,
    )
    made = made.responder_id(ocsp.OCSPResponderEncoding.HASH, by)
    if enclosed and signer != "pubca":
        made = made.certificates([by])
    if nonce:
        made = made.add_extension(x509.OCSPNonce(nonce), critical=False)
    der = made.sign(key(pki, signer), SHA256()).public_bytes(Encoding.DER)
    return read_item(Source.OCSP, "http://ca.example/ocsp", der)


def serial(pki: Pki, label: str = "biz") -> int:
    return pki.cert(label).serial_number


def part(**changed: object) -> x509.IssuingDistributionPoint:
    said = {
        "full_name": None,
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**said | changed)


REVOKED = ocsp.OCSPCertStatus.REVOKED
Make = Callable[[Pki], Item]
ANSWERS: dict[str, tuple[Make, str, str | None]] = {
    "list": (a_list, "VALID", None),
    "list-naming-another": (lambda p: a_list(p, revoked=(serial(p, "bizother"), NOW - DAY)), "VALID", None),
    "list-naming-the-signer": (lambda p: a_list(p, revoked=(serial(p), NOW - DAY)), "INVALID", "CERT_REVOKED"),
    "list-revoking-later": (
        lambda p: a_list(p, begins=NOW + HOUR, ends=NOW + DAY, revoked=(serial(p), NOW + HOUR)),
        "VALID",
        None,
    ),
    "list-with-anothers-key": (lambda p: a_list(p, signer="gcaca"), "INDETERMINATE", None),
    "list-with-an-unknown-key": (lambda p: a_list(p, signer="evilroot"), "INDETERMINATE", None),
    "list-with-a-key-of-another-kind": (lambda p: a_list(p, signer="biz"), "INDETERMINATE", "REV_STALE"),
    "list-by-the-root": (lambda p: a_list(p, name="natroot", signer="natroot"), "INDETERMINATE", "REV_UNKNOWN"),
    "list-of-another-authority": (lambda p: a_list(p, name="gcaca", signer="gcaca"), "INDETERMINATE", "REV_UNKNOWN"),
    "list-signed-by-a-signer": (lambda p: a_list(p, signer="person"), "INDETERMINATE", None),
    "list-that-ended": (lambda p: a_list(p, begins=NOW - 2 * DAY, ends=NOW - DAY), "INDETERMINATE", "REV_STALE"),
    "delta-list": (lambda p: a_list(p, (x509.DeltaCRLIndicator(1), True)), "INDETERMINATE", None),
    "indirect-list": (lambda p: a_list(p, (part(indirect_crl=True), True), name="gcaca", signer="gcaca"), "INDETERMINATE", None),
    "list-of-authorities-only": (lambda p: a_list(p, (part(only_contains_ca_certs=True), True)), "INDETERMINATE", None),
    "list-of-attributes-only": (lambda p: a_list(p, (part(only_contains_attribute_certs=True), True)), "INDETERMINATE", None),
    "list-of-some-reasons": (
        lambda p: a_list(p, (part(only_some_reasons=frozenset({x509.ReasonFlags.superseded})), True)),
        "INDETERMINATE",
        None,
    ),
    "list-with-an-unknown-critical-extension": (
        lambda p: a_list(p, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)),
        "INDETERMINATE",
        None,
    ),
    "status": (a_status, "VALID", None),
    "status-with-a-nonce": (lambda p: a_status(p, nonce=b"0123456789abcdef"), "VALID", None),
    "status-by-the-authority-itself": (lambda p: a_status(p, signer="pubca"), "VALID", None),
    "status-revoked": (lambda p: a_status(p, status=REVOKED, since=NOW - DAY), "INVALID", "CERT_REVOKED"),
    "status-unknown": (lambda p: a_status(p, status=ocsp.OCSPCertStatus.UNKNOWN), "INDETERMINATE", None),
    "status-of-another": (lambda p: a_status(p, about="bizother"), "INDETERMINATE", "REV_UNKNOWN"),
    "status-by-a-responder-without-the-purpose": (lambda p: a_status(p, signer="bizother"), "INDETERMINATE", None),
    "status-by-another-authoritys-responder": (lambda p: a_status(p, signer="gcaca-ocsp"), "INDETERMINATE", None),
    "status-in-the-authoritys-name-by-a-key-of-another-kind": (
        lambda p: a_status(p, signer="biz", enclosed=False),
        "INDETERMINATE",
        None,
    ),
    "status-by-the-signer": (lambda p: a_status(p, signer="biz"), "INDETERMINATE", None),
    "status-by-an-unknown-responder": (lambda p: a_status(p, signer="evilroot"), "INDETERMINATE", None),
    "status-whose-responder-is-not-enclosed": (lambda p: a_status(p, enclosed=False), "INDETERMINATE", None),
    "status-that-ended": (lambda p: a_status(p, begins=NOW - 2 * DAY, ends=NOW - DAY), "INDETERMINATE", "REV_STALE"),
}


@pytest.mark.parametrize("make,verdict,code", ANSWERS.values(), ids=ANSWERS)
def test_an_answer_counts_only_when_it_is_the_authority_s_own_and_about_the_signer(
    pki: Pki, policy: Policy, signed: bytes, make: Make, verdict: str, code: str | None
):
    evidence = Evidence((make(pki), pki.crl("natroot")))
    report = check(signed, replace(policy, evidence=evidence))

    assert report.verdict == verdict, report.codes
    assert code is None or code in report.codes


KEPT: dict[str, tuple[Make, bool]] = {
    "list": (a_list, True),
    "list-with-anothers-key": (lambda p: a_list(p, signer="gcaca"), False),
    "list-with-a-key-of-another-kind": (lambda p: a_list(p, signer="biz"), False),
    "list-of-another-authority": (lambda p: a_list(p, name="gcaca", signer="gcaca"), False),
    "status": (a_status, True),
    "status-of-another": (lambda p: a_status(p, about="bizother"), False),
}


@pytest.mark.parametrize("make,kept", KEPT.values(), ids=KEPT)
def test_a_forged_answer_never_pushes_a_good_one_out_of_the_store(pki: Pki, make: Make, kept: bool):
    item = make(pki)
    asked = {need.source: need for need in needs_of([pki.cert("biz")], pki.trust) if "natroot" not in need.url}

    assert fits(asked[item.source], item, pki.trust) is kept
    assert not fits(asked[item.source], item, pki.trust_with(without=("pubca",))), "nobody asks whom we do not know"
