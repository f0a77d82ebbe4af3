"""Questions to the registers."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound
from app.registers.models import CodeEntry, SharedRecord
from app.registers.rules import Dataset


async def one(session: AsyncSession, dataset: Dataset, key: str) -> dict[str, Any]:
    """The whole record under `key`; for our own pages. Other agencies read through `sharing`. Raises `NotFound`."""
    row = await session.get(SharedRecord, (dataset.value, key))
    if row is None or row.deleted:
        raise NotFound
    return row.doc


async def codes(session: AsyncSession, name: str) -> list[CodeEntry]:
    """The codes of the list `name`, in the order of the codes."""
    found = await session.scalars(select(CodeEntry).where(CodeEntry.list == name).order_by(CodeEntry.code))
    return list(found)
