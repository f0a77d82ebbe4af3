"""What is right is remembered under everything that makes it right; what is wrong never is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.exceptions import InvalidSignature

from signing import NO_EVIDENCE, NO_TRUST, chain, check, remembered, sign_paper
from signing.chain import Moment
from signing.policy import may_sign
from signing.remembered import REMEMBERING
from tests.pki import NOW


@pytest.fixture(autouse=True)
def nothing_yet(monkeypatch):
    monkeypatch.setattr(remembered, "_right", set())
    monkeypatch.setattr(remembered, "_grounds", remembered.Memory(2))


def given(certificate, issuer) -> list:
    return [
        certificate["signature_value"].native,
        certificate["tbs_certificate"].dump(),
        issuer.public_key,
        certificate["signature_algorithm"],
    ]


def test_a_right_signature_is_right_again(pki):
    asked = given(pki.cert("biz"), pki.cert("pubca"))

    for _ in range(2):
        REMEMBERING.validate_signature(*asked)
        assert len(remembered._right) == 1


def test_nothing_like_it_profits_from_it(pki):
    asked = given(pki.cert("biz"), pki.cert("pubca"))
    REMEMBERING.validate_signature(*asked)
    others = given(pki.cert("evilbiz"), pki.cert("evilroot"))

    for place in (0, 1, 2):
        forged = [*asked[:place], others[place], *asked[place + 1 :]]
        for _ in range(2):
            with pytest.raises(InvalidSignature):
                REMEMBERING.validate_signature(*forged)
    assert len(remembered._right) == 1


def test_memory_has_an_end(pki, monkeypatch):
    monkeypatch.setattr(remembered, "_MOST", 1)
    for label in ("biz", "person", "branch"):
        REMEMBERING.validate_signature(*given(pki.cert(label), pki.cert("pubca")))

    assert len(remembered._right) == 1


def test_a_good_chain_is_remembered_with_its_moment_trust_and_evidence(pki, policy):
    leaf, trust, evidence = pki.cert("biz"), policy.trust, policy.evidence
    good = chain.judge(leaf, Moment(NOW), trust, evidence)

    assert good.code is None
    assert chain.judge(leaf, Moment(NOW), trust, evidence) is good
    assert chain.judge(leaf, Moment(NOW + timedelta(days=4000)), trust, evidence).code == "REV_STALE"
    assert chain.judge(leaf, Moment(NOW), trust, NO_EVIDENCE).code == "REV_UNKNOWN"
    assert chain.judge(leaf, Moment(NOW), NO_TRUST, evidence).code == "CERT_UNTRUSTED"
    assert chain.judge(pki.cert("bizrev"), Moment(NOW), trust, evidence).code == "CERT_REVOKED"
    assert chain.judge(leaf, Moment(NOW), replace(trust, epoch=2), evidence) == good


def test_a_chain_that_is_not_good_is_judged_again(pki, policy):
    for _ in range(2):
        assert chain.judge(pki.cert("bizrev"), Moment(NOW), policy.trust, policy.evidence).code == "CERT_REVOKED"

    assert not remembered.good_chains(policy.trust, policy.evidence)


def test_what_it_rests_on_is_held_as_long_as_the_answer(policy):
    """Else the number of a value that is gone could come to mean another one."""
    remembered.good_chains(policy.trust, policy.evidence)

    assert all((id(trust), id(evidence)) == key for key, (trust, evidence, _) in remembered._grounds.items())
    for _ in range(3):
        remembered.good_chains(object(), object())
    assert len(remembered._grounds) <= 2


def test_a_very_long_certificate_is_asked_about_each_time(pki, monkeypatch):
    asked = []
    answer = remembered.of_certificate(lambda certificate: asked.append(certificate) or True)
    for _ in range(2):
        answer(pki.cert("biz"))
    assert len(asked) == 1

    monkeypatch.setattr(remembered, "_LONGEST", 10)
    for _ in range(2):
        answer(pki.cert("biz"))
    assert len(asked) == 3
    assert may_sign(pki.cert("biz"))


async def test_the_same_file_gets_the_same_report_again_and_one_touched_byte_another(pki, policy, paper):
    signed = await sign_paper(paper, pki.signer("biz"))
    touched = bytearray(signed)
    touched[200] ^= 1

    first, second, third = (check(content, policy) for content in (signed, bytes(touched), signed))
    assert (first.verdict, second.verdict) == ("VALID", "INVALID")
    assert third == first
