"""The sealer: takes rows that no leaf covers yet into the tree, and signs a checkpoint over each batch.

It runs in the worker every second and looks back a little from the newest leaf; once a minute it looks for what committed late.
Rows older than its horizon are never taken: a row that appears in the past was put there by someone else, and `verify` says so.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from sqlalchemy import func, insert, select, text
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.logs import canonical, floor_of, table_of
from app.audit.merkle import TILE_BITS, Frontier, Node, leaf_hash, tree_root
from app.audit.models import LogHead, LogLeaf, LogNode, LogSeal
from app.audit.notes import Checkpoint, Note
from app.audit.proofs import hashes_of
from app.audit.tiles import WIDTH
from app.core.settings import Settings

# Most of what is written commits at once: what does so later than this after its id was made waits for the minute's turn.
REACH = timedelta(seconds=5)
# Longer than any transaction of ours stays open, far shorter than a tamperer's reach back.
HORIZON = timedelta(minutes=10)
# A checkpoint is signed again after this, though nothing was added.
STALE = timedelta(seconds=20)
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Sealed:
    """One batch: the checkpoint over it, its last row, and whether there may be more."""

    note: Note
    last: UUID
    more: bool


def checkpoint_key(settings: Settings) -> Ed25519PrivateKey:
    """The key of the checkpoints: `audit.pem` among the signing keys, else derived from the portal's secret key."""
    if settings.signing_keys and (path := settings.signing_keys / "audit.pem").exists():
        phrase = settings.signing_passphrase.get_secret_value().encode() if settings.signing_passphrase else None
        key = load_pem_private_key(path.read_bytes(), phrase)
        if isinstance(key, Ed25519PrivateKey):
            return key
    if not settings.secret_key:
        raise RuntimeError("no key for audit checkpoints: set MOTCUA_SECRET_KEY")
    derive = HKDF(hashes.SHA256(), 32, salt=None, info=b"mot-cua audit checkpoint")
    return Ed25519PrivateKey.from_private_bytes(derive.derive(settings.secret_key.get_secret_value().encode()))


async def seal(
    session: AsyncSession,
    name: str,
    key: Ed25519PrivateKey,
    *,
    after: UUID | None = None,
    reach: timedelta = REACH,
    at: datetime,
) -> Sealed | None:
    """Seal the next batch of the log `name`; None when there is nothing new or another worker is at it.

    `after` is the last row of the batch before: what lies below it has been looked at in this turn.
    """
    if not await _alone(session, name):
        return None
    frontier = await _frontier(session, name)
    await _mend(session, name, frontier.size)
    rows = await _unsealed(session, name, after, reach)
    if not rows:
        return None
    leaves = [_leaf(name, frontier, row) for row in rows]
    await _copy(session, LogLeaf, leaves)
    await _copy(session, LogNode, [(name, *node) for node in frontier.grown])
    note = Note.signed(Checkpoint(name, frontier.size, frontier.root(), at), key)
    kept = {**_columns(note), "frontier": [root.hex() for root in frontier.roots]}
    await session.execute(insert(LogSeal).values(kept))
    await _raise_head(session, note)
    return Sealed(note, rows[-1]["id"], len(rows) == BATCH)


async def beat(session: AsyncSession, name: str, key: Ed25519PrivateKey, *, at: datetime) -> Note | None:
    """Sign the state of the log again when its checkpoint grows old: it lives, and nothing was added."""
    if not await _alone(session, name):
        return None
    signed_at = await session.scalar(select(LogHead.at).where(LogHead.log == name))
    if signed_at and at - signed_at < STALE:
        return None
    frontier = await _frontier(session, name)
    note = Note.signed(Checkpoint(name, frontier.size, frontier.root(), at), key)
    await _raise_head(session, note)
    return note


class Shrunk(RuntimeError):
    """The log is smaller than a checkpoint kept elsewhere, or another: that copy is the evidence and stays as it is."""


def keep_copy(folder: Path, note: Note) -> None:
    """Note the newest checkpoint outside the database, so that a log cut short together with its seals is noticed."""
    folder.mkdir(parents=True, exist_ok=True)
    made, path = note.checkpoint, folder / f"{note.checkpoint.log}.json"
    told = {"size": made.size, "root": made.root.hex(), "at": made.at.isoformat(), "note": str(note)}
    known = json.loads(path.read_text()) if path.exists() else {"size": 0}
    if known["size"] > made.size or (known["size"] == made.size and made.size and known["root"] != told["root"]):
        raise Shrunk(f"the log {made.log} was at {known['size']} leaves and is now another at {made.size}")
    half = path.with_suffix(".half")
    half.write_text(json.dumps(told))
    half.rename(path)


async def _alone(session: AsyncSession, name: str) -> bool:
    lock = text("SELECT pg_try_advisory_xact_lock(hashtext(:log))")
    return bool(await session.scalar(lock, {"log": f"seal:{name}"}))


def _leaf(name: str, frontier: Frontier, row: dict[str, Any]) -> tuple[str, int, UUID, bytes]:
    """The row's place in the tree, which it takes."""
    digest = leaf_hash(canonical(row))
    frontier.append(digest)
    return name, frontier.size - 1, row["id"], digest


async def _copy(session: AsyncSession, model: type[LogLeaf | LogNode], rows: Iterable[Sequence[object]]) -> None:
    """Add many rows by COPY: the fastest way in, on the driver's own connection, in the transaction of the session."""
    records = list(rows)
    names = [column.name for column in model.__table__.columns]
    await (await _driver(session)).copy_records_to_table(model.__tablename__, records=records, columns=names)


def _columns(note: Note) -> dict[str, object]:
    made = note.checkpoint
    kept = {"log": made.log, "size": made.size, "root": made.root, "at": made.at}
    return {**kept, "signature": note.signature, "key_id": note.key_id}


async def _raise_head(session: AsyncSession, note: Note) -> None:
    raised = upsert(LogHead).values(_columns(note))
    await session.execute(raised.on_conflict_do_update(index_elements=[LogHead.log], set_=_columns(note)))


async def _frontier(session: AsyncSession, name: str) -> Frontier:
    last = (await session.scalars(select(LogSeal).where(LogSeal.log == name).order_by(LogSeal.size.desc()).limit(1))).first()
    return Frontier(last.size, [bytes.fromhex(root) for root in last.frontier]) if last else Frontier()


async def _mend(session: AsyncSession, name: str, size: int) -> None:
    """Add the nodes that are missing: an older release, still running beside a new schema, seals without them."""
    level = 1
    while size >> (TILE_BITS * level):
        mine = (LogNode.log == name, LogNode.level == level)
        known = await session.scalar(select(func.max(LogNode.n)).where(*mine))
        for n in range(0 if known is None else known + 1, size >> (TILE_BITS * level)):
            below = await hashes_of(session, name, level - 1, n * WIDTH, WIDTH)
            await _copy(session, LogNode, [(name, *Node(level, n, tree_root(below)))])
        level += 1


async def _unsealed(session: AsyncSession, name: str, after: UUID | None, reach: timedelta) -> list[dict[str, Any]]:
    """The oldest rows in reach that have no leaf yet, in the order of their ids, straight from the driver.

    The floor is told to both tables, so that two short ranges are compared and not the whole log.
    """
    newest = select(LogLeaf.event_id).where(LogLeaf.log == name).order_by(LogLeaf.leaf_index.desc()).limit(1)
    last = await session.scalar(newest)
    floor = floor_of(last, earlier=reach) if last else UUID(int=0)
    found = await (await _driver(session)).fetch(
        f"SELECT * FROM {table_of(name).name} t WHERE id >= $2 AND id > $3 "  # noqa: S608  (a table of ours)
        "AND NOT EXISTS (SELECT FROM log_leaf WHERE log = $1 AND event_id = t.id AND event_id >= $2) "
        f"ORDER BY id LIMIT {BATCH}",
        *(name, floor, after or UUID(int=0)),
    )
    return [dict(record) for record in found]


async def _driver(session: AsyncSession) -> Any:
    """The driver's own connection, inside the transaction of the session."""
    return (await (await session.connection()).get_raw_connection()).driver_connection
