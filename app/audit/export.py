"""A log as a file that anybody with it can check alone: rows in their order, checkpoints where they were signed (NDJSON).

`clients/verifier/verify_log.py` reads it; docs/log-format.md describes it.
"""

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.logs import canonical
from app.audit.models import LogLeaf, LogSeal
from app.audit.notes import Checkpoint, Note, key_id, origin_of
from app.audit.verify import leaves_of, unsealed

FORMAT = "motcua-log-1"


async def lines(session: AsyncSession, log: str, key: Ed25519PublicKey, *, at: datetime) -> AsyncIterator[bytes]:
    """The file, line by line."""
    seals = {seal.size: seal for seal in await session.scalars(select(LogSeal).where(LogSeal.log == log))}
    yield _line(
        {"format": FORMAT, "log": log, "origin": origin_of(log), "public_key": key_id(key), "exported_at": at.isoformat()}
    )
    size = 0
    async for leaf, row in leaves_of(session, log):
        yield _row(leaf, row)
        size += 1
        if seal := seals.pop(size, None):
            yield _line({"checkpoint": str(note_of(seal))})
    for left in sorted(seals):
        yield _line({"checkpoint": str(note_of(seals[left]))})
    if count := (await unsealed(session, log, at=at))[0]:
        yield _line({"unsealed": count})
    yield _line({"end": size})


def note_of(seal: LogSeal) -> Note:
    """A kept checkpoint as a note."""
    return Note(Checkpoint(seal.log, seal.size, seal.root, seal.at), seal.signature, seal.key_id)


def _row(leaf: LogLeaf, row: dict[str, Any] | None) -> bytes:
    event = canonical(row) if row else b"null"
    return b'{"event":%b,"index":%d,"leaf":"%b"}\n' % (event, leaf.leaf_index, leaf.leaf_hash.hex().encode())


def _line(said: dict[str, Any]) -> bytes:
    return json.dumps(said, ensure_ascii=False).encode() + b"\n"
