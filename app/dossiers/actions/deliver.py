"""Bring the result to the business: sealed by the records officer's act, published when the seal is on, handed over."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.errors import WrongState
from app.core.text import Text
from app.dossiers.actions.correct import supersede
from app.dossiers.actions.licence import share_licence
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.sheets import keep_control_sheet
from app.dossiers.actions.steps import begin, my_task, open_step, step_of
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of, visible_to
from app.issued import actions as issued
from app.issued import queries as issued_queries
from app.issued.models import IssuedDocument
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.tasks import actions as tasks
from app.tasks import queries as task_queries

_NOT_ISSUING = Text("Hồ sơ chưa đến bước đóng dấu, phát hành.", "The dossier is not at the step that seals and issues.")


async def issue(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> None:
    """The records officer has the signed result sealed. A job seals it; `publish` follows when that is done."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.ISSUE)
    task = await my_task(session, actor, dossier)
    procedure = await procedure_of(session, dossier)
    if step_of(procedure, task).kind != "issue" or dossier.result_id is None:
        raise WrongState(_NOT_ISSUING, slug="not-issuing")
    await issued.ask_seal(session, dossier.id, dossier.result_id, at=at)
    tasks.complete(task, actor, outcome="issued", at=at)
    payload = {"issued": str(dossier.result_id), "step": task.step}
    await move(session, actor, dossier, Act.ISSUE, procedure=procedure, payload=payload, at=at)


async def publish(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, at: datetime) -> None:
    """Job: the seal is on. The clock stops, the shared record is written in the same transaction, the business is told.

    A replacement is published the same way, long after the clock stopped, and puts the result before it out of force.
    """
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True)
    document = await issued_queries.ready(session, dossier.id, issued_id)
    if dossier.result_id != document.id:
        raise WrongState
    procedure = await procedure_of(session, dossier)
    payload = {"issued": str(issued_id), "number": document.number, "outcome": dossier.decision}
    await move(session, SYSTEM, dossier, Act.PUBLISH, procedure=procedure, payload=payload, at=at)
    await share_licence(session, dossier, procedure, document, at=at)
    if document.replaces is None:
        await _open_what_follows(session, dossier, procedure, at)
    await supersede(session, dossier, procedure, document, at=at)
    told: dict[str, str | int] = {"number": dossier.number or ""}
    kind = _what_to_tell(dossier, document)
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=kind, params=told, at=at)


def _what_to_tell(dossier: Dossier, document: IssuedDocument) -> Told:
    if document.replaces is not None:
        return Told.RESULT_REPLACED
    return Told.RESULT_READY if dossier.decision == "granted" else Told.REFUSED


async def _open_what_follows(session: AsyncSession, dossier: Dossier, procedure: Procedure, at: datetime) -> None:
    """The desk returns the result; duties after a granted result (publication, copies) begin."""
    back = next((step for step in procedure.process if step.kind == "return"), None)
    if back is not None:
        await open_step(session, dossier, procedure, back, at=at)
    if dossier.decision != "granted":
        return
    for stage in procedure.clock.stages:
        if stage.after_result and (steps := procedure.steps_of(stage.id)):
            await begin(session, dossier, procedure, steps[0], at=at)


async def hand_over(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> None:
    """The business has its result: it opened it, or the desk gave it out. Nothing happens the second time."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    if dossier.state == State.RETURNED:
        return
    may_move(actor, dossier, Act.DELIVER)
    procedure = await procedure_of(session, dossier)
    for task in await task_queries.open_of(session, dossier.id):
        if task.kind == "return":
            tasks.complete(task, actor, outcome="returned", at=at)
    way = "desk" if actor.unit else "online"
    await move(session, actor, dossier, Act.DELIVER, procedure=procedure, payload={"way": way}, at=at)
    await keep_control_sheet(session, dossier, procedure, at=at)
