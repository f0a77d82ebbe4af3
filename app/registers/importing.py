"""Reading a code list from CSV: a line for each code, or for each time in which it meant something else. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from app.core.errors import Incomplete, Problem
from app.core.text import Text, has_unwanted, nfc
from app.registers.codelists import Code
from app.registers.rules import SCHEMAS, Dataset

COLUMNS = ("code", "name_vi", "name_en", "parent", "valid_from", "valid_to", "replaced_by", "certainty")
REQUIRED = ("code", "name_vi")
_LONGEST = 1000


@dataclass(frozen=True, slots=True)
class _Line:
    """One line, checked. `replaced_by` holds codes with semicolons in the file."""

    number: int
    code: str
    name_vi: str
    name_en: str
    parent: str | None
    valid_from: date | None
    valid_to: date | None
    replaced_by: tuple[str, ...]
    certainty: str


def read(content: str, name: str) -> list[Code]:
    """The codes of the list `name`, in the order of the file. `Incomplete` names every line that cannot be.

    Of several lines with one code the last in time is what it means now, the others are its earlier periods.
    """
    rows = csv.DictReader(io.StringIO(content.removeprefix("\ufeff")))
    header = list(rows.fieldnames or [])
    if unknown := [column for column in header if column not in COLUMNS]:
        raise Incomplete([_problem(1, f"không có cột {', '.join(unknown)}", f"there is no column {', '.join(unknown)}")])
    if missing := [column for column in REQUIRED if column not in header]:
        raise Incomplete([_problem(1, f"thiếu cột {', '.join(missing)}", f"the column {', '.join(missing)} is missing")])
    lines, problems = _read_lines(rows, name)
    by_code: dict[str, list[_Line]] = {}
    for line in lines:
        by_code.setdefault(line.code, []).append(line)
    for found in by_code.values():
        found.sort(key=lambda line: line.valid_from or date.min)
        problems += _overlaps(found)
    if problems or not lines:
        raise Incomplete(problems or [_problem(1, "không có mã nào", "there is no code")])
    return [_code(found) for found in by_code.values()]


def _read_lines(rows: Iterable[Mapping[str, str | None]], name: str) -> tuple[list[_Line], list[Problem]]:
    lines, problems = [], []
    for number, row in enumerate(rows, 2):
        try:
            lines.append(_line(number, row, name))
        except ValueError as wrong:
            problems.append(_problem(number, *wrong.args))
    return lines, problems


def _line(number: int, row: Mapping[str, str | None], name: str) -> _Line:
    said = {column: nfc((row.get(column) or "").strip()) for column in COLUMNS}
    if None in row or any(has_unwanted(value) or len(value) > _LONGEST for value in said.values()):
        raise ValueError("có ô thừa, quá dài hoặc có ký tự ẩn", "a cell too many, too long or with hidden characters")
    if not SCHEMAS[Dataset.CODELISTS].accepts_key(f"{name}/{said['code']}") or not said["name_vi"]:
        raise ValueError("mã hoặc tên không hợp lệ", "the code or the name is not valid")
    begins, ends = _day(said["valid_from"]), _day(said["valid_to"])
    if begins and ends and ends < begins:
        raise ValueError("ngày hết hiệu lực trước ngày có hiệu lực", "it ends before it begins")
    replaced = tuple(one.strip() for one in said["replaced_by"].split(";") if one.strip())
    certainty = said["certainty"] or "imported"
    return _Line(
        number,
        said["code"],
        said["name_vi"],
        said["name_en"] or said["name_vi"],
        said["parent"] or None,
        begins,
        ends,
        replaced,
        certainty,
    )


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError("ngày phải viết YYYY-MM-DD", "a day is written YYYY-MM-DD") from None


def _overlaps(found: list[_Line]) -> list[Problem]:
    """Two times in which a code means something must not run into each other."""
    pairs = pairwise(found)
    wrong = [
        after
        for before, after in pairs
        if before.valid_to is None or after.valid_from is None or after.valid_from <= before.valid_to
    ]
    return [_problem(line.number, "thời kỳ chồng lên thời kỳ trước", "this time overlaps the one before") for line in wrong]


def _code(found: list[_Line]) -> Code:
    now = found[-1]
    return Code(
        code=now.code,
        name_vi=now.name_vi,
        name_en=now.name_en,
        valid_from=now.valid_from,
        valid_to=now.valid_to,
        certainty=now.certainty,
        parent=now.parent,
        replaced_by=now.replaced_by,
        periods=tuple(_period(line) for line in found[:-1]),
    )


def _period(line: _Line) -> dict[str, object]:
    days = {name: day.isoformat() for name, day in (("valid_from", line.valid_from), ("valid_to", line.valid_to)) if day}
    parent = {"parent": line.parent} if line.parent else {}
    return {"name_vi": line.name_vi, "name_en": line.name_en, **parent, **days, "replaced_by": list(line.replaced_by)}


def _problem(number: int, vi: str, en: str) -> Problem:
    return Problem(f"line {number}", "code-list", Text(f"Dòng {number}: {vi}.", f"Line {number}: {en}."))
