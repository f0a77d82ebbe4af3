"""Editions of the templates: which layout is in force from when, and on which legal ground.

`templates/<name>/<n>.typ` is what is printed, `<n>.toml` beside it says the rest. A new legal basis is a new pair of files: a
document keeps the edition it was ordered under and is printed with that one, however late.
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

TEMPLATES = Path(__file__).parent / "templates"
LAYOUT = "base"  # what all templates share; it has editions, but is no template


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a prescribed form: its label, who fills it, and how sure we are of it ("" = as the whole form)."""

    id: str
    label: str
    filled_by: str
    certainty: str = ""


@dataclass(frozen=True, slots=True)
class Edition:
    """One edition of one template. `legal_basis` is printed; `certainty` says what is still to be confirmed about it."""

    template: str
    number: int
    legal_basis: str
    valid_from: date
    certainty: str
    entries: tuple[Entry, ...] = ()

    @property
    def file(self) -> Path:
        """Its Typst source."""
        return TEMPLATES / self.template / f"{self.number}.typ"

    @property
    def uncertain(self) -> tuple[Entry, ...]:
        """The lines that carry a doubt of their own."""
        return tuple(entry for entry in self.entries if entry.certainty)


def names() -> frozenset[str]:
    """Every template there is."""
    return frozenset(_editions())


def editions_of(template: str) -> tuple[Edition, ...]:
    """The editions of `template`, oldest first. Raises `ValueError` for a template that does not exist."""
    try:
        return _editions()[template]
    except KeyError:
        raise ValueError(f"no template {template!r}") from None


def edition(template: str, number: int) -> Edition:
    """One edition. Raises `ValueError` when there is none."""
    found = next((one for one in editions_of(template) if one.number == number), None)
    if found is None:
        raise ValueError(f"no edition {number} of the template {template!r}")
    return found


def in_force(template: str, day: date) -> Edition:
    """The edition that a document ordered on `day` gets; before the first one came into force, the first."""
    known = editions_of(template)
    return next((one for one in reversed(known) if one.valid_from <= day), known[0])


@cache
def _editions() -> dict[str, tuple[Edition, ...]]:
    return read(TEMPLATES)


def read(folder: Path) -> dict[str, tuple[Edition, ...]]:
    """The editions described in `folder`, by template."""
    found: dict[str, list[Edition]] = {}
    for path in folder.glob("*/*.toml"):
        found.setdefault(path.parent.name, []).append(_edition(path))
    return {name: tuple(sorted(known, key=lambda one: one.number)) for name, known in sorted(found.items())}


def _edition(path: Path) -> Edition:
    said = tomllib.loads(path.read_text("utf-8"))
    entries = tuple(Entry(**entry) for entry in said.pop("entries", ()))
    return Edition(template=path.parent.name, number=int(path.stem), entries=entries, **said)
