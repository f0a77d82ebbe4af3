"""Amounts in words, what a verifier is told, how long a failed job waits."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.issued.rules import Standing, in_words, standing, wait_after


@pytest.mark.parametrize(
    "amount, words",
    [
        (0, "Không đồng"),
        (1, "Một đồng"),
        (10, "Mười đồng"),
        (15, "Mười lăm đồng"),
        (21, "Hai mươi mốt đồng"),
        (105, "Một trăm lẻ năm đồng"),
        (1_000, "Một nghìn đồng"),
        (1_005, "Một nghìn không trăm lẻ năm đồng"),
        (300_000, "Ba trăm nghìn đồng"),
        (3_000_000, "Ba triệu đồng"),
        (5_250_055, "Năm triệu hai trăm năm mươi nghìn không trăm năm mươi lăm đồng"),
        (10_000_000_000, "Mười tỷ đồng"),
        (2_000_001_000, "Hai tỷ không trăm lẻ một nghìn đồng"),
    ],
)
def test_an_amount_is_read_as_people_say_it(amount: int, words: str):
    assert in_words(amount) == words


DAY = date(2031, 11, 22)
REVOKED = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "valid_until, revoked_at, today, told",
    [
        (None, None, DAY, Standing.VALID),
        (DAY, None, DAY, Standing.VALID),
        (DAY, None, DAY + timedelta(days=1), Standing.EXPIRED),
        (DAY, REVOKED, DAY, Standing.REVOKED),
        (DAY, REVOKED, DAY + timedelta(days=1), Standing.REVOKED),
    ],
)
def test_the_last_day_counts_and_revoked_wins(valid_until, revoked_at, today, told):
    assert standing(valid_until, revoked_at, today) is told


def test_a_failed_job_waits_longer_each_time_but_never_long():
    waits = [wait_after(n).total_seconds() for n in range(1, 40)]
    assert waits[:3] == [5, 10, 20]
    assert waits == sorted(waits)
    assert waits[-1] == 900
