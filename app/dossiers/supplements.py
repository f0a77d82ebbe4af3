"""What a request for a supplement opens for the business, and nothing else. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from app.catalogue.procedure import Procedure
from app.core.errors import Problem
from app.core.text import Text
from app.dossiers.lifecycle import State

_UNKNOWN = Text(
    "Mục “{target}” không có trong thủ tục này.",
    "The procedure has no item “{target}”.",
)
_NONE = Text("Hãy chọn ít nhất một mục cần bổ sung.", "Choose at least one item to be supplied.")


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to put right: a field of the form or a paper, with a word on what is wrong."""

    kind: Literal["field", "paper"]
    target: str
    note: str = ""

    def to_json(self) -> dict[str, str]:
        """As kept in the event and on the row."""
        return {"kind": self.kind, "target": self.target, "note": self.note}

    def name(self, procedure: Procedure) -> Text:
        """What people call it."""
        field = procedure.field(self.target) if self.kind == "field" else None
        paper = procedure.paper(self.target) if self.kind == "paper" else None
        return field.label if field else paper.name if paper else Text(self.target, self.target)


def items_of(kept: Iterable[Mapping[str, str]]) -> tuple[Item, ...]:
    """The items of a row or event."""
    return tuple(Item("field" if item["kind"] == "field" else "paper", item["target"], item.get("note", "")) for item in kept)


def problems_with(items: Iterable[Item], procedure: Procedure) -> list[Problem]:
    """What keeps these items from being asked: none at all, or one the procedure does not have."""
    asked = list(items)
    if not asked:
        return [Problem("items", "required", _NONE)]
    return [
        Problem("items", "unknown-item", _UNKNOWN.filled(target=item.target[:60]))
        for item in asked
        if (procedure.field(item.target) if item.kind == "field" else procedure.paper(item.target)) is None
    ]


@dataclass(frozen=True, slots=True)
class Opened:
    """What the business may write now: everything (a draft), or the marked fields and papers."""

    everything: bool
    fields: frozenset[str] = frozenset()
    papers: frozenset[str] = frozenset()

    def paper(self, paper_id: str) -> bool:
        """Whether files of this paper may change."""
        return self.everything or paper_id in self.papers

    def field(self, path: str) -> bool:
        """Whether the field at `path` (`goods.0.price`) may change."""
        return self.everything or path.split(".", 1)[0] in self.fields

    def merge(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        """`new` where it is open, `old` elsewhere."""
        if self.everything:
            return dict(new)
        kept = {name: value for name, value in old.items() if name not in self.fields}
        return kept | {name: value for name, value in new.items() if name in self.fields}

    def among(self, problems: Iterable[Problem]) -> list[Problem]:
        """The problems the business can do something about now."""
        return [problem for problem in problems if self.field(problem.where)]

    def closed_changes(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
        """Fields that `new` changes although they are not open."""
        names = [*old, *(name for name in new if name not in old)]
        return [name for name in names if not self.field(name) and old.get(name) != new.get(name)]


class Writable(Protocol):
    """What decides what is open: the state and the marked items."""

    state: str
    open_items: list[Any]


def opened_in(dossier: Writable) -> Opened:
    """What is open in this dossier."""
    if dossier.state == State.DRAFT:
        return Opened(everything=True)
    items = items_of(dossier.open_items)
    return Opened(
        everything=False,
        fields=frozenset(item.target for item in items if item.kind == "field"),
        papers=frozenset(item.target for item in items if item.kind == "paper"),
    )
