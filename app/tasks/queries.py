"""What is to be done: for one dossier, and who did what in it."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import NotFound
from app.tasks.models import InspectionPhoto, Task
from app.tasks.rules import SENT_BACK, Assignee, TaskState


async def of_dossier(session: AsyncSession, dossier_id: UUID) -> list[Task]:
    """Every task of the dossier, oldest first."""
    rows = await session.scalars(select(Task).where(Task.dossier_id == dossier_id).order_by(Task.opened_at, Task.id))
    return list(rows)


async def open_of(session: AsyncSession, dossier_id: UUID) -> list[Task]:
    """The tasks that are still to be done."""
    wanted = select(Task).where(Task.dossier_id == dossier_id, Task.state == TaskState.OPEN).order_by(Task.opened_at, Task.id)
    return list(await session.scalars(wanted))


def first_opened(tasks: Iterable[Task]) -> dict[str, datetime]:
    """Since when each step has been worked on."""
    opened: dict[str, datetime] = {}
    for task in tasks:
        opened[task.step] = min(opened.get(task.step, task.opened_at), task.opened_at)
    return opened


async def open_of_many(session: AsyncSession, dossier_ids: Sequence[UUID]) -> dict[UUID, Task]:
    """The open task of each of these dossiers."""
    rows = await session.scalars(select(Task).where(Task.dossier_id.in_(dossier_ids), Task.state == TaskState.OPEN))
    return {task.dossier_id: task for task in rows}


async def open_one(session: AsyncSession, dossier_id: UUID, task_id: UUID) -> Task:
    """One open task, locked; `NotFound` when it is done, cancelled or another dossier's."""
    task = await session.get(Task, (dossier_id, task_id), with_for_update=True, populate_existing=True)
    if task is None or task.state != TaskState.OPEN:
        raise NotFound
    return task


async def was_opened(session: AsyncSession, dossier_id: UUID, step: str) -> bool:
    """Whether anybody was ever asked to do `step` in this dossier."""
    return await session.scalar(select(Task.id).where(Task.dossier_id == dossier_id, Task.step == step).limit(1)) is not None


async def done_by(session: AsyncSession, dossier_id: UUID, step: str) -> Assignee | None:
    """Who last did `step` in this dossier: it goes back to them."""
    row = await session.scalar(select(Task).where(*_finished(dossier_id, step)).order_by(Task.done_at.desc()).limit(1))
    return Assignee(row.done_by, row.done_by_name or "") if row and row.done_by else None


async def has_done(session: AsyncSession, dossier_id: UUID, step: str, person_id: UUID | None) -> bool:
    """Whether this person ever did `step` in this dossier, also if someone else did it again later: for four-eyes rules."""
    found = select(Task.id).where(*_finished(dossier_id, step), Task.done_by == person_id).limit(1)
    return await session.scalar(found) is not None


def _finished(dossier_id: UUID, step: str) -> tuple[ColumnElement[bool], ...]:
    """Done, not merely sent back."""
    same_step = (Task.dossier_id == dossier_id, Task.step == step)
    return (*same_step, Task.state == TaskState.DONE, Task.outcome.is_distinct_from(SENT_BACK))


def is_for(task: Task, actor: Actor) -> bool:
    """Whether `actor` may do this task: it is theirs, or nobody's yet and they hold the role in the unit."""
    if task.assignee is not None:
        return task.assignee == actor.person_id
    return task.role in actor.roles and task.unit == actor.unit


async def photos_of(session: AsyncSession, dossier_id: UUID, task_id: UUID | None = None) -> list[InspectionPhoto]:
    """The photographs of one visit, or of all of the dossier, in the order they were taken."""
    wanted = select(InspectionPhoto).where(InspectionPhoto.dossier_id == dossier_id)
    wanted = wanted if task_id is None else wanted.where(InspectionPhoto.task_id == task_id)
    return list(await session.scalars(wanted.order_by(InspectionPhoto.taken_at, InspectionPhoto.id)))
