"""Signatures that are made wrong, one way each; a right one of the same make stands first."""

import pytest
from asn1crypto import cms, tsp

from signing import Verdict, check
from tests.signing.attacks.envelopes import NOON, Envelope, shell, signing_time

INVALID, INDETERMINATE, VALID, UNREADABLE = Verdict.INVALID, Verdict.INDETERMINATE, Verdict.VALID, Verdict.UNREADABLE


def wrong_identifier(pki) -> tuple[str, list]:
    identifier = tsp.ESSCertIDv2({"cert_hash": bytes(32)})
    return "signing_certificate_v2", [tsp.SigningCertificateV2({"certs": [identifier]})]


def protection(digest: str) -> tuple[str, list]:
    said = {"digest_algorithm": {"algorithm": digest}, "signature_algorithm": {"algorithm": "sha256_ecdsa"}}
    return "cms_algorithm_protection", [cms.CMSAlgorithmProtection(said)]


ENVELOPES = {
    "a right one": ({}, {}, VALID, None),
    "a right one, PKCS#7 without attributes": ({"signed_attributes": False}, {"subfilter": b"adbe.pkcs7.detached"}, VALID, None),
    "a right one with a time": ({"attributes": [signing_time(NOON)]}, {}, VALID, None),
    "content inside": ({"content": b"khac"}, {}, INVALID, "SIG_FORMAT"),
    "empty content inside": ({"content": b""}, {}, INVALID, "SIG_FORMAT"),
    "two signers": ({"signers": 2}, {}, INVALID, "SIG_FORMAT"),
    "no signer": ({"signers": 0}, {}, INVALID, "SIG_FORMAT"),
    "no certificate": ({"certificates": []}, {}, INVALID, "SIG_FORMAT"),
    "somebody else's certificate beside": ({"named": "official"}, {}, INVALID, "SIG_FORMAT"),
    "somebody else's certificate, own key": ({"label": "official", "key_of": "bizother"}, {}, INVALID, "SIG_CRYPTO_INVALID"),
    "over other bytes": ({"digest": bytes(32)}, {}, INVALID, "SIG_HASH_MISMATCH"),
    "no digest attribute": ({"without": frozenset({"message_digest"})}, {}, INVALID, "SIG_FORMAT"),
    "no content type": ({"without": frozenset({"content_type"})}, {}, INVALID, "SIG_FORMAT"),
    "two content types": ({"attributes": [("content_type", ["data"])]}, {}, INVALID, "SIG_FORMAT"),
    "two digests": ({"attributes": [("message_digest", [bytes(32)])]}, {}, INVALID, "SIG_FORMAT"),
    "another content type": (
        {"without": frozenset({"content_type"}), "attributes": [("content_type", ["signed_data"])]},
        {},
        INVALID,
        "SIG_FORMAT",
    ),
    "identifier of another certificate": (
        {"without": frozenset({"signing_certificate_v2"}), "attributes": [wrong_identifier(None)]},
        {},
        INVALID,
        "SIG_FORMAT",
    ),
    "algorithms said otherwise": ({"attributes": [protection("sha512")]}, {}, INVALID, "SIG_FORMAT"),
    "PAdES without attributes": ({"signed_attributes": False}, {}, INVALID, "SIG_FORMAT"),
    "unsupported kind": ({}, {"subfilter": b"adbe.pkcs7.sha1"}, INDETERMINATE, "SIG_SUBFILTER_UNSUPPORTED"),
    "raw RSA kind": ({}, {"subfilter": b"adbe.x509.rsa_sha1"}, INDETERMINATE, "SIG_SUBFILTER_UNSUPPORTED"),
    "a time stamp's kind around a signature": ({}, {"subfilter": b"ETSI.RFC3161"}, INVALID, "SIG_FORMAT"),
    "value null": ({}, {"gap": b"null"}, UNREADABLE, None),
    "value empty": ({}, {"gap": b"<>"}, UNREADABLE, None),
    "value zeros": ({}, {"gap": b"<" + b"0" * 16_384 + b">"}, INVALID, "SIG_FORMAT"),
    "value in round brackets": ({}, {"gap": b"(" + b"0" * 16_384 + b")"}, INVALID, "SIG_BYTERANGE_BAD"),
    "value longer than the gap": ({}, {"gap": b"<00>/Them<" + b"0" * 16_376 + b">"}, INVALID, "SIG_BYTERANGE_BAD"),
}


@pytest.mark.parametrize("name", ENVELOPES)
def test_a_signature_is_made_right_or_it_is_refused(pki, policy, name):
    made, around, verdict, code = ENVELOPES[name]
    made = dict(made)
    if "named" in made:
        made["named"] = pki.cert(made["named"])

    report = check(shell(Envelope(pki, **made), **around), policy)
    assert (report.verdict, code is None or code in report.codes) == (verdict, True), report.codes
    assert len(report.signatures) == 1 or verdict is UNREADABLE


def test_bytes_after_the_signature_in_its_own_place_are_no_padding(pki, policy):
    """What stands there is not signed: zeros and nothing else."""
    envelope = Envelope(pki)

    assert check(shell(lambda digest: envelope(digest) + bytes(50)), policy).verdict is VALID
    report = check(shell(lambda digest: envelope(digest) + b"\0\0PK\x03\x04"), policy)
    assert (report.verdict, "SIG_FORMAT" in report.codes) == (INVALID, True)


def test_a_date_without_a_zone_is_read_as_local_time_and_only_shown(pki, policy):
    report = check(shell(Envelope(pki), more=b"/M(D:20261101120000)"), policy)

    claimed = report.signatures[0].signing_time.claimed
    assert (report.verdict, claimed.isoformat()) == (VALID, "2026-11-01T12:00:00+07:00")


@pytest.mark.parametrize("date", [b"(khong phai)", b"(D:99999999999999)", b"null", b"5", b"(D:20261301)", b"[]"])
def test_a_damaged_date_is_no_date(pki, policy, date):
    report = check(shell(Envelope(pki), more=b"/M " + date), policy)

    assert (report.verdict, report.signatures[0].signing_time.claimed) == (VALID, None)


@pytest.mark.parametrize(
    "label, verdict", [("bizother", VALID), ("biztls", INDETERMINATE), ("pubca", INDETERMINATE), ("tsa", INDETERMINATE)]
)
def test_only_certificates_for_signing_sign(pki, policy, label, verdict):
    report = check(shell(Envelope(pki, label=label)), policy)

    assert (report.verdict, "CERT_KEY_USAGE" in report.codes) == (verdict, verdict is not VALID)


def test_the_report_says_what_was_used(pki, policy):
    (signature,) = check(shell(Envelope(pki)), policy).signatures

    assert (signature.subfilter, signature.algorithm) == ("ETSI.CAdES.detached", "ecdsa")
    used = signature.algorithms
    assert (used.digest, used.signature, used.key, used.key_bits) == ("sha256", "ecdsa", "ec", 256)
    assert [link.cn for link in signature.chain] == ["TEST-CA", "Vietnam National Root CA TEST"]
    assert [(a.about, a.source, a.origin) for a in signature.revocation.answers] == [
        ("CÔNG TY KHÁC", "crl", "portal"),
        ("TEST-CA", "crl", "portal"),
    ]
    assert {answer.sha256 for answer in signature.revocation.answers} <= {item.sha256 for item in policy.evidence.items}
    assert signature.signer.valid_from < policy.at < signature.signer.valid_until
