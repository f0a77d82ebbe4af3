"""Hand a finished draft to the ministry."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import ids
from app.core.actor import Actor
from app.core.errors import Incomplete, WrongState
from app.core.text import Text, fold
from app.documents.queries import papers_of
from app.dossiers.actions.automatic import soon
from app.dossiers.actions.filing import hand_in, problems_of
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.steps import demand, fees_due
from app.dossiers.code import secret_hash
from app.dossiers.known import papers_held, records_of
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of, visible_to
from app.identity import queries as identity
from app.notices import actions as notices
from app.notices.wording import Kind as Told

_ALREADY = Text(
    "Hồ sơ này đã được nộp với mã tra cứu {reference}; không cần nộp lại.",
    "This dossier has already been submitted under the reference {reference}; there is no need to submit again.",
)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What the filer gets at once. `secret` is shown now and printed on the receipt; we keep only its hash."""

    dossier_id: UUID
    reference: str
    secret: str
    submitted_at: datetime


async def submit(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> Submitted:
    """Hand a finished draft to the ministry. The legal clock does not start here but at `receive`.

    `Incomplete` lists everything that is wrong or missing. A signature not yet known does not hold a submission up.
    """
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    _refuse_second(dossier)
    may_move(actor, dossier, Act.SUBMIT)
    procedure = await procedure_of(session, dossier)
    enterprise = await identity.enterprise(session, dossier.tax_code)
    papers = await papers_of(session, dossier.id)
    records = await records_of(session, dossier.tax_code, procedure, at=at)
    dossier.held = await papers_held(session, dossier.tax_code, procedure, records, at=at)
    if problems := await problems_of(session, dossier, procedure, enterprise, papers, at=at):
        raise Incomplete(problems)

    submitted = _named(dossier, at)
    await hand_in(session, actor, dossier, procedure, enterprise, papers, secret=submitted.secret, at=at)
    payload = {"reference": submitted.reference, "held": dossier.held, "moves": dossier.moves}
    await move(session, actor, dossier, Act.SUBMIT, procedure=procedure, payload=payload, at=at)
    if due := fees_due(dossier, procedure, "filing", at):
        await demand(session, dossier, procedure, due, at=at)
    soon(session, dossier, procedure)
    told: dict[str, str | int] = {"reference": submitted.reference}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.SUBMITTED, params=told, at=at)
    return submitted


def _refuse_second(dossier: Dossier) -> None:
    if dossier.state != State.DRAFT and dossier.reference:
        raise WrongState(_ALREADY.filled(reference=dossier.reference), slug="already-submitted")


def _named(dossier: Dossier, at: datetime) -> Submitted:
    reference, secret = ids.reference(), ids.secret()
    dossier.reference = reference
    dossier.secret_hash = secret_hash(secret)
    dossier.submitted_at = at
    dossier.search_text = f"{dossier.search_text} {fold(reference)}"
    return Submitted(dossier.id, reference, secret, at)
