"""Fields that apply only sometimes: shown while nobody knows, dropped once they do not apply, required once they do."""

import copy
from typing import Any

from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from tests.catalogue.examples import DEFINITIONS, TODAY, licence_answers


def _form() -> Form:
    definition: dict[str, Any] = copy.deepcopy(DEFINITIONS["multi-level-selling-certificate/1"]) | {
        "procedure": "a-conditional-one"
    }
    fax = next(each for each in definition["fields"] if each["id"] == "fax")
    fax |= {"show_if": "foreign_capital", "required": True}
    return Form(Procedure.of(definition))


FORM = _form()


def test_an_answer_that_does_not_apply_is_dropped_whatever_was_sent() -> None:
    given = licence_answers(foreign_capital=False, fax="024 2220 2222")
    assert "fax" not in FORM.settle(given, today=TODAY)
    assert FORM.problems(given, today=TODAY) == []
    assert FORM.read_json(given, today=TODAY, before=given)[0].get("fax") is None


def test_while_nobody_knows_whether_it_applies_an_answer_is_kept() -> None:
    assert FORM.settle(licence_answers(foreign_capital=None, fax="024 2220 2222"), today=TODAY)["fax"] == "024 2220 2222"


def test_a_field_that_applies_is_required() -> None:
    found = FORM.problems(licence_answers(foreign_capital=True), today=TODAY)
    assert [(problem.where, problem.slug) for problem in found] == [("fax", "required")]


def test_the_summary_leaves_out_what_does_not_apply() -> None:
    shown = {line.field for page in FORM.summary(licence_answers(foreign_capital=False)) for line in page.lines}
    assert "fax" not in shown
    assert "fax" in {line.field for page in FORM.summary(licence_answers(foreign_capital=True)) for line in page.lines}


def test_the_schema_says_it_with_if_and_then() -> None:
    assert FORM.json_schema()["allOf"] == [
        {
            "if": {"properties": {"foreign_capital": {"const": True}}, "required": ["foreign_capital"]},
            "then": {"required": ["fax"]},
        }
    ]
