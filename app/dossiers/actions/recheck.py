"""Check a file once more, because somebody asked."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import Actor
from app.core.errors import NotAllowed, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.documents.again import check_again
from app.documents.queries import one as document_of
from app.dossiers.queries import visible_to

_ENDED = Text(
    "Hồ sơ đã kết thúc; kết quả kiểm tra được giữ nguyên làm bằng chứng.",
    "The dossier has ended; what its checks found is kept as evidence.",
)
_MAY_ASK = (Permission.DOSSIER_DRAFT, Permission.DOSSIER_READ_UNIT, Permission.DOSSIER_READ_ALL)


async def recheck(session: AsyncSession, actor: Actor, dossier_id: UUID, document_id: UUID, *, at: datetime) -> None:
    """Ask for the check of a file again: its owner or an official who reads the dossier. Asking twice is asking once."""
    if not any(actor.may(permission) for permission in _MAY_ASK):
        raise NotAllowed
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    document = await document_of(session, dossier.id, document_id)
    if dossier.ended_at is not None:
        raise WrongState(_ENDED, slug="dossier-ended")
    if check_again(session, document, at=at):
        record(
            session,
            actor,
            Event.PAPER_CHECK_ASKED,
            subject_kind="document",
            subject_id=document.id,
            dossier_id=dossier.id,
            detail={"checks": document.checks},
            at=at,
        )
