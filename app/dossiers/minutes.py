"""What the business has said to the minutes of an inspection. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol
from uuid import UUID

from app.core.text import Text
from app.dossiers.lifecycle import Act
from app.dossiers.models import DossierEvent
from app.issued.countersigning import WHY_NOT
from app.issued.rules import Kind, State

Standing = Literal["waiting", "checking", "signed", "not-signed"]
_ANSWERS: dict[str, Standing] = {Act.SIGN_MINUTES: "signed", Act.REFUSE_MINUTES: "not-signed"}


class Paper(Protocol):
    """What is asked of a document here."""

    id: UUID
    kind: str
    state: str
    upload_key: UUID | None
    error: str | None


@dataclass(frozen=True, slots=True)
class MinutesView:
    """The minutes of one visit: how far the business's word on them has come, and why a file was not taken."""

    issued_id: UUID
    standing: Standing
    note: str = ""
    problem: Text | None = None


def minutes_in(papers: Iterable[Paper], events: Iterable[DossierEvent]) -> tuple[MinutesView, ...]:
    """Every sealed set of minutes, in order."""
    told = list(events)
    return tuple(_view(paper, told) for paper in papers if paper.kind == Kind.MINUTES and paper.state == State.READY)


def answer_in(events: Iterable[DossierEvent], issued_id: UUID) -> DossierEvent | None:
    """The event by which these minutes were signed, or by which it was noted that they are not."""
    return next((event for event in events if event.act in _ANSWERS and event.payload.get("issued") == str(issued_id)), None)


def _view(paper: Paper, events: list[DossierEvent]) -> MinutesView:
    answer = answer_in(events, paper.id)
    if answer is not None:
        return MinutesView(paper.id, _ANSWERS[answer.act], answer.payload.get("note", ""))
    return MinutesView(paper.id, "checking" if paper.upload_key else "waiting", problem=WHY_NOT.get(paper.error or ""))
