"""The working calendar, with the days of the shipped version."""

from datetime import date, datetime

import pytest

from app.core.clock import VIETNAM
from app.worktime.actions import shipped
from app.worktime.calendar import Calendar

CALENDAR = Calendar.of(shipped())


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


@pytest.mark.parametrize(
    "day, works",
    [
        ("2026-11-23", True),  # an ordinary Monday
        ("2026-11-21", False),  # Saturday
        ("2026-11-24", True),  # Culture Day: announced, not confirmed, so it works
        ("2026-08-22", True),  # Saturday worked for 31 August
        ("2026-08-31", False),  # Monday swapped with 22 August
        ("2026-02-18", False),  # Tết
        ("2026-04-26", False),  # Hùng Kings' Day on a Sunday …
        ("2026-04-27", False),  # … and its compensatory Monday
        ("2027-05-01", False),  # Labour Day on a Saturday
        ("2029-03-07", True),  # years without entries: weekdays alone
    ],
)
def test_a_day_works_as_the_calendar_says(day: str, works: bool) -> None:
    assert CALENDAR.is_working_day(date.fromisoformat(day)) is works


def test_what_is_uncertain_stays_marked() -> None:
    assert CALENDAR.certainty_of(date(2027, 2, 8)) == "uncertain"
    assert CALENDAR.pending_on(date(2026, 11, 24)) is not None
    assert CALENDAR.pending_on(date(2025, 11, 24)) is None


@pytest.mark.parametrize(
    "start, length, unit, due",
    [
        ("2026-11-23 09:10", "5", "working_day", "2026-11-30 17:00"),  # Tue 24 · 25 · 26 · 27 · Mon 30
        ("2026-11-23 15:40", "5", "working_day", "2026-11-30 17:00"),  # after 15:00: day 1 is Tuesday all the same
        ("2026-11-21 10:00", "1", "working_day", "2026-11-23 17:00"),  # filed on Saturday: day 1 is Monday
        ("2026-08-20 14:00", "5", "working_day", "2026-08-26 17:00"),  # Fri 21 · Sat 22 (worked) · Mon 24 · 25 · Wed 26
        ("2026-08-28 10:00", "5", "working_day", "2026-09-09 17:00"),  # 31/8, 1/9, 2/9 off: Thu 3 · 4 · Mon 7 · 8 · Wed 9
        ("2026-02-11 08:30", "5", "working_day", "2026-02-25 17:00"),  # Thu 12 · Fri 13 · Tết 16–20 · Mon 23 · 24 · Wed 25
        ("2026-11-23 09:10", "0.5", "working_day", "2026-11-24 12:00"),  # half a day: the morning of day 1
        ("2026-11-23 09:10", "4.5", "working_day", "2026-11-30 12:00"),
        ("2026-11-23 09:10", "30", "day", "2026-12-23 17:00"),  # 30 calendar days: 23/12, a Wednesday
        ("2026-11-06 09:10", "30", "day", "2026-12-07 17:00"),  # ends on Sunday 6/12, so on Monday
        ("2026-11-23 10:00", "8", "working_hour", "2026-11-24 10:00"),  # 2 + 4 hours today, 2 tomorrow
        ("2026-11-23 15:30", "8", "working_hour", "2026-11-24 17:00"),  # after 15:00 work starts tomorrow at 8
        ("2026-11-23 12:20", "1", "working_hour", "2026-11-23 14:00"),  # noon is no working time
        ("2026-11-23 09:10", "0", "instant", "2026-11-23 09:10"),
        ("2026-11-23 14:00", "0", "working_day", "2026-11-23 17:00"),  # within the day …
        ("2026-11-23 15:20", "0", "working_day", "2026-11-24 17:00"),  # … after 15:00 within the next working day
    ],
)
def test_a_limit_ends_when_worked_out_by_hand(start: str, length: str, unit: str, due: str) -> None:
    assert CALENDAR.due_of(at(start), float(length), unit) == at(due)  # type: ignore[arg-type]


def test_work_starts_at_once_until_fifteen_and_next_working_morning_after() -> None:
    assert CALENDAR.work_starts(at("2026-11-20 15:00")) == at("2026-11-20 15:00")
    assert CALENDAR.work_starts(at("2026-11-20 15:01")) == at("2026-11-23 08:00")
    assert CALENDAR.work_starts(at("2026-11-20 06:00")) == at("2026-11-20 08:00")


def test_an_applicant_has_until_midnight_of_the_last_day() -> None:
    # from Tue 24/11: 25 26 27 (3), 30–4 (8), 7–11 (13), 14–18 (18), 21–25 (23), 28–31 (27), 1/1 off, 4 5 6/1 (30)
    assert CALENDAR.answer_by(at("2026-11-24 10:00"), 30, "working_day") == at("2027-01-07 00:00")


@pytest.mark.parametrize(
    "day, length, unit, latest",
    [
        ("2026-11-27", 3, "working_day", "2026-11-25 00:00"),  # Thu 26 (1), Wed 25 (2), Tue 24 (3): until its midnight
        ("2026-11-30", 3, "working_day", "2026-11-26 00:00"),  # Fri 27, Thu 26, Wed 25
        ("2026-11-30", 7, "day", "2026-11-24 00:00"),  # Mon 23
        ("2026-11-30", 10, "working_hour", "2026-11-26 15:00"),  # 8 hours of Fri 27, the last 2 of Thu 26
        ("2026-11-30", 0, "instant", "2026-12-01 00:00"),
    ],
)
def test_a_notification_arrives_its_lead_time_before_the_day(day: str, length: int, unit: str, latest: str) -> None:
    assert CALENDAR.latest_before(date.fromisoformat(day), length, unit) == at(latest)  # type: ignore[arg-type]


def test_full_working_days_in_between_leave_out_both_ends() -> None:
    assert CALENDAR.working_days_between(date(2026, 11, 23), date(2026, 11, 30)) == 4
    assert CALENDAR.working_days_between(date(2026, 11, 23), date(2026, 11, 23)) == 0
    assert CALENDAR.working_days_between(date(2026, 11, 30), date(2026, 11, 23)) == 0


def test_a_calendar_that_lists_a_day_twice_is_refused() -> None:
    content = shipped()
    with pytest.raises(ValueError, match="twice"):
        Calendar.of(content | {"day": [*content["day"], content["day"][0]]})
