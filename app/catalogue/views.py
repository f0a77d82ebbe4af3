"""What a template needs to show a field, whatever the procedure: names, words, the value as typed, the error."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.catalogue import communes, references, words
from app.catalogue.communes import Communes
from app.catalogue.functions import date_of
from app.catalogue.paging import DATE_PARTS, Typed
from app.catalogue.parts import parts_of
from app.catalogue.questions import NUMERIC, FieldType, FormField
from app.catalogue.references import Records
from app.core.errors import Problem
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class FieldView:
    """One control. `name` is the input's name, `id` its element id; for a date `parts` holds day, month and year.

    `options` are (value, words); those of a code list are the same for every control and known by `code_list`.
    `applies`: False when these answers do not call for it. `suggestions`: what may be typed, offered; other words are taken too.
    """

    name: str
    id: str
    type: FieldType
    label: Text
    help: Text | None
    required: bool
    conditional: bool
    locked: bool
    computed: bool
    options: Sequence[tuple[str, Text]]
    chosen: frozenset[str]
    value: str
    parts: dict[str, str]
    max_length: int | None
    error: Text | None
    shown: Text
    rows: list[list["FieldView"]] = field(default_factory=list)
    columns: list["FieldView"] = field(default_factory=list)
    row_count: int = 0
    can_add: bool = False
    can_remove: bool = False
    must_be_true: bool = False
    unit: Text | None = None
    inside: list["FieldView"] = field(default_factory=list)
    paper: str | None = None
    code_list: str | None = None
    applies: bool = True
    suggestions: Sequence[tuple[str, Text]] | None = None


@dataclass(frozen=True, slots=True)
class _Page:
    """What is known while a page is drawn; `records` are those the filer may refer to."""

    typed: Typed
    errors: Mapping[str, Text]
    records: Records
    away: Collection[str]
    communes: Communes


_YES_NO = (("true", words.YES), ("false", words.NO))


def views(
    fields: Sequence[FormField],
    answers: Mapping[str, Any],
    typed: Typed,
    problems: Sequence[Problem],
    rows: Mapping[str, int],
    records: Records = (),
    away: Collection[str] = (),
    listed: Communes = communes.NONE,
) -> list[FieldView]:
    """One view per field; the first problem of a field is the one shown beside it. `away`: fields that do not apply."""
    page = _Page(typed, {problem.where: problem.text for problem in reversed(problems)}, records, away, listed)
    return [
        _table(each, answers.get(each.id) or [], page, rows.get(each.id, 0))
        if each.type is FieldType.ROWS
        else _control(each, each.id, answers.get(each.id), page)
        for each in fields
    ]


def _control(each: FormField, name: str, value: Any, page: _Page) -> FieldView:
    typed = page.typed.get(name)
    return FieldView(
        name=name,
        id=name.replace(".", "-"),
        type=each.type,
        label=each.label,
        help=each.help,
        required=each.required,
        conditional=each.show_if is not None or each.required_if is not None,
        locked=each.locked,
        computed=each.compute is not None,
        options=_options(each, page.records),
        chosen=_chosen(value if typed is None else typed),
        value=typed if isinstance(typed, str) else _as_typed(each, value),
        parts=_date_parts(name, value, page.typed) if each.type is FieldType.DATE else {},
        max_length=each.max_length,
        error=page.errors.get(name),
        shown=words.answer(each, value),
        must_be_true=each.must_be_true,
        unit=words.measure(each),
        inside=_inside(each, name, value, page),
        paper=each.paper,
        code_list="countries" if each.type is FieldType.COUNTRY else each.options_from,
        applies=name not in page.away,
    )


def _inside(each: FormField, name: str, value: Any, page: _Page) -> list[FieldView]:
    """The parts of an answer of several; an address offers the communes of its province."""
    found = [_control(part, f"{name}.{part.id}", _part(value, part.id), page) for part in parts_of(each)]
    if each.type is not FieldType.ADDRESS_VN:
        return found
    province = page.typed.get(f"{name}.province") or _part(value, "province")
    listed = page.communes.get(str(province))
    offered = tuple((said.vi, said) for _, said in listed.communes) if listed else ()
    doubt = communes.NOT_IN_LIST if _part(value, communes.CODE) == communes.NOT_LISTED else None
    return [
        replace(part, suggestions=offered, help=doubt or part.help) if part.name == f"{name}.commune" else part for part in found
    ]


def _part(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _table(each: FormField, rows: Sequence[Mapping[str, Any]], page: _Page, wanted: int) -> FieldView:
    """A table shows its filled rows, at least one, and as many blank ones as were asked for."""
    typed_rows = {int(name.split(".")[1]) for name in page.typed if name.startswith(f"{each.id}.")}
    count = min(max(len(rows), len(typed_rows), wanted, each.min_rows, 1), each.max_rows)
    table = _control(each, each.id, None, page)
    lines = [_row(each, number, rows[number] if number < len(rows) else {}, page) for number in range(count)]
    blank = [_control(column, f"{each.id}.{count}.{column.id}", None, page) for column in each.of]
    return FieldView(
        **{
            name: getattr(table, name)
            for name in table.__slots__
            if name not in ("rows", "columns", "row_count", "can_add", "can_remove")
        },
        rows=lines,
        columns=blank,
        row_count=count,
        can_add=count < each.max_rows,
        can_remove=count > 1,
    )


def _row(each: FormField, number: int, row: Mapping[str, Any], page: _Page) -> list[FieldView]:
    return [_control(column, f"{each.id}.{number}.{column.id}", row.get(column.id), page) for column in each.of]


def _options(each: FormField, records: Records) -> Sequence[tuple[str, Text]]:
    if each.type is FieldType.BOOL:
        return _YES_NO
    if each.type is FieldType.REFERENCE:
        return tuple(references.options(each, records).items())
    return words.listed(each)


def _chosen(value: Any) -> frozenset[str]:
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset({str(value).lower() if isinstance(value, bool) else str(value)}) if value not in (None, "") else frozenset()


def _as_typed(each: FormField, value: Any) -> str:
    """A stored value as the person would type it: `1.200,5`, never `1200.5`."""
    if value is None or isinstance(value, (list, Mapping)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return words.number(value) if each.type in NUMERIC else str(value)


def _date_parts(name: str, value: Any, typed: Typed) -> dict[str, str]:
    stored = date_of(value)
    known = {"day": str(stored.day), "month": str(stored.month), "year": str(stored.year)} if stored else {}
    again = {part: typed.get(f"{name}-{part}") for part in DATE_PARTS}
    return {part: str(again[part] if again[part] is not None else known.get(part, "")) for part in DATE_PARTS}
