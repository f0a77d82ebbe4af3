"""The trust store in force and what is known of revocations, as the values that `signing` takes."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from urllib.parse import urlsplit

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.core.errors import NotFound
from app.trust.models import KeptAnswer, RevocationEvidence, TrustEpoch
from app.trust.rules import MOST_ASKED_AHEAD, due, serves
from signing.revocation import read_item

# Parsed once per process and version: a snapshot is read at every check, its certificates change a few times a year.
_snapshots: dict[str, signing.TrustSnapshot] = {}
_evidence: dict[tuple[int, datetime | None], signing.Evidence] = {}


async def snapshot(session: AsyncSession) -> signing.TrustSnapshot:
    """The trust store in force; nobody is trusted before the first epoch."""
    newest = select(TrustEpoch.epoch, TrustEpoch.signature).order_by(TrustEpoch.epoch.desc()).limit(1)
    row = (await session.execute(newest)).one_or_none()
    if row is None:
        return signing.NO_TRUST
    if row.signature not in _snapshots:
        content = await session.scalar(select(TrustEpoch.content).where(TrustEpoch.epoch == row.epoch))
        _snapshots.clear()
        _snapshots[row.signature] = signing.TrustSnapshot.from_json(content or {})
    return _snapshots[row.signature]


async def evidence(session: AsyncSession) -> signing.Evidence:
    """Every answer kept. Which of them serve at a given moment is the check's question."""
    row = (await session.execute(select(func.count(), func.max(RevocationEvidence.fetched_at)))).one()
    state = (row[0], row[1])
    if state not in _evidence:
        rows = await session.scalars(select(RevocationEvidence))
        _evidence.clear()
        _evidence[state] = signing.Evidence(tuple(as_item(row) for row in rows))
    return _evidence[state]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that a filing rests on, without its bytes. `issuer` is the service as the trust store names it."""

    sha256: str
    kind: str
    url: str
    issuer: str
    this_update: datetime
    next_update: datetime | None


async def at_epoch(session: AsyncSession, epoch: int) -> signing.TrustSnapshot:
    """The trust store as it was under an earlier epoch; `NotFound` for one that never was."""
    content = await session.scalar(select(TrustEpoch.content).where(TrustEpoch.epoch == epoch))
    if content is None:
        raise NotFound
    return signing.TrustSnapshot.from_json(content)


async def kept_answers(session: AsyncSession, hashes: Collection[str]) -> list[Kept]:
    """Answers kept for good, for showing."""
    trust = await snapshot(session)
    services = {url: a.service for a in trust.authorities for url in (*a.crl, a.ocsp) if url}
    columns = (KeptAnswer.sha256, KeptAnswer.kind, KeptAnswer.url, KeptAnswer.this_update, KeptAnswer.next_update)
    rows = await session.execute(select(*columns).where(KeptAnswer.sha256.in_(hashes)).order_by(KeptAnswer.this_update))
    return [
        Kept(
            row.sha256,
            row.kind,
            row.url,
            services.get(row.url, urlsplit(row.url).hostname or ""),
            row.this_update,
            row.next_update,
        )
        for row in rows
    ]


async def kept_evidence(session: AsyncSession, hashes: Collection[str]) -> signing.Evidence:
    """The answers themselves. One whose bytes are no longer what its name says is left out: it proves nothing."""
    rows = await session.scalars(select(KeptAnswer).where(KeptAnswer.sha256.in_(hashes)))
    sound = [row for row in rows if sha256(row.der).hexdigest() == row.sha256]
    return signing.Evidence(tuple(read_item(signing.Source(row.kind), row.url, row.der) for row in sound))


async def answers(session: AsyncSession, needs: Iterable[signing.Need], *, at: datetime) -> dict[str, signing.Item]:
    """The kept answers to `needs` that still serve, by the need's key."""
    keys = [need.key for need in needs]
    rows = await session.scalars(select(RevocationEvidence).where(RevocationEvidence.key.in_(keys)))
    return {row.key: as_item(row) for row in rows if serves(row.this_update, row.next_update, at)}


async def due_lists(session: AsyncSession, *, at: datetime) -> list[signing.Need]:
    """The revocation lists of every authority in the store that should be fetched now."""
    trust = await snapshot(session)
    needs = {need.key: need for need in _list_needs(trust)}
    rows = await session.scalars(select(RevocationEvidence).where(RevocationEvidence.key.in_(needs)))
    fresh = {row.key for row in rows if not due(row.this_update, row.next_update, row.fetched_at, at)}
    return [need for key, need in needs.items() if key not in fresh]


async def due_answers(session: AsyncSession, serials: Collection[str], *, at: datetime) -> list[signing.Need]:
    """What was asked of OCSP responders about these certificates and should be asked again now, the most urgent first."""
    asked = select(RevocationEvidence).where(
        RevocationEvidence.kind == signing.Source.OCSP, RevocationEvidence.serial.in_(serials)
    )
    rows = await session.scalars(asked.order_by(RevocationEvidence.next_update))
    late = [row for row in rows if due(row.this_update, row.next_update, row.fetched_at, at)]
    return [
        signing.Need(signing.Source.OCSP, row.url, row.issuer_sha256, row.serial, row.request) for row in late[:MOST_ASKED_AHEAD]
    ]


async def fetch_rules(session: AsyncSession, *, loopback: bool, also: Iterable[str] = ()) -> signing.FetchRules:
    """Which hosts may be called: those of the trust store, and of the addresses in `also` (the time-stamp authority)."""
    trust = await snapshot(session)
    urls = [url for authority in trust.authorities for url in (*authority.crl, authority.ocsp) if url]
    hosts = frozenset(host for url in (*urls, *also) if (host := urlsplit(url).hostname))
    return signing.FetchRules(hosts=hosts, allow_loopback=loopback)


async def epochs(session: AsyncSession) -> Sequence[TrustEpoch]:
    """The history of the trust store, newest first."""
    return (await session.scalars(select(TrustEpoch).order_by(TrustEpoch.epoch.desc()))).all()


async def broken_epochs(session: AsyncSession, key: OKPKey) -> list[int]:
    """The epochs whose content is not what the portal's key signed: someone wrote to the table."""
    return [row.epoch for row in await epochs(session) if not _signed(row, key)]


def _signed(row: TrustEpoch, key: OKPKey) -> bool:
    try:
        payload = jws.deserialize_compact(row.signature, key, algorithms=["Ed25519"]).payload
    except (JoseError, ValueError):
        return False
    return payload == signing.TrustSnapshot.from_json(row.content).digest.encode()


def _list_needs(trust: signing.TrustSnapshot) -> list[signing.Need]:
    return [signing.Need(signing.Source.CRL, url, authority.sha256) for authority in trust.authorities for url in authority.crl]


def as_item(row: RevocationEvidence) -> signing.Item:
    """A row as the value that `signing` takes."""
    return signing.Item(signing.Source(row.kind), row.url, row.der, row.this_update, row.next_update)
