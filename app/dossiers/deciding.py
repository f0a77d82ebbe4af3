"""What lies before a leader: dossiers at the step that decides, with what was proposed."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries as catalogue
from app.core.actor import Actor
from app.dossiers.lifecycle import Act
from app.dossiers.records import last_event
from app.dossiers.views import Card
from app.dossiers.worklist import Queue, queues_of, worklist

MOST = 50
"""As many as one looks at before one signs."""


@dataclass(frozen=True, slots=True)
class ToDecide:
    """One dossier to be decided. `seq` is the event of the proposal: whoever signs names the proposal that was seen."""

    card: Card
    seq: int
    outcome: Literal["granted", "refused"]
    reasons: str
    by_name: str
    proposed_at: datetime


async def awaiting_decision(session: AsyncSession, actor: Actor, *, at: datetime) -> tuple[ToDecide, ...]:
    """The dossiers that `actor` may decide now, the most urgent first; only those that somebody has drafted."""
    found: list[ToDecide] = []
    for queue in (Queue.TASKS_MINE, Queue.TASKS_TEAM):
        if queue in queues_of(actor):
            listed = await worklist(session, actor, queue, limit=MOST, at=at)
            found += [each for card in listed.items if (each := await _to_decide(session, card))]
    return tuple(sorted(found, key=lambda each: (each.card.sort_at, each.card.id))[:MOST])


async def _to_decide(session: AsyncSession, card: Card) -> ToDecide | None:
    procedure = await catalogue.get(session, card.procedure, card.version)
    step = procedure.step(card.task.step) if card.task else None
    if step is None or not step.decides:
        return None
    drafted = await last_event(session, card.id, Act.COMPLETE_STEP, "proposal")
    if drafted is None:
        return None
    made = drafted.payload["proposal"]
    return ToDecide(card, drafted.seq, made["outcome"], made["reasons"], drafted.actor_name, drafted.at)
