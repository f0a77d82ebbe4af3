"""Writing shared records: in the transaction of the act that makes them true, never later."""

import secrets
from datetime import datetime
from typing import Any

from sqlalchemy import TextClause, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_in_vietnam
from app.registers.models import CLUSTER, CURRENT_XID, FeedEpoch, SharedRecord
from app.registers.rules import SCHEMAS, Dataset, day_after, ends_on, etag_of, unknown_fields, with_status


async def put(
    session: AsyncSession, dataset: Dataset, key: str, doc: dict[str, Any], subject_ref: str | None, *, at: datetime
) -> None:
    """Write the record under `key`; the version grows only when the content changes.

    `subject_ref` is the tax code of whom the record is about (who may ask who read it). `ValueError` for a field
    that the dataset does not have: a mistake of ours, not of a person.
    """
    if unknown := unknown_fields(dataset, set(doc)):
        raise ValueError(f"{dataset} has no field {', '.join(unknown)}")
    row = insert(SharedRecord).values(
        dataset=dataset.value,
        key=key,
        version=1,
        etag=etag_of(doc),
        doc=doc,
        subject_ref=subject_ref,
        changed_at=at,
        deleted=False,
        ends_on=ends_on(dataset, doc),
    )
    fresh: dict[str, Any] = {
        name: row.excluded[name] for name in ("etag", "doc", "subject_ref", "changed_at", "deleted", "ends_on")
    }
    fresh["former"] = _former(dataset)
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["dataset", "key"],
            set_=fresh | {"version": SharedRecord.version + 1, "changed_xid": CURRENT_XID},
            where=(SharedRecord.etag != row.excluded.etag) | SharedRecord.deleted,
        )
    )


def _former(dataset: Dataset) -> TextClause:
    """What the filterable fields said until now, added to all that they said before."""
    names = ", ".join(f"'{name}'" for name in SCHEMAS[dataset].filterable)
    return text(f"""
        coalesce(shared_record.former, '{{}}') || coalesce((
          select jsonb_object_agg(f, coalesce(shared_record.former -> f, '[]') || jsonb_build_array(shared_record.doc -> f))
          from unnest(array[{names}]) f
          where shared_record.doc -> f is distinct from excluded.doc -> f and shared_record.doc -> f is not null
            and not coalesce(shared_record.former -> f, '[]') @> jsonb_build_array(shared_record.doc -> f)), '{{}}')""")  # noqa: S608  (names of fields are ours)


async def delete(session: AsyncSession, dataset: Dataset, key: str, *, at: datetime) -> None:
    """Take a record out of the shared data; its place stays, so that the change feed can say so."""
    here = (SharedRecord.dataset == dataset.value) & (SharedRecord.key == key) & ~SharedRecord.deleted
    gone = {"deleted": True, "changed_at": at, "ends_on": None, "version": SharedRecord.version + 1, "changed_xid": CURRENT_XID}
    await session.execute(update(SharedRecord).where(here).values(gone))


async def expire(session: AsyncSession, *, at: datetime, limit: int = 500) -> int:
    """Say of licences whose last day is over that they have expired; how many. Those another worker is at are left to it."""
    over = (SharedRecord.ends_on < day_in_vietnam(at), SharedRecord.ends_on.is_not(None))
    found = select(SharedRecord).where(*over).order_by(SharedRecord.ends_on).limit(limit).with_for_update(skip_locked=True)
    records = list(await session.scalars(found))
    for record in records:
        doc = with_status(record.doc, "expired", on=day_after(record.doc["valid_to"]))
        await put(session, Dataset(record.dataset), record.key, doc, record.subject_ref, at=at)
    return len(records)


async def begin_feed(session: AsyncSession, *, at: datetime) -> bool:
    """Begin a life of the change feed where none has begun in this database cluster; whether it was needed.

    After a restore into another cluster the numbers of transactions begin anew: records that bear a number still to come
    would be told to nobody until then, so they are numbered again.
    """
    if await _feed_lives(session):
        return False
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('registers.feed'))"))
    if await _feed_lives(session):
        return False
    await session.execute(text("SET LOCAL statement_timeout = 0"))
    ahead = SharedRecord.dataset.in_([dataset.value for dataset in Dataset]) & (SharedRecord.changed_xid > CURRENT_XID)
    await session.execute(update(SharedRecord).where(ahead).values(changed_xid=CURRENT_XID))
    cluster = await session.scalar(select(text(CLUSTER)))
    session.add(FeedEpoch(epoch=secrets.token_urlsafe(9), cluster=str(cluster), began_at=at))
    await session.flush()
    return True


async def _feed_lives(session: AsyncSession) -> bool:
    newest = select(FeedEpoch.cluster == text(CLUSTER)).order_by(FeedEpoch.began_at.desc()).limit(1)
    return bool(await session.scalar(newest))
