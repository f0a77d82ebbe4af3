"""Connections of the pool: a dead one is never given out, whether its line was cut long ago or just now."""

import asyncio

import psycopg
import pytest
from sqlalchemy import text

from app.core import db
from tests.conftest import Database

PID, WORKS = text("SELECT pg_backend_pid()"), text("SELECT 1")


@pytest.mark.parametrize("trusted", [0.0, 60.0], ids=["asked", "trusted"])
async def test_a_connection_that_was_cut_is_replaced_before_it_is_used(database: Database, monkeypatch, trusted: float) -> None:
    monkeypatch.setattr(db, "TRUSTED_SECONDS", trusted)
    engine = db.engine_for(database.app_url, pool_size=1)
    try:
        async with engine.begin() as first:
            cut = (await first.execute(PID)).scalar_one()
        with psycopg.connect(database.admin_url, autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(%s, 2000)", [cut])
        await asyncio.sleep(0.05)  # the line's end must reach us
        async with engine.begin() as second:
            assert (await second.execute(WORKS)).scalar_one() == 1
            assert (await second.execute(PID)).scalar_one() != cut
    finally:
        await engine.dispose()
