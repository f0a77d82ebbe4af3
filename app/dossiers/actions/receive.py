"""The desk takes a dossier in, or refuses it."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, Problem
from app.core.permissions import Role
from app.core.text import Text, fold
from app.documents.queries import overrides_of, papers_of
from app.documents.rules import refused_files, unknown_files
from app.dossiers.actions.move import may_move, move, share
from app.dossiers.actions.offices import head_of
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import begin
from app.dossiers.code import Numbering
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier, DossierCounter, DossierNumber
from app.dossiers.printed import appointment, officer, refusal_to_receive
from app.dossiers.queries import last_event, procedure_of, visible_to
from app.fees.queries import bills_of
from app.issued import actions as issued
from app.issued.facts import Appointment, FeeLine
from app.notices import actions as notices
from app.notices.wording import Kind as Told

RECEIPT_SERIES = "TNHS"
"""The book of numbers of form 01: the entries of the year's register book."""
_NATIONAL = Numbering()


@dataclass(frozen=True, slots=True)
class Received:
    """The legal number, and when the answer is due."""

    number: str
    due_at: datetime | None


async def receive(
    session: AsyncSession, actor: Actor, dossier_id: UUID, *, numbering: Numbering = _NATIONAL, at: datetime
) -> Received:
    """Take the dossier in: the clock starts, the unit gets its first task, the number is given, form 01 is ordered.

    Refused while a required signature is unknown and nobody has overridden it. The number's counter is raised late,
    because everyone who receives for the agency today waits for it until this transaction ends.
    """
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.RECEIVE)
    procedure = await procedure_of(session, dossier)
    if problems := await _not_receivable(session, dossier, procedure, at):
        raise Incomplete(problems)

    dossier.received_at = at
    dossier.left_out = list(procedure.left_out(dossier.answers, today=day_in_vietnam(at)))
    procedure = await procedure_of(session, dossier)
    await move(session, actor, dossier, Act.RECEIVE, procedure=procedure, at=at)
    await _begin(session, dossier, procedure, at)
    form = await _appointment(session, actor, dossier, procedure, at)
    number = await _number(session, dossier, numbering, day_in_vietnam(at))
    printed = form.model_copy(update={"dossier": number})
    await issued.order(session, printed, dossier_id=dossier.id, unit=dossier.desk, series=RECEIPT_SERIES, at=at)
    await share(session, dossier, at=at)
    told: dict[str, str | int] = {"number": number, "due": dossier.due_at.isoformat() if dossier.due_at else ""}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.RECEIVED, params=told, at=at)
    return Received(number, dossier.due_at)


async def _begin(session: AsyncSession, dossier: Dossier, procedure: Procedure, at: datetime) -> None:
    """The first step of the unit; where nobody is to be named for the case, the review begins at once."""
    first = procedure.next_step(next(step.id for step in procedure.process if step.kind == "receive"))
    if first is None:
        return
    if first.kind != "assign":
        await move(session, SYSTEM, dossier, Act.ADVANCE, procedure=procedure, at=at)
    await begin(session, dossier, procedure, first, at=at)


async def _not_receivable(session: AsyncSession, dossier: Dossier, procedure: Procedure, at: datetime) -> list[Problem]:
    needs = procedure.papers_needed(dossier.answers, today=day_in_vietnam(at), held=dossier.held)
    papers = await papers_of(session, dossier.id)
    overridden = frozenset(await overrides_of(session, dossier.id))
    return [*refused_files(needs, papers), *unknown_files(needs, papers, overridden)]


async def _appointment(session: AsyncSession, actor: Actor, dossier: Dossier, procedure: Procedure, at: datetime) -> Appointment:
    today = day_in_vietnam(at)
    billed = [FeeLine(title=b.title_vi, amount=b.amount, paid=b.paid_at is not None) for b in await bills_of(session, dossier.id)]
    later = procedure.fees_due("after_validity_check", dossier.answers, today=today)
    fees = [*billed, *(FeeLine(title=due.fee.title.vi, amount=due.amount) for due in later)]
    return appointment(
        await head_of(session, dossier, procedure, at_desk=True),
        procedure.papers_needed(dossier.answers, today=today, held=dossier.held),
        fees,
        received_at=at,
        due_at=dossier.due_at,
        by=officer(actor.name, Role.INTAKE_OFFICER),
    ).model_copy(update={"submitter": await _submitter(session, dossier)})


async def _submitter(session: AsyncSession, dossier: Dossier) -> str:
    filed = await last_event(session, dossier.id, Act.SUBMIT, "reference")
    return filed.actor_name if filed else dossier.enterprise_name


async def _number(session: AsyncSession, dossier: Dossier, numbering: Numbering, day: date) -> str:
    """The next number of the agency today. Raised in the receiving transaction: if that fails, the number was never given."""
    counter = insert(DossierCounter).values(unit=numbering.agency, day=day, n=1)
    raised = counter.on_conflict_do_update(index_elements=["unit", "day"], set_={"n": DossierCounter.n + 1})
    n = (await session.execute(raised.returning(DossierCounter.n))).scalar_one()
    dossier.number = numbering.number(day, n)
    dossier.search_text = f"{dossier.search_text} {fold(dossier.number)}"
    session.add(DossierNumber(number=dossier.number, dossier_id=dossier.id))
    return dossier.number


async def refuse(
    session: AsyncSession, actor: Actor, dossier_id: UUID, *, reason: str, proper_authority: str = "", at: datetime
) -> None:
    """Do not take the dossier in (form 03). The reason is mandatory; a refusal after appraisal is a result instead."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.REFUSE_TO_RECEIVE)
    said = must_say(reason, Text("Hãy ghi rõ lý do từ chối tiếp nhận.", "Say why the dossier is not received."))
    proper = may_say(proper_authority, where="proper_authority")
    procedure = await procedure_of(session, dossier)
    head = await head_of(session, dossier, procedure, at_desk=True)
    form = refusal_to_receive(head, reason=said, proper_authority=proper, by=officer(actor.name, Role.INTAKE_OFFICER))
    form = form.model_copy(update={"submitter": await _submitter(session, dossier)})
    await issued.order(session, form, dossier_id=dossier.id, unit=dossier.desk, series="TCTN", at=at)
    payload = {"reason": said, "proper_authority": proper}
    await move(session, actor, dossier, Act.REFUSE_TO_RECEIVE, procedure=procedure, payload=payload, at=at)
    told: dict[str, str | int] = {"reference": dossier.reference or ""}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.REFUSED_AT_INTAKE, params=told, at=at)
