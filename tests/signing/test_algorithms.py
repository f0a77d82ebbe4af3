"""Algorithms retire on a day: what is proven to be older keeps its worth, what is younger does not. Dates are real."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import keys

from signing import Verdict, check
from signing.algorithms import ALGORITHMS, Algorithms
from signing.model import Indication
from tests.signing import odd

RETIRED = datetime(2013, 12, 31, 16, 59, 59, tzinfo=UTC)
"""SHA-1 and RSA below 2048 bits: the last day, in Hà Nội."""
BEFORE, AFTER = RETIRED - timedelta(days=90), RETIRED + timedelta(days=90)
RETIRING = [("bizlong", "sha1", "ALG_SHA1"), ("bizweak", "sha256", "ALG_WEAK_KEY")]


@pytest.fixture(scope="module")
async def old_signatures(pki, paper) -> dict[tuple[str, str, datetime | None], bytes]:
    """By signer, digest and the time of the stamp."""
    return {
        (label, digest, at): await odd.signed(
            pki, paper, label, md_algorithm=digest, tsa=pki.tsa(at, "tsa1") if at else None, timestamp_digest="sha256"
        )
        for label, digest, _ in RETIRING
        for at in (None, BEFORE, AFTER)
    }


@pytest.mark.parametrize("label, digest, code", RETIRING)
def test_a_signature_received_before_the_retirement_stays_good(old_signatures, pki, policy, label, digest, code):
    signed = old_signatures[label, digest, None]
    then, later = (replace(policy, at=at, evidence=pki.evidence(at)) for at in (BEFORE, AFTER))

    assert check(signed, then).verdict is Verdict.VALID
    assert (check(signed, later).verdict, code in check(signed, later).codes) == (Verdict.INDETERMINATE, True)


@pytest.mark.parametrize("label, digest, code", RETIRING)
def test_a_time_stamp_from_before_the_retirement_keeps_a_signature_good_until_today(old_signatures, policy, label, digest, code):
    before, after, none = (check(old_signatures[label, digest, at], policy) for at in (BEFORE, AFTER, None))

    assert before.verdict is Verdict.VALID
    for report in (after, none):
        assert (report.verdict, report.signatures[0].subindication) == (Verdict.INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE")
        assert code in report.codes


async def test_a_time_stamp_of_retired_algorithms_proves_nothing_by_its_own_time(pki, policy, paper):
    """Whoever can make a second document with the same SHA-1 can also pick a time."""
    stamped = await odd.signed(pki, paper, "bizlong", md_algorithm="sha1", tsa=pki.tsa(BEFORE, "tsa1"), timestamp_digest="sha1")

    report = check(stamped, policy)
    assert {"TS_INVALID", "ALG_SHA1"} <= report.codes
    assert report.signatures[0].indication is Indication.INDETERMINATE


async def test_a_younger_stamp_over_the_document_keeps_older_ones_alive(pki, policy, paper):
    """The SHA-1 stamp is known to have existed before its retirement, because a SHA-256 stamp covers it."""
    stamped = await odd.signed(pki, paper, "bizlong", md_algorithm="sha1", tsa=pki.tsa(BEFORE, "tsa1"), timestamp_digest="sha1")

    assert check(await odd.stamped(pki, stamped, "tsa1", BEFORE + timedelta(days=1)), policy).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "digest, problem", [("sha512", None), ("sha3_256", None), ("md5", "ALG_NOT_ALLOWED"), ("sha1", "ALG_SHA1")]
)
def test_what_the_table_does_not_list_was_never_allowed(digest, problem):
    assert ALGORITHMS.digest_problem(digest, AFTER) == problem
    assert (ALGORITHMS.digest_problem(digest, BEFORE) is None) == (digest != "md5")


def test_a_key_of_a_kind_the_law_does_not_name_is_not_allowed():
    edwards = keys.PublicKeyInfo({"algorithm": {"algorithm": "ed25519"}, "public_key": bytes(32)})

    assert ALGORITHMS.key_problem(edwards, BEFORE) == "ALG_NOT_ALLOWED"


def test_an_algorithm_retires_by_an_edit_of_the_table():
    table = '[[digest]]\nnames = ["sha256"]\nuntil = 2030-12-31\n[[key]]\nnames = ["rsa"]\nbits = 3072\n'
    edited = Algorithms.from_toml(table)

    assert edited.digest_problem("sha256", datetime(2030, 12, 31, 12, tzinfo=UTC)) is None
    assert edited.digest_problem("sha256", datetime(2031, 1, 1, tzinfo=UTC)) == "ALG_NOT_ALLOWED"
    assert edited.digest_problem("sha256", None) == "ALG_NOT_ALLOWED"
