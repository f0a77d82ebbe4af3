"""What the portal does by itself: take a dossier in and answer it, where the procedure says that no official need look first."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from app.core import outbox
from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete
from app.dossiers.actions.move import move
from app.dossiers.actions.outcome import facts_of
from app.dossiers.actions.receive import receive
from app.dossiers.code import Numbering
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of, visible_to
from app.issued import actions as issued
from app.worktime.queries import calendar as working_calendar

PROCEED = "dossiers.proceed"


def soon(session: AsyncSession, dossier: Dossier, procedure: Procedure) -> None:
    """Ask for `proceed` after this transaction, where the portal is the one to receive."""
    if dossier.state == State.SUBMITTED and any(step.kind == "receive" and step.automatic for step in procedure.process):
        outbox.put(session, PROCEED, dossier_id=dossier.id)


async def proceed(session: AsyncSession, dossier_id: UUID, *, numbering: Numbering, at: datetime) -> None:
    """Job: receive the dossier and, when the procedure says so, answer it. A file that is not yet judged keeps it waiting."""
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True)
    if dossier.state != State.SUBMITTED:
        return
    try:
        await receive(session, SYSTEM, dossier_id, numbering=numbering, at=at)
    except Incomplete:
        return  # asked for again when the file has been judged
    procedure = await procedure_of(session, dossier)
    step = next((step for step in procedure.process if step.automatic and step.decides), None)
    if step is not None:
        await _grant(session, dossier, procedure, step, at=at)


async def _grant(session: AsyncSession, dossier: Dossier, procedure: Procedure, step: Step, *, at: datetime) -> None:
    """Everything that refuses has refused at filing; what is odd is flagged for those who look afterwards."""
    day = day_in_vietnam(at)
    facts = await facts_of(session, SYSTEM, dossier, procedure, step, outcome="granted", reasons="", day=day)
    kind = procedure.result_for(dossier.answers, today=day)
    series = procedure.number_series("granted", kind.id)
    document = await issued.order(
        session,
        facts,
        dossier_id=dossier.id,
        unit=dossier.unit,
        at=at,
        template=kind.template,
        series=series,
        valid_until=facts.valid_until,
    )
    dossier.decision, dossier.result_id = "granted", document.id
    flags = Form.of(procedure).flags(dossier.answers, today=day, calendar=await working_calendar(session))
    payload = {"outcome": "granted", "issued": str(document.id), "step": step.id, "flags": [flag.slug for flag in flags]}
    await move(session, SYSTEM, dossier, Act.DECIDE, procedure=procedure, payload=payload, at=at)
