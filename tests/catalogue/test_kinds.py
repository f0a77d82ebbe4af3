"""Every kind of answer: what is taken, what is refused in the person's words, how it is kept, shown and asked again."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from app.catalogue.forms import Form, prefill
from app.catalogue.judged import problems
from app.catalogue.paging import read
from app.catalogue.procedure import Procedure
from app.catalogue.words import answer
from tests.catalogue.examples import CALENDAR, ENTERPRISE, TODAY

PROCEDURE = Procedure.of(yaml.safe_load((Path(__file__).parent / "whole.yaml").read_text("utf-8")))
FORM = Form.of(PROCEDURE)
RECORD = {
    "number": "7/GP-TN",
    "kind": PROCEDURE.slug,
    "title": "Giấy phép",
    "status": "valid",
    "holder_address": "Số 9, Hà Nội",
    "valid_to": "2027-01-01",
}
ANSWERS: dict[str, Any] = {
    "filer": {"tax_code": "9900000030", "name": "Công ty"},
    "head": {"name": "Lê Mẫu", "id_no": "001090000001", "nationality": "VN", "position": "Giám đốc"},
    "site": {"province": "01", "commune": "Phường Ví Dụ", "street": "Số 1"},
    "area": 40.5,
    "kind": "trade",
    "provinces": ["01", "79"],
    "chemicals": [{"name": "Axit", "cas": "7647-01-0", "hs": "28061000", "mass": 3, "origin": "VN"}],
    "own_storage": True,
    "starts": "2027-03-01",
    "years": 3,
    "commitment": True,
}


def typed(page: str, *pairs: tuple[str, str], **known: Any):
    return FORM.read_page(page, pairs, known, today=TODAY, calendar=CALENDAR, records=[RECORD])


def test_answers_of_several_parts_are_read_part_by_part() -> None:
    pairs = [
        ("site.province", "01"),
        ("site.commune", "Phường  Ví Dụ"),
        ("site.street", "Số 1"),
        ("place.lat", "21,02"),
        ("place.lon", "105,8"),
    ]
    found = typed("co-so", *pairs).answers
    assert found["site"] == {"province": "01", "commune": "Phường Ví Dụ", "street": "Số 1"}
    assert found["place"] == {"lat": 21.02, "lon": 105.8}


def test_a_part_that_is_missing_or_wrong_is_named_with_what_it_belongs_to() -> None:
    result = typed("co-so", ("site.province", "99"), ("site.commune", "Ví Dụ"), ("place.lat", "48,8"), ("place.lon", "2,3"))
    said = {problem.where: problem for problem in result.problems}
    assert said["site.province"].slug == "choice"
    assert said["site.street"].text.vi.startswith("Địa chỉ cơ sở: nhập số nhà")
    assert said["place.lat"].slug == "too-large"
    assert said["place.lon"].slug == "too-small"


def test_an_optional_answer_is_whole_or_absent() -> None:
    assert not [p for p in typed("doanh-nghiep").problems if p.where.startswith("partner")]
    half = typed("doanh-nghiep", ("partner.name", "ACME")).problems
    assert {p.where for p in half if p.where.startswith("partner")} == {"partner.country", "partner.address"}


@pytest.mark.parametrize(
    "name, text, kept",
    [
        ("cas", "7647-01-0", "7647-01-0"),
        ("cas", "7647-01-1", "cas-no"),
        ("cas", "axit", "cas-no"),
        ("hs", "2806.10.00", "28061000"),
        ("hs", "2806 10", "280610"),
        ("hs", "28061", "hs-code"),
        ("mass", "1.200,5", 1200.5),
        ("mass", "-1", "too-small"),
        ("mass", "1,200.5", "number"),
        ("origin", "XX", "choice"),
    ],
)
def test_a_cell_is_kept_in_its_own_form_or_refused(name: str, text: str, kept: Any) -> None:
    table = PROCEDURE.field("chemicals")
    assert table is not None
    found = read([table], [(f"chemicals.0.{name}", text)])
    if isinstance(kept, str) and kept in {"cas-no", "hs-code", "too-small", "number", "choice"}:
        assert [problem.slug for problem in found.problems] == [kept]
    else:
        assert found.values["chemicals"][0][name] == kept


def test_the_words_of_an_answer_are_those_of_an_office() -> None:
    said = {
        name: answer(field, ANSWERS[name]) for name in ("head", "site", "area", "provinces") if (field := PROCEDURE.field(name))
    }
    assert said["head"].vi == "Lê Mẫu – 001090000001 – Việt Nam – Giám đốc"
    assert said["site"].vi == "Số 1, Phường Ví Dụ, Hà Nội"
    assert said["area"].vi == "40,5 m²"
    assert said["provinces"].en == "Hà Nội; Ho Chi Minh City"


def test_complete_answers_may_be_filed_by_hand_and_by_machine() -> None:
    assert FORM.problems(ANSWERS, today=TODAY, calendar=CALENDAR) == []
    sent = {name: value for name, value in ANSWERS.items() if name != "filer"}
    kept, wrong = FORM.read_json(sent, today=TODAY, calendar=CALENDAR, before={"filer": ANSWERS["filer"]})
    assert wrong == []
    assert kept == ANSWERS | {"total_mass": 3}


def test_a_reference_names_one_of_the_filers_own_results_and_fills_what_hangs_on_it() -> None:
    only = typed("doanh-nghiep").answers
    assert (only["old_licence"], only["old_site"]) == ("7/GP-TN", "Số 9, Hà Nội")
    other = typed("doanh-nghiep", ("old_licence", "8/GP-TN"))
    assert "unknown-record" in {problem.slug for problem in other.problems}
    _, wrong = FORM.read_json({"old_licence": "8/GP-TN"}, today=TODAY, records=[RECORD])
    assert [problem.slug for problem in wrong] == ["unknown-record"]


def test_a_machine_hears_every_problem_at_once() -> None:
    sent = ANSWERS | {
        "area": "big",
        "years": 9,
        "provinces": ["01", "no"],
        "colour": "red",
        "total_mass": 7,
        "head": {"name": "Lê\u202eMẫu", "id_no": "1"},
        "chemicals": [{"name": "Axit", "cas": "1-2-3", "mass": -1, "origin": "VN"}],
    }
    _, wrong = FORM.read_json(sent, today=TODAY, before={"filer": ANSWERS["filer"]})
    assert {problem.where for problem in wrong} >= {
        "area",
        "years",
        "provinces.1",
        "colour",
        "total_mass",
        "head.name",
        "chemicals.0.cas",
    }


def test_what_a_machine_does_not_mention_stays_if_it_was_filled_in_beforehand_and_null_takes_it_away() -> None:
    before = prefill(PROCEDURE, ENTERPRISE)
    assert before["head"] == {"name": "John Sample", "position": "Giám đốc"}
    kept, _ = FORM.read_json({"area": 30}, today=TODAY, before=before | {"area": 20, "years": 2})
    assert (kept["area"], "years" in kept) == (30, False)
    gone, _ = FORM.read_json({"head": None}, today=TODAY, before={"head": ANSWERS["head"]})
    assert "head" not in gone
    stays, _ = FORM.read_json({}, today=TODAY, before={"head": ANSWERS["head"]})
    assert stays["head"] == ANSWERS["head"]


HOSTILE: list[tuple[Any, str]] = [
    ({"chemicals": [{"name": "x"}] * 10_000}, "maxItems"),
    ({"chemicals": {"0": {}}}, "type"),
    ({"area": True}, "type"),
    ({"area": 1e400}, "type"),
    ({"area": 10**30}, "too-large"),
    ({"years": 1.5}, "type"),
    ({"head": "Lê Mẫu"}, "type"),
    ({"head": {"name": "Lê Mẫu", "role": "admin"}}, "unknown-field"),
    ({"own_storage": "true"}, "type"),
    ({"starts": "2027-02-30"}, "date"),
    ({"kind": ["trade"]}, "enum"),
    ({"provinces": ["01", "01"]}, "uniqueItems"),
    ({"site": {"province": "01", "commune": "\u200bẩn", "street": "1"}}, "hidden-characters"),
    ({"site": {"province": "01", "commune": "a", "street": "x\u0000"}}, "hidden-characters"),
    ({"\u202earea": 1}, "hidden-characters"),
    ({"storage_contract": "x" * 200_001}, "too-large"),
]


@pytest.mark.parametrize("given, slug", HOSTILE, ids=[f"{slug}-{n}" for n, (_, slug) in enumerate(HOSTILE)])
def test_a_hostile_answer_is_refused_in_words(given: dict[str, Any], slug: str) -> None:
    kept, wrong = FORM.read_json(given, today=TODAY, before={})
    assert slug in {problem.slug for problem in wrong}
    assert kept == {}
    assert all(problem.text.vi and problem.text.en for problem in wrong)


def test_decomposed_letters_are_composed_at_the_edge() -> None:
    given = {"storage_contract": "Hơ\u0323p đồng", "own_storage": False}
    kept, wrong = FORM.read_json(given, today=TODAY, before={})
    assert wrong == []
    assert kept["storage_contract"] == "Hợp đồng"
    page = typed("co-so", ("own_storage", "false"), ("storage_contract", "Hơ\u0323p đồng"))
    assert page.answers["storage_contract"] == "Hợp đồng"


def test_ten_thousand_typed_rows_are_one_problem_and_no_long_wait() -> None:
    pairs = [(f"chemicals.{row}.name", "x") for row in range(9_999)]
    found = typed("hoa-chat", *pairs)
    assert "too-many-rows" in {problem.slug for problem in found.problems}
    assert len(found.answers["chemicals"]) == 61


def test_hidden_questions_are_neither_required_nor_kept() -> None:
    kept = FORM.settle(ANSWERS | {"storage_contract": "HĐ 1"}, today=TODAY)
    assert "storage_contract" not in kept
    assert FORM.away("co-so", kept) == {"storage_contract"}
    needed = FORM.problems(ANSWERS | {"own_storage": False}, today=TODAY, calendar=CALENDAR)
    assert [problem.where for problem in needed] == ["storage_contract"]


def test_a_signature_may_be_asked_for_only_in_some_cases() -> None:
    def signed(own: bool) -> bool:
        needs = PROCEDURE.papers_needed(ANSWERS | {"kind": "production", "own_storage": own}, today=TODAY)
        return next(need.signed for need in needs if need.paper.id == "technology")

    assert (signed(own=True), signed(own=False)) == (True, False)


def test_a_fee_that_is_not_certain_is_announced_and_not_charged() -> None:
    assert [(due.fee.id, due.amount) for due in PROCEDURE.fees_due("filing", ANSWERS, today=TODAY)] == [("F1", 60_000)]
    assert "chưa thu" in PROCEDURE.fee_text.vi
    assert "expected 16 working days, being confirmed" in PROCEDURE.time_limit_text.en


@pytest.mark.parametrize(
    "changes, last",
    [
        ({"years": 3}, "2029-02-28"),
        ({"years": 5}, "2031-02-28"),
        ({"years": 5, "registered_until": "2028-06-30"}, "2028-06-30"),
    ],
)
def test_a_result_holds_as_long_as_was_asked_and_never_beyond_its_ground(changes: dict[str, Any], last: str) -> None:
    assert str(PROCEDURE.valid_until(ANSWERS | changes, TODAY.replace(month=2, day=28))) == last


def test_the_kind_of_result_and_its_book_hang_on_the_answers() -> None:
    trade = PROCEDURE.result_for(ANSWERS, today=TODAY)
    plain = PROCEDURE.result_for(ANSWERS | {"kind": "production"}, today=TODAY)
    assert (trade.id, plain.id) == ("trade_licence", "licence")
    way = PROCEDURE.without(PROCEDURE.left_out(ANSWERS, today=TODAY))
    assert (way.number_series("granted", trade.id), way.number_series("granted", plain.id)) == ("GPKD-TN", "GP-TN")


def test_an_answer_already_kept_is_judged_by_the_same_rules() -> None:
    field = PROCEDURE.field("head")
    assert field is not None
    assert problems(field, "no mapping")
