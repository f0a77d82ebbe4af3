"""What an enterprise may see of the access log: who read its data, and the proof that the log says so.

A reading that the law hides for a time is counted and not shown; it appears when the time ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, or_, select, union
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit import proofs
from app.audit.logs import canonical
from app.core.errors import NotFound
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import subjects
from app.sharing.models import AccessEvent, AccessSubject, Agreement, Party
from app.sharing.queries import purposes_of
from app.sharing.rules import Basis

DELIVERED = (200, 304)
LOG = "access"
PROOF_FORMAT = "motcua-read-proof-1"


@dataclass(frozen=True, slots=True)
class Read:
    """One reading of a subject's data, as the subject may see it; `id` is the log entry, `keys` are the subject's own records."""

    id: UUID
    at: datetime
    party: str
    agency: Text
    agreement: str
    agreement_version: int
    agreement_title: Text
    purpose: Text
    legal_basis: tuple[Basis, ...]
    action: str
    dataset: Dataset
    dataset_title: Text
    keys: tuple[str, ...]
    fields: tuple[Text, ...]
    case_ref: str
    acting_user: str | None
    unchanged: bool
    was_hidden: str | None
    """On what basis it was hidden until its time had passed."""

    said: dict[str, Any]
    """What the page shows of the entry, by the entry's own names: the browser compares it with the entry itself."""


async def reads_of(
    session: AsyncSession, tax_code: str, *, before: UUID | None = None, limit: int = 50, at: datetime
) -> list[Read]:
    """Who read what is recorded about `tax_code`, newest first; `before` is the `id` of the last row seen."""
    events = await _ids(session, tax_code, before, limit, at)
    found = await session.execute(_told().where(AccessEvent.id.in_(events)).order_by(AccessEvent.id.desc()))
    keys = await _keys(session, tax_code, events)
    return [_read(event, party, agreement, keys.get(event.id, (event.key,))) for event, party, agreement in found]


async def read_of(session: AsyncSession, tax_code: str, event_id: UUID, *, at: datetime) -> Read:
    """One of them. `NotFound` for one that is not about `tax_code`, or not to be seen yet."""
    mine = or_(AccessEvent.subject_ref == tax_code, AccessEvent.id.in_(_listed(tax_code)))
    found = await session.execute(_told().where(AccessEvent.id == event_id, mine, *_open(at)))
    row = found.one_or_none()
    if row is None:
        raise NotFound
    keys = await _keys(session, tax_code, [event_id])
    return _read(*row, keys.get(event_id, (row[0].key,)))


async def hidden_reads(session: AsyncSession, tax_code: str, *, at: datetime) -> int:
    """How many readings are hidden now: said openly, though not whose."""
    hidden = (AccessEvent.hidden_until > at, AccessEvent.status.in_(DELIVERED))
    mine = or_(AccessEvent.subject_ref == tax_code, AccessEvent.id.in_(_listed(tax_code)))
    return await session.scalar(select(func.count()).select_from(AccessEvent).where(*hidden, mine)) or 0


async def usages(
    session: AsyncSession, tax_code: str, *, start: datetime, end: datetime, offset: int, limit: int, at: datetime
) -> tuple[int, list[tuple[AccessEvent, Party]]]:
    """How many readings of a period there are, and some of them, newest first; what is hidden is not among them."""
    mine = or_(AccessEvent.subject_ref == tax_code, AccessEvent.id.in_(_listed(tax_code)))
    inside = (mine, AccessEvent.at >= start, AccessEvent.at < end, *_open(at))
    total = await session.scalar(select(func.count()).select_from(AccessEvent).where(*inside)) or 0
    rows = select(AccessEvent, Party).join(Party, Party.code == AccessEvent.party).where(*inside)
    found = await session.execute(rows.order_by(AccessEvent.id.desc()).offset(offset).limit(limit))
    return total, [(event, party) for event, party in found]


async def first_read_at(session: AsyncSession) -> datetime | None:
    """Since when readings are logged."""
    return await session.scalar(select(AccessEvent.at).order_by(AccessEvent.id).limit(1))


async def proof_of(
    session: AsyncSession, tax_code: str, *, before: UUID | None = None, limit: int = 50, at: datetime
) -> dict[str, Any]:
    """The proof of the readings that `reads_of` shows: what the browser and the stand-alone verifier check.

    A row of the last second has no place in the log yet and is left out.
    """
    events = await _ids(session, tax_code, before, limit, at)
    note = await proofs.newest(session, LOG)
    rows = await session.execute(select(AccessEvent.__table__).where(AccessEvent.id.in_(events)))
    entries = {row["id"]: canonical(dict(row)).decode() for row in rows.mappings()}
    digests, mine = await subjects.digests(session, events), await _mine(session, tax_code, events)
    proven = [
        {
            "event": entries[found.event_id],
            "leaf_index": found.index,
            "path": [step.hex() for step in found.path],
            **_subjects(digests.get(found.event_id, []), mine.get(found.event_id, [])),
        }
        for found in await proofs.inclusion(session, note, events)
    ]
    named = {"format": PROOF_FORMAT, "log": LOG, "subject": tax_code}
    return {**named, "checkpoint": str(note), "public_key": note.key_id, "reads": proven}


def _subjects(digests: Sequence[subjects.Digest], mine: Sequence[AccessSubject]) -> dict[str, Any]:
    """Of a reading of many: the digests of all its records, and what opens the subject's own."""
    if not digests:
        return {}
    places = {digest.n: at for at, digest in enumerate(digests)}
    opened = [{"at": places[one.n], "key": one.key, "salt": one.salt.hex} for one in mine]
    return {"digests": [digest.digest.hex() for digest in digests], "mine": opened}


def _told() -> Select[AccessEvent, Party, Agreement]:
    version = (Agreement.code == AccessEvent.agreement) & (Agreement.version == AccessEvent.agreement_version)
    return select(AccessEvent, Party, Agreement).join(Party, Party.code == AccessEvent.party).join(Agreement, version)


def _open(at: datetime) -> tuple[ColumnElement[bool], ...]:
    """Delivered, and no longer hidden."""
    return AccessEvent.status.in_(DELIVERED), or_(AccessEvent.hidden_until.is_(None), AccessEvent.hidden_until <= at)


def _listed(tax_code: str) -> Select[UUID]:
    return select(AccessSubject.event_id).where(AccessSubject.subject_ref == tax_code)


async def _ids(session: AsyncSession, tax_code: str, before: UUID | None, limit: int, at: datetime) -> list[UUID]:
    """Readings of one record and of many, each from its own index, the newest of both."""
    latest = before or UUID(int=(1 << 128) - 1)
    single = select(AccessEvent.id).where(AccessEvent.subject_ref == tax_code, AccessEvent.id < latest, *_open(at))
    many = (
        select(AccessSubject.event_id)
        .join(AccessEvent, AccessEvent.id == AccessSubject.event_id)
        .where(AccessSubject.subject_ref == tax_code, AccessSubject.event_id < latest, *_open(at))
        .distinct()
    )
    newest = union(
        single.order_by(AccessEvent.id.desc()).limit(limit).subquery().select(),
        many.order_by(AccessSubject.event_id.desc()).limit(limit).subquery().select(),
    ).subquery()
    return list(await session.scalars(select(newest.c.id).order_by(newest.c.id.desc()).limit(limit)))


async def _mine(session: AsyncSession, tax_code: str, events: Sequence[UUID]) -> dict[UUID, list[AccessSubject]]:
    mine = (AccessSubject.subject_ref == tax_code, AccessSubject.event_id.in_(events))
    found: dict[UUID, list[AccessSubject]] = {}
    for one in await session.scalars(select(AccessSubject).where(*mine).order_by(AccessSubject.event_id, AccessSubject.n)):
        found.setdefault(one.event_id, []).append(one)
    return found


async def _keys(session: AsyncSession, tax_code: str, events: Sequence[UUID]) -> dict[UUID, tuple[str, ...]]:
    mine = await _mine(session, tax_code, events)
    return {event_id: tuple(one.key for one in rows) for event_id, rows in mine.items()}


def _read(event: AccessEvent, party: Party, agreement: Agreement, keys: tuple[str, ...]) -> Read:
    dataset = Dataset(event.dataset)
    titles = {field.name: field.title for field in SCHEMAS[dataset].fields}
    purposes = {purpose.code: purpose.title for purpose in purposes_of(agreement.purposes)}
    shown = ("party", "agreement", "agreement_version", "purpose", "legal_basis", "dataset", "fields", "case_ref")
    return Read(
        id=event.id,
        at=event.at,
        party=event.party,
        agency=Text(party.name_vi, party.name_en),
        agreement=event.agreement,
        agreement_version=event.agreement_version,
        agreement_title=Text(agreement.title_vi, agreement.title_en),
        purpose=purposes[event.purpose],
        legal_basis=tuple(Basis(**basis) for basis in event.legal_basis),
        action=event.action,
        dataset=dataset,
        dataset_title=SCHEMAS[dataset].title,
        keys=keys,
        fields=tuple(titles[name] for name in event.fields),
        case_ref=event.case_ref,
        acting_user=event.acting_user,
        unchanged=event.status == 304,
        was_hidden=event.hidden_basis if event.hidden_until else None,
        said={"id": str(event.id), **{name: getattr(event, name) for name in shown}},
    )
