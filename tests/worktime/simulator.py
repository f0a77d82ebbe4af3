"""A clerk with a paper calendar: walks a limit day by day, in hours quarter by quarter. Shares no code with `app.worktime`.

Written from the rules alone (Bộ luật Dân sự Đ.147–148; NĐ 61/2018 Đ.18, Đ.19.4, Đ.19.9; NĐ 26/2026 Đ.9.5b), slow on purpose.
Times are Vietnamese wall-clock times on the quarter of an hour.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

DAY = timedelta(days=1)
QUARTER = timedelta(minutes=15)
BEGINS = ("start", "restart", "new_limit")
_MOST_DAYS = 3_000


@dataclass(frozen=True)
class Happening:
    """What the clerk is told: what happened, when, with which length."""

    what: str
    at: datetime
    length: float | None = None
    unit: str | None = None


@dataclass
class PaperCalendar:
    """Weekdays worked (Monday is 0), the days that differ (worked or not), opening hours, the hour that is too late."""

    weekdays: set[int]
    different: dict[date, bool]
    hours: list[tuple[time, time]]
    late: time
    keeps_promise: bool = True

    def worked(self, day: date) -> bool:
        return self.different.get(day, day.weekday() in self.weekdays)

    def tomorrow_worked(self, day: date) -> date:
        day += DAY
        while not self.worked(day):
            day += DAY
        return day

    def quarters(self, day: date) -> list[datetime]:
        """The beginnings of all quarters of an hour in which offices are open."""
        found = []
        for opens, closes in self.hours if self.worked(day) else []:
            at = datetime.combine(day, opens)
            while at < datetime.combine(day, closes):
                found.append(at)
                at += QUARTER
        return found

    def when_used(self, day: date, share: float) -> datetime:
        """The moment when this share of a day's working time is over."""
        quarters = self.quarters(day)
        return quarters[round(len(quarters) * share) - 1] + QUARTER


@dataclass
class Diary:
    """The limit as it stands: when it began, the mornings on which it ran, the times it stood still, what was added."""

    began: datetime
    length: float
    unit: str
    added: list[tuple[float, str]] = field(default_factory=list)
    stood: list[tuple[datetime, datetime]] = field(default_factory=list)
    stands_since: datetime | None = None

    def ran_at(self, moment: datetime) -> bool:
        return moment >= self.began and not any(a <= moment < b for a, b in self.stood)

    def stood_over(self, moment: datetime) -> datetime | None:
        """When the clock went on, if it stood as `moment` came."""
        return next((b for a, b in self.stood if a < moment <= b), None)


def due(happenings: list[Happening], calendar: PaperCalendar) -> datetime | None:
    """When the ministry must have answered; None while nothing runs."""
    diary, promises = None, []
    for number, each in enumerate(happenings):
        if each.what in BEGINS:
            old = diary
            length = each.length if each.length is not None else old.length
            diary = Diary(each.at, length, each.unit or old.unit)
        elif each.what == "pause":
            diary.stands_since = each.at
        elif each.what == "resume":
            diary.stood.append((diary.stands_since, each.at))
            diary.stands_since = None
        elif each.what == "extend":
            diary.added.append((each.length, each.unit))
            if number + 1 < len(happenings):
                promises.append(due(happenings[: number + 1], calendar))
        else:
            diary, promises = None, []
    if diary is None or diary.stands_since is not None:
        return None
    return max([_run_out(diary, calendar), *(promises if calendar.keeps_promise else [])])


def _run_out(diary: Diary, calendar: PaperCalendar) -> datetime:
    same = sum(length for length, unit in diary.added if unit == diary.unit)
    end = _walk(diary, calendar, diary.began, diary.length + same, diary.unit)
    for length, unit in diary.added:
        if unit != diary.unit:
            end = _walk(diary, calendar, end, length, unit)
    return end


def _walk(diary: Diary, calendar: PaperCalendar, begin: datetime, length: float, unit: str) -> datetime:
    if unit == "instant":
        return begin
    if unit == "working_hour":
        return _walk_hours(diary, calendar, begin, length)
    if length == 0:
        return _same_day(calendar, begin)
    day, left = begin.date(), length
    for _ in range(_MOST_DAYS):
        day += DAY
        ran_as_it_dawned = diary.stood_over(datetime.combine(day, time(0))) is None  # going on at midnight is an event of the day
        if ran_as_it_dawned and (unit == "day" or calendar.worked(day)):
            if left <= 1:
                break
            left -= 1
    last = day if calendar.worked(day) else calendar.tomorrow_worked(day)
    share = left if unit == "working_day" else 1
    return _not_while_standing(diary, calendar, calendar.when_used(last, share), share)


def _same_day(calendar: PaperCalendar, begin: datetime) -> datetime:
    day = begin.date()
    if begin.time() > calendar.late or not calendar.worked(day):
        day = calendar.tomorrow_worked(day)
    return calendar.when_used(day, 1)


def _not_while_standing(diary: Diary, calendar: PaperCalendar, end: datetime, share: float) -> datetime:
    while went_on := diary.stood_over(end):
        end = calendar.when_used(calendar.tomorrow_worked(went_on.date()), share)
    return end


def _walk_hours(diary: Diary, calendar: PaperCalendar, begin: datetime, hours: float) -> datetime:
    day, quarters = begin.date(), round(hours * 4)
    if begin.time() > calendar.late or not calendar.worked(day):
        day = calendar.tomorrow_worked(day)
    while True:
        for quarter in calendar.quarters(day):
            if quarter >= begin and diary.ran_at(quarter):
                quarters -= 1
                if quarters == 0:
                    return quarter + QUARTER
        day += DAY
