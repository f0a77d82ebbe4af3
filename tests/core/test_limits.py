from datetime import UTC, datetime, timedelta

import pytest

from app.core import limits
from app.core.errors import TooMany

NOON = datetime(2026, 11, 23, 5, tzinfo=UTC)


async def taken(session, key, at, times):
    """How many of `times` requests at `at` pass, at six a minute with three at once."""
    passed = 0
    for _ in range(times):
        try:
            await limits.take(session, key, rate=6, per_seconds=60, burst=3, at=at)
        except TooMany:
            continue
        passed += 1
    return passed


async def test_a_burst_passes_and_then_one_per_interval(session):
    assert await taken(session, "k", NOON, 5) == 3
    assert await taken(session, "k", NOON + timedelta(seconds=9), 1) == 0
    assert await taken(session, "k", NOON + timedelta(seconds=10), 2) == 1
    assert await taken(session, "k", NOON + timedelta(minutes=10), 9) == 3


async def test_keys_do_not_share_a_limit(session):
    assert await taken(session, "a", NOON, 9) == 3
    assert await taken(session, "b", NOON, 9) == 3


async def test_the_refusal_says_when_to_come_back(session):
    await limits.take(session, "k", rate=1, per_seconds=30, at=NOON)

    with pytest.raises(TooMany) as refusal:
        await limits.take(session, "k", rate=1, per_seconds=30, at=NOON)

    assert refusal.value.retry_after_seconds == 30


async def test_a_recovered_key_is_swept_away(session):
    await limits.take(session, "k", rate=1, per_seconds=30, at=NOON)

    await limits.sweep(session, at=NOON + timedelta(seconds=31))

    assert (await session.get(limits.RateLimit, "k")) is None
