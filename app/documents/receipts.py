"""What is kept as proof of filed files: read for pages, for the jobs that make it, and for checks years later."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.documents.models import Document, EvidenceRenewal, ReceiptEvidence, ReceiptRenewal
from app.documents.queries import CheckOrder, order_of
from app.trust import queries as trust


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """One time stamp of ours over a file and its check. `ends_at`: by then it must be renewed, if it was not `renewed`."""

    number: int
    at: datetime
    tsa: str
    sha256: str
    verdict: str
    trust_epoch: int
    ends_at: datetime
    renewed: bool
    answers: tuple[trust.Kept, ...]
    """What authorities said, as it was when the stamp was made."""


@dataclass(frozen=True, slots=True)
class StampOrder:
    """A filed file that waits for its time stamp."""

    check: CheckOrder
    sha256: str
    verdict: str | None
    refusal: str | None
    made: int
    """How many it has already."""


async def receipts_of(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> tuple[ReceiptView, ...]:
    """Oldest first; empty before filing and while the first is to come (`Document.stamp_due_at`)."""
    rows = await kept(session, dossier_id, document_id)
    renewed = await _renewed(session, dossier_id, document_id)
    known = await trust.kept_answers(session, {sha for row in rows for sha in row.evidence})
    told = {answer.sha256: answer for answer in known}
    return tuple(
        ReceiptView(
            number=row.number,
            at=row.at,
            tsa=row.tsa,
            sha256=row.sha256,
            verdict=row.verdict,
            trust_epoch=row.trust_epoch,
            ends_at=row.ends_at,
            renewed=row.number in renewed,
            answers=tuple(told[sha] for sha in row.evidence if sha in told),
        )
        for row in rows
    )


async def kept(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> Sequence[ReceiptEvidence]:
    """The rows themselves, oldest first."""
    wanted = select(ReceiptEvidence).where(ReceiptEvidence.dossier_id == dossier_id, ReceiptEvidence.document_id == document_id)
    return (await session.scalars(wanted.order_by(ReceiptEvidence.number))).all()


async def _renewed(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> dict[int, ReceiptRenewal]:
    wanted = select(ReceiptRenewal).where(ReceiptRenewal.dossier_id == dossier_id, ReceiptRenewal.document_id == document_id)
    return {row.number: row for row in await session.scalars(wanted)}


async def renewals_of(session: AsyncSession, row: ReceiptEvidence) -> tuple[int, list[EvidenceRenewal]]:
    """The renewals that carry a stamp on, oldest first, and its leaf in the first of them."""
    place = await session.get(ReceiptRenewal, (row.dossier_id, row.document_id, row.number))
    if place is None:
        return 0, []
    found = [await session.get_one(EvidenceRenewal, place.renewal_id)]
    while later := await _renewal_of(session, found[-1].id):
        found.append(later)
    return place.leaf_index, found


async def _renewal_of(session: AsyncSession, renewal_id: UUID) -> EvidenceRenewal | None:
    wanted = select(EvidenceRenewal).where(EvidenceRenewal.renews.contains([str(renewal_id)]))
    return (await session.scalars(wanted.order_by(EvidenceRenewal.at).limit(1))).first()


async def to_stamp(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> StampOrder | None:
    """What the stamping job needs, or None when there is nothing to do any more."""
    document = await session.get(Document, (dossier_id, document_id))
    if document is None or document.stamp_due_at is None:
        return None
    counted = select(func.count()).where(ReceiptEvidence.dossier_id == dossier_id, ReceiptEvidence.document_id == document_id)
    made = await session.scalar(counted) or 0
    return StampOrder(order_of(document), document.sha256, document.verdict, document.refusal, made)


async def due_for_stamp(session: AsyncSession, *, at: datetime, limit: int) -> Iterable[Document]:
    """Filed files whose time stamp is due, locked; other workers pass them over."""
    due = select(Document).where(Document.stamp_due_at <= at).order_by(Document.stamp_due_at).limit(limit)
    return (await session.scalars(due.with_for_update(skip_locked=True))).all()


async def receipts_ending(session: AsyncSession, *, after: datetime, before: datetime, limit: int) -> Sequence[ReceiptEvidence]:
    """Receipts whose certificates end in that time and that were not renewed yet, the soonest first."""
    done = select(ReceiptRenewal.number).where(
        ReceiptRenewal.dossier_id == ReceiptEvidence.dossier_id,
        ReceiptRenewal.document_id == ReceiptEvidence.document_id,
        ReceiptRenewal.number == ReceiptEvidence.number,
    )
    wanted = select(ReceiptEvidence).where(ReceiptEvidence.ends_at.between(after, before), ~done.exists())
    return (await session.scalars(wanted.order_by(ReceiptEvidence.ends_at).limit(limit))).all()


async def renewals_ending(session: AsyncSession, *, after: datetime, before: datetime) -> Sequence[EvidenceRenewal]:
    """The same of renewals."""
    rows = await session.scalars(select(EvidenceRenewal).where(EvidenceRenewal.ends_at.between(after, before)))
    return [row for row in rows if await _renewal_of(session, row.id) is None]
