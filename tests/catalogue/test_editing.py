"""The common changes, made with a form."""

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from app.catalogue.editable import additions, faulty, things
from app.catalogue.editing import changed
from app.catalogue.files import plain
from app.catalogue.lint import lint
from app.catalogue.procedure import Procedure
from app.catalogue.sections import ADDED, Control, Section
from tests.catalogue.examples import DEFINITIONS

DEFINITION = plain(DEFINITIONS["multi-level-selling-certificate/1"])
PAPER = DEFINITION["documents"][-1]["id"]
FIELD = DEFINITION["fields"][1]["id"]
STAGE = DEFINITION["clock"]["stages"][0]["id"]


def as_shown(section: Section, definition: Mapping[str, Any] = DEFINITION) -> dict[str, str]:
    """What a browser sends of the page as it was shown."""
    entries = [entry for thing in things(definition, section) for entry in thing.entries]
    posted = {entry.name: entry.value for entry in entries if entry.control not in (Control.DAY, Control.TICK) or entry.value}
    for entry in entries:
        if entry.control is Control.DAY:
            parts = zip(("year", "month", "day"), entry.value.split("-"), strict=False)
            posted |= {f"{entry.name}-{part}": "" for part in ("year", "month", "day")}
            posted |= {f"{entry.name}-{part}": value.lstrip("0") for part, value in parts if value}
    return posted


@pytest.mark.parametrize("section", list(Section))
def test_a_page_sent_back_as_it_was_shown_changes_nothing(section):
    for definition in map(plain, DEFINITIONS.values()):
        before = copy.deepcopy(definition)
        assert changed(definition, section, as_shown(section, definition)) == definition == before


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


CHANGES = {
    "days": (Section.STEPS, {"process.validity_check.days": "2"}, lambda d: d["process"][2]["days"] == 2),
    "role": (Section.STEPS, {"process.validity_check.role": "unit_leader"}, lambda d: d["process"][2]["role"] == "unit_leader"),
    "order": (Section.STEPS, {"_down": "process.submission"}, lambda d: d["process"][8]["id"] == "submission"),
    "message": (
        Section.CHECKS,
        {"checks.C2.message.vi": "Ký quỹ thấp"},
        lambda d: d["checks"][1]["message"]["vi"] == "Ký quỹ thấp",
    ),
    "citation": (Section.CHECKS, {"checks.C2.legal": "L2"}, lambda d: d["checks"][1]["legal"] == "L2"),
    "term": (Section.RESULT, {"result.term.years": "3"}, lambda d: d["result"]["term"] == {"years": 3}),
    "no term": (Section.RESULT, {"result.term.years": ""}, lambda d: "term" not in d["result"]),
    "template": (Section.RESULT, {"result.template": "licence"}, lambda d: d["result"]["template"] == "licence"),
    "fee": (Section.FEES, {"fees.F1.unpaid_after.then": "stop"}, lambda d: d["fees"][0]["unpaid_after"]["then"] == "stop"),
    "no fee": (Section.FEES, {"-fees.F1": "true"}, lambda d: "fees" not in d),
    "unknown fee": (Section.FEES, {"fees_unknown.certainty": "x"}, lambda d: d["fees_unknown"] == {"certainty": "x"}),
    "clock days": (Section.CLOCK, {"clock.stages.appraisal.length": "12"}, lambda d: d["clock"]["stages"][1]["length"] == 12),
    "intake": (Section.CLOCK, {"clock.intake.max_rounds": "2"}, lambda d: d["clock"]["intake"]["max_rounds"] == 2),
    "day": (
        Section.GENERAL,
        {"valid_from-day": "1", "valid_from-month": "3", "valid_from-year": "2027"},
        lambda d: d["valid_from"] == "2027-03-01",
    ),
    "field up": (Section.FIELDS, {"_up": "fields.tax_code"}, lambda d: d["pages"][0]["fields"][:2] == ["tax_code", "filer"]),
    "other page": (Section.FIELDS, {"fields.fax.page": "ky-quy"}, lambda d: d["pages"][2]["fields"][-1] == "fax"),
    "field gone": (Section.FIELDS, {"-fields.fax": "true"}, lambda d: "fax" not in str(d["pages"]) + str(d["fields"])),
}


@pytest.mark.parametrize("section, posted, holds", CHANGES.values(), ids=CHANGES)
def test_the_common_changes_are_made(section, posted, holds):
    assert holds(changed(DEFINITION, section, as_shown(section) | posted))


NEW = {
    "fields": ({"new.label.vi": "Ghi chú", "new.label.en": "A note", "new.type": "text", "new.page": "ky-quy"}, "fields.a_note"),
    "checks": (
        {"new.message.vi": "Sai", "new.message.en": "Wrong", "new.assert": "foreign_capital", "new.legal": "L1"},
        "checks.C6",
    ),
    "process": (
        {"new.title.vi": "Họp", "new.title.en": "Meet", "new.stage": "appraisal", "new.role": "case_officer", "new.days": "1"},
        "process.meet",
    ),
    "legal": ({"new.cite": "Luật mới"}, "legal.L8"),
}


@pytest.mark.parametrize("section, posted, place", [(Section(name), *more) for name, more in NEW.items()], ids=NEW)
def test_something_new_gets_an_id_of_its_own_and_a_place(section, posted, place):
    after = changed(DEFINITION, section, as_shown(section) | posted)
    wrong = [problem.where for problem in lint(after)]
    assert place in {thing.name for thing in things(after, section)}
    assert set(wrong) <= {"clock.stages.appraisal", "process"}  # the days of a new step have to be found first
    if section is Section.STEPS:
        assert [step["id"] for step in after["process"]].index("meet") == 8


def test_an_option_comes_to_the_field_that_was_chosen():
    definition = plain(DEFINITIONS["gas-trading-certificate/1"])
    assert [choice for choice, _ in additions(definition, Section.OPTIONS)[0].choices] == ["kind"]
    posted = as_shown(Section.OPTIONS, definition) | {"new.field": "kind", "new.label.vi": "Khác", "new.label.en": "Other"}
    after = changed(definition, Section.OPTIONS, posted | {"_up": "fields.kind.options.trade"})
    assert [option["id"] for option in after["fields"][6]["options"]] == ["trade", "import", "filling", "storage", "other"]
    assert Procedure.of(after)


def test_a_fault_stands_beside_the_value_it_is_about_or_at_its_thing():
    after = changed(DEFINITION, Section.CHECKS, as_shown(Section.CHECKS) | {"checks.C2.assert": "khong_co > 1"})
    shown, rest = faulty(things(after, Section.CHECKS), lint(after))
    (entry,) = [entry for thing in shown for entry in thing.entries if entry.error]
    assert (entry.name, entry.error.vi.startswith("checks"), rest) == ("checks.C2.assert", False, [])
    nothing = changed(DEFINITION, Section.STEPS, as_shown(Section.STEPS) | {"process.decide.role": "intake_officer"})
    shown, rest = faulty(things(nothing, Section.STEPS), lint(nothing))
    assert [thing.name for thing in shown if thing.errors or any(entry.error for entry in thing.entries)] == ["process.decide"]


def test_every_section_that_takes_something_new_asks_for_it():
    assert all(additions(DEFINITION, section) for section in ADDED)
