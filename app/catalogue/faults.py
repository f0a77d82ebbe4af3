"""How the linter says what is wrong."""

from collections.abc import Callable, Iterator

from app.catalogue.procedure import Procedure
from app.core.errors import Problem
from app.core.text import Text

Rule = Callable[[Procedure], Iterator[Problem]]


def fault(where: str, slug: str, vi: str, en: str) -> Problem:
    """A problem at a place of the definition, said with the place; without one it is about the whole file."""
    if not where:
        return Problem(where, slug, Text(f"{vi[:1].upper()}{vi[1:]}.", f"{en[:1].upper()}{en[1:]}."))
    return Problem(where, slug, Text(f"{where}: {vi}.", f"{where}: {en}."))


def unknown(where: str, name: str) -> Problem:
    """Something is named that does not exist."""
    return fault(where, "unknown-id", f"không có “{name}”", f"there is no “{name}”")
