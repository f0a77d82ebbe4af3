"""Draft the outcome, decide it, and note the leader's signature. A refusal is a result too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, Problem, WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.outcome import facts_of, four_eyes
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import go_on, my_task, open_step, step_of
from app.dossiers.lifecycle import Act
from app.dossiers.queries import procedure_of, visible_to
from app.issued import actions as issued
from app.issued import queries as issued_queries
from app.issued.rules import Kind
from app.tasks import actions as tasks

Outcome = Literal["granted", "refused"]

_SAY_WHY = Text("Hãy ghi rõ lý do từ chối.", "Say why the application is refused.")
_OUTCOME = Text("Hãy chọn chấp thuận hoặc từ chối.", "Choose whether to grant or to refuse.")
_NOT_DRAFTING = Text(
    "Bước hiện tại không phải là bước dự thảo kết quả.", "The present step is not the one that drafts the result."
)
_NOT_DECIDING = Text("Hồ sơ chưa đến bước quyết định.", "The dossier is not at the step that decides.")


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
    await four_eyes(session, actor, dossier, step)

    said = _reasons(outcome, reasons)
    day = day_in_vietnam(at)
    facts = await facts_of(session, actor, dossier, procedure, step, outcome=outcome, reasons=said, day=day)
    made = procedure.result_for(dossier.answers, today=day)
    document = await issued.order(
        session,
        facts,
        dossier_id=dossier.id,
        unit=dossier.unit,
        at=at,
        template=made.template if outcome == "granted" else made.refusal.template,
        series=procedure.number_series(outcome, made.id),
        personal_signer=actor.person_id,
        valid_until=facts.valid_until,
    )
    dossier.decision, dossier.result_id = outcome, document.id
    tasks.complete(task, actor, note=said, outcome=outcome, at=at)
    payload = {"outcome": outcome, "reasons": said, "issued": str(document.id), "step": step.id}
    await move(session, actor, dossier, Act.DECIDE, procedure=procedure, payload=payload, at=at)
    return document.id


async def signed(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, at: datetime) -> None:
    """Job: the leader's signature is on the result, or on its replacement. The records officer may now seal and issue it.

    A document of the process waits for nobody: the organisation seals it as soon as it is signed.
    """
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True)
    if (await issued_queries.one(session, dossier_id, issued_id)).kind == Kind.STEP_DOCUMENT:
        await issued.ask_seal(session, dossier_id, issued_id, at=at)
        return
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
