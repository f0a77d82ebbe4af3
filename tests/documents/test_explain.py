"""A report in words: whoever handed the file in can tell what is wrong and what to do, and no step passes by default."""

from dataclasses import replace
from datetime import timedelta

import pytest

import signing
from app.documents import terms
from app.documents.eight_steps import Standing
from app.documents.explain import explained, headline_for
from signing import Binding, Policy, check, model
from signing.codes import finding
from signing.model import Indication
from tests import make
from tests.pki import BUSINESS, NOW, OTHER, Pki, build


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
def policy(pki) -> Policy:
    return Policy(at=NOW, trust=pki.trust, evidence=pki.evidence())


@pytest.fixture(scope="module")
async def signed(pki) -> bytes:
    return await signing.sign_paper(make.pdf(), pki.signer("biz"), tsa=pki.tsa())


def values(rows) -> dict[str, str]:
    return {label.en: value.en for label, value in rows}


def test_a_good_signature_passes_every_step_and_says_who_when_and_how(signed, policy):
    told = explained(check(signed, policy).to_json(), BUSINESS)
    assert (told.headline.vi, told.kind, told.grave) == ("HỢP LỆ", "good", ())
    (one,) = told.signatures
    assert [step.standing for step in one.steps] == [Standing.GOOD] * 8
    brief = values(one.brief)
    assert "CÔNG TY CỔ PHẦN MINH HỌA" in brief["Signed by"]
    assert brief["Compared with the tax code"] == f"Belongs to tax code {BUSINESS}"
    assert "from a time stamp" in brief["Signed at"]
    assert "TEST-CA" in brief["Certificate issued by"]
    assert one.answers
    assert one.stamps
    assert one.chain
    assert all(text.vi and text.en for _, text in (*one.full, *told.about))


ODD = [
    ("bizrev", "INVALID", {1: Standing.BAD, 2: Standing.BAD}, "CERT_REVOKED"),
    ("bizheld", "INDETERMINATE", {1: Standing.BAD, 2: Standing.BAD}, "CERT_ON_HOLD"),
    ("bizold", "INDETERMINATE", {1: Standing.BAD, 7: Standing.BAD}, "CERT_EXPIRED"),
    ("bizfuture", "INVALID", {1: Standing.BAD, 7: Standing.BAD}, "CERT_NOT_YET_VALID"),
    ("bizweak", "INDETERMINATE", {3: Standing.BAD}, "ALG_WEAK_KEY"),
    ("biztls", "INDETERMINATE", {4: Standing.BAD}, "CERT_KEY_USAGE"),
    ("evilbiz", "INDETERMINATE", {4: Standing.UNKNOWN, 5: Standing.UNKNOWN}, "CERT_UNTRUSTED"),
]


@pytest.mark.parametrize("label, verdict, steps, code", ODD, ids=[row[0] for row in ODD])
async def test_the_step_that_failed_is_named_with_what_to_do(pki, policy, label, verdict, steps, code):
    content = await signing.sign_paper(make.pdf(), pki.signer(label))
    told = explained(check(content, policy))
    assert told.verdict == verdict
    (one,) = told.signatures
    assert {n: one.steps[n - 1].standing for n in steps} == steps
    assert code in {point.code for point in told.grave}
    assert all(point.what.vi and point.why.vi and point.do.vi for point in told.grave)


async def test_a_changed_file_fails_the_step_of_integrity(signed, policy):
    at = signed.index(b"/MediaBox[0 0 595 842]")
    told = explained(check(signed[: at + 13] + b"9" + signed[at + 14 :], policy))
    assert told.kind == "bad"
    assert told.signatures[0].steps[7].standing is Standing.BAD


def test_a_step_is_not_known_when_nobody_could_be_asked(signed, pki):
    told = explained(check(signed, Policy(at=NOW, trust=pki.trust)))
    (one,) = told.signatures
    assert (told.kind, one.steps[1].standing, one.steps[7].standing) == ("unknown", Standing.UNKNOWN, Standing.GOOD)
    assert any("tự hỏi lại" in point.do.vi for point in told.grave)


def test_what_was_assumed_is_not_shown_as_checked(signed):
    told = explained(check(signed, Policy(at=NOW, integrity_only=True)))
    assert (told.integrity_only, told.kind, told.headline.vi) == (True, "bad", "CHỈ XÉT TÍNH TOÀN VẸN")
    assert told.signatures[0].standing == "unknown"
    standing = {step.number: step.standing for step in told.signatures[0].steps}
    assert [n for n, each in standing.items() if each is Standing.GOOD] == [3, 6, 8]


def test_no_step_fails_in_a_signature_that_passed_and_none_passes_without_being_shown(signed, policy):
    row = check(signed, policy).signatures[0]
    report = replace(
        check(signed, policy), signatures=(replace(row, signer=None, role=None, indication=Indication.INDETERMINATE),)
    )
    good = {step.number for step in explained(report).signatures[0].steps if step.standing is Standing.GOOD}
    assert good & {1, 4, 5, 6, 7} == set()


def test_another_tax_code_is_told_apart_from_the_verdict(signed, policy):
    told = explained(check(signed, policy), OTHER)
    assert (told.headline.vi, headline_for(told, refused=False).vi) == ("HỢP LỆ", "HỢP LỆ")
    assert headline_for(told, refused=True).vi == "KHÔNG DÙNG ĐƯỢC CHO GIẤY TỜ NÀY"
    assert values(told.signatures[0].brief)["Compared with the tax code"] == f"Belongs to another tax code, not {OTHER}"


def test_a_good_signature_on_a_file_that_must_stay_out_is_not_told_as_good(signed, policy):
    report = replace(check(signed, policy), findings=(finding("DOC_JAVASCRIPT"),))
    told = explained(report)
    assert (told.kind, told.headline.vi, [point.code for point in told.grave]) == (
        "bad",
        "TỆP KHÔNG ĐƯỢC NHẬN",
        ["DOC_JAVASCRIPT"],
    )


def test_a_file_without_signature_and_one_that_is_no_pdf_have_their_words(policy):
    assert explained(check(make.pdf(), policy)).headline.vi == "CHƯA KÝ SỐ"
    broken = explained(check(b"%PDF-1.7 nothing", replace(policy, at=NOW + timedelta(days=1))))
    assert (broken.headline.vi, broken.kind) == ("KHÔNG ĐỌC ĐƯỢC", "bad")


@pytest.mark.parametrize(
    "words, every",
    [
        (terms.HEADLINE, model.Verdict),
        (terms.MEANING, model.Verdict),
        (terms.INDICATION, model.Indication),
        (terms.KIND, model.Kind),
        (terms.LABEL, model.Label),
        (terms.ROLE, model.Role),
        (terms.TIME_SOURCE, model.TimeSource),
        (terms.COVERAGE, model.Coverage),
        (terms.MODIFICATION, model.Modification),
        (terms.REVOKED, model.Revoked),
        (terms.LEVEL, model.Level),
        (terms.BINDING, Binding),
        (terms.ORIGIN, model.Origin),
        (terms.STAMP, model.StampKind),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_every_word_of_a_report_can_be_said(words, every):
    assert set(words) == set(every)
