from datetime import UTC, datetime, timedelta

import pytest

from app.trust.rules import due, serves

START = datetime(2026, 11, 23, tzinfo=UTC)
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@pytest.mark.parametrize(
    "after,next_update,served",
    [
        (-MINUTE, START + DAY, False),
        (timedelta(), START + DAY, True),
        (DAY - MINUTE, START + DAY, True),
        (DAY, START + DAY, False),
        (9 * MINUTE, None, True),
        (10 * MINUTE, None, False),
    ],
)
def test_an_answer_serves_from_its_date_until_the_next_is_promised(after, next_update, served):
    assert serves(START, next_update, START + after) is served


@pytest.mark.parametrize(
    "asked_at,now,ask",
    [
        (timedelta(), HOUR, False),
        (timedelta(), 6 * HOUR, True),  # it may have been replaced out of turn
        (15 * HOUR, 16 * HOUR - MINUTE, False),
        (15 * HOUR, 16 * HOUR, True),  # the last third has begun
        (16 * HOUR, 16 * HOUR + 9 * MINUTE, False),  # the same list came again: not every minute
        (16 * HOUR, 16 * HOUR + 10 * MINUTE, True),
        (DAY - MINUTE, DAY, True),  # it has ended
        (3 * DAY, -MINUTE, True),  # from a clock that was ahead
    ],
)
def test_an_authority_is_asked_ahead_of_the_end_and_not_all_the_time(asked_at, now, ask):
    assert due(START, START + DAY, START + asked_at, START + now) is ask
