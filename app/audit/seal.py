"""The sealer: takes rows that no leaf covers yet into the tree, and signs a checkpoint over each batch.

It runs in the worker every second. Rows older than its horizon are never taken: a row that appears in the past was put there by
someone else, and `verify` says so.
"""

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from sqlalchemy import insert, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.logs import canonical, floor_of, table_of
from app.audit.merkle import Frontier, leaf_hash
from app.audit.models import LogLeaf, LogSeal
from app.core.settings import Settings

# Longer than any transaction can stay open (15 s a statement, 30 s idle), far shorter than a tamperer's reach back.
HORIZON = timedelta(hours=1)
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is signed: the state of one log at one moment."""

    log: str
    size: int
    root: bytes
    at: datetime

    def signed_text(self) -> bytes:
        """The bytes under the signature: origin, size, root, moment, a line each."""
        moment = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        return f"motcua/{self.log}\n{self.size}\n{base64.b64encode(self.root).decode()}\n{moment}\n".encode()


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


def key_id(key: Ed25519PublicKey) -> str:
    """How a checkpoint names its key: the raw public key in base64."""
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


async def seal(session: AsyncSession, log: str, key: Ed25519PrivateKey, *, at: datetime) -> Checkpoint | None:
    """Seal the next batch of `log`; None when there is nothing new or another worker is at it."""
    if not await session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtext(:log))"), {"log": f"seal:{log}"}):
        return None
    if not (rows := await _unsealed(session, log)):
        return None
    frontier = await _frontier(session, log)
    leaves = []
    for row in rows:
        digest = leaf_hash(canonical(row))
        leaves.append({"log": log, "leaf_index": frontier.size, "event_id": row["id"], "leaf_hash": digest})
        frontier.append(digest)
    await session.execute(insert(LogLeaf), leaves)
    made = Checkpoint(log, frontier.size, frontier.root(), at)
    session.add(
        LogSeal(
            log=log,
            size=made.size,
            root=made.root,
            frontier=[root.hex() for root in frontier.roots],
            at=at,
            signature=key.sign(made.signed_text()),
            key_id=key_id(key.public_key()),
        )
    )
    await session.flush()
    return made


def keep_copy(folder: Path, checkpoint: Checkpoint) -> None:
    """Note the newest checkpoint outside the database, so that a log cut short together with its seals is noticed."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"{checkpoint.log}.half"
    half.write_text(json.dumps({"size": checkpoint.size, "root": checkpoint.root.hex(), "at": checkpoint.at.isoformat()}))
    half.rename(folder / f"{checkpoint.log}.json")


async def _frontier(session: AsyncSession, log: str) -> Frontier:
    last = (await session.scalars(select(LogSeal).where(LogSeal.log == log).order_by(LogSeal.size.desc()).limit(1))).first()
    return Frontier(last.size, [bytes.fromhex(root) for root in last.frontier]) if last else Frontier()


async def _unsealed(session: AsyncSession, log: str) -> list[dict[str, object]]:
    """The oldest rows within the horizon that have no leaf yet, in the order of their ids."""
    table = table_of(log)
    newest = select(LogLeaf.event_id).where(LogLeaf.log == log).order_by(LogLeaf.leaf_index.desc()).limit(1)
    last = await session.scalar(newest)
    taken = select(LogLeaf.event_id).where(LogLeaf.log == log, LogLeaf.event_id == table.c.id).exists()
    query = select(table).where(~taken).order_by(table.c.id).limit(BATCH)
    if last:
        query = query.where(table.c.id >= floor_of(last, earlier=HORIZON))
    return [dict(row) for row in (await session.execute(query)).mappings()]
