"""The e-form: what a person typed becomes answers or a sentence; machines meet the same rules."""

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.catalogue.definition import FieldType, FormField, Page
from app.catalogue.forms import remove_row
from app.catalogue.values import WrongAnswer, from_date_parts, from_text, is_tax_code
from app.core.text import Text
from tests.catalogue.examples import CALENDAR, LICENCE_FORM, LOTTERY_FORM, TODAY, licence_answers, lottery_answers


def field(kind: FieldType, **more: Any) -> FormField:
    return FormField(id="f", type=kind, label=Text("Mục này", "This field"), **more)


@pytest.mark.parametrize(
    "kind, typed, value",
    [
        (FieldType.DECIMAL, "1.200,5", 1200.5),
        (FieldType.DECIMAL, "1.200", 1200),
        (FieldType.DECIMAL, "-0,5", -0.5),
        (FieldType.MONEY_VND, "10.000.000.000", 10_000_000_000),
        (FieldType.MONEY_VND, "5.000.000 đồng", 5_000_000),
        (FieldType.INTEGER, " 7 ", 7),
        (FieldType.TEXT, "  Công  ty\tA ", "Công ty A"),
        (FieldType.TEXT, "Hoa\u0300", "Hoà"),  # typed in pieces, kept composed
        (FieldType.LONG_TEXT, "một\r\nhai ", "một\nhai"),
        (FieldType.EMAIL, "ten@congty.vn", "ten@congty.vn"),
        (FieldType.PHONE, "+84 24 2220 2222", "+84 24 2220 2222"),
        (FieldType.URL, "congty.vn", "https://congty.vn"),
        (FieldType.TAX_CODE, "0100109106001", "0100109106-001"),
        (FieldType.ID_DOCUMENT, "p 123 4567", "P1234567"),
        (FieldType.COUNTRY, "VN", "VN"),
        (FieldType.TEXT, "   ", None),
    ],
)
def test_typed_text_becomes_a_value(kind: FieldType, typed: str, value: Any) -> None:
    assert from_text(field(kind), typed) == value


@pytest.mark.parametrize(
    "kind, typed, slug",
    [
        (FieldType.DECIMAL, "1200.5", "number"),
        (FieldType.DECIMAL, "1.2.3", "number"),
        (FieldType.DECIMAL, "abc", "number"),
        (FieldType.INTEGER, "1,5", "whole-number"),
        (FieldType.MONEY_VND, "-1", "too-small"),
        (FieldType.MONEY_VND, "9" * 20, "too-large"),
        (FieldType.TEXT, "a\u200bb", "hidden-characters"),
        (FieldType.TEXT, "a\x00b", "hidden-characters"),
        (FieldType.TEXT, "\ud800", "hidden-characters"),
        (FieldType.TEXT, "x" * 501, "too-long"),
        (FieldType.EMAIL, "ten@congty", "email"),
        (FieldType.PHONE, "gọi tôi", "phone"),
        (FieldType.URL, "javascript://x.vn/%0aalert(1)", "url"),
        (FieldType.URL, "http://[", "url"),
        (FieldType.TAX_CODE, "0100109107", "tax-code"),
        (FieldType.COUNTRY, "XX", "choice"),
        (FieldType.BOOL, "yes", "choice"),
    ],
)
def test_what_cannot_be_the_answer_is_refused_in_both_languages(kind: FieldType, typed: str, slug: str) -> None:
    with pytest.raises(WrongAnswer) as wrong:
        from_text(field(kind), typed)
    assert wrong.value.slug == slug
    assert wrong.value.text.vi != wrong.value.text.en


@pytest.mark.parametrize(
    "parts, value", [(("27", "3", "2026"), "2026-03-27"), (("", " ", ""), None), (("29", "2", "2028"), "2028-02-29")]
)
def test_a_date_is_three_inputs(parts: tuple[str, str, str], value: str | None) -> None:
    assert from_date_parts(field(FieldType.DATE), parts) == value


@pytest.mark.parametrize(
    "parts",
    [
        ("31", "2", "2026"),
        ("29", "2", "2026"),
        ("1", "1", "26"),
        ("1", "", "2026"),
        ("a", "1", "2026"),
        ("9" * 12, "1", "2026"),
        ("1", "9" * 30, "2026"),
    ],
)
def test_the_thirty_first_of_february_is_an_error(parts: tuple[str, str, str]) -> None:
    with pytest.raises(WrongAnswer) as wrong:
        from_date_parts(field(FieldType.DATE), parts)
    assert wrong.value.slug == "date"


@pytest.mark.parametrize(
    "code, good",
    [
        ("0100109106", True),
        ("0319303270", True),
        ("0104359717-001", True),
        ("0108606209", False),
        ("9900000070", False),  # would need the check digit 10, which is never issued
        ("9900010008", False),
        ("010010910", False),
        ("٠١٠٠١٠٩١٠٦", False),
    ],
)
def test_a_tax_code_carries_its_check_digit(code: str, good: bool) -> None:
    assert is_tax_code(code) is good


def test_flat_names_nest_blank_rows_vanish_and_later_rows_keep_their_order() -> None:
    pairs = [
        ("prizes.2.level", "Nhì"),
        ("prizes.2.description", "Quạt"),
        ("prizes.2.unit_value", "1.000.000"),
        ("prizes.2.quantity", "3"),
        ("prizes.1.level", "  "),
        ("prizes.0.level", "Nhất"),
        ("prizes.0.description", "Xe"),
        ("prizes.0.unit_value", "40.000.000"),
        ("prizes.0.quantity", "1"),
        ("_csrf", "x"),
    ]
    result = LOTTERY_FORM.read_page("giai-thuong", pairs, {}, today=TODAY)
    assert result.problems == ()
    assert [row["level"] for row in result.answers["prizes"]] == ["Nhất", "Nhì"]
    assert result.answers["total_value"] == 43_000_000


def test_a_computed_value_is_worked_out_here_whatever_was_sent() -> None:
    result = LOTTERY_FORM.read_page("giai-thuong", [("total_value", "1")], lottery_answers(), today=TODAY)
    assert [problem.slug for problem in result.problems] == ["unknown-field", "required"]
    assert LOTTERY_FORM.settle(lottery_answers() | {"total_value": 1}, today=TODAY)["total_value"] == 130_000_000


def test_a_blank_cell_makes_the_sum_unknown_and_names_the_row() -> None:
    pairs = [("prizes.0.level", "Nhất"), ("prizes.0.description", "Xe"), ("prizes.0.quantity", "1")]
    result = LOTTERY_FORM.read_page("giai-thuong", pairs, {}, today=TODAY)
    assert "total_value" not in result.answers
    assert [(p.where, p.slug) for p in result.problems] == [("prizes.0.unit_value", "required")]
    assert result.problems[0].text == Text("Dòng 1: Nhập trị giá một giải.", "Row 1: Enter value of one.")


@pytest.mark.parametrize(
    "name", ["la", "programme_name", "prizes.0.colour", "prizes.x.level", "prizes.99999.level", "__proto__.x", "prizes"]
)
def test_a_page_with_an_unknown_field_says_so(name: str) -> None:
    result = LOTTERY_FORM.read_page("giai-thuong", [(name, "x")], lottery_answers(), today=TODAY)
    if name.startswith("_"):  # the page's own controls
        assert "unknown-field" not in [problem.slug for problem in result.problems]
    else:
        assert (name, "unknown-field") in [(problem.where, problem.slug) for problem in result.problems]


def test_an_error_keeps_what_was_typed_and_the_good_answers() -> None:
    pairs = [
        ("deposit_bank", "Ngân hàng Mẫu"),
        ("deposit_amount", "mười tỷ"),
        ("deposit_date-day", "31"),
        ("deposit_date-month", "2"),
    ]
    result = LICENCE_FORM.read_page("ky-quy", [*pairs, ("deposit_date-year", "2026")], {}, today=TODAY)
    assert result.answers == {"deposit_bank": "Ngân hàng Mẫu", "attachments": result.answers["attachments"]}
    assert {p.where: p.slug for p in result.problems} == {
        "deposit_amount": "number",
        "deposit_date": "date",
        "deposit_ref": "required",
    }
    shown = {v.name: v for v in LICENCE_FORM.views("ky-quy", result.answers, typed=result.typed, problems=result.problems)}
    assert shown["deposit_amount"].value == "mười tỷ"
    assert shown["deposit_date"].parts == {"day": "31", "month": "2", "year": "2026"}
    assert shown["deposit_date"].error is not None
    assert shown["deposit_bank"].error is None


def test_a_rule_over_several_answers_speaks_on_its_page() -> None:
    pairs = [("provinces", "ha_noi")]
    result = LOTTERY_FORM.read_page("dia-ban", pairs, {}, today=TODAY)
    assert [(p.where, p.slug) for p in result.problems] == [("provinces", "C1")]


def test_locked_answers_come_from_the_register_alone() -> None:
    result = LICENCE_FORM.read_page("doanh-nghiep", [("tax_code", "0100109106")], licence_answers(), today=TODAY)
    assert result.answers["tax_code"] == "9900000030"
    assert "unknown-field" in [problem.slug for problem in result.problems]


def test_complete_answers_may_be_filed() -> None:
    assert LICENCE_FORM.problems(licence_answers(), today=TODAY, calendar=CALENDAR) == []
    assert LOTTERY_FORM.problems(lottery_answers(), today=TODAY, calendar=CALENDAR) == []


@pytest.mark.parametrize(
    "changes, where, slug",
    [
        ({"deposit_amount": 9_999_999_999}, "deposit_amount", "C2"),
        ({"deposit_date": "2026-11-24"}, "deposit_date", "C3"),
        ({"registration_no": "0100109106"}, "registration_no", "C4"),
        ({"last_change_date": "2019-01-01"}, "last_change_date", "C1"),
        ({"commitment": False}, "commitment", "required"),
        ({"goods": []}, "goods", "required"),
        ({"rep_nationality": None}, "rep_nationality", "required"),
    ],
)
def test_what_keeps_the_licence_from_being_filed_is_named(changes: dict[str, Any], where: str, slug: str) -> None:
    found = LICENCE_FORM.problems(licence_answers(**changes), today=TODAY, calendar=CALENDAR)
    assert [(problem.where, problem.slug) for problem in found] == [(where, slug)]


def test_a_promotion_needs_five_full_working_days_before_it_starts() -> None:
    # from Mon 23/11: 24 25 26 27 · 30 are full days, so Tue 1/12 is the first start allowed
    def slugs(start: str) -> list[str]:
        given = lottery_answers(start_date=start)
        return [problem.slug for problem in LOTTERY_FORM.problems(given, today=TODAY, calendar=CALENDAR)]

    assert slugs("2026-11-30") == ["C4"]
    assert slugs("2026-12-01") == []


def test_a_machine_files_the_same_answers() -> None:
    given = {name: value for name, value in licence_answers().items() if name not in ("filer", "tax_code")}
    locked = {name: licence_answers()[name] for name in ("filer", "tax_code")}
    answers, problems = LICENCE_FORM.read_json(given, today=TODAY, calendar=CALENDAR, before=locked)
    assert problems == []
    assert answers == LICENCE_FORM.settle(licence_answers(), today=TODAY)


@pytest.mark.parametrize(
    "changes, where, slug",
    [
        ({"colour": 1}, "colour", "unknown-field"),
        ({"tax_code": "0100109106"}, "tax_code", "locked"),
        ({"attachments": "x"}, "attachments", "locked"),
        ({"deposit_amount": "10"}, "deposit_amount", "type"),
        ({"deposit_amount": True}, "deposit_amount", "type"),
        ({"goods": [{"name": "x", "colour": 1}]}, "goods.0.colour", "unknown-field"),
        ({"rep_nationality": "XX"}, "rep_nationality", "enum"),
        ({"deposit_date": "2026-02-31"}, "deposit_date", "date"),
        ({"email": "x"}, "email", "email"),
        ({"charter": {"a": [[[]]]}}, "charter", "unknown-field"),
        ({"rep_name": "a\u202eb"}, "rep_name", "hidden-characters"),
        ({"rep_name": "a\x00"}, "rep_name", "hidden-characters"),
        ({"rep_name": "\udc00"}, "rep_name", "hidden-characters"),
        ({"a\x00": 1}, "", "hidden-characters"),
        ({"rep_name": "x" * 200_001}, "", "too-large"),
        ({"commitment": False}, "commitment", "const"),
        ({"registration_no": "0100109107"}, "registration_no", "tax-code"),
    ],
)
def test_a_machines_wrong_answer_has_a_clear_answer(changes: dict[str, Any], where: str, slug: str) -> None:
    locked = {name: licence_answers()[name] for name in ("filer", "tax_code")}
    _, problems = LICENCE_FORM.read_json(licence_answers() | changes, today=TODAY, before=locked)
    assert (where, slug) in [(problem.where, problem.slug) for problem in problems]


def test_deep_nesting_is_refused_without_recursion() -> None:
    deep: Any = "x"
    for _ in range(5_000):
        deep = [deep]
    _, problems = LICENCE_FORM.read_json({"rep_name": deep}, today=TODAY)
    assert [problem.slug for problem in problems] == ["too-deep"]


def test_the_schema_is_valid_and_knows_what_is_required() -> None:
    schema = LICENCE_FORM.json_schema()
    jsonschema_rs.meta.validate(schema)
    assert json.loads(json.dumps(schema)) == schema
    validator = jsonschema_rs.Draft202012Validator(schema)
    assert validator.is_valid(licence_answers())
    assert not validator.is_valid(licence_answers(rep_name=None))


def test_the_summary_reads_as_vietnamese_offices_write() -> None:
    pages = LICENCE_FORM.summary(licence_answers())
    lines = {line.field: line for page in pages for line in page.lines}
    assert lines["deposit_amount"].value.vi == "10.000.000.000 đồng"
    assert lines["deposit_date"].value.vi == "01/10/2026"
    assert lines["rep_nationality"].value == Text("Vương quốc Anh", "United Kingdom")
    assert lines["foreign_capital"].value.en == "No"
    assert ("Điểm thưởng", "12,5") in [(label.vi, value.vi) for label, value in lines["goods"].rows[0]]


def test_a_row_can_be_taken_away_and_the_later_ones_move_up() -> None:
    pairs = [("goods.0.name", "a"), ("goods.1.name", "b"), ("goods.2.name", "c"), ("phone", "1")]
    assert remove_row(pairs, "goods", 1) == [("goods.0.name", "a"), ("goods.1.name", "c"), ("phone", "1")]


def test_a_table_shows_one_blank_row_and_more_on_request() -> None:
    [goods] = LICENCE_FORM.views("hang-hoa", {})
    assert (goods.row_count, goods.can_remove, goods.can_add) == (1, False, True)
    [goods] = LICENCE_FORM.views("hang-hoa", licence_answers(), rows={"goods": 2})
    assert goods.row_count == 2
    names = [control.name for control in goods.rows[0]]
    assert names[:2] == ["goods.0.name", "goods.0.kind"]
    assert goods.rows[0][0].value == "Trà thảo mộc"
    assert goods.rows[1][0].value == ""
    assert goods.rows[0][5].value == "12,5"


NAMES = st.one_of(
    st.sampled_from(
        ["goods.0.name", "goods.0.price", "goods.1.from_date-day", "deposit_date-month", "phone", "tax_code", "commitment"]
    ),
    st.text(max_size=12),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(pairs=st.lists(st.tuples(NAMES, st.text(max_size=20)), max_size=8), page=st.sampled_from([*LICENCE_FORM.pages]))
def test_no_posted_page_makes_the_form_stumble(pairs: list[tuple[str, str]], page: Page) -> None:
    result = LICENCE_FORM.read_page(page.id, pairs, licence_answers(), today=TODAY, calendar=CALENDAR)
    LICENCE_FORM.views(page.id, result.answers, typed=result.typed, problems=result.problems)
    LICENCE_FORM.problems(result.answers, today=TODAY, calendar=CALENDAR)
    LICENCE_FORM.summary(result.answers)


@settings(max_examples=100, deadline=None)
@given(name=st.sampled_from([each.id for each in LICENCE_FORM.procedure.fields]), value=JSON)
def test_no_machines_answer_makes_the_form_stumble(name: str, value: Any) -> None:
    answers, problems = LICENCE_FORM.read_json(licence_answers() | {name: value}, today=TODAY, calendar=CALENDAR)
    if not problems:
        LICENCE_FORM.problems(answers, today=TODAY, calendar=CALENDAR)
        json.dumps(answers).encode()
