"""A CSV file that a person brings: UTF-8, within bounds, every cell NFC, nothing hidden in it, nothing a spreadsheet would run.

Unlike a form, a file is refused as a whole, with the line and the column of each fault: half a list is worse than none.
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.core.errors import Incomplete, Problem
from app.core.text import Text, has_unwanted, nfc

MOST_SIGNS = 500
"""In one cell."""
MOST_FAULTS = 50
"""That are told at once."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet runs when a cell begins with it."""
WHERE = "list"

_NOT_CSV = Text("Không đọc được tệp. Tệp phải là CSV, mã UTF-8.", "The file cannot be read. It must be CSV in UTF-8.")
_NO_COLUMN = Text("Dòng đầu thiếu cột “{column}”.", "The first line lacks the column “{column}”.")
_TWICE = Text("Dòng đầu có hai cột “{column}”.", "The first line has the column “{column}” twice.")
_EMPTY = Text("Tệp không có dòng nào.", "The file has no lines.")
_TOO_MANY = Text("Tệp có nhiều hơn {most} dòng.", "The file has more than {most} lines.")
_TOO_LONG = Text("dài hơn {most} ký tự", "longer than {most} characters")
_HIDDEN = Text("có ký tự ẩn hoặc đảo chiều", "has hidden or direction-changing characters")
_RUNS = Text("bắt đầu như một công thức bảng tính", "begins like a spreadsheet formula")
_MISSING = Text("để trống", "is empty")


@dataclass(frozen=True, slots=True)
class Line:
    """One line below the head: its number in the file, its cells by column."""

    number: int
    cells: Mapping[str, str]

    def fault(self, column: str, slug: str, text: Text) -> Problem:
        """What is wrong with one cell."""
        place = Text(f"Dòng {self.number}, cột {column}: ", f"Line {self.number}, column {column}: ")
        return Problem(WHERE, slug, Text(f"{place.vi}{text.vi}.", f"{place.en}{text.en}."))


def read(content: bytes, columns: Sequence[str], *, optional: Sequence[str] = (), most: int = 20_000) -> list[Line]:
    """The lines of the file, `,` or `;` between cells; blank ones vanish. `Incomplete` names every fault.

    `columns` must be there and filled, `optional` may be missing or blank; others are passed over.
    """
    first, *rest = _rows(content, most)
    places = _places(first, columns, optional)
    lines = [_line(number, row, places) for number, row in enumerate(rest, start=2) if any(cell.strip() for cell in row)]
    refuse_if([fault for line in lines for fault in _faults(line, columns)])
    refuse_if([] if lines else [Problem(WHERE, "empty", _EMPTY)])
    return lines


def refuse_if(faults: Sequence[Problem]) -> None:
    """Raise `Incomplete` with the first of `faults`, if there are any."""
    if faults:
        raise Incomplete(list(faults[:MOST_FAULTS]))


def _rows(content: bytes, most: int) -> list[list[str]]:
    """All rows; no more than `most` are ever taken in."""
    rows: list[list[str]] = []
    try:
        written = nfc(content.decode("utf-8-sig"))
        head = written.partition("\n")[0]
        between = ";" if head.count(";") > head.count(",") else ","
        for row in csv.reader(io.StringIO(written, newline=""), delimiter=between, strict=True):
            rows.append(row)
            if len(rows) > most + 1:
                raise Incomplete([Problem(WHERE, "too-large", _TOO_MANY.filled(most=most))])
    except (UnicodeDecodeError, csv.Error):
        raise Incomplete([Problem(WHERE, "not-csv", _NOT_CSV)]) from None
    refuse_if([] if rows else [Problem(WHERE, "empty", _EMPTY)])
    return rows


def _places(head: Sequence[str], columns: Sequence[str], optional: Sequence[str]) -> dict[str, int]:
    names = [cell.strip().casefold() for cell in head]
    missing = [Problem(WHERE, "no-column", _NO_COLUMN.filled(column=name)) for name in columns if name not in names]
    twice = [name for name in (*columns, *optional) if names.count(name) > 1]
    refuse_if(missing + [Problem(WHERE, "column-twice", _TWICE.filled(column=name)) for name in twice])
    return {name: names.index(name) for name in (*columns, *optional) if name in names}


def _line(number: int, row: Sequence[str], places: Mapping[str, int]) -> Line:
    return Line(number, {name: row[place].strip() if place < len(row) else "" for name, place in places.items()})


def _faults(line: Line, columns: Sequence[str]) -> Iterator[Problem]:
    for column, cell in line.cells.items():
        if not cell and column in columns:
            yield line.fault(column, "required", _MISSING)
        elif len(cell) > MOST_SIGNS:
            yield line.fault(column, "too-long", _TOO_LONG.filled(most=MOST_SIGNS))
        elif has_unwanted(cell):
            yield line.fault(column, "hidden", _HIDDEN)
        elif cell.startswith(FORMULA):
            yield line.fault(column, "formula", _RUNS)
