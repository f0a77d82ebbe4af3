"""Lists of dossiers: a business's own, and the queues of an official. Keyset pages, never OFFSET."""

import base64
import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from itertools import islice
from typing import Any, TypeVarTuple
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

Selected = TypeVarTuple("Selected")
MOST = 1000
"""Counts stop here: nobody needs to know more, and the database need not look."""


class Order(StrEnum):
    """How a queue is ordered: what is due first, what is due last, the gravest warning."""

    DUE = "due"
    LATEST = "latest"
    WARNED = "warned"


_Row = tuple[Dossier, Task | None, tuple[datetime, UUID]]
"""A dossier in a list, with its task, and where in the list it stands."""


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
    order: Order = Order.DUE,
    after: str | None = None,
    limit: int = 50,
    at: datetime,
) -> Page[Card]:
    """A page of a queue in the order asked for. `after` is the `next` of the page before."""
    if queue not in queues_of(actor):
        raise NotAllowed
    wanted = _filters(text, procedure, at, overdue=overdue)
    wanted += [is_warned(warned, at), _IS_OPEN] if warned else []
    group, place = _resume(after)
    rows: list[tuple[int, _Row]] = []
    for number, narrower in list(enumerate(_groups(order, at)))[group:]:
        asked = _Asked(actor, queue, [*wanted, *narrower], state, last_first=order is Order.LATEST)
        found = await asked.rows(session, place if number == group else None, limit + 1 - len(rows))
        rows += [(number, row) for row in found]
        if len(rows) > limit:
            break
    shown = [row for _, row in rows[:limit]]
    warnings = await reached(session, [dossier.id for dossier, _, _ in shown], at=at)
    cards = [await _card(session, dossier, task, warnings, at) for dossier, task, _ in shown]
    return Page(tuple(cards), _next(*rows[limit - 1]) if len(rows) > limit else None)


def _groups(order: Order, at: datetime) -> list[list[ColumnElement[bool]]]:
    """What is listed one after the other: everything, or what has reached the gravest warning, then the next."""
    if order is not Order.WARNED:
        return [[]]
    reached_so_far = [is_warned(kind, at) & _IS_OPEN for kind in ("last_day", "90", "70")]
    return [[*(~graver for graver in reached_so_far[:n]), *reached_so_far[n : n + 1]] for n in range(len(reached_so_far) + 1)]


def _next(group: int, row: _Row) -> str:
    return f"{group}.{cursor(*row[2])}"


def _resume(after: str | None) -> tuple[int, str | None]:
    group, _, place = (after or "").rpartition(".")
    return (int(group) if group in ("1", "2", "3") else 0, place or None)


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


@dataclass(frozen=True)
class _Asked:
    """One group of one queue, read from a place on."""

    actor: Actor
    queue: Queue
    wanted: Sequence[ColumnElement[bool]]
    state: State | None
    last_first: bool

    async def rows(self, session: AsyncSession, after: str | None, limit: int) -> list[_Row]:
        """So many of it, each with its place."""
        if self.queue in (Queue.TASKS_MINE, Queue.TASKS_TEAM):
            return await self._tasks(session, after, limit)
        statement = self._from(dossier_statement(self.actor, self.queue, self.state), Dossier.sort_at, Dossier.id, after)
        listed = list(await session.scalars(statement.limit(limit)))
        tasks = await task_queries.open_of_many(session, [dossier.id for dossier in listed])
        return [(dossier, tasks.get(dossier.id), (dossier.sort_at, dossier.id)) for dossier in listed]

    async def _tasks(self, session: AsyncSession, after: str | None, limit: int) -> list[_Row]:
        found: list[list[_Row]] = []
        for statement in task_statements(self.actor, self.queue):
            narrowed = self._from(statement.where(*_state(self.state)), Task.due_at, Task.dossier_id, after)
            rows = await session.execute(narrowed.limit(limit))
            found.append([(dossier, task, (task.due_at, task.dossier_id)) for dossier, task in rows])
        return list(islice(heapq.merge(*found, key=lambda row: row[2], reverse=self.last_first), limit))

    def _from(self, statement: Select[*Selected], moment: Any, key: Any, after: str | None) -> Select[*Selected]:
        """From the place `after` on, in the order asked for."""
        narrowed = statement.where(*self.wanted)
        if self.last_first:
            narrowed = narrowed.order_by(None).order_by(moment.desc(), key.desc())
        if not after:
            return narrowed
        here, place = tuple_(moment, key), tuple_(*position(after))
        return narrowed.where(here < place if self.last_first else here > place)


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
