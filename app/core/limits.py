"""How often something may be asked (GCRA): one row per key in a table that a crash may empty."""

import math
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.errors import TooMany


class RateLimit(Base):
    """The theoretical arrival time of the next conforming request of `key`."""

    __tablename__ = "rate_limit"
    __table_args__ = {"prefixes": ["UNLOGGED"]}  # noqa: RUF012  (SQLAlchemy reads it once)

    key: Mapped[str] = mapped_column(primary_key=True)
    tat: Mapped[datetime]


# One statement: the row is moved on only when the request conforms, so refused attempts do not push the limit further away.
_TAKE = text("""
    INSERT INTO rate_limit AS l (key, tat) VALUES (:key, CAST(:at AS timestamptz) + CAST(:gap AS interval))
    ON CONFLICT (key) DO UPDATE SET tat = greatest(l.tat, CAST(:at AS timestamptz)) + CAST(:gap AS interval)
    WHERE greatest(l.tat, CAST(:at AS timestamptz)) - CAST(:at AS timestamptz) <= CAST(:slack AS interval)
    RETURNING tat
""")
_FULL = text("SELECT tat - :at > :slack FROM rate_limit WHERE key = :key")
_SWEEP = text("DELETE FROM rate_limit WHERE tat < :at")


async def take(session: AsyncSession, key: str, *, rate: int, per_seconds: int, burst: int = 1, at: datetime) -> int:
    """Use one of `rate` requests per `per_seconds` of `key`; up to `burst` may come at once. How many more may now.

    Raises `TooMany`.

    `key` names the act and the account, client or address, e.g. `upload:person:<id>`; callers hash what is personal.
    Call it in a transaction of its own, so that a refused act does not give its token back.
    """
    gap = timedelta(seconds=per_seconds / rate)
    values = {"key": key, "at": at, "gap": gap, "slack": gap * (burst - 1)}
    free_at: datetime | None = (await session.execute(_TAKE, values)).scalar_one_or_none()
    if free_at is None:
        raise TooMany(max(1, math.ceil(gap.total_seconds())))
    return max(0, burst - math.ceil((free_at - at) / gap))


async def must_be_left(session: AsyncSession, key: str, *, rate: int, per_seconds: int, burst: int = 1, at: datetime) -> None:
    """Like `take`, and nothing is used: for a limit on what goes wrong. Raises `TooMany`."""
    gap = timedelta(seconds=per_seconds / rate)
    if (await session.execute(_FULL, {"key": key, "at": at, "slack": gap * (burst - 1)})).scalar_one_or_none():
        raise TooMany(max(1, math.ceil(gap.total_seconds())))


async def sweep(session: AsyncSession, *, at: datetime) -> None:
    """Forget keys whose limit has fully recovered."""
    await session.execute(_SWEEP, {"at": at})
