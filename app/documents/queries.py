"""The papers of a dossier as they stand, and the checks still to be made."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.documents.models import Document, SignatureOverride
from app.documents.rules import FileState


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """One file to be checked: everything the examiner needs, so that no transaction is open while it works."""

    dossier_id: UUID
    document_id: UUID
    name: str
    tax_code: str
    uploaded_at: datetime
    filed: bool


async def papers_of(session: AsyncSession, dossier_id: UUID) -> list[Document]:
    """The files now in the dossier, by paper and place."""
    present = (
        select(Document)
        .where(Document.dossier_id == dossier_id, Document.removed_at.is_(None))
        .order_by(Document.paper, Document.row, Document.place, Document.id)
    )
    return list(await session.scalars(present))


async def one(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> Document:
    """One file, removed ones too when they were ever filed; `NotFound` otherwise."""
    document = await session.get(Document, (dossier_id, document_id))
    if document is None or (document.removed_at is not None and document.filed_round is None):
        raise NotFound
    return document


async def overrides_of(session: AsyncSession, dossier_id: UUID) -> dict[UUID, SignatureOverride]:
    """The latest override of each file."""
    wanted = select(SignatureOverride).where(SignatureOverride.dossier_id == dossier_id).order_by(SignatureOverride.at)
    return {override.document_id: override for override in await session.scalars(wanted)}


async def to_check(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> CheckOrder | None:
    """The file to check, or None when it is gone or its check is final."""
    document = await session.get(Document, (dossier_id, document_id))
    if document is None or document.removed_at is not None:
        return None
    if document.state == FileState.CHECKED and document.next_check_at is None:
        return None
    return order_of(document)


def order_of(document: Document) -> CheckOrder:
    """What the examiner needs of a file."""
    filed = document.filed_round is not None
    return CheckOrder(document.dossier_id, document.id, document.name, document.tax_code, document.uploaded_at, filed)


async def due_for_recheck(session: AsyncSession, *, at: datetime, limit: int = 100) -> list[tuple[UUID, UUID]]:
    """Files whose status was unknown and is worth another look now."""
    due = (
        select(Document.dossier_id, Document.id)
        .where(Document.next_check_at <= at, Document.removed_at.is_(None))
        .order_by(Document.next_check_at)
        .limit(limit)
    )
    return [(dossier_id, document_id) for dossier_id, document_id in await session.execute(due)]
