"""Draft the outcome, decide it, and note the leader's signature. A refusal is a result too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, NotAllowed, Problem, WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.offices import head_of
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import go_on, my_task, open_step, step_of
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.printed import officer, refusal, result
from app.dossiers.queries import last_event, procedure_of, visible_to
from app.issued import actions as issued
from app.issued.facts import Result
from app.tasks import actions as tasks
from app.tasks import queries as task_queries

Outcome = Literal["granted", "refused"]

_SAY_WHY = Text("Hãy ghi rõ lý do từ chối.", "Say why the application is refused.")
_OUTCOME = Text("Hãy chọn chấp thuận hoặc từ chối.", "Choose whether to grant or to refuse.")
_NOT_DRAFTING = Text(
    "Bước hiện tại không phải là bước dự thảo kết quả.", "The present step is not the one that drafts the result."
)
_NOT_DECIDING = Text("Hồ sơ chưa đến bước quyết định.", "The dossier is not at the step that decides.")
_FOUR_EYES = Text(
    "Người đã dự thảo không được quyết định chính hồ sơ này. Hãy chuyển cho người khác.",
    "Whoever drafted the result may not decide on it. Hand it to someone else.",
)


async def propose(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    task_id: UUID,
    *,
    outcome: Outcome,
    reasons: str,
    facts: Mapping[str, Any],
    at: datetime,
) -> None:
    """Finish the drafting step with a proposed outcome. `facts` may hold `conditions`: a list of sentences for the result."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.COMPLETE_STEP)
    task = await my_task(session, actor, dossier, task_id)
    procedure = await procedure_of(session, dossier)
    step = step_of(procedure, task)
    if not step.drafts:
        raise WrongState(_NOT_DRAFTING, slug="another-act")

    said = _reasons(outcome, reasons)
    conditions = [may_say(str(line), where="conditions") for line in facts.get("conditions", [])][:50]
    tasks.complete(task, actor, note=said, outcome=outcome, at=at)
    payload = {
        "step": step.id,
        "stage": step.stage,
        "proposal": {"outcome": outcome, "reasons": said, "facts": {"conditions": [line for line in conditions if line]}},
    }
    await move(session, actor, dossier, Act.COMPLETE_STEP, procedure=procedure, payload=payload, at=at)
    await go_on(session, dossier, procedure, step, at=at)


async def decide(session: AsyncSession, actor: Actor, dossier_id: UUID, *, outcome: Outcome, reasons: str, at: datetime) -> UUID:
    """Grant or refuse. The number is reserved and the personal signature ordered; no withdrawal is possible any more."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.DECIDE)
    task = await my_task(session, actor, dossier)
    procedure = await procedure_of(session, dossier)
    step = step_of(procedure, task)
    if not step.decides:
        raise WrongState(_NOT_DECIDING, slug="not-deciding")
    await _four_eyes(session, actor, dossier, step)

    said = _reasons(outcome, reasons)
    facts = await _facts(session, actor, dossier, procedure, step, outcome, said, at)
    made = procedure.result
    document = await issued.order(
        session,
        facts,
        dossier_id=dossier.id,
        unit=dossier.unit,
        at=at,
        template=made.template if outcome == "granted" else made.refusal.template,
        series=procedure.number_series(outcome),
        personal_signer=actor.person_id,
        valid_until=facts.valid_until,
    )
    dossier.decision, dossier.result_id = outcome, document.id
    tasks.complete(task, actor, note=said, outcome=outcome, at=at)
    payload = {"outcome": outcome, "reasons": said, "issued": str(document.id), "step": step.id}
    await move(session, actor, dossier, Act.DECIDE, procedure=procedure, payload=payload, at=at)
    return document.id


async def signed(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, at: datetime) -> None:
    """Job: the leader's signature is on the result. The records officer may now number, seal and issue it."""
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True)
    if dossier.result_id != issued_id:
        raise WrongState
    procedure = await procedure_of(session, dossier)
    await move(session, SYSTEM, dossier, Act.SIGN, procedure=procedure, payload={"issued": str(issued_id)}, at=at)
    step = next(step for step in procedure.process if step.kind == "issue")
    await open_step(session, dossier, procedure, step, at=at)


def _reasons(outcome: str, reasons: str) -> str:
    if outcome not in ("granted", "refused"):
        raise Incomplete([Problem("outcome", "required", _OUTCOME)])
    if outcome == "refused":
        return must_say(reasons, _SAY_WHY, where="reasons")
    return may_say(reasons, where="reasons")


async def _four_eyes(session: AsyncSession, actor: Actor, dossier: Dossier, step: Step) -> None:
    if step.not_same_as is None:
        return
    drafter = await task_queries.done_by(session, dossier.id, step.not_same_as)
    if drafter is not None and drafter == actor.person_id:
        raise NotAllowed(_FOUR_EYES, slug="four-eyes")


async def _facts(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    procedure: Procedure,
    step: Step,
    outcome: Outcome,
    reasons: str,
    at: datetime,
) -> Result:
    head = await head_of(session, dossier, procedure)
    signer = officer(actor.name, step.role, capacity=step.capacity[0] if step.capacity else "")
    if outcome == "refused":
        return refusal(head, reasons=[line for line in reasons.splitlines() if line.strip()], signer=signer)
    proposed = await last_event(session, dossier.id, Act.COMPLETE_STEP, "proposal")
    conditions = proposed.payload["proposal"]["facts"]["conditions"] if proposed else []
    return result(head, dossier.answers, conditions=conditions, day=day_in_vietnam(at), signer=signer)
