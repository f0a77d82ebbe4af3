"""What the hot paths ask of the database: counted, so that nobody adds a round trip without seeing it."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.db import Sessions, transaction
from app.core.errors import Conflict
from app.dossiers import idempotency
from app.dossiers.actions.receive import receive
from app.dossiers.actions.submit import submit
from app.dossiers.models import Dossier, DossierCounter, DossierNumber
from app.dossiers.queries import visible_to
from tests.dossiers.world import AT, PROMOTION, World, build


@pytest.fixture
async def filed(sessions: Sessions) -> tuple[World, list]:
    """Three drafts that may be submitted, committed."""
    async with transaction(sessions) as session:
        world = await build(session)
        drafts = [await world.ready(PROMOTION, world.retailer) for _ in range(4)]
    return world, drafts


@contextmanager
def counted(engine: AsyncEngine) -> Iterator[list[str]]:
    seen: list[str] = []

    def see(_connection, _cursor, statement, *_rest) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", see)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", see)


async def test_submit_and_receive_stay_within_their_round_trips(engine: AsyncEngine, sessions: Sessions, filed):
    world, drafts = filed
    with counted(engine) as submitting:
        async with transaction(sessions) as session:
            await submit(session, world.retailer, drafts[0], at=AT)
    with counted(engine) as receiving:
        async with transaction(sessions) as session:
            await receive(session, world.desk, drafts[0], at=AT)
    assert len(submitting) <= 22, "\n".join(submitting)
    assert len(receiving) <= 30, "\n".join(receiving)


async def test_numbers_have_no_gap_and_no_twin_when_many_receive_at_once(sessions: Sessions, filed):
    world, drafts = filed
    for dossier_id in drafts:
        async with transaction(sessions) as session:
            await submit(session, world.retailer, dossier_id, at=AT)

    async def one(dossier_id, *, fails: bool) -> None:
        async with transaction(sessions) as session:
            await receive(session, world.desk, dossier_id, at=AT)
            if fails:
                raise RuntimeError

    told = [one(dossier_id, fails=number == 1) for number, dossier_id in enumerate(drafts)]
    outcomes = await asyncio.gather(*told, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(RuntimeError) == 1
    async with transaction(sessions) as session:
        numbers = sorted(await session.scalars(select(DossierNumber.number)))
        counter = await session.scalar(select(DossierCounter.n))
        held = sorted(number for number in await session.scalars(select(Dossier.number)) if number)
    assert numbers == held == [f"G02-20261123-000000{n}" for n in (1, 2, 3)]
    assert counter == 3


async def test_two_clicks_on_receive_give_one_number(sessions: Sessions, filed):
    world, drafts = filed
    async with transaction(sessions) as session:
        await submit(session, world.retailer, drafts[0], at=AT)

    async def one() -> str:
        async with transaction(sessions) as session:
            return (await receive(session, world.desk, drafts[0], at=AT)).number

    outcomes = await asyncio.gather(one(), one(), return_exceptions=True)
    assert sum(isinstance(outcome, str) for outcome in outcomes) == 1


async def test_the_same_post_twice_gets_the_same_answer(sessions: Sessions):
    async with transaction(sessions) as session:
        assert await idempotency.idempotent(session, "client:a", "k1", b"{}", at=AT) is None
        await idempotency.remember(session, "client:a", "k1", status=201, body={"id": "1"})
    async with transaction(sessions) as session:
        kept = await idempotency.idempotent(session, "client:a", "k1", b"{}", at=AT)
        assert kept is not None
        assert (kept.status, kept.body) == (201, {"id": "1"})
        assert await idempotency.idempotent(session, "client:b", "k1", b"{}", at=AT) is None
        with pytest.raises(Conflict) as refused:
            await idempotency.idempotent(session, "client:a", "k1", b'{"x":1}', at=AT)
    assert refused.value.slug == "idempotency-key-reused"


async def test_a_key_whose_request_failed_can_be_used_again(sessions: Sessions):
    with pytest.raises(RuntimeError):
        async with transaction(sessions) as session:
            await idempotency.idempotent(session, "client:a", "k1", b"{}", at=AT)
            raise RuntimeError
    async with transaction(sessions) as session:
        assert await idempotency.idempotent(session, "client:a", "k1", b"other", at=AT) is None


async def test_who_waits_too_long_for_a_dossier_is_told_so(sessions: Sessions, filed):
    world, drafts = filed
    async with transaction(sessions) as first:
        await visible_to(world.retailer).one(first, drafts[0], lock=True)
        with pytest.raises(Conflict) as refused:
            async with transaction(sessions) as second:
                await second.execute(text("SET LOCAL lock_timeout = '50ms'"))
                await visible_to(world.retailer).one(second, drafts[0], lock=True)
    assert refused.value.slug == "busy"
