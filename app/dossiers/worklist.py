"""Lists of dossiers: a business's own, and the queues of an official. Keyset pages, never OFFSET."""

import base64
import heapq
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal_column, select, true, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries as catalogue
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.permissions import Permission
from app.core.text import fold
from app.dossiers.lifecycle import OPEN, State
from app.dossiers.models import Dossier
from app.dossiers.shown import card_of, owners_card, task_view
from app.dossiers.views import Card, Page
from app.dossiers.visibility import visible_to
from app.dossiers.warned import Reached, is_warned, reached, with_warnings
from app.tasks import queries as task_queries
from app.tasks.models import Task

MOST = 1000
"""Counts stop here: nobody needs to know more, and the database need not look."""


class Queue(StrEnum):
    """Where an official finds work."""

    TASKS_MINE = "tasks_mine"
    TASKS_TEAM = "tasks_team"
    INTAKE = "intake"
    UNIT = "unit"
    ALL = "all"


# Literals, because a partial index is used only when the condition can be proved from the text of the query.
_OPEN_TASK = Task.state == literal_column("'open'")
_IS_OPEN = Dossier.state.in_([literal_column(f"'{state}'") for state in sorted(OPEN)])


def queues_of(actor: Actor) -> tuple[Queue, ...]:
    """The queues that make sense for this official."""
    works = actor.may(Permission.DOSSIER_PROCESS) or actor.may(Permission.DOSSIER_RECEIVE)
    queues = [
        (Queue.INTAKE, actor.may(Permission.DOSSIER_RECEIVE)),
        (Queue.TASKS_MINE, works),
        (Queue.TASKS_TEAM, works),
        (Queue.UNIT, actor.may(Permission.DOSSIER_PROCESS)),
        (Queue.ALL, actor.may(Permission.DOSSIER_READ_ALL)),
    ]
    return tuple(queue for queue, shown in queues if shown)


async def worklist(
    session: AsyncSession,
    actor: Actor,
    queue: Queue,
    *,
    text: str = "",
    procedure: str | None = None,
    state: State | None = None,
    overdue: bool = False,
    warned: str = "",
    after: str | None = None,
    limit: int = 50,
    at: datetime,
) -> Page[Card]:
    """A page of a queue: what is due first comes first. `after` is the `next` of the page before."""
    if queue not in queues_of(actor):
        raise NotAllowed
    wanted = _filters(text, procedure, at, overdue=overdue)
    wanted += [is_warned(warned, at), _IS_OPEN] if warned else []
    if queue in (Queue.TASKS_MINE, Queue.TASKS_TEAM):
        rows = await _task_rows(session, actor, queue, [*wanted, *_state(state)], after, limit + 1)
        keys = [(task.due_at, task.dossier_id) for _, task in rows]
        shown: list[tuple[Dossier, Task | None]] = [(dossier, task) for dossier, task in rows]
    else:
        listed = await _dossier_rows(session, actor, queue, wanted, state, after, limit + 1)
        tasks = await task_queries.open_of_many(session, [dossier.id for dossier in listed])
        keys = [(dossier.sort_at, dossier.id) for dossier in listed]
        shown = [(dossier, tasks.get(dossier.id)) for dossier in listed]
    warnings = await reached(session, [dossier.id for dossier, _ in shown[:limit]], at=at)
    cards = [await _card(session, dossier, task, warnings, at) for dossier, task in shown[:limit]]
    return Page(tuple(cards), cursor(*keys[limit - 1]) if len(shown) > limit else None)


async def _card(session: AsyncSession, dossier: Dossier, task: Task | None, warnings: Reached, at: datetime) -> Card:
    if task is None and dossier.id not in warnings:
        return card_of(dossier, at=at)
    procedure = await catalogue.get(session, dossier.procedure, dossier.version)
    card = card_of(dossier, task_view(task, procedure) if task else None, at=at)
    return with_warnings(card, warnings, procedure, [task.step] if task else [])


def task_statements(actor: Actor, queue: Queue) -> list[Select[Dossier, Task]]:
    """One ordered select per role, so that each runs down an index; the caller merges them."""
    base = (
        select(Dossier, Task).join(Task, Task.dossier_id == Dossier.id).where(_OPEN_TASK).order_by(Task.due_at, Task.dossier_id)
    )
    if queue is Queue.TASKS_MINE:
        return [base.where(Task.assignee == actor.person_id)]
    unclaimed = base.where(Task.unit == actor.unit, Task.assignee.is_(None))
    return [unclaimed.where(Task.role == role) for role in sorted(actor.roles)]


def dossier_statement(actor: Actor, queue: Queue, state: State | None) -> Select[Dossier]:
    """The dossiers of a queue in the order of what is due; runs down an index."""
    if queue is Queue.INTAKE:
        where: ColumnElement[bool] = (Dossier.desk == actor.unit) & (Dossier.state == (state or State.SUBMITTED))
    elif queue is Queue.UNIT:
        where = (Dossier.unit == actor.unit) & (Dossier.state == state if state else _IS_OPEN)
    else:
        where = Dossier.state == state if state else _IS_OPEN
    return select(Dossier).where(where, Dossier.state != State.DRAFT).order_by(Dossier.sort_at, Dossier.id)


async def _task_rows(
    session: AsyncSession,
    actor: Actor,
    queue: Queue,
    wanted: Sequence[ColumnElement[bool]],
    after: str | None,
    limit: int,
) -> list[tuple[Dossier, Task]]:
    found: list[list[tuple[Dossier, Task]]] = []
    for statement in task_statements(actor, queue):
        narrowed = statement.where(*wanted)
        if after:
            narrowed = narrowed.where(tuple_(Task.due_at, Task.dossier_id) > tuple_(*position(after)))
        rows = await session.execute(narrowed.limit(limit))
        found.append([(dossier, task) for dossier, task in rows])
    merged = heapq.merge(*found, key=lambda row: (row[1].due_at, row[1].dossier_id))
    return list(islice(merged, limit))


async def _dossier_rows(
    session: AsyncSession,
    actor: Actor,
    queue: Queue,
    wanted: Sequence[ColumnElement[bool]],
    state: State | None,
    after: str | None,
    limit: int,
) -> list[Dossier]:
    statement = dossier_statement(actor, queue, state).where(*wanted)
    if after:
        statement = statement.where(tuple_(Dossier.sort_at, Dossier.id) > tuple_(*position(after)))
    return list(await session.scalars(statement.limit(limit)))


def _filters(text: str, procedure: str | None, at: datetime, *, overdue: bool) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if (searched := matching(text)) is not None:
        wanted.append(searched)
    if procedure:
        wanted.append(Dossier.procedure == procedure)
    if overdue:
        wanted += [Dossier.due_at < at, _IS_OPEN]
    return wanted


def _state(state: State | None) -> list[ColumnElement[bool]]:
    return [Dossier.state == state] if state else []


def matching(text: str) -> ColumnElement[bool] | None:
    """Every word must occur, the last one as a beginning; the fold is the one used when the row was written."""
    words = fold(text.replace("\x00", "")).split()[:12]
    if not words:
        return None
    simple: ColumnElement[str] = literal_column("'simple'")
    quoted = ["'" + word.replace("\\", "") + "'" for word in words]
    return func.to_tsvector(simple, Dossier.search_text).bool_op("@@")(func.to_tsquery(simple, " & ".join(quoted) + ":*"))


async def counts(session: AsyncSession, actor: Actor) -> dict[Queue, int]:
    """How much waits in each queue of this official, up to `MOST`."""
    return {queue: await _count(session, actor, queue) for queue in queues_of(actor)}


async def _count(session: AsyncSession, actor: Actor, queue: Queue) -> int:
    if queue in (Queue.TASKS_MINE, Queue.TASKS_TEAM):
        statements = [s.with_only_columns(Task.id).order_by(None) for s in task_statements(actor, queue)]
    else:
        statements = [dossier_statement(actor, queue, None).with_only_columns(Dossier.id).order_by(None)]
    total = 0
    for statement in statements:
        capped = statement.limit(MOST).subquery()
        total += await session.scalar(select(func.count()).select_from(capped)) or 0
    return min(total, MOST)


async def mine(
    session: AsyncSession,
    actor: Actor,
    *,
    state: State | None = None,
    before: str | None = None,
    limit: int = 50,
    at: datetime | None = None,
) -> Page[Card]:
    """The business's own dossiers, the last touched first. `at`: mark those overdue at that moment."""
    own = visible_to(actor).select().where(Dossier.state == state if state else true())
    if before:
        own = own.where(tuple_(Dossier.saved_at, Dossier.id) < tuple_(*position(before)))
    rows = list(await session.scalars(own.order_by(Dossier.saved_at.desc(), Dossier.id.desc()).limit(limit + 1)))
    cards = [owners_card(card_of(dossier, at=at)) for dossier in rows[:limit]]
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(tuple(cards), cursor(last.saved_at, last.id) if last else None)


def cursor(moment: datetime, key: UUID) -> str:
    """A place in a list, as doors pass it around."""
    return base64.urlsafe_b64encode(f"{moment.isoformat()}|{key}".encode()).decode().rstrip("=")


def position(text: str) -> tuple[datetime, UUID]:
    """The place that `cursor` wrote; the beginning of the list for anything else."""
    try:
        moment, _, key = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition("|")
        at = datetime.fromisoformat(moment)
        return (at.astimezone(UTC), UUID(key)) if at.tzinfo else _START
    except (ValueError, OverflowError):
        return _START


_START = (datetime.fromisoformat("0001-01-02T00:00:00+00:00"), UUID(int=0))
