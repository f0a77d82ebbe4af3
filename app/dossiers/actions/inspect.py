"""The visit to the site: its minutes, what it came to, and the time the business gets to put things right."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, Problem, WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.offices import head_of
from app.dossiers.actions.photos import printed
from app.dossiers.actions.produced import named
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import go_on, my_task, open_step, renew_deadlines, step_of
from app.dossiers.clock import Turn
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.printed import minutes, officer
from app.dossiers.queries import last_event, procedure_of, visible_to
from app.issued import actions as issued
from app.issued.facts import Photo
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.tasks import actions as tasks
from app.tasks import queries as task_queries
from app.worktime.queries import calendar as working_calendar

OUTCOMES = {
    "pass": Text("Đạt", "Passed"),
    "correct": Text("Phải khắc phục", "To be put right"),
    "fail": Text("Không đạt", "Failed"),
}
_SERIES = "BBKT"
_INSTANT = timedelta(microseconds=1)
_NOT_A_VISIT = Text("Bước này không phải là bước kiểm tra thực tế.", "This step is no site inspection.")
_CHOOSE = Text("Hãy chọn kết quả kiểm tra.", "Choose what the inspection came to.")
_FOUND = Text("Hãy ghi những gì đã kiểm tra, mỗi nội dung một dòng.", "Say what was looked at, one thing to a line.")
_WHERE = Text("Hãy ghi địa điểm kiểm tra.", "Say where the inspection was held.")
_WHAT = Text("Hãy ghi nội dung phải khắc phục.", "Say what must be put right.")
_DAYS = Text("Thời hạn khắc phục phải từ 1 đến {most} ngày.", "The time to put it right must be 1 to {most} days.")
_NO_CORRECTION = Text(
    "Thủ tục này không cho phép khắc phục sau kiểm tra.", "This procedure allows no correction after the inspection."
)
_SAY_HOW = Text("Hãy ghi đã khắc phục như thế nào.", "Say how it was put right.")


@dataclass(frozen=True, slots=True)
class Visit:
    """What the inspector writes down. `findings`: one thing to a line; `hosts`: who stood for the business."""

    outcome: str
    site: str
    findings: str
    hosts: tuple[str, ...] = ()
    conclusion: str = ""
    held_on: date | None = None
    correct: str = ""
    days: int = 0


async def inspect(session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID, *, visit: Visit, at: datetime) -> None:
    """Record the inspection, with its minutes. What must be put right stops the clock until the business says it is done."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    act = Act.ORDER_CORRECTION if visit.outcome == "correct" else Act.INSPECT
    may_move(actor, dossier, act)
    task = await my_task(session, actor, dossier, task_id)
    procedure = await procedure_of(session, dossier)
    step = step_of(procedure, task)
    if step.kind != "site_inspection":
        raise WrongState(_NOT_A_VISIT, slug="another-act")
    _refuse_half(step, visit)
    until = await _until(session, step, visit, at)
    photos = await printed(session, dossier.id, task.id)
    await _order_minutes(session, actor, dossier, procedure, step, visit, until, photos, at=at)
    tasks.complete(task, actor, note=visit.conclusion or visit.findings, outcome=visit.outcome, at=at)
    payload: dict[str, str | int] = {
        "step": step.id,
        "stage": step.stage,
        "outcome": visit.outcome,
        "findings": visit.findings,
        "site": visit.site,
    }
    if until is None:
        await move(session, actor, dossier, act, procedure=procedure, payload=payload, at=at)
        await go_on(session, dossier, procedure, step, at=at)
    else:
        payload |= {"correct": visit.correct, "days": visit.days, "answer_by": until.isoformat()}
        await move(session, actor, dossier, act, procedure=procedure, payload=payload, answer_by=until, at=at)
        await _tell(session, dossier, until, at=at)


def _refuse_half(step: Step, visit: Visit) -> None:
    """Everything that keeps the minutes from being complete."""
    problems = [] if visit.outcome in OUTCOMES else [Problem("outcome", "required", _CHOOSE)]
    problems += [] if visit.findings.strip() else [Problem("findings", "required", _FOUND)]
    problems += [] if visit.site.strip() else [Problem("site", "required", _WHERE)]
    if visit.outcome == "correct":
        if step.correct is None:
            raise WrongState(_NO_CORRECTION, slug="no-correction")
        most = step.correct.deadline_max
        problems += [] if visit.correct.strip() else [Problem("correct", "required", _WHAT)]
        problems += [] if 1 <= visit.days <= most else [Problem("days", "out-of-range", _DAYS.filled(most=most))]
    if problems:
        raise Incomplete(problems)
    for where in ("findings", "site", "conclusion", "correct"):
        may_say(getattr(visit, where), where=where)


async def _until(session: AsyncSession, step: Step, visit: Visit, at: datetime) -> datetime | None:
    if visit.outcome != "correct" or step.correct is None:
        return None
    return (await working_calendar(session)).answer_by(at, Decimal(visit.days), step.correct.unit)


async def _order_minutes(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    procedure: Procedure,
    step: Step,
    visit: Visit,
    until: datetime | None,
    photos: tuple[Photo, ...],
    *,
    at: datetime,
) -> None:
    correct = (visit.correct, day_in_vietnam(until - _INSTANT)) if until else None
    facts = minutes(
        await head_of(session, dossier, procedure),
        decision=await named(session, dossier),
        site=visit.site,
        began_at=at,
        ended_at=at,
        hosts=visit.hosts,
        findings=visit.findings,
        conclusion=visit.conclusion or OUTCOMES[visit.outcome].vi,
        correct=correct,
        photos=photos,
        by=officer(actor.name, step.role),
    )
    await issued.order(session, facts, dossier_id=dossier.id, unit=dossier.unit, series=_SERIES, at=at)


async def _tell(session: AsyncSession, dossier: Dossier, until: datetime, *, at: datetime) -> None:
    told: dict[str, str | int] = {
        "number": dossier.number or dossier.reference or "",
        "reply_by": day_in_vietnam(until - _INSTANT).isoformat(),
    }
    await notices.tell(
        session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.CORRECTION_ORDERED, params=told, at=at
    )


async def report_corrected(session: AsyncSession, actor: Actor, dossier_id: UUID, *, text: str, at: datetime) -> None:
    """The business says what was ordered has been put right: whoever inspected looks again, and the clock goes on."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.REPORT_CORRECTION)
    said = must_say(text, _SAY_HOW, where="text")
    await _look_again(session, actor, dossier, Act.REPORT_CORRECTION, said, at=at)


async def time_is_up(session: AsyncSession, dossier: Dossier, *, at: datetime) -> None:
    """Job: nothing was reported in time; whoever inspected decides what that means."""
    await _look_again(session, SYSTEM, dossier, Act.LAPSE, "", at=at)


async def _look_again(session: AsyncSession, actor: Actor, dossier: Dossier, act: Act, said: str, *, at: datetime) -> None:
    procedure = await procedure_of(session, dossier)
    ordered = await last_event(session, dossier.id, Act.ORDER_CORRECTION, "step")
    step = procedure.step(ordered.payload["step"]) if ordered else None
    if step is None:
        raise WrongState
    ground = procedure.citation(step.correct.legal) if step.correct else ""
    payload = {"step": step.id, "note": said}
    turn = Turn(waited=ground)
    await move(session, actor, dossier, act, procedure=procedure, payload=payload, turn=turn, at=at)
    await renew_deadlines(session, dossier, procedure, at=at)
    who = await task_queries.done_by(session, dossier.id, step.id)
    await open_step(session, dossier, procedure, step, who=who, at=at)
