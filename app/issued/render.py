"""Typst in, PDF/A-3a and PDF/UA-1 out. Values travel as JSON through `sys_inputs`; markup is never built from strings.

CPU work of some milliseconds: the jobs call it in a thread, never a page.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

import typst

from app.issued.editions import TEMPLATES, Edition

# Full TrueType files: web fonts are split by alphabet and unreadable to Typst. First the built assets, then the package itself.
_ROOT = Path(__file__).parents[2]
_FONT_FOLDERS = (
    Path(__file__).parents[1] / "web" / "static" / "build" / "fonts",
    _ROOT / "build" / "fonts",
    _ROOT / "node_modules" / "@expo-google-fonts" / "tinos",
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signature goes: page from 0, box in PDF points from the lower left corner."""

    name: str
    page: int
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Rendered:
    """An unsigned document and the places its template keeps for signatures."""

    pdf: bytes
    places: tuple[Place, ...]

    def place(self, name: str) -> Place:
        """The place called `name`. Raises `LookupError` for a template that cannot carry that signature."""
        found = [place for place in self.places if place.name == name]
        if not found:
            raise LookupError(f"the template keeps no place for the signature {name!r}")
        return found[0]


def fonts_folder() -> Path:
    """Where the Tinos files are. Raises `FileNotFoundError` that says what to run."""
    for folder in _FONT_FOLDERS:
        if any(folder.rglob("Tinos*.ttf")):
            return folder
    raise FileNotFoundError("Tinos fonts are missing: run `make setup` (it installs the packages of package.json)")


@cache
def _fonts() -> typst.Fonts:
    """Read once per process: a compiler with known fonts is made in half a millisecond."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[str(fonts_folder())])


def render(edition: Edition, values: Mapping[str, Any], *, qr: str) -> Rendered:
    """The template filled with `values`; the same edition and values give the same bytes. `qr` is an SVG picture."""
    compiler = _compiler(edition.file, values, qr=qr)
    pdf = compiler.compile(format="pdf", pdf_standards=["a-3a", "ua-1"])
    marks = json.loads(compiler.query("<seat>", field="value"))
    return Rendered(cast("bytes", pdf), tuple(_place(mark) for mark in marks))


def draw_stamp(values: Mapping[str, Any]) -> bytes:
    """The visible part of a signature as a small PDF of its own."""
    return cast("bytes", _compiler(TEMPLATES / "stamp.typ", values).compile(format="pdf", pdf_standards=["1.7"], pdf_tags=False))


def _compiler(source: Path, values: Mapping[str, Any], **inputs: str) -> typst.Compiler:
    return typst.Compiler(
        str(source),
        root=str(TEMPLATES),
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(values, ensure_ascii=False, sort_keys=True), **inputs},
    )


def _place(mark: Mapping[str, Any]) -> Place:
    left, top = float(mark["x"]), float(mark["y"])
    return Place(mark["name"], int(mark["page"]) - 1, (left, top - float(mark["h"]), left + float(mark["w"]), top))
