"""The database: one metadata, one engine per process, sessions whose transaction belongs to the door."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, MetaData, Text, Uuid, event
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.pool import ConnectionPoolEntry

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of all tables. Types follow from annotations: `datetime` is timestamptz, `dict`/`list` are jsonb, `str` is text."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads this class attribute; it is never changed)
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        str: Text(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        list[str]: JSONB(),
    }


Sessions = async_sessionmaker[AsyncSession]
TRUSTED_SECONDS = 1.0
"""A connection that was used so lately is given out without being asked whether it is still there."""
_USED = "used at"


def async_url(url: str) -> str:
    """A `postgresql://` address in the form that SQLAlchemy's asyncpg dialect takes."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1) if url.startswith("postgresql://") else url


def engine_for(url: str, *, pool_size: int = 8) -> AsyncEngine:
    """An engine with the timeouts of the reliability design: statement 15 s, idle in transaction 30 s, lock 2 s."""
    limits = {"statement_timeout": "15s", "idle_in_transaction_session_timeout": "30s", "lock_timeout": "2s", "timezone": "UTC"}
    engine = create_async_engine(
        async_url(url),
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=5,
        hide_parameters=True,  # an exception must not carry answers or tax codes into a log
        connect_args={"server_settings": limits},
    )
    event.listen(engine.sync_engine, "checkin", _used)
    event.listen(engine.sync_engine, "checkout", partial(_alive, engine.dialect))
    return engine


def _used(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_USED] = time.monotonic()


def _alive(dialect: Dialect, connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Give out no dead connection. One whose line was cut knows it; one that has rested is asked, which costs three trips."""
    dead = connection.driver_connection.is_closed()
    if not dead and time.monotonic() - record.info.get(_USED, -TRUSTED_SECONDS) >= TRUSTED_SECONDS:
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error:
            dead = True
    if dead:
        raise DisconnectionError


def sessions_of(engine: AsyncEngine) -> Sessions:
    """The factory of sessions; objects stay readable after commit because nothing may load lazily."""
    return async_sessionmaker(engine, expire_on_commit=False)


@asynccontextmanager
async def transaction(sessions: Sessions) -> AsyncIterator[AsyncSession]:
    """One session, one transaction: committed at the end, rolled back by any exception. For doors and jobs only."""
    async with sessions() as session, session.begin():
        yield session
