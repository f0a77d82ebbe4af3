"""Say who works on a dossier."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import Incomplete, NotAllowed, Problem, WrongState
from app.core.permissions import Role
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.saying import must_say
from app.dossiers.actions.steps import go_on, my_task, step_of
from app.dossiers.lifecycle import Act
from app.dossiers.queries import procedure_of, visible_to
from app.identity import queries as identity
from app.tasks import actions as tasks
from app.tasks import queries as task_queries
from app.tasks.rules import Assignee

_NOT_THERE = Text(
    "Người được chọn không giữ vai trò cần thiết tại đơn vị. Hãy chọn người khác.",
    "The person chosen does not hold the needed role in the unit. Choose someone else.",
)
_SAY_WHY = Text("Hãy ghi lý do phân công lại.", "Say why the step goes to someone else.")


async def assign(session: AsyncSession, actor: Actor, dossier_id: UUID, *, assignee: UUID, at: datetime) -> None:
    """The leader names the case officer; the first step of the review opens on that officer's list."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.ASSIGN)
    task = await my_task(session, actor, dossier)
    procedure = await procedure_of(session, dossier)
    who = await _holder(session, dossier.unit, Role.CASE_OFFICER, assignee, at)

    dossier.officer, dossier.officer_name = who.person_id, who.name
    tasks.complete(task, actor, outcome="assigned", at=at)
    payload = {"assignee": str(who.person_id), "assignee_name": who.name, "step": task.step}
    await move(session, actor, dossier, Act.ASSIGN, procedure=procedure, payload=payload, at=at)
    await go_on(session, dossier, procedure, step_of(procedure, task), at=at)


async def reassign(
    session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID, *, assignee: UUID, reason: str, at: datetime
) -> None:
    """Give an open step to someone else of the same role; the case officer's step takes the whole dossier along."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.REASSIGN)
    said = must_say(reason, _SAY_WHY)
    task = await task_queries.open_one(session, dossier.id, task_id)
    if task.unit != actor.unit:
        raise NotAllowed
    who = await _holder(session, task.unit, Role(task.role), assignee, at)
    if task.assignee == who.person_id:
        raise WrongState(Text("Bước này đã được giao cho người đó.", "The step is already theirs."), slug="already-theirs")

    before = task.assignee
    tasks.reassign(task, who)
    if task.role == Role.CASE_OFFICER:
        dossier.officer, dossier.officer_name = who.person_id, who.name
    payload = {
        "task": str(task.id),
        "step": task.step,
        "before": str(before) if before else None,
        "assignee": str(who.person_id),
        "assignee_name": who.name,
        "reason": said,
    }
    procedure = await procedure_of(session, dossier)
    await move(session, actor, dossier, Act.REASSIGN, procedure=procedure, payload=payload, answer_by=dossier.answer_by, at=at)


async def _holder(session: AsyncSession, unit: str, role: Role, person_id: UUID, at: datetime) -> Assignee:
    holders = await identity.officials(session, unit, role, at=at)
    found = next((person for person in holders if person.id == person_id), None)
    if found is None:
        raise Incomplete([Problem("assignee", "not-in-unit", _NOT_THERE)])
    return Assignee(found.id, found.name)
