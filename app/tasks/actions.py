"""Open, finish, hand on and drop tasks. When to do so is the heart's business."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.ids import uuid7
from app.tasks.models import Task
from app.tasks.queries import open_of
from app.tasks.rules import Assignee, Assignment, TaskState


def open_task(session: AsyncSession, dossier_id: UUID, assignment: Assignment, *, at: datetime) -> Task:
    """Put one step on someone's list."""
    who = assignment.assignee
    task = Task(
        dossier_id=dossier_id,
        id=uuid7(),
        step=assignment.step,
        stage=assignment.stage,
        kind=assignment.kind,
        role=assignment.role,
        unit=assignment.unit,
        assignee=who.person_id if who else None,
        assignee_name=who.name if who else None,
        state=TaskState.OPEN,
        opened_at=at,
        due_at=assignment.due_at,
        note="",
    )
    session.add(task)
    return task


def complete(task: Task, actor: Actor, *, note: str = "", outcome: str | None = None, at: datetime) -> None:
    """The task is done; `outcome` is a word for machines, `note` one for colleagues."""
    task.state = TaskState.DONE
    task.done_at = at
    task.done_by = actor.person_id
    task.done_by_name = actor.name
    task.outcome = outcome
    task.note = note


def reassign(task: Task, assignee: Assignee) -> None:
    """Give the open task to someone else."""
    task.assignee = assignee.person_id
    task.assignee_name = assignee.name


def cancel(task: Task, *, note: str = "", at: datetime) -> None:
    """The task is no longer needed; `note` says why, where somebody decided so."""
    task.state = TaskState.CANCELLED
    task.done_at = at
    task.note = note


async def cancel_open(session: AsyncSession, dossier_id: UUID, *, at: datetime) -> None:
    """Nothing more is to be done for this dossier."""
    for task in await open_of(session, dossier_id):
        cancel(task, at=at)
