"""The warnings of dossiers that were reached, for lists and case files."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.dossiers.lifecycle import SETTLED
from app.dossiers.models import ClockWarning, Dossier
from app.dossiers.views import Card
from app.dossiers.warnings import STAGE, Warned, at_least, gravest

Reached = dict[UUID, dict[str, list[ClockWarning]]]


async def reached(session: AsyncSession, dossier_ids: Sequence[UUID], *, at: datetime) -> Reached:
    """What was reached at a moment, by dossier and by the limit that it is about."""
    wanted = select(ClockWarning).where(ClockWarning.dossier_id.in_(dossier_ids), ClockWarning.at <= at)
    found: Reached = defaultdict(lambda: defaultdict(list))
    for row in await session.scalars(wanted):
        found[row.dossier_id][row.inside].append(row)
    return found


def with_warnings(card: Card, found: Reached, procedure: Procedure, steps: Sequence[str]) -> Card:
    """The card with its highest warning, and that of each limit inside the stage to which one of the open `steps` belongs."""
    rows = found.get(card.id)
    if not rows or card.clock_paused or card.state in SETTLED:
        return card
    limits = {limit.id: limit for stage in procedure.clock.stages for limit in stage.sub_limits}
    warned = [] if card.overdue else [_highest(rows[STAGE])] if STAGE in rows else []
    for name, limit in limits.items():
        if name in rows and set(limit.steps) & set(steps):
            warned.append(replace(_highest(rows[name]), limit=limit.title))
    return replace(card, warned=tuple(warned))


def _highest(rows: Sequence[ClockWarning]) -> Warned:
    kind = gravest(row.kind for row in rows)
    return Warned(kind, next(row.at for row in rows if row.kind == kind))


def is_warned(kind: str, at: datetime) -> ColumnElement[bool]:
    """Dossiers whose clock runs and that have reached this warning or a graver one."""
    rows = exists().where(ClockWarning.dossier_id == Dossier.id, ClockWarning.kind.in_(at_least(kind)), ClockWarning.at <= at)
    return rows & Dossier.clock_paused.is_(False)
