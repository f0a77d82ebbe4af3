"""Ask for a file's check once more, not more often than a check could have learnt something new."""

import math
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.core import outbox
from app.core.errors import NotFound, TooMany
from app.core.text import Text
from app.documents.models import Document
from app.documents.rules import FileState

PAUSE = timedelta(seconds=30)
_JUST_CHECKED = Text(
    "Tệp vừa được kiểm tra xong. Hãy đợi khoảng nửa phút rồi bấm kiểm tra lại.",
    "The file has just been checked. Wait half a minute before you ask again.",
)


def is_queued(state: str, next_check_at: datetime | None, at: datetime) -> bool:
    """Whether a check is under way or about to be."""
    return state == FileState.CHECKING or (next_check_at is not None and next_check_at <= at)


def check_again(session: AsyncSession, document: Document, *, at: datetime) -> bool:
    """Queue the check; False when one is queued already. Raises `TooMany` right after the last one."""
    if document.removed_at is not None:
        raise NotFound
    if is_queued(document.state, document.next_check_at, at):
        return False
    if document.checked_at is not None and at - document.checked_at < PAUSE:
        raise TooMany(math.ceil((PAUSE - (at - document.checked_at)).total_seconds()), _JUST_CHECKED)
    document.next_check_at = at
    outbox.put(session, "documents.check", dossier_id=document.dossier_id, document_id=document.id)
    return True
