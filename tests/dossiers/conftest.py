"""The ministry that the stories of dossiers play in: built once for each file, every test in a savepoint of its own."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession

from app.core.actor import Actor
from tests.dossiers.world import World, build


def _session(connection: AsyncConnection) -> AsyncSession:
    return AsyncSession(connection, expire_on_commit=False, join_transaction_mode="create_savepoint")


@pytest.fixture(scope="module")
async def ministry(engine: AsyncEngine) -> AsyncIterator[tuple[AsyncConnection, dict[str, Actor]]]:
    async with engine.connect() as connection:
        await connection.begin()
        async with _session(connection) as session:
            world = await build(session)
            await session.commit()
        yield connection, world.actors
        await connection.rollback()


@pytest.fixture
async def world(ministry) -> AsyncIterator[World]:
    connection, actors = ministry
    async with _session(connection) as session:
        yield World(session, actors=dict(actors))
        await session.rollback()
