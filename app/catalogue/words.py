"""Facts of a procedure and answers to it in words: limits, fees, numbers and dates as a Vietnamese office writes them."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from json import loads
from typing import Any

from app.catalogue.definition import Fee, Stage, Term, is_certain
from app.catalogue.expressions import Expression
from app.catalogue.functions import Context, date_of
from app.catalogue.parts import COMPOSITE, parts_of
from app.catalogue.questions import NUMERIC, FieldType, FormField
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
FEE_UNKNOWN = Text("Mức phí đang được xác nhận, chưa thu", "The fee is being confirmed and not yet charged")


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
    """The limit stage by stage: `5 ngày làm việc (kiểm tra …), sau đó 15 ngày làm việc kể từ ngày nộp phí (thẩm định …)`.

    A limit that was not read in the law is said to be expected, never to be the law.
    """
    if len(stages) == 1:
        return _limit(stages[0])
    said = _stage(stages[0])
    for stage in stages[1:]:
        then = Text("; ", "; ") if stage.only_if else Text("; sau đó ", "; then ")
        following = _stage(stage)
        said = Text(f"{said.vi}{then.vi}{following.vi}", f"{said.en}{then.en}{following.en}")
    return said


def _limit(stage: Stage) -> Text:
    said = length(stage.length, stage.unit)
    if stage.certain:
        return said
    return Text(f"dự kiến {said.vi}, đang được xác nhận", f"expected {said.en}, being confirmed")


def _stage(stage: Stage) -> Text:
    limit = _limit(stage)
    paid = Text(" kể từ ngày nộp phí", " from payment") if stage.starts_on == "paid" else Text("", "")
    case = Text("trường hợp riêng: ", "special case: ") if stage.only_if else Text("", "")
    return Text(f"{case.vi}{limit.vi}{paid.vi} ({stage.title.vi})", f"{case.en}{limit.en}{paid.en} ({stage.title.en})")


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
    if not fee.certain:
        return Text("mức thu đang được xác nhận, chưa thu", "the amount is being confirmed and not yet charged")
    if fixed is None:
        return Text(f"tính theo nội dung hồ sơ, {when.vi}", f"depends on the dossier, {when.en}")
    return Text(f"{shown(int(fixed))}, {when.vi}", f"{shown(int(fixed), 'en')}, {when.en}")


def term(term: Term) -> Text:
    """`5 năm` / `5 years`; what an answer asks for is said to be at most that."""
    if term.years:
        plain = Text(f"{term.years} năm", f"{term.years} year{'s' if term.years > 1 else ''}")
    else:
        plain = Text(f"{term.months} tháng", f"{term.months} months") if term.months else Text("theo đề nghị", "as requested")
    longest = Text(f"tối đa {plain.vi}", f"at most {plain.en}") if term.asked or term.not_beyond else plain
    certain = term.certainty is None or is_certain(term.certainty)
    return longest if certain else Text(f"dự kiến {longest.vi}, đang được xác nhận", f"expected {longest.en}, being confirmed")


def lookup(answers: Mapping[str, Any], name: str) -> Any:
    """The answer under a dotted name; `filer.tax_code` walks into an object."""
    found: Any = answers
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


CODE_LISTS = frozenset({"countries", "provinces", "currencies"})


@cache
def code_list(name: str) -> dict[str, Text]:
    """Code → name of a list that is shipped.

    Countries: ISO 3166, Việt Nam first (names of the Unicode CLDR). Provinces: the 34 since 1 July 2025 (codes of QĐ
    19/2025/QĐ-TTg, from knowledge). Currencies: ISO 4217, the usual ones.
    """
    rows = loads((files("app.catalogue") / "data" / f"{name}.json").read_text("utf-8"))
    return {code: Text(vi, en) for code, vi, en in rows}


def countries() -> dict[str, Text]:
    """ISO 3166 code → name."""
    return code_list("countries")


@cache
def _listed(name: str) -> tuple[tuple[str, Text], ...]:
    return tuple(code_list(name).items())


def listed(field: FormField) -> Sequence[tuple[str, Text]]:
    """The same, in order; a code list is made once and shared by every cell that asks from it."""
    name = "countries" if field.type is FieldType.COUNTRY else field.options_from
    return _listed(name) if name else tuple(field.labels.items())


def choices(field: FormField) -> Mapping[str, Text]:
    """What a choice may be answered with: its own options, or a code list's."""
    if field.type is FieldType.COUNTRY:
        return countries()
    return code_list(field.options_from) if field.options_from else field.labels


def answer(field: FormField, value: Any) -> Text:
    """One answer as people read it; blank when there is none. Rows are shown cell by cell, not here."""
    if value is None or value == "":
        return Text("", "")
    if field.type is FieldType.MULTI_CHOICE and isinstance(value, list):
        return joined([_chosen(field, item) for item in value])
    if field.type is FieldType.CHOICE:
        return _chosen(field, value)
    if field.type is FieldType.COUNTRY:
        return _chosen(field, value)
    if field.type is FieldType.BOOL:
        return YES if value else NO
    if field.type is FieldType.ORG and isinstance(value, Mapping):
        return _same(" – ".join(str(part) for part in (value.get("name"), value.get("tax_code")) if part))
    if field.type in COMPOSITE and isinstance(value, Mapping):
        return _of_parts(field, value)
    return _plain(field, value)


def _of_parts(field: FormField, value: Mapping[str, Any]) -> Text:
    """A person or an enterprise part by part; an address from the street upwards, as it is written."""
    said = [text for part in parts_of(field) if (text := answer(part, value.get(part.id))).vi]
    if field.type is FieldType.ADDRESS_VN:
        said.reverse()
    separator = ", " if field.type in (FieldType.ADDRESS_VN, FieldType.GEO_POINT) else " – "
    return Text(separator.join(text.vi for text in said), separator.join(text.en for text in said))


def joined(parts: Sequence[Text]) -> Text:
    """Several answers in one line."""
    return Text("; ".join(part.vi for part in parts), "; ".join(part.en for part in parts))


def _plain(field: FormField, value: Any) -> Text:
    if field.type is FieldType.MONEY_VND and isinstance(value, int):
        return Text(shown(value), shown(value, "en"))
    if field.type in NUMERIC and isinstance(value, (int, float)):
        unit = measure(field)
        return Text(f"{number(value)} {unit.vi}".rstrip(), f"{number(value, 'en')} {unit.en}".rstrip())
    if field.type is FieldType.HS_CODE and isinstance(value, str):
        return _same(".".join(part for part in (value[:4], value[4:6], value[6:8], value[8:]) if part))
    if field.type is FieldType.DATE and (when := date_of(value)):
        return _same(day(when))
    return _same(value)


def _same(value: object) -> Text:
    return Text(str(value), str(value))


def measure(field: FormField) -> Text:
    """What a number counts: its unit, its currency, or nothing."""
    if field.type is FieldType.MONEY_VND:
        return Text("đồng", "VND")
    return field.unit or Text(field.currency or "", field.currency or "")


def _chosen(field: FormField, value: object) -> Text:
    return choices(field).get(str(value), _same(value))
