"""Faults that only a rich definition can have: each is found, named, placed, and never reaches publication."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.catalogue.lint import lint
from tests.catalogue.test_lint import Definition, _put, named

WHOLE: Definition = yaml.safe_load((Path(__file__).parent / "whole.yaml").read_text("utf-8"))
WAY = {"only_if": "kind == 'trade'"}


def _add(*path: str, value: Any) -> Callable[[Definition], None]:
    """A fault: something more in the list at `path`."""

    def spoil(definition: Definition) -> None:
        place: Any = definition
        for part in path:
            place = named(place, part) if isinstance(place, list) else place[part]
        place.append(value)

    return spoil


FAULTS = [
    (_put("fields", "kind", "options_from", value="provinces"), "fields.kind", "options"),
    (_put("fields", "provinces", "options_from", value="planets"), "fields.provinces", "unknown-id"),
    (_put("fields", "head", "parts", value=["name", "shoe_size"]), "fields.head", "unknown-id"),
    (_put("fields", "capital", "currency", value=...), "fields.capital", "currency"),
    (_put("fields", "capital", "currency", value="XXX"), "fields.capital.currency", "literal_error"),
    (_put("fields", "head", "unit", value={"vi": "kg", "en": "kg"}), "fields.head", "unit"),
    (_put("fields", "years", "max", value=0), "fields.years", "limits"),
    (_put("fields", "chemicals", "min_rows", value=100), "fields.chemicals", "limits"),
    (_put("fields", "total_mass", "compute", value="sum(chemicals.weight)"), "fields.total_mass.compute", "expression"),
    (_put("fields", "total_mass", "compute", value="own_storage"), "fields.total_mass.compute", "expression"),
    (_put("fields", "total_mass", "compute", value="__import__('os')"), "fields.total_mass.compute", "expression"),
    (_put("fields", "total_mass", "compute", value="1 +" * 250 + "1"), "fields.total_mass.compute", "expression"),
    (_put("fields", "total_mass", "compute", value="total_mass + 1"), "fields.total_mass", "cycle"),
    (_put("fields", "old_licence", "records", value=...), "fields.old_licence", "records"),
    (_put("fields", "old_site", "prefill", value="head.name"), "fields.old_site", "unknown-id"),
    (_put("fields", "old_site", "prefill", value=...), "fields.old_site", "locked"),
    (_put("fields", "sheets", "paper", value="nothing"), "fields.sheets", "unknown-id"),
    (_put("fields", "sheets", "paper", value=...), "fields.sheets", "paper"),
    (_put("fields", "area", "must_be_true", value=True), "fields.area", "must-be-true"),
    (_put("fields", "area", "type", value="colour"), "fields.area.type", "enum"),
    (_put("fields", "chemicals", "of", "name", "type", value="person"), "fields.chemicals.of.name", "column"),
    (_put("fields", "chemicals", "of", "name", "show_if", value="own_storage"), "fields.chemicals.of.name", "column"),
    (_put("pages", "hoa-chat", "fields", value=["chemicals", "total_mass", "sheets", "area"]), "fields.area", "not-on-one-page"),
    (_put("pages", "hoa-chat", "fields", value=[]), "pages.hoa-chat.fields", "too_short"),
    (_put("documents", "sds", "per", value="area"), "documents.sds", "unknown-id"),
    (_put("documents", "old", "once_only", "procedures", value=[]), "documents.old.once_only", "once-only"),
    (_put("documents", "old", "once_only", "legal", value="L9"), "documents.old", "unknown-citation"),
    (_put("documents", "technology", "signed", "only_if", value="area"), "documents.technology.signed.only_if", "expression"),
    (_put("all_papers_signed", value="L1"), "documents.sds", "unsigned"),
    (_put("fees", "F1", "amount", value="100000 - total_mass"), "fees.F1", "negative-fee"),
    (_put("fees", "F1", "amount", value="60000 * years - 300000"), "fees.F1", "negative-fee"),
    (_put("fees", "F1", "certainty", value=...), "fees.F1.certainty", "missing"),
    (_put("clock", "stages", "plain", "length", value=6), "clock.stages.plain", "steps-do-not-add-up"),
    (_put("clock", "stages", "special", "unit", value="working_hour"), "clock.stages.special", "steps-do-not-add-up"),
    (_put("clock", "stages", "plain", "unit", value="instant"), "clock.stages.plain", "steps-do-not-add-up"),
    (_put("clock", "stages", "plain", "unit", value="month"), "clock.stages.plain.unit", "literal_error"),
    (_put("clock", "stages", "special", "only_if", value=...), "clock.stages.special", "starts-on"),
    (_put("clock", "stages", "special", "starts_on", value="paid"), "clock.stages.special", "starts-on"),
    (
        _put("clock", "stages", "special", "sub_limits", "visiting", "length", value=3),
        "clock.stages.special.sub_limits.visiting",
        "steps-do-not-add-up",
    ),
    (
        _put("clock", "stages", "special", "sub_limits", "visiting", "steps", value=["decide"]),
        "clock.stages.special.sub_limits.visiting",
        "unknown-id",
    ),
    (_put("clock", "lead_time", "before", value="area"), "clock.lead_time", "unknown-id"),
    (_put("clock", "intake", "policy", value="NEW_LIMIT"), "clock.intake", "new-limit"),
    (_put("process", "opinions2", "limit", "length", value=7), "process.opinions2", "opinions-do-not-fit"),
    (_put("process", "opinions2", "limit", value=...), "process.opinions2", "limit"),
    (_put("process", "opinions2", "to", value=[]), "process.opinions2", "to"),
    (
        _put("process", "opinions2", "parallel", "joins_before", value="publish"),
        "process.opinions2.parallel",
        "unknown-id",
    ),
    (
        _put("process", "opinions2", "parallel", value={"starts_after": "draft2", "joins_before": "check2"}),
        "process.opinions2",
        "opinions-do-not-fit",
    ),
    (_put("process", "sectors2", "to_by", "field", value="area"), "process.sectors2.to_by", "unknown-id"),
    (_put("process", "sectors2", "to_by", "units", value={"99": "H26.990"}), "process.sectors2.to_by", "unknown-id"),
    (_put("process", "visit", "kind", value="work"), "process.visit", "minutes"),
    (_put("process", "team2", "produces", "number", "series", value="GP-TN"), "process.team2.produces.number", "same-series"),
    (_put("process", "team2", "drafts", value=True), "process.team2.produces", "produces"),
    (_put("process", "team2", "role", value="division_head"), "process.team2.produces", "role-may-not"),
    (_put("process", "appraise", "role", value=...), "process.appraise", "role"),
    (_put("process", "appraise", "role", value="data_officer"), "process.appraise", "role-may-not"),
    (_put("process", "decide", "role", value="case_officer"), "process.decide", "role-may-not"),
    (_put("process", "appraise", "title", value=...), "process.appraise.title", "missing-language"),
    (_put("process", "appraise", "only_if", value="not (kind == 'trade')"), "process.appraise", "unreachable-step"),
    (
        _add("process", value=WAY | {"id": "late", "stage": "plain", "role": "case_officer", "title": {"vi": "a", "en": "a"}}),
        "process.late",
        "unreachable-step",
    ),
    (
        _add("process", value=WAY | {"id": "again", "kind": "receive", "stage": "plain", "role": "intake_officer"}),
        "process (receive)",
        "not-exactly-one",
    ),
    (_put("result", "renews", value="area"), "result.renews", "unknown-id"),
    (_put("result", "term", value={"years": 5, "asked": "head"}), "result.term.asked", "unknown-id"),
    (_put("result", "term", value={"years": 5, "not_beyond": "area"}), "result.term.not_beyond", "unknown-id"),
    (_put("result", "variants", "trade_licence", "only_if", value="kind"), "result.variants.trade_licence.only_if", "expression"),
    (_put("result", "register", "dataset", value="gossip"), "result.register", "unknown-id"),
    (_put("share", value=[{**WHOLE["share"][0], "fields": ["head.id_no"]}]), "share.provinces", "not-in-dataset"),
    (_put("share", value=[{**WHOLE["share"][0], "legal": "L9"}]), "share.provinces", "unknown-citation"),
    (_put("migration", value="perhaps"), "migration", "literal_error"),
    (_put("valid_to", value="2020-01-01"), "valid_to", "limits"),
    (_put("summary", "en", value=...), "summary.en", "missing-language"),
    (_put("procedure", value="Chữ Hoa"), "procedure", "string_pattern_mismatch"),
    (_put("version", value=0), "version", "greater_than_equal"),
    (_put("retention", "keep_years", value=-1), "retention.keep_years", "greater_than_equal"),
]


@pytest.mark.parametrize("spoil, where, slug", FAULTS, ids=[f"{where}-{slug}-{n}" for n, (_, where, slug) in enumerate(FAULTS)])
def test_a_fault_is_found_where_it_is(spoil: Callable[[Definition], None], where: str, slug: str) -> None:
    definition = copy.deepcopy(WHOLE)
    spoil(definition)
    found = lint(definition)
    assert (where, slug) in [(problem.where, problem.slug) for problem in found]
    assert all(problem.text.vi and problem.text.en for problem in found)
