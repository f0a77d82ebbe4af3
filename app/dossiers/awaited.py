"""Whose certificates undecided dossiers rest on: the worker keeps asking about them, so that no decision waits for an answer."""

from sqlalchemy import cast, func, select
from sqlalchemy.dialects.postgresql import JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from app.documents.models import Document
from app.dossiers.models import Dossier

MOST_FILES = 2_000
_SERIALS = "$.signatures[*].signer.serial"


async def serials(session: AsyncSession) -> frozenset[str]:
    """Serial numbers (decimal) of the signers of files that were filed and not decided yet, at most of the latest 2,000 files."""
    files = (
        select(func.jsonb_path_query_array(Document.report, cast(_SERIALS, JSONPATH)))
        .join(Dossier, Dossier.id == Document.dossier_id)
        .where(Dossier.ended_at.is_(None), Document.filed_round.is_not(None), Document.removed_at.is_(None))
        .where(Document.report.is_not(None))
        .order_by(Document.uploaded_at.desc())
        .limit(MOST_FILES)
    )
    return frozenset(str(int(serial, 16)) for found in await session.scalars(files) for serial in found)
