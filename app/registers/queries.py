"""Questions to the registers."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.registers.models import CodeEntry, SharedRecord
from app.registers.rules import Dataset

_MOST = 500


async def one(session: AsyncSession, dataset: Dataset, key: str) -> dict[str, Any]:
    """The whole record under `key`; for our own pages. Other agencies read through `sharing`. Raises `NotFound`."""
    row = await session.get(SharedRecord, (dataset.value, key))
    if row is None or row.deleted:
        raise NotFound
    return row.doc


async def held_by(session: AsyncSession, tax_code: str, *, on: date) -> list[dict[str, Any]]:
    """The records of an enterprise's own results that are in force on a day, the latest first."""
    mine = (SharedRecord.dataset == Dataset.LICENCES.value, SharedRecord.subject_ref == tax_code, ~SharedRecord.deleted)
    found = await session.scalars(select(SharedRecord.doc).where(*mine).order_by(SharedRecord.changed_at.desc()).limit(_MOST))
    return [doc for doc in found if doc.get("status") == "valid" and (doc.get("valid_to") or "9999") >= on.isoformat()]


async def codes(session: AsyncSession, name: str) -> list[CodeEntry]:
    """The codes of the list `name`, in the order of the codes."""
    found = await session.scalars(select(CodeEntry).where(CodeEntry.list == name).order_by(CodeEntry.code))
    return list(found)


async def codes_under(session: AsyncSession, name: str, parents: Iterable[str], *, on: date) -> list[CodeEntry]:
    """The codes of the list `name` that belong to `parents` and are in force on a day, in the order of their names."""
    own = (CodeEntry.list == name) & CodeEntry.parent.in_(set(parents))
    ended, not_yet = CodeEntry.valid_to < on, CodeEntry.valid_from > on
    now = (CodeEntry.valid_to.is_(None) | ~ended) & (CodeEntry.valid_from.is_(None) | ~not_yet)
    return list(await session.scalars(select(CodeEntry).where(own, now).order_by(CodeEntry.name_vi)))


async def code_named(session: AsyncSession, name: str, called: str) -> str | None:
    """The code of the list `name` that is called so in Vietnamese, or is that code; None when there is none."""
    here = (CodeEntry.list == name) & ((CodeEntry.name_vi == called) | (CodeEntry.code == called))
    return await session.scalar(select(CodeEntry.code).where(here).order_by(CodeEntry.valid_to.is_not(None)).limit(1))
