import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.audit.record import record
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.jobs import schedule, worker
from app.jobs.registry import Tools
from tests.dossiers.world import MARKET, PROMOTION, build


@pytest.fixture
def tools(settings, sessions, blobs):
    return Tools(settings, sessions, blobs, pool=None, press=None, mailer=None)


async def test_what_was_done_is_sealed_with_a_copy_outside_the_database(tools, sessions, settings):
    async with transaction(sessions) as session:
        record(session, SYSTEM, "test.act", subject_kind="thing", subject_id="x", at=clock.now())

    await schedule.seal_logs(tools, clock.now())

    async with transaction(sessions) as session:
        assert await session.scalar(text("SELECT size FROM log_seal WHERE log = 'audit'")) == 1
    assert '"size": 1' in (settings.var / "audit" / "audit.json").read_text()


@pytest.mark.parametrize(
    "name",
    [
        *("dossiers.lapse", "dossiers.warn", "documents.recheck", "documents.stamp", "documents.renew", "fees.expire", "sweep"),
        *("audit.seal_late", "audit.stamp", "sharing.witnesses", "sharing.reveal"),
    ],
)
async def test_a_chore_with_nothing_to_do_does_nothing(tools, name):
    [chore] = [every.chore for every in schedule.SCHEDULE if every.name == name]

    await chore(tools, clock.now())


async def test_a_turn_that_fails_does_not_end_the_next(caplog):
    turns, again = [], asyncio.Event()

    async def turn():
        turns.append(1)
        if len(turns) == 1:
            raise RuntimeError
        again.set()

    running = asyncio.create_task(worker._forever("test", 0.01, turn))
    await asyncio.wait_for(again.wait(), 5)
    running.cancel()

    assert "turn failed: test" in caplog.text


async def test_workers_that_look_at_once_warn_once(tools, sessions):
    async with transaction(sessions) as session:
        world = await build(session)
        await world.in_review(PROMOTION, world.retailer, MARKET)

    await asyncio.gather(*(schedule.warn_officials(tools, world.at + timedelta(days=30)) for _ in range(4)))

    async with transaction(sessions) as session:  # the officer and the leader
        assert await session.scalar(text("SELECT count(*) FROM notice WHERE kind = 'limit-near'")) == 2
