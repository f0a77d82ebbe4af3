"""Answers that may be filed, made from a definition alone: every question that applies, by its type and limits."""

from datetime import date, timedelta
from typing import Any

from app.catalogue.forms import Answers, Form
from app.catalogue.parts import parts_of
from app.catalogue.procedure import Procedure
from app.catalogue.questions import NUMERIC, FieldType, FormField
from app.catalogue.words import listed
from app.core.errors import Problem

PLAIN: dict[FieldType, Any] = {
    FieldType.EMAIL: "lienhe@vi-du.example",
    FieldType.PHONE: "0240000003",
    FieldType.URL: "https://vi-du.example",
    FieldType.TAX_CODE: "9900000016",
    FieldType.ID_DOCUMENT: "C0000001",
    FieldType.HS_CODE: "220300",
    FieldType.CAS_NO: "7647-01-0",
    FieldType.ADDRESS: "Số 1 đường Ví Dụ, Hà Nội",
    FieldType.ADDRESS_VN: {"province": "01", "commune": "Phường Ví Dụ", "street": "Số 1 đường Ví Dụ"},
    FieldType.GEO_POINT: {"lat": 21.03, "lon": 105.85},
    FieldType.COUNTRY: "JP",
    FieldType.BOOL: True,
}
# Where a check of the law wants more than a value of the right kind. A number of days is counted from today.
WANTED: dict[str, dict[str, Any]] = {
    "commodity-exchange-licence": {"charter_capital": 200_000_000_000},
    "foreign-branch-licence": {"reg_date": -3000, "reg_expiry": 3000},
    "foreign-branch-licence-renewal": {"current_expiry": 60, "reg_expiry": 3000},
    "franchise-registration": {"started": -800},
    "multi-level-selling-certificate": {"deposit_amount": 10_000_000_000},
    "petroleum-trader-licence": {"depot_capacity": 100_000, "points_city": 1, "points_country": 0},
    "promotion-lottery-registration": {
        "provinces": ["ha_noi", "da_nang"],
        "form_of_promotion": ["lottery"],
        "start_date": 30,
        "end_date": 60,
    },
    "promotion-notification": {
        "start_date": 30,
        "end_date": 60,
        "goods_promoted": [{"name": "Gạo", "unit": "kg", "price": 50_000_000}],
        "goods_used": [{"name": "Xe máy", "quantity": 10, "unit_value": 20_000_000}],
        "prizes": [{"level": "Nhất", "description": "Xe máy", "unit_value": 20_000_000, "quantity": 10}],
    },
    "representative-office-licence": {"reg_date": -3000, "reg_expiry": 3000},
    "rice-export-eligibility": {"rent_until": 3000},
    "spirits-production-licence": {"capacity": 5_000_000},
    "temporary-import-business-code": {"capacity": 200},
    "temporary-import-other-forms-licence": {"until": 90},
}


def answers(procedure: Procedure, known: Answers, *, today: date, **chosen: Any) -> Answers:
    """`known` (what the portal filled in) and an answer to every other question that these answers call for."""
    form, wanted = Form.of(procedure), WANTED.get(procedure.slug, {}) | chosen
    given = dict(known)
    for _ in procedure.fields:
        away = {name for page in form.pages for name in form.away(page.id, given)}
        asked = [each for each in procedure.fields if each.given_by_person and each.id not in {*given, *away}]
        fresh = {each.id: _answer(each, today, wanted) for each in asked}
        if not {name for name, value in fresh.items() if value is not None}:
            break
        given |= {name: value for name, value in fresh.items() if value is not None}
    complete = given | {each.id: _completed(each, given[each.id], today) for each in procedure.fields if each.id in given}
    return form.settle(complete | _wishes(procedure, wanted, given, today), today=today)


def problems(procedure: Procedure, given: Answers, *, today: date) -> list[Problem]:
    """What keeps them from being filed."""
    return Form.of(procedure).problems(given, today=today)


def _completed(each: FormField, value: Any, today: date) -> Any:
    """What the register knows of a person, and the parts it does not know."""
    if each.locked or not isinstance(value, dict):
        return value
    return {part.id: _answer(part, today, {}) for part in parts_of(each)} | value


def _wishes(procedure: Procedure, wanted: dict[str, Any], given: Answers, today: date) -> Answers:
    fields = {each.id: each for each in procedure.fields}
    return {name: _answer(fields[name], today, wanted) for name in wanted if name in given}


def _answer(each: FormField, today: date, wanted: dict[str, Any]) -> Any:
    if each.id in wanted:
        value = wanted[each.id]
        return (today + timedelta(days=value)).isoformat() if each.type is FieldType.DATE else value
    if each.type is FieldType.REFERENCE:
        return None
    if each.type is FieldType.ROWS:
        row = {column.id: _answer(column, today, {}) for column in each.of if column.compute is None}
        return [{name: value for name, value in row.items() if value is not None}] * max(1, each.min_rows)
    if each.type in PLAIN:
        return PLAIN[each.type]
    if parts := parts_of(each):
        return {part.id: _answer(part, today, {}) for part in parts}
    return _simple(each, today)


def _simple(each: FormField, today: date) -> Any:
    if each.type is FieldType.DATE:
        return (today - timedelta(days=30)).isoformat()
    if each.type is FieldType.CHOICE:
        return listed(each)[0][0]
    if each.type is FieldType.MULTI_CHOICE:
        return [value for value, _ in listed(each)][:2]
    if each.type in NUMERIC:
        return _number(each)
    return "Ví dụ"[: each.max_length or 50]


def _number(each: FormField) -> int | float:
    low = each.min if each.min is not None else 0
    high = each.max if each.max is not None else max(low, 10)
    middle = min(max(low, 10), high)
    return int(middle) if middle == int(middle) else float(middle)
