"""Bring the result to the business: sealed by the records officer's act, published when the seal is on, handed over."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.steps import my_task, open_step, step_of
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of, visible_to
from app.identity import queries as identity
from app.issued import actions as issued
from app.issued import queries as issued_queries
from app.issued.models import IssuedDocument
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.registers import actions as registers
from app.registers.rules import Dataset
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
    """Job: the seal is on. The clock stops, the shared record is written in the same transaction, the business is told."""
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True)
    document = await issued_queries.ready(session, dossier.id, issued_id)
    if dossier.result_id != document.id:
        raise WrongState
    procedure = await procedure_of(session, dossier)
    payload = {"issued": str(issued_id), "number": document.number, "outcome": dossier.decision}
    await move(session, SYSTEM, dossier, Act.PUBLISH, procedure=procedure, payload=payload, at=at)
    if dossier.decision == "granted" and document.number:
        await _share_licence(session, dossier, procedure, document, at)
    await _open_what_follows(session, dossier, procedure, at)
    kind = Told.RESULT_READY if dossier.decision == "granted" else Told.REFUSED
    told: dict[str, str | int] = {"number": dossier.number or ""}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=kind, params=told, at=at)


async def _open_what_follows(session: AsyncSession, dossier: Dossier, procedure: Procedure, at: datetime) -> None:
    """The desk returns the result; duties after a granted result (publication, copies) begin."""
    back = next((step for step in procedure.process if step.kind == "return"), None)
    if back is not None:
        await open_step(session, dossier, procedure, back, at=at)
    if dossier.decision != "granted":
        return
    for stage in procedure.clock.stages:
        if stage.after_result and (steps := procedure.steps_of(stage.id)):
            await open_step(session, dossier, procedure, steps[0], at=at)


async def _share_licence(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, document: IssuedDocument, at: datetime
) -> None:
    dataset = Dataset(procedure.result.register_as.dataset)
    enterprise = await identity.enterprise(session, dossier.tax_code)
    unit = await identity.unit(session, dossier.unit)
    doc = {
        "number": document.number,
        "kind": dossier.procedure,
        "title": document.title_vi,
        "status": "valid",
        "holder_tax_code": dossier.tax_code,
        "holder_name": enterprise.name_vi,
        "holder_address": enterprise.head_office,
        "issued_on": day_in_vietnam(at).isoformat(),
        "valid_from": _printed(document.facts, "valid_from"),
        "valid_to": document.valid_until.isoformat() if document.valid_until else None,
        "issuer": dossier.unit,
        "issuer_name": unit.name_vi,
        "signer": document.facts["signer"]["name"],
        "dossier_number": dossier.number,
        "document_sha256": document.sha256,
        "facts": procedure.register_doc(dossier.answers),
    }
    known = {name: value for name, value in doc.items() if value is not None}
    await registers.put(session, dataset, document.number or "", known, dossier.tax_code, at=at)


def _printed(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return str(value)[:10] if value else None


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
