"""The wall clock, read in one place. Inside: aware UTC. For people: Asia/Ho_Chi_Minh (UTC+7, no summer time)."""

import os
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

# A rehearsal of "the third day": whole seconds added to the wall clock of this process. Production refuses to start with it.
SHIFT_VARIABLE = "MOTCUA_CLOCK_SHIFT_SECONDS"


def now() -> datetime:
    """This moment, aware UTC. Only doors, jobs and the CLI ask; everything below receives `at`."""
    return datetime.now(UTC) + timedelta(seconds=int(os.environ.get(SHIFT_VARIABLE, "0")))


def in_vietnam(at: datetime) -> datetime:
    """`at` as people in Vietnam read it."""
    return at.astimezone(VIETNAM)


def day_in_vietnam(at: datetime) -> date:
    """The calendar day of `at` in Vietnam."""
    return in_vietnam(at).date()
