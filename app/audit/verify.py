"""Recompute every sealed log from its rows and say what does not fit."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.logs import canonical, moment_of, sealed_logs, table_of
from app.audit.merkle import Frontier, leaf_hash
from app.audit.models import LogLeaf, LogNode, LogSeal
from app.audit.notes import Checkpoint, Note, key_id

# What the sealer may still have before it.
FRESH = timedelta(seconds=60)
# How much earlier than its id a row may claim to have happened (a request's time is taken at its start).
BACKDATE = timedelta(minutes=10)
_SHOWN = 20


@dataclass(slots=True)
class LogReport:
    """What was checked of one log, and the first findings (all are counted)."""

    log: str
    leaves: int = 0
    seals: int = 0
    newest_seal: str | None = None
    wrong: int = 0
    findings: list[str] = field(default_factory=list)

    def add(self, sentence: str) -> None:
        """Note one thing that does not fit."""
        self.wrong += 1
        if len(self.findings) < _SHOWN:
            self.findings.append(sentence)


async def verify(session: AsyncSession, key: Ed25519PublicKey, *, copies: Path | None = None, at: datetime) -> list[LogReport]:
    """Check every log: rows against leaves, leaves against roots, roots against signatures, the tail against `copies`."""
    return [await verify_log(session, log, key, copies=copies, at=at) for log in sealed_logs()]


async def verify_log(session: AsyncSession, log: str, key: Ed25519PublicKey, *, copies: Path | None, at: datetime) -> LogReport:
    """Check one log."""
    report, frontier = LogReport(log), Frontier()
    seals = {seal.size: seal for seal in await session.scalars(select(LogSeal).where(LogSeal.log == log))}
    known, sealed_at = _copy_of(copies, log), datetime.min.replace(tzinfo=UTC) + BACKDATE
    async for leaf, row in leaves_of(session, log):
        _check_leaf(report, frontier, leaf, row, sealed_at)
        frontier.append(leaf.leaf_hash)
        if seal := seals.get(frontier.size):
            _check_seal(report, seal, frontier.root(), key)
            sealed_at = seal.at
        if known and known["size"] == frontier.size and known["root"] != frontier.root().hex():
            report.add(f"fork: the checkpoint kept elsewhere has another root at size {frontier.size}")
    report.leaves, report.seals = frontier.size, len(seals)
    _check_tail(report, frontier.size, seals, known)
    await _check_nodes(session, log, frontier, report)
    await _check_unsealed(session, log, report, at)
    return report


async def leaves_of(session: AsyncSession, log: str) -> AsyncIterator[tuple[LogLeaf, dict[str, Any] | None]]:
    """Every leaf in order with the row it was made from, as far as that is there."""
    table = table_of(log)
    query = select(LogLeaf, *table.c).outerjoin(table, table.c.id == LogLeaf.event_id)
    stream = await session.stream(query.where(LogLeaf.log == log).order_by(LogLeaf.leaf_index).execution_options(yield_per=1000))
    names = [column.name for column in table.c]
    async for leaf, *values in stream:
        row = dict(zip(names, values, strict=True))
        yield leaf, row if row["id"] else None


def _check_leaf(report: LogReport, frontier: Frontier, leaf: LogLeaf, row: dict[str, Any] | None, sealed_at: datetime) -> None:
    """`sealed_at` is when the checkpoint before was signed: what happened long before then would be under it."""
    if leaf.leaf_index != frontier.size:
        report.add(f"missing leaf: {frontier.size} is followed by {leaf.leaf_index}")
    if row is None:
        report.add(f"deleted: leaf {leaf.leaf_index} has no row {leaf.event_id}")
    elif leaf_hash(canonical(row)) != leaf.leaf_hash:
        report.add(f"altered: row {leaf.event_id} differs from leaf {leaf.leaf_index}")
    elif row["at"] < max(moment_of(leaf.event_id), sealed_at) - BACKDATE:
        report.add(f"back-dated: row {leaf.event_id} claims {row['at'].isoformat()}")


def _check_seal(report: LogReport, seal: LogSeal, root: bytes, key: Ed25519PublicKey) -> None:
    if root != seal.root:
        report.add(f"root: the leaves up to {seal.size} do not give the sealed root")
    if not Note(Checkpoint(seal.log, seal.size, seal.root, seal.at), seal.signature, seal.key_id).holds(key):
        said = "wrongly" if seal.key_id == key_id(key) else "under another key"
        report.add(f"signature: the checkpoint of size {seal.size} is signed {said}")
    report.newest_seal = seal.at.astimezone(UTC).isoformat()


def _check_tail(report: LogReport, size: int, seals: dict[int, LogSeal], known: dict[str, Any] | None) -> None:
    sealed = max(seals, default=0)
    if sealed != size:
        report.add(f"tail: {size} leaves, but the newest checkpoint covers {sealed}")
    if known and known["size"] > size:
        report.add(f"truncated: a checkpoint kept elsewhere covered {known['size']} leaves, {size} are left")


async def _check_nodes(session: AsyncSession, log: str, frontier: Frontier, report: LogReport) -> None:
    """The nodes that proofs are made from are those of the leaves; missing ones are the sealer's to mend."""
    right = {(node.level, node.n): node.digest for node in frontier.grown}
    async for level, n, digest in await session.stream(select(LogNode.level, LogNode.n, LogNode.hash).where(LogNode.log == log)):
        if right.get((level, n)) != digest:
            report.add(f"node: {n} of level {level} is not that of the leaves")


async def unsealed(session: AsyncSession, log: str, *, at: datetime) -> tuple[int, datetime | None]:
    """How many rows no leaf covers though they are no longer fresh, and from when the oldest says it is."""
    table = table_of(log)
    taken = select(LogLeaf.event_id).where(LogLeaf.log == log, LogLeaf.event_id == table.c.id).exists()
    late = select(func.count(), func.min(table.c.at)).where(~taken, table.c.at < at - FRESH)
    count, oldest = (await session.execute(late)).one()
    return count, oldest


async def _check_unsealed(session: AsyncSession, log: str, report: LogReport, at: datetime) -> None:
    count, oldest = await unsealed(session, log, at=at)
    if count and oldest:
        report.add(f"unsealed: {count} rows, the oldest of {oldest.isoformat()}, were put in where the sealer no longer looks")


def _copy_of(copies: Path | None, log: str) -> dict[str, Any] | None:
    path = copies / f"{log}.json" if copies else None
    return json.loads(path.read_text()) if path and path.exists() else None
