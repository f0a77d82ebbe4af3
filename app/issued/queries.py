"""What was issued, and what the public is told when it asks about a document."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.core.text import Text
from app.issued.models import IssuedApproval, IssuedDocument, IssuedNumber, IssuedSecret, IssuedVersion
from app.issued.rules import RESULTS, WHY_NOT, Standing, State, Way, standing

_MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class Version:
    """An earlier file of a document, by its fingerprint: the first `size` bytes of the present one."""

    sha256: str
    size: int
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class Waiting:
    """A document that waits for its signer. `approval_id`: he has approved, his key is being asked."""

    dossier_id: UUID
    issued_id: UUID
    kind: str
    number: str | None
    title: Text
    holder: str
    way: Way
    asked_at: datetime
    approval_id: UUID | None
    looked_at: bool
    error: Text | None


@dataclass(frozen=True, slots=True)
class Approval:
    """How far one approval has come."""

    id: UUID
    asked_at: datetime
    expires_at: datetime
    done_at: datetime | None
    error: Text | None
    total: int
    signed: int


@dataclass(frozen=True, slots=True)
class FileToSign:
    """The prepared file, for the signer's own program. `key` is the blob."""

    key: UUID
    name: str


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
    older: tuple[Version, ...]


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
        older=await versions(session, document.dossier_id, document.id),
    )


async def versions(session: AsyncSession, dossier_id: UUID, issued_id: UUID) -> tuple[Version, ...]:
    """The files that holders may have from before an extension, newest first: as genuine as the present one."""
    of_it = IssuedVersion.dossier_id == dossier_id, IssuedVersion.issued_id == issued_id
    rows = await session.scalars(select(IssuedVersion).where(*of_it).order_by(IssuedVersion.size.desc()))
    return tuple(Version(row.sha256, row.size, row.replaced_at) for row in rows)


async def waiting_for(session: AsyncSession, person_id: UUID) -> tuple[Waiting, ...]:
    """What waits for this signer, oldest first."""
    rows = await session.scalars(_awaiting(person_id).order_by(IssuedDocument.asked_at, IssuedDocument.id).limit(_MOST_WAITING))
    return tuple(_waiting(row) for row in rows)


async def file_to_sign(session: AsyncSession, person_id: UUID, dossier_id: UUID, issued_id: UUID) -> FileToSign:
    """For a signer with a program of his own. Raises `NotFound` for anyone else, and when nothing waits."""
    its_key = IssuedDocument.dossier_id == dossier_id, IssuedDocument.id == issued_id, IssuedDocument.way == Way.UPLOAD
    document = await session.scalar(_awaiting(person_id).where(*its_key))
    if document is None or document.prepared_key is None:
        raise NotFound
    return FileToSign(document.prepared_key, f"{(document.number or document.kind).replace('/', '-')}.pdf")


async def approval(session: AsyncSession, person_id: UUID, approval_id: UUID) -> Approval:
    """One approval of this signer's. Raises `NotFound`."""
    row = await session.get(IssuedApproval, approval_id)
    if row is None or row.person_id != person_id:
        raise NotFound
    signed = select(func.count()).where(IssuedDocument.approval_id == approval_id, IssuedDocument.state != State.WAITING)
    return Approval(
        id=row.id,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        done_at=row.done_at,
        error=WHY_NOT.get(row.error) if row.error else None,
        total=row.total,
        signed=await session.scalar(signed) or 0,
    )


def _awaiting(person_id: UUID) -> Select[IssuedDocument]:
    theirs = IssuedDocument.personal_signer == person_id, IssuedDocument.revoked_at.is_(None)
    return select(IssuedDocument).where(IssuedDocument.state == State.WAITING, *theirs)


def _waiting(document: IssuedDocument) -> Waiting:
    return Waiting(
        dossier_id=document.dossier_id,
        issued_id=document.id,
        kind=document.kind,
        number=document.number,
        title=Text(document.title_vi, document.title_en),
        holder=document.facts["applicant"]["name"],
        way=Way(document.way or Way.APPROVAL),
        asked_at=document.asked_at,
        approval_id=document.approval_id,
        looked_at=document.upload_key is not None,
        error=WHY_NOT.get(document.error) if document.error else None,
    )
