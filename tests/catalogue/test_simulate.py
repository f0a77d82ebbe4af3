"""What becomes of a filed dossier under another version."""

import copy
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from app.catalogue.files import plain
from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from app.catalogue.simulate import Past, Replay, replay, tally
from tests.catalogue.examples import CALENDAR, DEFINITIONS
from tests.portal import demo_answers

SLUG = "multi-level-selling-certificate"
DEFINITION = DEFINITIONS[f"{SLUG}/1"]
BEFORE = Form(Procedure.of(DEFINITION))
PAST = Past(
    answers=plain(demo_answers(SLUG)),
    papers=frozenset(paper["id"] for paper in DEFINITION["documents"]),
    filed_at=datetime(2026, 11, 23, 2, 0, tzinfo=UTC),
)


def under(change: Callable[[Any], None]) -> Replay:
    changed = copy.deepcopy(DEFINITION)
    change(changed)
    return replay(BEFORE, Form(Procedure.of(changed)), PAST, CALENDAR)


def test_the_same_version_changes_nothing():
    assert not under(lambda definition: None).differs


def test_a_new_paper_and_a_new_required_answer_would_keep_it_from_being_filed():
    def change(definition: Any) -> None:
        definition["documents"].append({"id": "undertaking", "name": {"vi": "Bản cam kết", "en": "Undertaking"}})
        field = {"id": "extra", "type": "text", "label": {"vi": "Thêm", "en": "Extra"}, "required": True}
        definition["fields"].append(field)
        definition["pages"][0]["fields"].append("extra")

    found = under(change)
    assert {(problem.where, problem.slug) for problem in found.newly_refused} == {
        ("papers.undertaking", "missing-paper"),
        ("extra", "required"),
    }
    assert "Bản cam kết" in found.newly_refused[-1].text.vi


def test_a_check_that_does_not_hold_refuses_it():
    def change(definition: Any) -> None:
        check = definition["checks"][0]
        definition["checks"].append(check | {"id": "NEVER", "assert": "1 > 2"})

    assert [problem.slug for problem in under(change).newly_refused] == ["NEVER"]


def test_cost_route_and_due_date_are_compared():
    def change(definition: Any) -> None:
        definition["fees"][0] |= {"amount": "7000000", "certainty": "found"}
        definition["process"][2]["role"] = "case_officer"
        definition["process"][2]["title"] = {"vi": "Bước mới", "en": "A new step"}
        definition["clock"]["stages"][0]["length"] += 20

    found = under(change)
    assert (found.costs_otherwise, found.goes_otherwise, found.due_otherwise) == (True, True, True)
    assert found.after.cost == 7_000_000
    assert found.after.due > found.before.due
    assert not found.newly_refused


def test_a_field_of_another_type_or_none_at_all_never_breaks_the_replay():
    def change(definition: Any) -> None:
        for field in definition["fields"]:
            if field["type"] == "text" and not field.get("prefill") and not field.get("compute"):
                field["type"] = "rows"
                field["of"] = [{"id": "a", "type": "text", "label": {"vi": "A", "en": "A"}}]
        definition["fields"] = [field for field in definition["fields"] if field["type"] != "phone"]

    assert tally([under(change), under(lambda definition: None)]).replayed == 2
