"""The driver's own connections, for the few statements that are a whole transaction in themselves."""

import asyncio
from typing import Any

import asyncpg

from app.core.errors import TooMany, Unreachable

# Nothing compiled: our statements are short, and compiling one takes longer than any of them.
LIMITS = {"statement_timeout": "15s", "lock_timeout": "2s", "timezone": "UTC", "jit": "off"}
WAIT_SECONDS = 5
_AWAY = (asyncpg.InterfaceError, asyncpg.PostgresConnectionError, asyncpg.QueryCanceledError, OSError, TimeoutError)


class Direct:
    """A few connections that are handed from statement to statement.

    No session, no BEGIN and COMMIT, and no reset between two uses, because nothing is ever set on a connection: a shared
    read costs half as much as through a pool with all of these. Whoever needs two statements in one transaction takes a
    session.
    """

    def __init__(self, url: str, *, size: int = 8) -> None:
        self._url = url
        self._free: list[Any] = []
        self._places = asyncio.Semaphore(size)

    async def row(self, statement: str, *values: Any) -> Any:
        """The first row of the answer, or None. `Unreachable` and `TooMany` as from any door."""
        try:
            await self._enter()
            try:
                return await self._ask(statement, values)
            finally:
                self._places.release()
        except asyncpg.LockNotAvailableError as error:
            raise TooMany(1) from error
        except _AWAY as error:
            raise Unreachable from error

    async def _enter(self) -> None:
        if self._places.locked():
            async with asyncio.timeout(WAIT_SECONDS):
                await self._places.acquire()
        else:
            await self._places.acquire()

    async def _ask(self, statement: str, values: tuple[Any, ...]) -> Any:
        connection = await self._take()
        try:
            row = await connection.fetchrow(statement, *values)
        except BaseException as error:
            # A statement that the server refused leaves its connection good; one that was broken off may not.
            if isinstance(error, asyncpg.PostgresError):
                self._free.append(connection)
            else:
                connection.terminate()
            raise
        self._free.append(connection)
        return row

    async def _take(self) -> Any:
        while self._free:
            connection = self._free.pop()
            if not connection.is_closed():
                return connection
        return await asyncpg.connect(self._url, server_settings=LIMITS, timeout=WAIT_SECONDS)

    async def close(self) -> None:
        """Close what is not in use."""
        while self._free:
            await self._free.pop().close()
