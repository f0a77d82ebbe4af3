"""What a time-stamp token proves, and what it does not."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest

from signing import NO_EVIDENCE, timestamp, verify_timestamp
from tests.pki import NOW

DIGEST = hashlib.sha256(b"a Merkle root").digest()


async def test_a_token_proves_its_time(pki, policy):
    check = verify_timestamp(await timestamp(DIGEST, pki.tsa(NOW)), DIGEST, policy)

    assert (check.code, check.value, check.tsa) == (None, NOW, "TEST TSA")
    assert check.trusted is not None


async def test_it_says_nothing_about_another_digest(pki, policy):
    assert verify_timestamp(await timestamp(DIGEST, pki.tsa()), bytes(32), policy).code == "TS_INVALID"


async def test_a_changed_token_is_worthless(pki, policy):
    token = bytearray(await timestamp(DIGEST, pki.tsa()))
    token[-5] ^= 1

    assert verify_timestamp(bytes(token), DIGEST, policy).trusted is None


@pytest.mark.parametrize("label", ["eviltsa", "govtsa"])
async def test_an_issuer_we_do_not_know_for_time_stamps_proves_nothing(pki, policy, label):
    """The second one is under a root that we trust, for officials only."""
    assert verify_timestamp(await timestamp(DIGEST, pki.tsa(label=label)), DIGEST, policy).code == "TS_UNTRUSTED"


async def test_an_issuer_that_may_be_revoked_proves_nothing(pki, policy):
    unclear = replace(policy, evidence=NO_EVIDENCE)

    check = verify_timestamp(await timestamp(DIGEST, pki.tsa()), DIGEST, unclear)
    assert (check.trusted, check.code) == (None, "TS_STATUS_UNKNOWN")
    nobody = verify_timestamp(await timestamp(DIGEST, pki.tsa(label="govtsa")), DIGEST, unclear)
    assert nobody.code == "TS_UNTRUSTED"


async def test_the_issuer_s_certificate_counts_at_the_moment_asked_about(pki, policy):
    late = replace(policy, at=NOW + timedelta(days=1000), evidence=pki.evidence(NOW + timedelta(days=1000)))

    assert verify_timestamp(await timestamp(DIGEST, pki.tsa()), DIGEST, late).code == "TS_UNTRUSTED"


@pytest.mark.parametrize("token", [b"", b"hello", b"\x30\x00", bytes(100)])
def test_what_is_no_token_is_said_to_be_none(policy, token):
    assert verify_timestamp(token, DIGEST, policy).code == "TS_INVALID"
