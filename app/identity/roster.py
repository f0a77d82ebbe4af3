"""The list of agencies from a file: read, judged as a whole, compared with what is known. Pure.

Columns: code, name_vi, name_en, parent, kind and, if wished, certainty (`found` when it was read in a public text).
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from app.core import csvfile
from app.core.csvfile import Line
from app.core.errors import Problem
from app.core.text import Text

SHIPPED = Path(__file__).parent / "data" / "units.csv"
MOST_UNITS = 5_000
KINDS: dict[str, Text] = {
    "ministry": Text("Bộ, cơ quan ngang Bộ", "Ministry"),
    "office": Text("Văn phòng", "Office"),
    "department": Text("Vụ", "Department"),
    "agency": Text("Cục", "Agency"),
    "commission": Text("Ủy ban", "Commission"),
    "one_stop_desk": Text("Bộ phận Một cửa", "One-stop desk"),
    "province": Text("Ủy ban nhân dân cấp tỉnh", "Province"),
    "provincial_department": Text("Sở", "Provincial department"),
    "authority": Text("Cơ quan khác", "Another authority"),
}
_NOBODY: Mapping[str, str | None] = {}
_CODE = re.compile(r"[A-Z][0-9]{2}(\.[0-9]{2,3}){0,4}")
_COLUMNS = ("code", "name_vi", "name_en", "kind")
_ALL = ("code", "name_vi", "name_en", "parent", "kind", "certainty")
_NOT_A_CODE = Text("không đúng dạng mã cơ quan (G02, G02.918)", "is no agency code (G02, G02.918)")
_NO_KIND = Text("phải là một trong: {kinds}", "must be one of: {kinds}")
_TWICE = Text("mã đã có ở dòng {other}", "the code stands in line {other} already")
_NO_PARENT = Text("không có cơ quan mã {code}", "there is no agency {code}")
_RING = Text("cơ quan cấp trên đi thành vòng", "the agencies above it form a ring")


class Known(Protocol):
    """What an agency of the portal says of itself."""

    code: str
    name_vi: str
    name_en: str
    parent: str | None
    kind: str
    certainty: str


@dataclass(frozen=True, slots=True)
class Listed:
    """One agency of a list."""

    code: str
    name_vi: str
    name_en: str
    parent: str | None
    kind: str
    certainty: str

    @classmethod
    def of(cls, known: Known) -> "Listed":
        """An agency of the portal, as a list would name it."""
        return cls(known.code, known.name_vi, known.name_en, known.parent, known.kind, known.certainty)


@dataclass(frozen=True, slots=True)
class Change:
    """What a list says of one agency that the portal does not say; `before` is None for a new one."""

    listed: Listed
    before: Listed | None

    @property
    def certain(self) -> bool:
        """Whether the line was read in a public text."""
        return self.listed.certainty.startswith("found")


def read(content: bytes, *, known: Mapping[str, str | None] = _NOBODY) -> list[Listed]:
    """The agencies of the file, those above before those below. `Incomplete` names every fault by line and column.

    `known`: the agencies the portal has already, each with the one above it.
    """
    lines = csvfile.read(content, _COLUMNS, optional=("parent", "certainty"), most=MOST_UNITS)
    csvfile.refuse_if(list(_faults(lines, known)))
    listed = [_listed(line.cells) for line in lines]
    return sorted(listed, key=lambda each: (len(_above(each.code, {one.code: one.parent for one in listed})), each.code))


@cache
def shipped() -> tuple[Listed, ...]:
    """The agencies that the shipped procedures name; those below a ministry carry codes that are placeholders."""
    return tuple(read(SHIPPED.read_bytes()))


def written(listed: Sequence[Listed]) -> bytes:
    """The agencies as a file that `read` takes."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(_ALL)
    rows.writerows([getattr(each, column) or "" for column in _ALL] for each in listed)
    return out.getvalue().encode()


def changes(listed: Sequence[Listed], known: Sequence[Known]) -> list[Change]:
    """What the list would change; an agency that it does not name stays as it is."""
    here = {each.code: Listed.of(each) for each in known}
    return [Change(each, here.get(each.code)) for each in listed if here.get(each.code) != each]


def _listed(cells: Mapping[str, str]) -> Listed:
    parent, certainty = cells.get("parent") or None, cells.get("certainty") or "found"
    return Listed(cells["code"], cells["name_vi"], cells["name_en"], parent, cells["kind"], certainty)


def _faults(lines: Sequence[Line], known: Mapping[str, str | None]) -> Iterator[Problem]:
    first: dict[str, int] = {}
    parents = {**known, **{line.cells["code"]: line.cells.get("parent") or None for line in lines}}
    for line in lines:
        code, parent = line.cells["code"], parents[line.cells["code"]]
        if not _CODE.fullmatch(code):
            yield line.fault("code", "not-a-code", _NOT_A_CODE)
        elif code in first:
            yield line.fault("code", "twice", _TWICE.filled(other=first[code]))
        first.setdefault(code, line.number)
        if line.cells["kind"] not in KINDS:
            yield line.fault("kind", "not-a-kind", _NO_KIND.filled(kinds=", ".join(KINDS)))
        if parent and parent not in parents:
            yield line.fault("parent", "unknown", _NO_PARENT.filled(code=parent))
        elif code in _above(code, parents):
            yield line.fault("parent", "ring", _RING)


def _above(code: str, parents: Mapping[str, str | None]) -> list[str]:
    """The agencies above one, the nearest first; in a ring each once."""
    found: list[str] = []
    above = parents.get(code)
    while above and above not in found:
        found.append(above)
        above = parents.get(above)
    return found
