"""The columns of the national catalogue of procedures, read from a CSV file and matched with ours. Pure."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from app.catalogue.procedure import Procedure
from app.core.errors import Incomplete, Problem
from app.core.text import Text, fold, has_unwanted, nfc

MOST_ROWS = 20_000
MOST_SIGNS = 1_000
_HEADS: Mapping[str, tuple[str, ...]] = {
    "slug": ("slug", "ma dinh danh"),
    "code": ("ma thu tuc", "ma tthc", "ma so", "ma", "code"),
    "name": ("ten thu tuc", "ten thu tuc hanh chinh", "ten", "name"),
    "decision": ("so quyet dinh", "quyet dinh cong bo", "so quyet dinh cong bo", "decision"),
}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NOT_CSV = Text("Không đọc được tệp. Tệp phải là CSV, mã UTF-8.", "The file cannot be read. It must be CSV in UTF-8.")
_NO_COLUMNS = Text(
    "Dòng đầu phải có cột mã thủ tục, và cột tên thủ tục hoặc slug.",
    "The first line must have a column with the code, and one with the name or the slug.",
)
_TOO_MANY = Text("Tệp có quá nhiều dòng hoặc ô quá dài.", "The file has too many lines, or a cell is too long.")


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of the national catalogue."""

    line: int
    code: str
    name: str
    slug: str
    decision: str


@dataclass(frozen=True, slots=True)
class Match:
    """A line and the procedure of ours that it is about; none when there is no such, or several of that name."""

    listed: Listed
    procedure: Procedure | None

    @property
    def differs(self) -> bool:
        """Whether the line says something else than the procedure."""
        if self.procedure is None:
            return False
        decision = self.listed.decision or self.procedure.decision
        return (self.listed.code, decision) != (self.procedure.code.national, self.procedure.decision)


def read_lines(content: bytes) -> list[Listed]:
    """The lines of a CSV file, `,` or `;` between cells. `Incomplete` says what is wrong."""
    try:
        written = nfc(content.decode("utf-8-sig"))
        first, *rest = csv.reader(io.StringIO(written, newline=""), delimiter=_between(written))
    except (UnicodeDecodeError, csv.Error, ValueError):
        raise _refused(_NOT_CSV, "not-csv") from None
    places = _places(first)
    if "code" not in places or not {"name", "slug"} & places.keys():
        raise _refused(_NO_COLUMNS, "no-columns")
    if len(rest) > MOST_ROWS or any(len(cell) > MOST_SIGNS for row in rest for cell in row):
        raise _refused(_TOO_MANY, "too-large")
    found = [_listed(number, row, places) for number, row in enumerate(rest, start=2)]
    return [each for each in found if each.code]


def _between(written: str) -> str:
    head = written.partition("\n")[0]
    return ";" if head.count(";") > head.count(",") else ","


def _places(head: Sequence[str]) -> dict[str, int]:
    """Which column holds what, by the words of the first line."""
    folded = [fold(cell) for cell in head]
    found = {name: next((folded.index(word) for word in words if word in folded), None) for name, words in _HEADS.items()}
    return {name: place for name, place in found.items() if place is not None}


def _listed(number: int, row: Sequence[str], places: Mapping[str, int]) -> Listed:
    def cell(name: str) -> str:
        place = places.get(name)
        return _harmless(row[place]) if place is not None and place < len(row) else ""

    return Listed(number, cell("code"), cell("name"), cell("slug"), cell("decision"))


def _harmless(cell: str) -> str:
    """The cell without what a spreadsheet would run as a formula, or a reader would not see."""
    bare = cell.strip().lstrip("".join(_FORMULA)).strip()
    return "" if has_unwanted(bare) else bare


def matched(lines: Iterable[Listed], procedures: Sequence[Procedure]) -> list[Match]:
    """Each line with its procedure: by slug, by the code it has already, else by the very name."""
    by_slug = {each.slug: each for each in procedures}
    by_code = {each.code.national: each for each in procedures if each.code.national}
    names = [fold(each.title.vi) for each in procedures]
    by_name = {name: each for name, each in zip(names, procedures, strict=True) if names.count(name) == 1}
    return [Match(line, by_slug.get(line.slug) or by_code.get(line.code) or by_name.get(fold(line.name))) for line in lines]


def _refused(text: Text, slug: str) -> Incomplete:
    return Incomplete([Problem("list", slug, text)])
