"""What administrators see of the trust store: services with their standing and the freshness of their word, changes, epochs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from joserfc.jwk import OKPKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.approvals import queries as approvals
from app.core.errors import NotFound
from app.core.text import Text
from app.trust import certificates, queries
from app.trust.actions import TRUST_CHANGE
from app.trust.certificates import Certificate
from app.trust.changes import Difference, counted, differences, periods
from app.trust.models import RevocationEvidence, TrustEpoch
from app.trust.rules import serves
from signing.trust import ServiceStatus
from signing.trustfile import public_lists, written


@dataclass(frozen=True, slots=True)
class Heard:
    """The newest list from one address; `fresh` while it serves, dates None when nothing was ever heard."""

    url: str
    this_update: datetime | None
    next_update: datetime | None
    fresh: bool


@dataclass(frozen=True, slots=True)
class Held:
    """One certificate of a service."""

    certificate: Certificate
    anchor: bool


@dataclass(frozen=True, slots=True)
class Service:
    """A service of the store. `status` is today's, None before it begins; `periods` are (status, from, to), oldest first."""

    name: str
    roles: tuple[signing.Role, ...]
    status: ServiceStatus | None
    periods: tuple[tuple[ServiceStatus, datetime, datetime | None], ...]
    certificates: tuple[Held, ...]
    lists: tuple[Heard, ...]
    ocsp: str | None

    @property
    def fresh(self) -> bool | None:
        """Whether every list is fresh; None for a service without lists."""
        return all(heard.fresh for heard in self.lists) if self.lists else None


@dataclass(frozen=True, slots=True)
class Proposal:
    """A change that waits for a second administrator. `overtaken`: another epoch came into force since."""

    id: UUID
    note: str
    asked_by: UUID
    asked_at: datetime
    lines: tuple[Difference, ...]
    summary: Text
    overtaken: bool


@dataclass(frozen=True, slots=True)
class Epoch:
    """One version of the store and what it changed; `sound`: the portal's key signed exactly this."""

    epoch: int
    note: str
    adopted_at: datetime
    summary: Text
    sound: bool


async def services(session: AsyncSession, *, at: datetime) -> list[Service]:
    """Every service of the store in force, by name."""
    trust = await queries.snapshot(session)
    rows = await session.scalars(select(RevocationEvidence).where(RevocationEvidence.kind == signing.Source.CRL))
    heard = {row.key: row for row in rows}
    anchors = {anchor.sha256 for anchor in trust.anchors}
    return [_service(name, held, anchors, heard, at) for name, held in trust.services.items()]


async def service(session: AsyncSession, name: str, *, at: datetime) -> Service:
    """One of them; `NotFound`."""
    found = next((each for each in await services(session, at=at) if each.name == name), None)
    if found is None:
        raise NotFound
    return found


def _service(
    name: str,
    held: Sequence[signing.Authority],
    anchors: set[str],
    heard: dict[str, RevocationEvidence],
    at: datetime,
) -> Service:
    first = held[0]
    asked = {need.url: need.key for each in held for need in _needs(each)}
    return Service(
        name=name,
        roles=tuple(sorted(frozenset().union(*(each.roles for each in held)))),
        status=first.status_at(at),
        periods=tuple(periods(first)),
        certificates=tuple(Held(certificates.of(each.der), each.sha256 in anchors) for each in held),
        lists=tuple(_heard(url, heard.get(key), at) for url, key in asked.items()),
        ocsp=first.ocsp,
    )


def _needs(authority: signing.Authority) -> Iterable[signing.Need]:
    return (signing.Need(signing.Source.CRL, url, authority.sha256) for url in authority.crl)


def _heard(url: str, row: RevocationEvidence | None, at: datetime) -> Heard:
    if row is None:
        return Heard(url, None, None, fresh=False)
    return Heard(url, row.this_update, row.next_update, fresh=serves(row.this_update, row.next_update, at))


async def proposals(session: AsyncSession) -> list[Proposal]:
    """What waits, oldest first, told against the store in force."""
    trust = await queries.snapshot(session)
    made = []
    for asked in await approvals.waiting(session, TRUST_CHANGE):
        lines = differences(trust, signing.TrustSnapshot.from_json(asked.payload["content"]))
        overtaken = asked.payload.get("base", trust.epoch) != trust.epoch
        note = asked.payload["note"]
        made.append(Proposal(asked.id, note, asked.asked_by, asked.asked_at, lines, counted(lines), overtaken))
    return made


async def epochs(session: AsyncSession, key: OKPKey) -> list[Epoch]:
    """The history of the store, newest first, each checked against its signature."""
    rows = list(await queries.epochs(session))
    broken = set(await queries.broken_epochs(session, key))
    stores = [signing.TrustSnapshot.from_json(row.content) for row in rows] + [signing.NO_TRUST]
    return [
        Epoch(row.epoch, row.note, row.adopted_at, counted(differences(stores[n + 1], stores[n])), row.epoch not in broken)
        for n, row in enumerate(rows)
    ]


async def exported(session: AsyncSession, epoch: int | None, key: OKPKey, *, revocation: bool = False) -> dict[str, object]:
    """An epoch as a file (`signing.trustfile`), the one in force when none is named; `NotFound`.

    `revocation`: with the lists that its authorities publish, as we hold them now; never what OCSP said of single persons.
    """
    wanted = select(TrustEpoch).order_by(TrustEpoch.epoch.desc()).limit(1)
    row = await session.scalar(wanted.where(TrustEpoch.epoch == epoch) if epoch else wanted)
    if row is None:
        raise NotFound
    store = signing.TrustSnapshot.from_json(row.content)
    heard = public_lists(await queries.evidence(session), store) if revocation else None
    told = {"note": row.note, "adopted_at": row.adopted_at.isoformat()}
    return written(store, **told, key=key, signature=row.signature, evidence=heard)
