"""The minutes of a site inspection before the business: it signs and brings them back, or it does not and that is noted."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM, Actor
from app.core.errors import NotFound, WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.saying import must_say
from app.dossiers.lifecycle import Act
from app.dossiers.minutes import answer_in
from app.dossiers.models import Dossier
from app.dossiers.queries import events_of, procedure_of, visible_to
from app.issued import countersigning
from app.issued import queries as issued
from app.issued.models import IssuedDocument
from app.issued.press import Press
from app.issued.rules import Kind

_SAY_WHY = Text("Hãy ghi rõ vì sao doanh nghiệp không ký biên bản.", "Say why the enterprise does not sign the minutes.")
_ANSWERED = Text(
    "Biên bản này đã được ký hoặc đã ghi nhận không ký.", "These minutes are signed, or it is noted that they are not."
)


async def bring(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID, *, key: UUID) -> None:
    """The business brings the minutes (blob `key`) back with its signature on them; a job looks at the file."""
    dossier, document = await _unanswered(session, actor, dossier_id, issued_id)
    may_move(actor, dossier, Act.SIGN_MINUTES)
    await countersigning.bring(session, document, key=key)


async def may_bring(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID) -> None:
    """Refuse before the file is read what `bring` would refuse after it."""
    dossier, _ = await _unanswered(session, actor, dossier_id, issued_id)
    may_move(actor, dossier, Act.SIGN_MINUTES)


async def accept(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime) -> None:
    """Job: the signed file takes the place of the sealed one when it is the same plus the signature of this enterprise."""
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True)
    document = await countersigning.accept(session, dossier_id, issued_id, tax_code=dossier.tax_code, press=press, at=at)
    if document is not None:
        payload = {"issued": str(issued_id), "sha256": document.sha256}
        procedure = await procedure_of(session, dossier)
        await move(session, SYSTEM, dossier, Act.SIGN_MINUTES, procedure=procedure, payload=payload, at=at)


async def refuse(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID, *, reason: str, at: datetime) -> None:
    """The business does not sign, or an official notes that it did not: with the reason, and the minutes stand as they are."""
    dossier, _ = await _unanswered(session, actor, dossier_id, issued_id)
    may_move(actor, dossier, Act.REFUSE_MINUTES)
    payload = {"issued": str(issued_id), "note": must_say(reason, _SAY_WHY)}
    await move(
        session, actor, dossier, Act.REFUSE_MINUTES, procedure=await procedure_of(session, dossier), payload=payload, at=at
    )


async def _unanswered(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID) -> tuple[Dossier, IssuedDocument]:
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    document = await issued.one(session, dossier_id, issued_id)
    if document.kind != Kind.MINUTES:
        raise NotFound
    if answer_in(await events_of(session, dossier_id), issued_id):
        raise WrongState(_ANSWERED, slug="answered")
    return dossier, document
