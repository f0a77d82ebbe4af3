"""What was issued, and what the public is told when it asks about a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.text import Text
from app.issued.models import IssuedDocument, IssuedNumber, IssuedSecret
from app.issued.rules import RESULTS, Standing, State, standing


@dataclass(frozen=True, slots=True)
class Verified:
    """A genuine document as the verification page shows it: nothing that is not printed on it."""

    dossier_id: UUID
    issued_id: UUID
    kind: str
    number: str | None
    title: Text
    holder: str
    holder_tax_code: str
    issued_at: datetime
    valid_until: date | None
    standing: Standing
    revoked_reason: str | None
    replaced_by: str | None
    sha256: str
    size: int


async def of_dossier(session: AsyncSession, dossier_id: UUID) -> Sequence[IssuedDocument]:
    """Everything issued for the dossier, oldest first, also what is still being sealed."""
    found = select(IssuedDocument).where(IssuedDocument.dossier_id == dossier_id)
    return (await session.scalars(found.order_by(IssuedDocument.asked_at, IssuedDocument.id))).all()


async def one(session: AsyncSession, dossier_id: UUID, issued_id: UUID) -> IssuedDocument:
    """One document of the dossier. Raises `NotFound`."""
    document = await session.get(IssuedDocument, (dossier_id, issued_id))
    if document is None:
        raise NotFound
    return document


async def ready(session: AsyncSession, dossier_id: UUID, issued_id: UUID) -> IssuedDocument:
    """A document that may be downloaded; its bytes are the blob of the same id. Raises `NotFound` while it is being sealed."""
    document = await one(session, dossier_id, issued_id)
    if document.state != State.READY:
        raise NotFound
    return document


async def result_of(session: AsyncSession, dossier_id: UUID) -> IssuedDocument | None:
    """The latest result of the dossier, granted or refused."""
    found = select(IssuedDocument).where(IssuedDocument.dossier_id == dossier_id, IssuedDocument.kind.in_(RESULTS))
    return await session.scalar(found.order_by(IssuedDocument.asked_at.desc(), IssuedDocument.id.desc()).limit(1))


async def result_in_force(session: AsyncSession, dossier_id: UUID) -> IssuedDocument | None:
    """The result that stands: issued, not revoked, not replaced."""
    return await session.scalar(_results(dossier_id).where(IssuedDocument.state == State.READY))


async def replacement_under_way(session: AsyncSession, dossier_id: UUID) -> IssuedDocument | None:
    """The result that is being made in the place of another."""
    pending = IssuedDocument.replaces.is_not(None) & (IssuedDocument.state != State.READY)
    return await session.scalar(_results(dossier_id).where(pending))


def _results(dossier_id: UUID) -> Select[IssuedDocument]:
    wanted = select(IssuedDocument).where(IssuedDocument.dossier_id == dossier_id, IssuedDocument.kind.in_(RESULTS))
    return wanted.where(IssuedDocument.revoked_at.is_(None)).order_by(IssuedDocument.asked_at.desc()).limit(1)


async def by_secret(session: AsyncSession, secret: str, *, today: date) -> Verified | None:
    """The document whose QR code carries `secret`."""
    found = (
        select(IssuedDocument)
        .join(IssuedSecret, _belongs(IssuedSecret))
        .where(IssuedSecret.secret == secret, IssuedDocument.state == State.READY)
    )
    return await _verified(session, await session.scalar(found), today)


async def by_number(session: AsyncSession, number: str, *, today: date) -> Verified | None:
    """The result with this number. Other documents are found by their secret only: their numbers could be guessed."""
    found = (
        select(IssuedDocument)
        .join(IssuedNumber, _belongs(IssuedNumber))
        .where(IssuedNumber.number == number, IssuedDocument.state == State.READY, IssuedDocument.kind.in_(RESULTS))
    )
    return await _verified(session, await session.scalar(found), today)


def _belongs(key: type[IssuedSecret] | type[IssuedNumber]) -> ColumnElement[bool]:
    return and_(key.dossier_id == IssuedDocument.dossier_id, key.issued_id == IssuedDocument.id)


async def _successor(session: AsyncSession, document: IssuedDocument) -> str | None:
    """The number of the document that stands in the place of this one."""
    if document.revoked_at is None:
        return None
    same_dossier = IssuedDocument.dossier_id == document.dossier_id
    found = select(IssuedDocument.number).where(same_dossier, IssuedDocument.replaces == document.id)
    return await session.scalar(found.where(IssuedDocument.state == State.READY))


async def _verified(session: AsyncSession, document: IssuedDocument | None, today: date) -> Verified | None:
    if document is None or document.ready_at is None or document.sha256 is None or document.size is None:
        return None
    successor = await _successor(session, document)
    holder = document.facts["applicant"]
    return Verified(
        dossier_id=document.dossier_id,
        issued_id=document.id,
        kind=document.kind,
        number=document.number,
        title=Text(document.title_vi, document.title_en),
        holder=holder["name"],
        holder_tax_code=holder["tax_code"],
        issued_at=document.asked_at,
        valid_until=document.valid_until,
        standing=standing(document.valid_until, document.revoked_at, today, replaced=successor is not None),
        revoked_reason=document.revoked_reason,
        replaced_by=successor,
        sha256=document.sha256,
        size=document.size,
    )
