"""The ministry that the stories of dossiers play in."""

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from tests.dossiers.world import World, build


@pytest.fixture
async def world(session: AsyncSession) -> World:
    return await build(session)
