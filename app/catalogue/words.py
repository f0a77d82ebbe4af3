"""Facts of a procedure and answers to it in words: limits, fees, numbers and dates as a Vietnamese office writes them."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from json import loads
from typing import Any

from app.catalogue.definition import NUMERIC, Fee, FieldType, FormField, Stage
from app.catalogue.expressions import Expression
from app.catalogue.functions import Context, date_of
from app.core.money import shown
from app.core.text import Text

UNITS = {
    "working_day": Text("ngày làm việc", "working days"),
    "day": Text("ngày", "days"),
    "working_hour": Text("giờ làm việc", "working hours"),
}
AT_ONCE = Text("Trả kết quả ngay", "At once")
YES, NO = Text("Có", "Yes"), Text("Không", "No")
FREE = Text("Không thu phí", "No fee")


def number(value: Decimal | float, language: str = "vi") -> str:
    """`1200.5` → `1.200,5` (in English `1,200.5`)."""
    plain = f"{Decimal(str(value)).normalize():,f}"
    return plain if language == "en" else plain.translate(str.maketrans(",.", ".,"))


def day(value: date) -> str:
    """dd/mm/yyyy, in both languages."""
    return value.strftime("%d/%m/%Y")


def length(stage_length: Decimal, unit: str) -> Text:
    """`5 ngày làm việc` / `5 working days`."""
    if unit == "instant":
        return AT_ONCE
    words = UNITS[unit]
    english = words.en.removesuffix("s") if stage_length == 1 else words.en
    return Text(f"{number(stage_length)} {words.vi}", f"{number(stage_length, 'en')} {english}")


def time_limit(stages: Sequence[Stage]) -> Text:
    """The limit stage by stage: `5 ngày làm việc (kiểm tra …), sau đó 15 ngày làm việc kể từ ngày nộp phí (thẩm định …)`."""
    if len(stages) == 1:
        return length(stages[0].length, stages[0].unit)
    parts = [_stage(stage) for stage in stages]
    return Text("; sau đó ".join(part.vi for part in parts), "; then ".join(part.en for part in parts))


def _stage(stage: Stage) -> Text:
    limit = length(stage.length, stage.unit)
    paid = Text(" kể từ ngày nộp phí", " from payment") if stage.starts_on == "paid" else Text("", "")
    return Text(f"{limit.vi}{paid.vi} ({stage.title.vi})", f"{limit.en}{paid.en} ({stage.title.en})")


def fees(priced: Sequence[tuple[Fee, Expression]]) -> Text:
    """What it costs: `Không thu phí`, or each fee with its amount where the amount hangs on no answer."""
    if not priced:
        return FREE
    parts = [_fee(fee, amount) for fee, amount in priced]
    return Text("; ".join(part.vi for part in parts), "; ".join(part.en for part in parts))


def _fee(fee: Fee, amount: Expression) -> Text:
    fixed = None if amount.names else amount.value({}, Context(today=date.min))
    when = {
        "filing": Text("nộp khi nộp hồ sơ", "payable at filing"),
        "after_validity_check": Text("nộp sau khi hồ sơ được xác nhận hợp lệ", "payable once the dossier is found valid"),
    }[fee.when]
    if fixed is None:
        return Text(f"tính theo nội dung hồ sơ, {when.vi}", f"depends on the dossier, {when.en}")
    return Text(f"{shown(int(fixed))}, {when.vi}", f"{shown(int(fixed), 'en')}, {when.en}")


def lookup(answers: Mapping[str, Any], name: str) -> Any:
    """The answer under a dotted name; `filer.tax_code` walks into an object."""
    found: Any = answers
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


@cache
def countries() -> dict[str, Text]:
    """ISO 3166 code → name, Việt Nam first, then by Vietnamese name (names of the Unicode CLDR)."""
    rows = loads((files("app.catalogue") / "data" / "countries.json").read_text("utf-8"))
    return {code: Text(vi, en) for code, vi, en in rows}


def answer(field: FormField, value: Any) -> Text:
    """One answer as people read it; blank when there is none. Rows are shown cell by cell, not here."""
    if value is None or value == "":
        return Text("", "")
    if field.type is FieldType.MULTI_CHOICE and isinstance(value, list):
        return joined([_chosen(field, item) for item in value])
    if field.type is FieldType.CHOICE:
        return _chosen(field, value)
    if field.type is FieldType.COUNTRY:
        return countries().get(str(value), _same(value))
    if field.type is FieldType.BOOL:
        return YES if value else NO
    if field.type is FieldType.ORG and isinstance(value, Mapping):
        return _same(" – ".join(str(part) for part in (value.get("name"), value.get("tax_code")) if part))
    return _plain(field, value)


def joined(parts: Sequence[Text]) -> Text:
    """Several answers in one line."""
    return Text("; ".join(part.vi for part in parts), "; ".join(part.en for part in parts))


def _plain(field: FormField, value: Any) -> Text:
    if field.type is FieldType.MONEY_VND and isinstance(value, int):
        return Text(shown(value), shown(value, "en"))
    if field.type in NUMERIC and isinstance(value, (int, float)):
        return Text(number(value), number(value, "en"))
    if field.type is FieldType.DATE and (when := date_of(value)):
        return _same(day(when))
    return _same(value)


def _same(value: object) -> Text:
    return Text(str(value), str(value))


def _chosen(field: FormField, value: object) -> Text:
    return next((option.label for option in field.options if option.id == value), _same(value))
