"""Checkpoints, tiles and proofs of a log, as anybody may see them: hashes alone, of rows that nobody can guess."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.models import LogHead, LogLeaf, LogNode, LogSeal, LogStamp
from app.audit.notes import Checkpoint, Note
from app.audit.tiles import WIDTH, Place, Span, Tiles, consistency_spans, inclusion_spans, tiles_for, width_of
from app.core.errors import NotFound
from app.core.text import Text

NOT_SEALED = Text(
    "Nhật ký chưa có dòng này. Dòng mới được niêm phong trong vài giây; hãy kiểm tra mã hoặc thử lại sau.",
    "The log has no such entry. New ones are sealed within seconds; check the id or try again.",
)
NOT_THERE = Text(
    "Nhật ký chưa lớn đến đó, hoặc chưa có điểm niêm phong ở kích thước này. Hãy lấy /log/checkpoint trước.",
    "The log is not that long, or has no checkpoint of this size. Get /log/checkpoint first.",
)


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Where an entry lies, and the path from it to the root of `note`."""

    event_id: UUID
    index: int
    leaf_hash: bytes
    path: list[bytes]


async def newest(session: AsyncSession, log: str) -> Note:
    """The newest checkpoint. `NotFound` before the sealer's first turn."""
    head = await session.scalar(select(LogHead).where(LogHead.log == log))
    if head is None:
        raise NotFound(NOT_THERE)
    return _note(head)


async def at_size(session: AsyncSession, log: str, size: int) -> Note:
    """The checkpoint over exactly `size` leaves. `NotFound` when none was signed there."""
    seal = await session.scalar(select(LogSeal).where(LogSeal.log == log, LogSeal.size == size))
    if seal is None:
        raise NotFound(NOT_THERE)
    return _note(seal)


async def ages(session: AsyncSession, *, at: datetime) -> dict[str, float]:
    """How old, in seconds, the newest checkpoint of each log is."""
    heads = await session.execute(select(LogHead.log, LogHead.at))
    return {log: max(0.0, (at - signed_at).total_seconds()) for log, signed_at in heads}


async def tile(session: AsyncSession, log: str, level: int, n: int) -> list[bytes]:
    """The hashes of one tile as far as the newest checkpoint covers them. `NotFound` beyond."""
    size = (await newest(session, log)).checkpoint.size
    width = width_of(level, n, size)
    if not width:
        raise NotFound(NOT_THERE)
    return await hashes_of(session, log, level, n * WIDTH, width)


async def inclusion(session: AsyncSession, note: Note, events: Collection[UUID]) -> list[Inclusion]:
    """The proofs of those of `events` that `note` covers, in the order of the log."""
    made = note.checkpoint
    mine = (LogLeaf.log == made.log, LogLeaf.event_id.in_(events), LogLeaf.leaf_index < made.size)
    leaves = list(await session.scalars(select(LogLeaf).where(*mine).order_by(LogLeaf.leaf_index)))
    spans = [span for leaf in leaves for span in inclusion_spans(leaf.leaf_index, made.size)]
    tiles = await _tiles(session, made, spans)
    return [
        Inclusion(leaf.event_id, leaf.leaf_index, leaf.leaf_hash, tiles.inclusion(leaf.leaf_index, made.size)) for leaf in leaves
    ]


async def inclusion_of(session: AsyncSession, note: Note, event_id: UUID) -> Inclusion:
    """The proof of one entry. `NotFound` when `note` does not cover it."""
    found = await inclusion(session, note, [event_id])
    if not found:
        raise NotFound(NOT_SEALED)
    return found[0]


async def newest_stamp(session: AsyncSession, log: str) -> LogStamp:
    """The last time stamp over a checkpoint. `NotFound` before the first."""
    found = await session.scalar(select(LogStamp).where(LogStamp.log == log).order_by(LogStamp.size.desc()).limit(1))
    if found is None:
        raise NotFound(NOT_THERE)
    return found


async def consistency(session: AsyncSession, log: str, old: int, size: int) -> list[bytes]:
    """The proof that the tree of `size` leaves only adds to that of `old`. `NotFound` for sizes that were not yet."""
    head = (await newest(session, log)).checkpoint
    if not 0 < old <= size <= head.size:
        raise NotFound(NOT_THERE)
    return (await _tiles(session, head, consistency_spans(old, size))).consistency(old, size)


async def hashes_of(session: AsyncSession, log: str, level: int, start: int, count: int) -> list[bytes]:
    """Neighbouring hashes of one level, in order."""
    if level:
        nodes = (LogNode.log == log, LogNode.level == level, LogNode.n >= start, LogNode.n < start + count)
        return list(await session.scalars(select(LogNode.hash).where(*nodes).order_by(LogNode.n)))
    leaves = (LogLeaf.log == log, LogLeaf.leaf_index >= start, LogLeaf.leaf_index < start + count)
    return list(await session.scalars(select(LogLeaf.leaf_hash).where(*leaves).order_by(LogLeaf.leaf_index)))


async def _tiles(session: AsyncSession, made: Checkpoint, spans: Iterable[Span]) -> Tiles:
    """What the hashes of `spans` are made from: one question for each level."""
    places = tiles_for(spans)
    fetched: dict[Place, list[bytes]] = {place: [] for place in places}
    for level in sorted({level for level, _ in places}):
        numbers = [n for at, n in places if at == level]
        for position, digest in await _rows(session, made.log, level, numbers):
            fetched[level, position // WIDTH].append(digest)
    return Tiles(fetched)


async def _rows(session: AsyncSession, log: str, level: int, numbers: Iterable[int]) -> list[tuple[int, bytes]]:
    position, digest = (LogNode.n, LogNode.hash) if level else (LogLeaf.leaf_index, LogLeaf.leaf_hash)
    mine = (LogNode.log == log, LogNode.level == level) if level else (LogLeaf.log == log,)
    ranges = or_(*((position >= n * WIDTH) & (position < (n + 1) * WIDTH) for n in numbers))
    found = await session.execute(select(position, digest).where(*mine, ranges).order_by(position))
    return [(at, value) for at, value in found]


def _note(kept: LogHead | LogSeal) -> Note:
    return Note(Checkpoint(kept.log, kept.size, kept.root, kept.at), kept.signature, kept.key_id)
