"""From one step of the process to the next: tasks opened and closed, stages ended, the fee demanded. Private to the actions."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Stage, Step
from app.catalogue.procedure import FeeDue, Moment, Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import NotAllowed, WrongState
from app.core.permissions import Role
from app.core.text import Text
from app.dossiers.actions.letters import letter_to
from app.dossiers.actions.move import move
from app.dossiers.actions.sheets import send_fee_notice
from app.dossiers.actions.warn import plan_warnings
from app.dossiers.clock import Turn, stage_after, starts_when_paid, step_due
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.queries import ledger_of
from app.dossiers.units import units_asked
from app.fees import actions as fees
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.tasks import actions as tasks
from app.tasks import queries as task_queries
from app.tasks.models import Task
from app.tasks.rules import OPINION, Assignee, Assignment
from app.worktime.queries import calendar as working_calendar

_INSTANT = timedelta(microseconds=1)


async def my_task(session: AsyncSession, actor: Actor, dossier: Dossier, task_id: UUID | None = None) -> Task:
    """The open task that `actor` may do (the one named, if named). `WrongState`: there is none; `NotAllowed`: not theirs."""
    open_tasks = [t for t in await task_queries.open_of(session, dossier.id) if task_id in (None, t.id)]
    if not open_tasks:
        raise WrongState(
            Text("Bước này đã được hoàn thành hoặc không còn mở.", "This step has been done or is no longer open."),
            slug="no-such-task",
        )
    mine = [task for task in open_tasks if task_queries.is_for(task, actor)]
    if not mine:
        raise NotAllowed(
            Text("Bước này đang được giao cho người khác.", "This step is in someone else's hands."),
            slug="not-your-task",
        )
    return mine[0]


async def open_step(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, step: Step, *, who: Assignee | None = None, at: datetime
) -> Task:
    """Put `step` on the right list: `who` was named, the desk's, the case officer's own, or anyone of the role in the unit."""
    calendar, entries = await working_calendar(session), await ledger_of(session, dossier)
    assignment = Assignment(
        step=step.id,
        stage=step.stage,
        kind=step.kind,
        role=step.role,
        unit=unit_of(dossier, step.role),
        due_at=step_due(entries, procedure, step, calendar, at),
        assignee=_officer_for(dossier, step) or who,
    )
    task = tasks.open_task(session, dossier.id, assignment, at=at)
    if any(stage.sub_limits for stage in procedure.clock.stages):  # they run from the step that is begun
        await plan_warnings(session, dossier, procedure, entries, calendar)
    return task


def _officer_for(dossier: Dossier, step: Step) -> Assignee | None:
    if dossier.officer is None or step.role is not Role.CASE_OFFICER:
        return None
    return Assignee(dossier.officer, dossier.officer_name or "")


def unit_of(dossier: Dossier, role: Role) -> str:
    """The desk's steps are done at the desk, the ministry's leaders' at the ministry (the root of the unit's code)."""
    if role is Role.INTAKE_OFFICER:
        return dossier.desk
    return dossier.unit.partition(".")[0] if role is Role.MINISTRY_LEADER else dossier.unit


async def go_on(session: AsyncSession, dossier: Dossier, procedure: Procedure, done: Step, *, at: datetime) -> None:
    """What follows a finished step: the next one of its stage, or what comes after the stage."""
    for beside in procedure.beside(after=done.id):
        await ask_units(session, dossier, procedure, beside, at=at)
    following = procedure.next_step(done.id)
    if following is not None:
        await begin(session, dossier, procedure, following, at=at)
        return
    stage = None if dossier.ended_at else stage_after(procedure, done.stage)
    if stage is None:
        return
    due = fees_due(dossier, procedure, "after_validity_check", at)
    if starts_when_paid(stage) and due:
        await demand(session, dossier, procedure, due, at=at)
    else:
        await move(session, SYSTEM, dossier, Act.ADVANCE, procedure=procedure, turn=Turn(stage=stage), at=at)
        await open_stage(session, dossier, procedure, stage, at=at)


async def open_stage(session: AsyncSession, dossier: Dossier, procedure: Procedure, stage: Stage, *, at: datetime) -> None:
    """Begin the first step of a stage."""
    await begin(session, dossier, procedure, procedure.steps_of(stage.id)[0], at=at)


async def begin(session: AsyncSession, dossier: Dossier, procedure: Procedure, step: Step, *, at: datetime) -> None:
    """Begin a step: on somebody's list, with the units it asks, or by the portal itself. One that others join waits for them."""
    beside = {each.id for each in procedure.beside(before=step.id)}
    if any(task.step in beside for task in await task_queries.open_of(session, dossier.id)):
        return  # the last opinion begins it
    if step.kind == "opinions":
        if not await ask_units(session, dossier, procedure, step, at=at):
            await go_on(session, dossier, procedure, step, at=at)
    elif step.automatic and not step.decides:
        payload = {"step": step.id, "stage": step.stage}
        await move(session, SYSTEM, dossier, Act.COMPLETE_STEP, procedure=procedure, payload=payload, at=at)
        await go_on(session, dossier, procedure, step, at=at)
    elif not step.automatic:
        await open_step(session, dossier, procedure, step, at=at)


async def ask_units(session: AsyncSession, dossier: Dossier, procedure: Procedure, step: Step, *, at: datetime) -> bool:
    """Put the step on the list of every unit it asks; whether any was. Nobody is asked a second time."""
    units = units_asked(step, dossier.answers)
    if not units or await task_queries.was_opened(session, dossier.id, step.id):
        return False
    calendar = await working_calendar(session)
    if step.limit:
        due = calendar.due_of(calendar.work_starts(at), step.limit.length, step.limit.unit)
    else:
        due = step_due(await ledger_of(session, dossier), procedure, step, calendar, at)
    for unit in units:
        assignment = Assignment(step=step.id, stage=step.stage, kind=OPINION, role=step.role, unit=unit, due_at=due)
        tasks.open_task(session, dossier.id, assignment, at=at)
        await letter_to(session, dossier, procedure, step, unit, due, at=at)
    payload = {"step": step.id, "units": list(units), "answer_by": due.isoformat()}
    await move(session, SYSTEM, dossier, Act.ASK_OPINIONS, procedure=procedure, payload=payload, at=at)
    return True


def fees_due(dossier: Dossier, procedure: Procedure, moment: Moment, at: datetime) -> list[FeeDue]:
    """The fees that fall due now."""
    return procedure.fees_due(moment, dossier.answers, today=day_in_vietnam(at))


async def demand(session: AsyncSession, dossier: Dossier, procedure: Procedure, due: list[FeeDue], *, at: datetime) -> None:
    """Bill the fees and wait for the money; the earliest of their deadlines counts."""
    calendar = await working_calendar(session)
    deadlines = []
    for one in due:
        until = calendar.answer_by(at, one.fee.unpaid_after.length, one.fee.unpaid_after.unit)
        fees.bill(session, dossier_id=dossier.id, fee=one.fee.id, title=one.fee.title, amount=one.amount, due_at=until, at=at)
        deadlines.append(until)
    amount = sum(one.amount for one in due)
    payload = {"amount": amount, "answer_by": min(deadlines).isoformat()}
    await move(session, SYSTEM, dossier, Act.DEMAND_FEE, procedure=procedure, payload=payload, answer_by=min(deadlines), at=at)
    params: dict[str, str | int] = {
        "number": dossier.number or dossier.reference or "",
        "amount": amount,
        "due": day_in_vietnam(min(deadlines) - _INSTANT).isoformat(),  # the midnight that closes the last day
    }
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.FEE_DUE, params=params, at=at)
    await send_fee_notice(session, dossier, procedure, due, until=min(deadlines), at=at)


async def renew_deadlines(session: AsyncSession, dossier: Dossier, procedure: Procedure, *, at: datetime) -> None:
    """After a pause, a fresh limit or an extension: every open task gets the due moment that the ledger now gives it."""
    calendar = await working_calendar(session)
    entries = await ledger_of(session, dossier)
    for task in await task_queries.open_of(session, dossier.id):
        step = procedure.step(task.step)
        if step is not None and task.kind != OPINION:
            task.due_at = step_due(entries, procedure, step, calendar, at)


def step_of(procedure: Procedure, task: Task) -> Step:
    """The step that a task is about. It exists: a dossier keeps its version, and a version never changes."""
    step = procedure.step(task.step)
    if step is None:
        raise LookupError(task.step)
    return step
