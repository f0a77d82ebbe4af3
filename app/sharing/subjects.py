"""The subjects of reads of many: whether the rows that name them are those that the event was sealed with."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

_BROKEN = text("""
    SELECT e.id FROM access_event e LEFT JOIN LATERAL (
      SELECT encode(sha256(string_agg(
        sha256(uuid_send(s.salt) || convert_to(s.subject_ref, 'UTF8') || '\\x00'::bytea || convert_to(s.key, 'UTF8')), ''::bytea
        ORDER BY s.n)), 'hex') AS hash
      FROM access_subject s WHERE s.event_id = e.id) found ON true
    WHERE found.hash IS DISTINCT FROM e.subjects_hash AND (found.hash IS NOT NULL OR e.rows > 0) LIMIT :most""")
_DIGESTS = text("""
    SELECT event_id, n, sha256(uuid_send(salt) || convert_to(subject_ref, 'UTF8') || '\\x00'::bytea || convert_to(key, 'UTF8'))
    FROM access_subject WHERE event_id = ANY(:events) ORDER BY event_id, n""")


async def broken(session: AsyncSession, *, most: int = 20) -> list[UUID]:
    """Events whose subjects are not, or no longer all, those they were sealed with."""
    return list(await session.scalars(_BROKEN, {"most": most}))


@dataclass(frozen=True, slots=True)
class Digest:
    """One record of an event, as anybody may see it."""

    n: int
    digest: bytes


async def digests(session: AsyncSession, events: list[UUID]) -> dict[UUID, list[Digest]]:
    """Of each event that read many records, the digests in order: together they are what the event was sealed with."""
    found: dict[UUID, list[Digest]] = {}
    for event_id, n, digest in await session.execute(_DIGESTS, {"events": events}):
        found.setdefault(event_id, []).append(Digest(n, bytes(digest)))
    return found
