"""The common changes, made with a form."""

import copy

import pytest

from app.catalogue.editing import Section, changed, things
from app.catalogue.files import plain
from app.catalogue.lint import lint
from tests.catalogue.examples import DEFINITIONS

DEFINITION = plain(DEFINITIONS["multi-level-selling-certificate/1"])
PAPER = DEFINITION["documents"][-1]["id"]
FIELD = DEFINITION["fields"][1]["id"]
STAGE = DEFINITION["clock"]["stages"][0]["id"]


def as_shown(section: Section) -> dict[str, str]:
    return {entry.name: entry.value for thing in things(DEFINITION, section) for entry in thing.entries if entry.value}


@pytest.mark.parametrize("section", list(Section))
def test_a_page_sent_back_as_it_was_shown_changes_nothing(section):
    before = copy.deepcopy(DEFINITION)
    assert changed(DEFINITION, section, as_shown(section)) == DEFINITION == before


def test_a_paper_is_renamed_and_no_longer_required():
    posted = as_shown(Section.PAPERS) | {f"documents.{PAPER}.name.vi": "Tên mới"}
    posted.pop(f"documents.{PAPER}.required", None)
    paper = changed(DEFINITION, Section.PAPERS, posted)["documents"][-1]
    assert (paper["name"]["vi"], paper["required"]) == ("Tên mới", False)


def test_a_paper_comes_and_another_goes():
    posted = as_shown(Section.PAPERS) | {f"-documents.{PAPER}": "true", "new.id": "undertaking", "new.vi": "Cam kết"}
    after = changed(DEFINITION, Section.PAPERS, posted | {"new.en": "Undertaking"})
    ids = [paper["id"] for paper in after["documents"]]
    assert (PAPER in ids, ids[-1]) == (False, "undertaking")
    assert "undertaking" not in {problem.where.split(".")[-1] for problem in lint(after)}


def test_a_help_text_comes_with_both_languages_and_goes_when_both_are_blank():
    posted = as_shown(Section.FIELDS) | {f"fields.{FIELD}.help.vi": "Ghi rõ", f"fields.{FIELD}.help.en": "In full"}
    with_help = changed(DEFINITION, Section.FIELDS, posted)
    assert with_help["fields"][1]["help"] == {"vi": "Ghi rõ", "en": "In full"}
    blank = posted | {f"fields.{FIELD}.help.vi": "", f"fields.{FIELD}.help.en": ""}
    assert "help" not in changed(with_help, Section.FIELDS, blank)["fields"][1]


def test_a_length_is_read_as_a_vietnamese_number_and_nonsense_is_left_to_the_linter():
    name = f"clock.stages.{STAGE}.length"
    assert changed(DEFINITION, Section.CLOCK, {name: "2,5"})["clock"]["stages"][0]["length"] == 2.5
    nonsense = changed(DEFINITION, Section.CLOCK, {name: "nhiều"})
    assert any(problem.where == f"clock.stages.{STAGE}.length" for problem in lint(nonsense))
