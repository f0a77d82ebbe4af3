"""Writing shared records: in the transaction of the act that makes them true, never later."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.registers.models import CURRENT_XID, CodeEntry, SharedRecord
from app.registers.rules import Dataset, etag_of, unknown_fields


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
    )
    fresh = {name: row.excluded[name] for name in ("etag", "doc", "subject_ref", "changed_at", "deleted")}
    await session.execute(
        row.on_conflict_do_update(
            index_elements=["dataset", "key"],
            set_=fresh | {"version": SharedRecord.version + 1, "changed_xid": CURRENT_XID},
            where=(SharedRecord.etag != row.excluded.etag) | SharedRecord.deleted,
        )
    )


async def delete(session: AsyncSession, dataset: Dataset, key: str, *, at: datetime) -> None:
    """Take a record out of the shared data; its place stays, so that the change feed can say so."""
    here = (SharedRecord.dataset == dataset.value) & (SharedRecord.key == key) & ~SharedRecord.deleted
    gone = {"deleted": True, "changed_at": at, "version": SharedRecord.version + 1, "changed_xid": CURRENT_XID}
    await session.execute(update(SharedRecord).where(here).values(gone))


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a list, as a source file gives it."""

    code: str
    name_vi: str
    name_en: str
    valid_from: date | None = None
    valid_to: date | None = None
    certainty: str = "found"


async def adopt_codes(session: AsyncSession, name: str, entries: Sequence[Code], *, at: datetime) -> None:
    """Write the list `name` and share it; codes that are no longer given keep their row, because old dossiers use them."""
    for entry in entries:
        row = insert(CodeEntry).values(list=name, **asdict(entry))
        fresh = {column: row.excluded[column] for column in ("name_vi", "name_en", "valid_from", "valid_to", "certainty")}
        await session.execute(row.on_conflict_do_update(index_elements=["list", "code"], set_=fresh))
    shared = [{"code": e.code, "name_vi": e.name_vi, "name_en": e.name_en} for e in entries]
    await put(session, Dataset.CODELISTS, name, {"list": name, "entries": shared}, None, at=at)
