"""Where a file goes. Pure."""

from dataclasses import dataclass

from app.catalogue.definition import Paper
from app.core.errors import NotFound


@dataclass(frozen=True, slots=True)
class Slot:
    """Where a file goes: which of the files of a paper (`place`), for which row of a table."""

    paper: Paper
    place: int
    row: int | None = None

    @property
    def formats(self) -> tuple[str, ...]:
        """The endings this place takes."""
        return self.paper.formats[self.place]

    @property
    def max_bytes(self) -> int:
        """The paper's own limit."""
        return self.paper.max_mb * 1024 * 1024


def slot_of(paper: Paper | None, place: int, row: int | None) -> Slot:
    """The slot, or `NotFound` when the paper has no such place."""
    if paper is None or not 0 <= place < len(paper.formats) or (row is None) != (paper.per is None):
        raise NotFound
    return Slot(paper, place, row)
