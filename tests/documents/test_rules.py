"""What a file is worth, in three values."""

from dataclasses import replace

import pytest

from app.catalogue.definition import Paper, Signed
from app.catalogue.procedure import PaperNeed
from app.core.text import Text
from app.documents.models import Document
from app.documents.rules import (
    FORMAT_TEXTS,
    Acceptance,
    FileState,
    Own,
    judge,
    missing_papers,
    own_signature,
    refusal_of,
    refusal_text,
    unknown_files,
)
from signing.codes import CODES, finding
from signing.model import Coverage, Modification, Report, Verdict
from tests.dossiers.world import altered, report, unknown, unsigned

FILER = "9900000030"
SIGNED = Signed(by="filer", kind="public", match="tax_code", legal="L1")


def a_file(made: Report | None, *, paper: str = "charter", place: int = 0, row: int | None = None) -> Document:
    file = Document(paper=paper, place=place, row=row, state=FileState.CHECKED)
    if made is not None:
        file.verdict, file.binding, file.refusal = made.verdict, own_signature(made, FILER), refusal_of(made)
    return file


def a_need(**changed) -> PaperNeed:
    told = {"id": "charter", "name": Text("Điều lệ", "Charter"), "formats": (("pdf",), ("doc", "docx")), "signed": SIGNED}
    return PaperNeed(Paper(**(told | changed)), required=True)


PARTIAL = report(FILER, coverage=Coverage.PARTIAL, modification=Modification.OTHER)
LATER_SIGNATURES = report(FILER, coverage=Coverage.ENTIRE_REVISION, modification=Modification.SIGNATURES)

OWN = [
    (report(FILER), Own.VALID),
    (LATER_SIGNATURES, Own.VALID),
    (unknown(FILER), Own.UNKNOWN),
    (PARTIAL, Own.PARTIAL),
    (report("9900000048"), Own.OTHER),
    (unsigned(), Own.NONE),
]


@pytest.mark.parametrize("made,worth", OWN, ids=lambda value: str(value)[:12])
def test_the_filers_own_signature_is_told_from_others(made: Report, worth: Own):
    assert own_signature(made, FILER) is worth


def test_a_report_that_only_assumed_trust_is_never_accepted():
    told = finding("DOC_INTEGRITY_ONLY")
    study = replace(report(FILER), integrity_only=True, findings=(told,))
    file = a_file(study)
    assert (file.binding, file.refusal) == (Own.NONE, "DOC_INTEGRITY_ONLY")
    assert judge(file, must_be_signed=False).acceptance is Acceptance.REFUSED
    assert judge(file, must_be_signed=True, overridden=True).acceptance is Acceptance.REFUSED


JUDGED = [
    (report(FILER), True, Acceptance.ACCEPTED),
    (unknown(FILER), True, Acceptance.UNKNOWN),
    (unknown(FILER), False, Acceptance.ACCEPTED),
    (unsigned(), True, Acceptance.REFUSED),
    (unsigned(), False, Acceptance.ACCEPTED),
    (report("9900000048"), True, Acceptance.REFUSED),
    (PARTIAL, True, Acceptance.REFUSED),
    (altered(FILER), True, Acceptance.REFUSED),
    (altered(FILER), False, Acceptance.REFUSED),
]


@pytest.mark.parametrize("made,must_be_signed,acceptance", JUDGED, ids=lambda value: str(value)[:12])
def test_a_file_is_accepted_unknown_or_refused(made: Report, must_be_signed: bool, acceptance: Acceptance):
    judgement = judge(a_file(made), must_be_signed=must_be_signed)
    assert judgement.acceptance is acceptance
    assert judgement.reason.vi != judgement.reason.en


def test_a_file_still_being_checked_is_unknown():
    file = a_file(None)
    file.state = FileState.CHECKING
    assert judge(file, must_be_signed=False).acceptance is Acceptance.UNKNOWN


def test_an_override_lifts_the_unknown_and_nothing_else():
    assert judge(a_file(unknown(FILER)), must_be_signed=True, overridden=True).acceptance is Acceptance.ACCEPTED
    assert judge(a_file(altered(FILER)), must_be_signed=True, overridden=True).acceptance is Acceptance.REFUSED


def test_the_code_that_refuses_is_the_one_that_forces_the_verdict():
    assert refusal_of(altered(FILER)) == "SIG_MODIFIED_AFTER"
    assert refusal_of(Report(Verdict.UNREADABLE, "", 1, "t", 1, report(FILER).checked_at)) == "SIG_FORMAT"
    assert refusal_of(unknown(FILER)) is None


@pytest.mark.parametrize("code", [*CODES, *FORMAT_TEXTS])
def test_every_code_says_what_to_do(code: str):
    said = refusal_text(code)
    assert said.vi.endswith("Hãy tải lên tệp khác.")
    assert said.en.endswith("Upload another file.")


def test_a_paper_in_two_formats_asks_for_both_files():
    files = [a_file(report(FILER))]
    problems = missing_papers([a_need()], files, {})
    assert [(problem.where, problem.slug) for problem in problems] == [("charter", "paper-missing")]
    assert "doc/docx" in problems[0].text.vi
    assert missing_papers([a_need()], [*files, a_file(None, place=1)], {}) == []


def test_a_paper_per_row_asks_for_one_file_a_row():
    need = a_need(per="goods", formats=(("pdf",),))
    files = [a_file(report(FILER), row=0)]
    assert len(missing_papers([need], files, {"goods": [{}, {}]})) == 1


def test_only_the_pdf_of_a_signed_paper_must_carry_the_signature():
    files = [a_file(unknown(FILER)), a_file(None, place=1)]
    assert len(unknown_files([a_need()], files, frozenset())) == 1
