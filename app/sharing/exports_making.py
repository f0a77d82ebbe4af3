"""The worker's side of exports: the file is made in portions from one snapshot of the database, each with its entry in the log.

The portions are transactions of their own that share the snapshot, and the one that holds it writes nothing: so neither the
change feed nor the sealer of the log waits until a large export is done.
"""

import asyncio
import json
import secrets
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from app.core.blobs import Blobs, Stored
from app.core.clock import day_in_vietnam
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.registers import actions as registers
from app.registers.models import CLUSTER
from app.registers.rules import Dataset
from app.sharing import exports_csv, statements_of_exports
from app.sharing.datasets import mark_of
from app.sharing.evidence import Evidence
from app.sharing.exports import ACTION, WAITING, Format, Status, in_force
from app.sharing.exports_models import ExportJob
from app.sharing.grants import Granted, grant_of

Now = Callable[[], datetime]
PORTION, WINDOW = 1000, 5000
KEPT = timedelta(days=7)
MOST_TRIES = 5

_LEASE, _RENEWED_EVERY = timedelta(minutes=5), 100
_MOST_BYTES = 1 << 40
_AGAIN = timedelta(seconds=30)

_PLACE = text(f"""
    select pg_export_snapshot() as snapshot, pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin,
      (select epoch from feed_epoch where cluster = {CLUSTER} order by began_at desc limit 1) as epoch""")  # noqa: S608  (ours)
_RESERVE = text("""
    insert into grant_use as u (agreement, dataset, tat, day, used) values (:agreement, :dataset, :at, :day, :rows)
    on conflict (agreement, dataset) do update
      set day = :day, used = case when u.day = :day then u.used else 0 end + :rows
      where case when u.day = :day then u.used else 0 end + :rows <= :quota
    returning used""")


class QuotaTooSmall(Exception):
    """There are more records than the agreement gives for the rest of the day."""


class Superseded(Exception):
    """Another worker makes this export now."""


@dataclass(frozen=True, slots=True)
class Order:
    """An export to make, claimed: only who knows `attempt` may finish it. `stale` is the file of an attempt before."""

    job: ExportJob
    grant: Granted
    attempt: int
    file_id: UUID
    stale: UUID | None


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is safe in the store, and where the change feed goes on from its snapshot."""

    stored: Stored
    rows: int
    portions: int
    epoch: str
    xmin: int
    as_of: datetime


async def claim(session: AsyncSession, *, at: datetime) -> Order | None:
    """Take the oldest export that nobody makes; one that was tried too often fails instead."""
    free = or_(ExportJob.claimed_until.is_(None), ExportJob.claimed_until <= at)
    waiting = select(ExportJob).where(ExportJob.status.in_(WAITING), free).order_by(ExportJob.asked_at).limit(1)
    job = await session.scalar(waiting.with_for_update(skip_locked=True))
    if job is None:
        return None
    if job.attempts >= MOST_TRIES:
        job.status, job.reason = Status.FAILED, "could-not-be-made"
        return None
    stale, file_id = job.file_id, uuid7()
    job.status, job.attempts, job.claimed_until, job.file_id = Status.MAKING, job.attempts + 1, at + _LEASE, file_id
    grant = await grant_of(session, {"agreement": job.agreement, "agreement_version": job.version}, Dataset(job.dataset))
    return Order(job, grant, job.attempts, file_id, stale)


async def make(sessions: Sessions, blobs: Blobs, order: Order, *, now: Now) -> Made:
    """Make the file. `QuotaTooSmall` before anything is read; `Superseded`."""
    at = now()
    if order.stale is not None:
        await blobs.erase(order.stale)
    async with transaction(sessions) as session:
        await registers.begin_feed(session, at=at)
    async with _snapshot(sessions) as connection:
        place = (await connection.execute(_PLACE)).one()
        await _reserve(sessions, order, await _count(connection, order), at)
        portions = _Portions(sessions, order, place.snapshot, at, now)
        async with aclosing(portions.pieces()) as pieces:
            stored = await blobs.put(order.file_id, order.job.id, pieces, max_bytes=_MOST_BYTES)
    return Made(stored, portions.rows, portions.count, place.epoch, place.xmin, at)


@asynccontextmanager
async def _snapshot(sessions: Sessions, snapshot: str | None = None) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees one state of the database throughout: its own, or the one that another holds."""
    async with transaction(sessions) as session:
        connection = await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        if snapshot is None:
            await connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
        else:
            await connection.exec_driver_sql(f"SET TRANSACTION SNAPSHOT '{snapshot}'")
            # The commit that makes the file ready is not answered before all that went before it is on disk.
            await connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
        yield connection


async def _count(connection: AsyncConnection, order: Order) -> int:
    statement = statements_of_exports.count(Dataset(order.job.dataset), _filters(order), _wanted(order))
    values = statement.values(_filter_values(order))
    return int((await connection.exec_driver_sql(statement.text, tuple(values))).scalar_one())


async def _reserve(sessions: Sessions, order: Order, rows: int, at: datetime) -> None:
    """Count the records against the day's quota, once, however often the file is begun."""
    job = order.job
    async with transaction(sessions) as session:
        await _renew(session, order, at)
        more, said = rows - job.counted, {"agreement": job.agreement, "dataset": job.dataset, "at": at}
        if more <= 0:
            return
        said |= {"day": day_in_vietnam(at), "rows": more, "quota": order.grant.quota_day}
        if more > order.grant.quota_day or await session.scalar(_RESERVE, said) is None:
            raise QuotaTooSmall
        await session.execute(update(ExportJob).where(ExportJob.id == job.id).values(counted=rows))


async def _renew(session: AsyncSession, order: Order, at: datetime) -> None:
    mine = (ExportJob.id == order.job.id, ExportJob.attempts == order.attempt, ExportJob.status == Status.MAKING)
    renewed = await session.execute(update(ExportJob).where(*mine).values(claimed_until=at + _LEASE).returning(ExportJob.id))
    if renewed.scalar_one_or_none() is None:
        raise Superseded


def _filters(order: Order) -> tuple[str, ...]:
    return tuple(name for name, _ in order.grant.row_filter)


def _wanted(order: Order) -> tuple[str, ...]:
    return tuple(sorted(order.job.filter))


def _filter_values(order: Order) -> dict[str, Any]:
    values: dict[str, Any] = {"dataset": order.job.dataset}
    values |= {f"only_{name}": list(allowed) for name, allowed in order.grant.row_filter}
    return values | {f"wanted_{name}": list(order.job.filter[name]) for name in order.job.filter}


class _Portions:
    """The file in portions. While one is written, the next is read."""

    def __init__(self, sessions: Sessions, order: Order, snapshot: str, at: datetime, now: Now) -> None:
        self.rows = self.count = 0
        self._sessions, self._order, self._snapshot, self._now = sessions, order, snapshot, now
        job = order.job
        fields, filters, wanted = tuple(job.fields), _filters(order), _wanted(order)
        self._statement = statements_of_exports.portion(Dataset(job.dataset), fields, filters, wanted)
        self._values = _values(order, at) | {"scan": WINDOW if filters or wanted else PORTION}

    async def pieces(self) -> AsyncGenerator[bytes]:
        """The bytes of the file."""
        job, reading = self._order.job, asyncio.create_task(self._read("", 1))
        if job.format == Format.CSV:
            yield exports_csv.header(job.fields)
        try:
            while True:
                row = await reading
                self.rows, self.count = self.rows + row.rows, self.count + 1
                if row.last is not None:
                    reading = asyncio.create_task(self._read(row.last, self.count + 1))
                yield await asyncio.to_thread(self._written, row.lines)
                if row.last is None:
                    return
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    def _written(self, lines: str) -> bytes:
        if self._order.job.format == Format.CSV:
            return exports_csv.lines_of(lines, self._order.job.fields)
        return f"{lines}\n".encode() if lines else b""

    async def _read(self, after: str, number: int) -> Any:
        if number % _RENEWED_EVERY == 0:
            async with transaction(self._sessions) as session:
                await _renew(session, self._order, self._now())
        said = {"export": str(self._order.job.id), "portion": number, "filter": self._order.job.filter}
        values = {"id": uuid7(), "salt": secrets.token_hex(16), "seed": secrets.token_bytes(32), "after": after}
        values["asked"] = json.dumps(said, ensure_ascii=False)
        given = tuple(self._statement.values(self._values | values))
        async with _snapshot(self._sessions, self._snapshot) as connection:
            return (await connection.exec_driver_sql(self._statement.text, given)).one()


def _values(order: Order, at: datetime) -> dict[str, Any]:
    """What every portion says of itself in the access log, as of the snapshot; the proof stands at the request's entry."""
    job, grant = order.job, order.grant
    return _filter_values(order) | {
        "at": at,
        "party": grant.party,
        "client_id": job.client_id,
        "agreement": job.agreement,
        "version": job.version,
        "purpose": job.purpose,
        "legal_basis": grant.legal_basis,
        "action": ACTION,
        "fields": json.dumps(job.fields),
        "jti": job.jti,
        "jkt": job.bond,
        "proof": "",
        "case_ref": job.case_ref,
        "acting_user": job.acting_user,
        "request_id": job.request_id,
        "hidden_until": at + timedelta(days=grant.hidden_days) if grant.hidden_days else None,
        "hidden_basis": grant.hidden_basis,
        "limit": PORTION,
        "mark": f".{mark_of(tuple(job.fields))}",
    }


async def keep(session: AsyncSession, order: Order, made: Made, evidence: Evidence, *, issuer: str, at: datetime) -> bool:
    """Hand the file over, with a manifest that says what it is; whether that was still wanted. Else the file is to be erased."""
    job = await session.get_one(ExportJob, order.job.id, with_for_update=True)
    if job.attempts != order.attempt or job.status != Status.MAKING:
        return False
    if not await in_force(session, job):
        job.status, job.reason, job.file_id = Status.FAILED, "agreement-not-in-force", None
        return False
    job.status, job.made_at, job.expires_at, job.claimed_until = Status.READY, at, at + KEPT, None
    job.sha256, job.bytes, job.rows = made.stored.sha256, made.stored.size, made.rows
    job.feed_epoch, job.feed_xid = made.epoch, made.xmin
    job.manifest = evidence.manifest(_manifest(job, made, issuer, at))
    return True


def _manifest(job: ExportJob, made: Made, issuer: str, at: datetime) -> dict[str, Any]:
    file = {"sha256": made.stored.sha256, "rows": made.rows, "bytes": made.stored.size}
    return {
        "iss": issuer,
        "iat": int(at.timestamp()),
        "export": str(job.id),
        "as_of": made.as_of.isoformat(),
        "client_id": job.client_id,
        "agreement": job.agreement,
        "agreement_version": job.version,
        "purpose": job.purpose,
        "case_ref": job.case_ref,
        "dataset": job.dataset,
        "fields": job.fields,
        "filter": job.filter,
        "format": job.format,
        "files": [file],
        "log_entry": str(job.entry),
        "portions": made.portions,
    }


async def give_up(session: AsyncSession, order: Order, reason: str) -> None:
    """Say that there will be no file, and why."""
    mine = (ExportJob.id == order.job.id, ExportJob.attempts == order.attempt)
    await session.execute(update(ExportJob).where(*mine).values(status=Status.FAILED, reason=reason, file_id=None))


async def put_back(session: AsyncSession, order: Order, *, at: datetime) -> None:
    """Let it be tried again in a while."""
    mine = (ExportJob.id == order.job.id, ExportJob.attempts == order.attempt)
    await session.execute(update(ExportJob).where(*mine).values(claimed_until=at + _AGAIN * order.attempt))


async def remove(session: AsyncSession, blobs: Blobs, *, at: datetime) -> int:
    """Remove the files whose time is over; how many."""
    over = (ExportJob.status == Status.READY, ExportJob.expires_at <= at)
    rows = list(await session.scalars(select(ExportJob).where(*over).limit(100).with_for_update(skip_locked=True)))
    for row in rows:
        if row.file_id is not None:
            await blobs.erase(row.file_id)
        row.status = Status.REMOVED
    return len(rows)
