"""The linter: each fault in a definition is found, named and placed."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from app.catalogue.lint import lint
from tests.catalogue.examples import DEFINITIONS

Definition = dict[str, Any]
LICENCE = DEFINITIONS["multi-level-selling-certificate/1"]


def named(items: list[Definition], name: str) -> Definition:
    return next(item for item in items if item["id"] == name)


def _put(*path: str, value: Any) -> Callable[[Definition], None]:
    """A fault: the value at `path` (list items by id) becomes another; `...` takes it away."""

    def spoil(definition: Definition) -> None:
        place: Any = definition
        for part in path[:-1]:
            place = named(place, part) if isinstance(place, list) else place[part]
        if value is ...:
            del place[path[-1]]
        else:
            place[path[-1]] = value

    return spoil


FAULTS = [
    (_put("title", "en", value=...), "title.en", "missing-language"),
    (_put("title", "en", value=""), "title.en", "missing-language"),
    (_put("checks", "C2", "message", "vi", value="  "), "checks.C2.message.vi", "missing-language"),
    (_put("checks", "C2", "message", "vi", value=...), "checks.C2.message.vi", "missing-language"),
    (_put("checks", "C2", "legal", value=...), "checks.C2.legal", "missing-citation"),
    (_put("fees", "F1", "legal", value=...), "fees.F1.legal", "missing-citation"),
    (_put("fees", "F1", "legal", value="L99"), "fees.F1", "unknown-citation"),
    (
        _put("clock", "stages", "appraisal", "supplement", "legal", value="L99"),
        "clock.stages.appraisal.supplement",
        "unknown-citation",
    ),
    (_put("process", "appraise", "days", value=8), "clock.stages.appraisal", "steps-do-not-add-up"),
    (_put("process", "appraise", "stage", value="nowhere"), "process.appraise", "unknown-id"),
    (_put("process", "decide", "not_same_as", value="nobody"), "process.decide", "unknown-id"),
    (_put("process", "decide", "decides", value=False), "process (decides)", "not-exactly-one"),
    (_put("process", "issue", "number", value=None), "process (issue: sign, number)", "not-exactly-one"),
    (_put("fees", "F1", "amount", value="5000000 - deposit_amount"), "fees.F1", "negative-fee"),
    (_put("fees", "F1", "amount", value="5000000.5"), "fees.F1.amount", "not-money"),
    (_put("fees", "F1", "amount", value="1e30"), "fees.F1.amount", "not-money"),
    (_put("fees", "F1", "amount", value="len(goods) > 3"), "fees.F1.amount", "expression"),
    (_put("fees", "F1", "amount", value="0"), "fees.F1.amount", "fee-of-nothing"),
    (_put("fees_unknown", value={"certainty": "uncertain"}), "fees_unknown", "known-and-unknown"),
    (_put("clock", "stages", "appraisal", "starts_on", value={"end_of": "validity"}), "fees", "never-due"),
    (_put("clock", "stages", "publication", "starts_on", value={"end_of": "x"}), "clock.stages.publication", "unknown-id"),
    (
        _put("clock", "stages", "appraisal", "supplement", "new_limit", value=...),
        "clock.stages.appraisal.supplement",
        "new-limit",
    ),
    (_put("documents", "charter", "signed", value=None), "documents.charter", "unsigned"),
    (_put("documents", "charter", "formats", value=[["docx"]]), "documents.charter", "unsigned"),
    (
        _put("documents", "retail_licence", "required_if", value="foreign_kapital"),
        "documents.retail_licence.required_if",
        "expression",
    ),
    (_put("documents", "charter", "max_mb", value=101), "documents.charter.max_mb", "less_than_equal"),
    (_put("fields", "phone", "id", value="fax"), "fields.fax", "duplicate-id"),
    (_put("fields", "goods", "of", value=[]), "fields.goods", "columns"),
    (_put("fields", "rep_name", "prefill", value="shoe_size"), "fields.rep_name", "unknown-id"),
    (_put("fields", "fax", "show_if", value="given(fax)"), "fields.fax", "cycle"),
    (_put("fields", "fax", "colour", value="red"), "fields.fax.colour", "extra_forbidden"),
    (_put("pages", "ky-quy", "fields", value=["deposit_bank"]), "fields.deposit_ref", "not-on-one-page"),
    (_put("checks", "C1", "field", value="nowhere"), "checks.C1", "unknown-id"),
    (_put("result", "facts", value=[{"label": {"vi": "a", "en": "a"}, "value": "nowhere"}]), "result.facts", "unknown-id"),
    (_put("result", "qr", "claims", value=["nowhere"]), "result.qr", "unknown-id"),
    (_put("title", "vi", value="a\u202eb"), "title.vi", "hidden-characters"),
    (_put("title", "vi", value="Hoa\u0300"), "title.vi", "hidden-characters"),
]


@pytest.mark.parametrize("spoil, where, slug", FAULTS, ids=lambda part: part if isinstance(part, str) else "spoilt")
def test_a_fault_is_found_where_it_is(spoil: Callable[[Definition], None], where: str, slug: str) -> None:
    definition = copy.deepcopy(LICENCE)
    spoil(definition)
    found = lint(definition)
    assert (where, slug) in [(problem.where, problem.slug) for problem in found]
    assert all(problem.text.vi and problem.text.en for problem in found)


def test_a_longer_ring_of_conditions_is_a_cycle() -> None:
    definition = copy.deepcopy(LICENCE)
    named(definition["fields"], "fax")["show_if"] = "given(website)"
    named(definition["fields"], "website")["show_if"] = "given(phone)"
    assert lint(definition) == []
    named(definition["fields"], "phone")["show_if"] = "given(fax)"
    assert {problem.where for problem in lint(definition)} == {"fields.fax", "fields.website", "fields.phone"}


@pytest.mark.parametrize("amount, fine", [("max(len(goods) * 100000 - 50000, 0)", True), ("min(len(goods), 3) - 4", False)])
def test_a_fee_must_be_seen_to_stay_above_zero(amount: str, fine: bool) -> None:
    definition = copy.deepcopy(LICENCE)
    named(definition["fees"], "F1")["amount"] = amount
    assert ([problem.slug for problem in lint(definition)] == []) is fine


@pytest.mark.parametrize("name", DEFINITIONS)
def test_what_is_shipped_has_no_fault(name: str) -> None:
    assert lint(DEFINITIONS[name]) == []


@pytest.mark.parametrize("definition", [{}, {"procedure": 1}, {"fields": "x"}, {"title": {"vi": 1}}])
def test_what_is_no_definition_at_all_is_said_so(definition: Definition) -> None:
    assert lint(definition)
