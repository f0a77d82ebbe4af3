"""The columns of the national catalogue of procedures: what a table of it says of ours, cell by cell. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.catalogue import words
from app.catalogue.procedure import Procedure
from app.catalogue.spreadsheet import Row, column, rows
from app.catalogue.value_words import VALUES
from app.core.errors import Incomplete, Problem
from app.core.text import Text, fold, has_unwanted

HEAD_WITHIN = 10
COLUMNS: Mapping[str, tuple[Text, tuple[str, ...]]] = {
    "slug": (Text("Mã định danh", "Slug"), ("slug", "ma dinh danh")),
    "code": (Text("Mã thủ tục", "Code"), ("ma thu tuc", "ma tthc", "ma so tthc", "ma thu tuc hanh chinh", "ma so", "ma", "code")),
    "name": (Text("Tên thủ tục", "Name"), ("ten thu tuc", "ten tthc", "ten thu tuc hanh chinh", "ten", "name", "name_vi")),
    "sector": (Text("Lĩnh vực", "Sector"), ("linh vuc", "ten linh vuc", "sector")),
    "level": (Text("Cấp thực hiện", "Level"), ("cap thuc hien", "cap giai quyet", "cap", "level")),
    "unit": (
        Text("Cơ quan thực hiện", "Authority"),
        ("co quan thuc hien", "co quan giai quyet", "don vi", "don vi thuc hien", "unit", "unit_vi"),
    ),
    "decision": (
        Text("Số quyết định", "Decision number"),
        ("so quyet dinh", "quyet dinh cong bo", "so quyet dinh cong bo", "decision"),
    ),
    "limit": (Text("Thời hạn giải quyết", "Time limit"), ("thoi han giai quyet", "thoi han", "thoi gian giai quyet", "limit")),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]{0,39}")
_LIMIT = re.compile(r"(\d+(?:[.,]\d+)?)\s*(ngay lam viec|gio lam viec|ngay|gio)\b")
_UNITS = {"ngay lam viec": "working_day", "gio lam viec": "working_hour", "gio": "working_hour", "ngay": "day"}
_LEVELS = {"bo": "B", "trung uong": "B", "tinh": "T"}
_NO_COLUMNS = Text(
    "Một trong mười dòng đầu phải có cột mã thủ tục, và cột tên thủ tục hoặc slug.",
    "One of the first ten lines must have a column with the code, and one with the name or the slug.",
)
_BAD = {
    "hidden": Text("ô có ký tự ẩn", "the cell holds hidden characters"),
    "code": Text("mã thủ tục chỉ gồm chữ, số, dấu chấm, gạch nối", "a code is of letters, digits, dots and hyphens"),
    "level": Text("không rõ cấp: ghi cấp Bộ hoặc cấp tỉnh", "the level is not known: ministry (cấp Bộ) or province (cấp tỉnh)"),
    "unit": Text("không có cơ quan tên này trong danh sách đơn vị", "no authority of this name is among the units"),
    "limit": Text("không đọc được thời hạn, ví dụ: 15 ngày làm việc", "not a time limit, for example: 15 ngày làm việc"),
    "stages": Text(
        "thủ tục có nhiều giai đoạn: sửa thời hạn trong bản nháp",
        "the procedure has several stages: change the limit in the draft",
    ),
    "twice": Text("thủ tục này đã ở một dòng khác", "this procedure stands on another line too"),
}
Units = Mapping[str, str]
"""Names of authorities by their codes."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a cell."""

    line: int
    column: str
    text: Text


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the national catalogue: its cells by column, blank ones left out; `called`: each column with its letter."""

    line: int
    cells: Mapping[str, str]
    called: Mapping[str, str]
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """What a cell says otherwise than the procedure: the places it would be put at, and how it reads before and after."""

    title: Text
    before: Text
    after: Text
    puts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Match:
    """A line and the procedure of ours that it is about; none when there is no such, or several of that name."""

    listed: Listed
    procedure: Procedure | None
    changes: tuple[Change, ...] = ()
    faults: tuple[Fault, ...] = ()


def read_lines(content: bytes) -> list[Listed]:
    """The lines of a table. `Incomplete` says what is wrong with the whole of it."""
    table = rows(content)
    heads = ((number, _places(row)) for number, row in enumerate(table[:HEAD_WITHIN]))
    number, places = next(((at, found) for at, found in heads if "code" in found and {"name", "slug"} & found.keys()), (-1, {}))
    if number < 0:
        raise Incomplete([Problem("list", "no-columns", _NO_COLUMNS)])
    found = [_listed(at, row, places) for at, row in enumerate(table[number + 1 :], start=number + 2)]
    return [each for each in found if "code" in each.cells or each.faults]


def _places(head: Row) -> dict[str, int]:
    """Which column holds what, by the words of a line."""
    folded = [fold(cell).strip() for cell in head]
    found = {name: next((folded.index(word) for word in said if word in folded), None) for name, (_, said) in COLUMNS.items()}
    return {name: place for name, place in found.items() if place is not None}


def _listed(line: int, row: Row, places: Mapping[str, int]) -> Listed:
    bare = {name: row[at].strip().lstrip("".join(_FORMULA)).strip() for name, at in places.items() if at < len(row)}
    unwanted = [name for name, cell in bare.items() if has_unwanted(cell)]
    cells = {name: cell for name, cell in bare.items() if cell and name not in unwanted}
    called = {name: f"{column(at)}: {COLUMNS[name][0].vi}" for name, at in places.items()}
    faults = [Fault(line, called[name], _BAD["hidden"]) for name in unwanted]
    if "code" in cells and not _CODE.fullmatch(cells["code"]):
        faults.append(Fault(line, called["code"], _BAD["code"]))
        del cells["code"]
    return Listed(line, cells, called, tuple(faults))


def matched(lines: Iterable[Listed], procedures: Sequence[Procedure], units: Units) -> list[Match]:
    """Each line with its procedure, by slug, by the code it has already, else by the very name; and what it would change."""
    by_slug = {each.slug: each for each in procedures}
    by_code = {each.code.national: each for each in procedures if each.code.national}
    names = [fold(each.title.vi) for each in procedures]
    by_name = {name: each for name, each in zip(names, procedures, strict=True) if names.count(name) == 1}
    found, seen = [], set[str]()
    for line in lines:
        cells = line.cells
        ours = (
            by_slug.get(cells.get("slug", "")) or by_code.get(cells.get("code", "")) or by_name.get(fold(cells.get("name", "")))
        )
        if ours is not None and ours.slug in seen:
            found.append(Match(line, None, faults=(*line.faults, Fault(line.line, line.called["code"], _BAD["twice"]))))
            continue
        changes, faults = compared(line, ours, units) if ours else ([], [])
        seen.add(ours.slug if ours else "")
        found.append(Match(line, ours, tuple(changes), (*line.faults, *faults)))
    return found


def compared(line: Listed, procedure: Procedure, units: Units) -> tuple[list[Change], list[Fault]]:
    """What the cells of a line say otherwise than the procedure, and what of them cannot be taken."""
    changes, faults = [], []
    for name in (name for name in COLUMNS if name in line.cells and name != "slug"):
        try:
            found = _READ[name](line.cells[name], procedure, units)
        except LookupError as unknown:
            faults.append(Fault(line.line, line.called[name], _BAD[str(unknown.args[0])]))
            continue
        if found is not None:
            changes.append(Change(COLUMNS[name][0], *found))
    return changes, faults


Told = tuple[Text, Text, dict[str, Any]] | None
"""How a value reads before and after, and what is put where; nothing when it is the same."""


def _plain(before: str | None, after: str, place: str) -> Told:
    shown = Text(before or "–", before or "–")
    return None if fold(before or "") == fold(after) else (shown, Text(after, after), {place: after})


def _code(cell: str, procedure: Procedure, _units: Units) -> Told:
    told = _plain(procedure.code.national, cell, "code.national")
    return (told[0], told[1], told[2] | {"code.certain": True}) if told else None


def _name(cell: str, procedure: Procedure, _units: Units) -> Told:
    return _plain(procedure.title.vi, cell, "title.vi")


def _sector(cell: str, procedure: Procedure, _units: Units) -> Told:
    return _plain(procedure.sector.vi, cell, "sector.vi")


def _decision(cell: str, procedure: Procedure, _units: Units) -> Told:
    return _plain(procedure.decision, cell, "decision")


def _level(cell: str, procedure: Procedure, _units: Units) -> Told:
    said = fold(cell)
    levels = {level for word, level in _LEVELS.items() if re.search(rf"\b{word}\b", said)} or ({cell} & {"B", "T", "mixed"})
    if not levels:
        raise LookupError("level")
    level = "mixed" if len(levels) > 1 else levels.pop()
    before = procedure.authority.decides
    return None if level == before else (VALUES["decides", before], VALUES["decides", level], {"authority.decides": level})


def _unit(cell: str, procedure: Procedure, units: Units) -> Told:
    by_name = {fold(name): code for code, name in units.items()}
    code = cell if cell in units else by_name.get(fold(cell))
    if code is None:
        raise LookupError("unit")
    before = units.get(procedure.authority.unit, procedure.authority.unit)
    named = Text(before, before), Text(units[code], units[code])
    return None if code == procedure.authority.unit else (*named, {"authority.unit": code})


def _limit(cell: str, procedure: Procedure, _units: Units) -> Told:
    found = _LIMIT.search(fold(cell))
    if found is None:
        raise LookupError("limit")
    number, unit = float(found[1].replace(",", ".")), _UNITS[found[2]]
    stage = procedure.first_stage
    if (float(stage.length), stage.unit) == (number, unit) and len(procedure.stages) == 1:
        return None
    if len(procedure.stages) > 1:
        raise LookupError("stages")
    length = int(number) if number.is_integer() else number
    place = f"clock.stages.{stage.id}"
    told = words.length(stage.length, stage.unit), words.length(Decimal(str(length)), unit)
    return (*told, {f"{place}.length": length, f"{place}.unit": unit})


_READ = {
    "code": _code,
    "name": _name,
    "sector": _sector,
    "level": _level,
    "unit": _unit,
    "decision": _decision,
    "limit": _limit,
}
