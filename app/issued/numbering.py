"""Numbers without gaps: one row per series and year, counted up inside the transaction that uses the number."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_in_vietnam
from app.issued.models import IssuedNumber, NumberSeries

# NĐ 30/2020 Đ.15: from 01 on 1 January; sector documents as the ministry decides. Ours carry the year, so that a number
# alone names one document for ever.
PATTERN = "{n:02}/{year}/{series}"


async def reserve(session: AsyncSession, series: str, *, dossier_id: UUID, issued_id: UUID, at: datetime) -> str:
    """The next number of `series` in the year of `at` in Vietnam. The row stays locked until the transaction ends.

    A rolled-back transaction gives its number back: nothing else could have taken a later one meanwhile.
    """
    year = day_in_vietnam(at).year
    first = insert(NumberSeries).values(series=series, year=year, n=1)
    counted = first.on_conflict_do_update(index_elements=["series", "year"], set_={"n": NumberSeries.n + 1})
    n = (await session.execute(counted.returning(NumberSeries.n))).scalar_one()
    number = PATTERN.format(n=n, year=year, series=series)
    session.add(
        IssuedNumber(number=number, series=series, year=year, n=n, dossier_id=dossier_id, issued_id=issued_id, reserved_at=at)
    )
    await session.flush()
    return number


async def void(session: AsyncSession, number: str, *, reason: str, at: datetime) -> None:
    """The number will never stand on a valid document. It stays in the register with its reason and is not given again."""
    row = (await session.execute(select(IssuedNumber).where(IssuedNumber.number == number).with_for_update())).scalar_one()
    row.voided_at = at
    row.void_reason = reason
