"""Warn officials before a limit runs out: what is planned whenever the clock changes, and what is told as time passes."""

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.permissions import Role
from app.core.text import Text
from app.dossiers.clock import sub_limits
from app.dossiers.models import ClockWarning, Dossier
from app.dossiers.records import ledger_of, procedure_of, untold_warnings, warned_now, warnings_of
from app.dossiers.warnings import LEADER_FROM, STAGE, Planned, at_least, gravest, planned
from app.identity import queries as identity
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.tasks import queries as task_queries
from app.tasks.models import Task
from app.tasks.rules import TaskState
from app.worktime.calendar import Calendar
from app.worktime.ledger import Entry
from app.worktime.queries import calendar as working_calendar

log = logging.getLogger(__name__)

THE_ANSWER = Text("thời hạn giải quyết", "the time to answer")


async def plan_warnings(
    session: AsyncSession,
    dossier: Dossier,
    procedure: Procedure,
    entries: Sequence[Entry],
    calendar: Calendar,
    *,
    first: bool = False,
) -> None:
    """Bring the warnings in line with the clock. What was told stays told while the same claim on time goes on.

    `first`: the clock has just started, so there is nothing to look up (receipt counts its round trips).
    """
    tasks = await _tasks(session, dossier, procedure)
    busy = [task.step for task in tasks if task.state == TaskState.OPEN]
    wanted = {
        (each.inside, each.kind): each for each in planned(entries, procedure, task_queries.first_opened(tasks), busy, calendar)
    }
    known = [] if first else await warnings_of(session, dossier.id)
    kept = {(row.inside, row.kind): row for row in known}
    for key, row in kept.items():
        if key in wanted:
            _follow(row, wanted.pop(key))
        elif row.told_at is None or not dossier.clock_paused:
            await session.delete(row)
    session.add_all(
        ClockWarning(dossier_id=dossier.id, inside=e.inside, kind=e.kind, run=e.run, at=e.at) for e in wanted.values()
    )


def _follow(row: ClockWarning, plan: Planned) -> None:
    row.at = plan.at
    if row.run != plan.run:
        row.run, row.told_at = plan.run, None


async def _tasks(session: AsyncSession, dossier: Dossier, procedure: Procedure) -> list[Task]:
    """Only limits inside a stage depend on what was begun when."""
    if not any(stage.sub_limits for stage in procedure.clock.stages):
        return []
    return await task_queries.of_dossier(session, dossier.id)


async def warn_due(session: AsyncSession, at: datetime, *, limit: int = 100) -> int:
    """Job: tell officials of the limits that have reached a warning. Returns how many dossiers were looked at.

    Each threshold is told once in a claim on time; of several that came at once (the worker had stood still), the highest.
    """
    found = await untold_warnings(session, at=at, limit=limit)
    for dossier in found:
        dossier_id = dossier.id
        try:
            async with session.begin_nested():
                await _warn(session, dossier, at)
        except Exception:
            log.exception("dossier %s could not be warned of", dossier_id)
    return len(found)


async def _warn(session: AsyncSession, dossier: Dossier, at: datetime) -> None:
    rows = await warned_now(session, dossier.id, at=at)
    for row in rows:
        row.told_at = at
    procedure = await procedure_of(session, dossier)
    tasks = await task_queries.of_dossier(session, dossier.id)
    for inside in sorted({row.inside for row in rows}):
        kind = gravest(row.kind for row in rows if row.inside == inside)
        if about := await _about(session, dossier, procedure, tasks, inside):
            await _tell(session, dossier, kind, about, tasks, at)


_About = tuple[Text, datetime, frozenset[str] | None]


async def _about(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, tasks: Sequence[Task], inside: str
) -> _About | None:
    """What the limit is called, when it is due, and the steps it is about (all of them for the stage); None when it is over."""
    if inside == STAGE:
        return (THE_ANSWER, dossier.due_at, None) if dossier.due_at else None
    calendar, entries = await working_calendar(session), await ledger_of(session, dossier)
    found = [
        each for each in sub_limits(entries, procedure, task_queries.first_opened(tasks), calendar) if each.limit.id == inside
    ]
    return (found[0].limit.title, found[0].due, frozenset(found[0].limit.steps)) if found else None


async def _tell(session: AsyncSession, dossier: Dossier, kind: str, about: _About, tasks: Sequence[Task], at: datetime) -> None:
    what, due, steps = about
    busy = [task for task in tasks if task.state == TaskState.OPEN and (steps is None or task.step in steps)]
    if steps is not None and not busy:
        return
    params = {
        "number": dossier.number or dossier.reference or "",
        "what": what.vi,
        "what_en": what.en,
        "level": kind,
        "due": due.isoformat(),
    }
    for person_id in await _addressees(session, dossier, busy, kind, at):
        await notices.tell_official(
            session, person_id=person_id, dossier_id=dossier.id, kind=Told.LIMIT_NEAR, params=params, at=at
        )


async def _addressees(session: AsyncSession, dossier: Dossier, busy: Sequence[Task], kind: str, at: datetime) -> list[UUID]:
    """Whoever has the work in hand, or everybody who could take it; from 90 % on the unit's leaders too."""
    found: set[UUID] = set()
    for task in busy:
        if task.assignee is not None:
            found.add(task.assignee)
        else:
            found |= {person.id for person in await identity.officials(session, task.unit, Role(task.role), at=at)}
    if not found and dossier.officer is not None:
        found.add(dossier.officer)
    if kind in at_least(LEADER_FROM):
        found |= {person.id for person in await identity.officials(session, dossier.unit, Role.UNIT_LEADER, at=at)}
    return sorted(found)
