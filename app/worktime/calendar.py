"""The working calendar of Viet Nam: which days and hours count, and when a limit ends. Pure: a version's content in, answers out.

Rules and their source:
- a day works when it is a worked Saturday of a swap, or Monday–Friday and no holiday, compensatory day or swapped weekday;
- the day of receipt is not counted, day 1 is the next working day (Bộ luật Dân sự 2015 Đ.147, from knowledge);
- a limit in calendar days that ends on a day off ends on the next working day (Bộ luật Dân sự 2015 Đ.148, from knowledge);
- accepted after 15:00: work starts on the next working day (NĐ 61/2018 Đ.18; article of NĐ 118/2025 to be confirmed).
  Limits in days are not moved by it, because day 1 is the next working day already; limits in hours and tasks are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import ceil
from typing import Any, Literal, Self

from app.core.clock import VIETNAM, in_vietnam
from app.core.text import Text

Unit = Literal["working_day", "day", "working_hour", "instant"]
Kind = Literal["holiday", "compensatory", "swap_off", "swap_working"]

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEKEND = Text("ngày nghỉ hằng tuần", "weekly day of rest")
_ONE = timedelta(days=1)
# Far beyond any legal limit: a calendar without working days must end in an error, not in a loop.
_HORIZON_DAYS = 20_000


@dataclass(frozen=True, slots=True)
class SpecialDay:
    """A day that differs from its weekday, with the mark of how sure we are."""

    kind: Kind
    name: Text
    certainty: str
    source: str

    @property
    def works(self) -> bool:
        """Only the Saturday of a swap is worked."""
        return self.kind == "swap_working"


@dataclass(frozen=True, slots=True)
class PendingDay:
    """A day announced as a holiday, not yet law: it counts as working until a version says otherwise."""

    month: int
    day: int
    from_year: int
    name: Text
    certainty: str

    def falls_on(self, day: date) -> bool:
        """Whether `day` is this day of some year."""
        return (day.month, day.day) == (self.month, self.day) and day.year >= self.from_year


@dataclass(frozen=True, slots=True)
class Calendar:
    """One version of the working calendar. Days are Vietnamese days; moments come and go as aware UTC."""

    version: str
    weekdays: frozenset[int]
    morning: tuple[time, time]
    afternoon: tuple[time, time]
    late: time
    days: Mapping[date, SpecialDay]
    pending: tuple[PendingDay, ...]
    keeps_promise: bool = True
    """Whether a new day promised in an apology outlives a restart of the limit: the law is silent, to be confirmed."""

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> Self:
        """A calendar from the content of a version (TOML or JSON; dates may be ISO text). Raises `ValueError`, `KeyError`."""
        hours = content["working_hours"]
        calendar = cls(
            version=str(content["calendar_version"]),
            weekdays=frozenset(_WEEKDAYS.index(name) for name in hours["weekdays"]),
            morning=_span(hours["morning"]),
            afternoon=_span(hours["afternoon"]),
            late=time.fromisoformat(hours["late_acceptance_cutoff"]),
            days={_date(entry["date"]): _special(entry) for entry in content["day"]},
            pending=tuple(_pending(entry) for entry in content.get("pending", ())),
            keeps_promise=bool(content.get("keeps_promise", True)),
        )
        if len(calendar.days) != len(content["day"]) or not calendar.weekdays:
            raise ValueError("a day is listed twice, or no weekday is worked")
        return calendar

    def is_working_day(self, day: date) -> bool:
        """Whether offices work on `day`."""
        special = self.days.get(day)
        return special.works if special else day.weekday() in self.weekdays

    def differences(self, newer: "Calendar", first: date, last: date) -> list[tuple[date, Text]]:
        """The days from `first` to `last` that work in one of the two and not in the other, in words about the newer one."""
        days = [first + _ONE * n for n in range((last - first).days + 1)]
        return [(day, newer.word_on(day)) for day in days if self.is_working_day(day) != newer.is_working_day(day)]

    def word_on(self, day: date) -> Text:
        """What `day` is: `24/11/2026 là ngày nghỉ “…”`."""
        special = self.days.get(day)
        vi, en = (f"“{special.name.vi}”", f"“{special.name.en}”") if special else ("", "")
        works = Text("là ngày làm việc", "is a working day") if self.is_working_day(day) else Text("là ngày nghỉ", "is a day off")
        return Text(f"{day:%d/%m/%Y} {works.vi} {vi}".rstrip(), f"{day:%d/%m/%Y} {works.en} {en}".rstrip())

    def name_of(self, day: date) -> Text | None:
        """Why `day` is special: the holiday's name, or the weekly rest; nothing for an ordinary working day."""
        if special := self.days.get(day):
            return special.name
        return None if self.is_working_day(day) else _WEEKEND

    def certainty_of(self, day: date) -> str | None:
        """How sure the entry for `day` is; nothing for a day without an entry."""
        special = self.days.get(day)
        return special.certainty if special else None

    def pending_on(self, day: date) -> PendingDay | None:
        """The announced but unconfirmed holiday that falls on `day`."""
        return next((pending for pending in self.pending if pending.falls_on(day)), None)

    def working_days_after(self, day: date) -> Iterator[date]:
        """The working days after `day`, without end."""
        for _ in range(_HORIZON_DAYS):
            day += _ONE
            if self.is_working_day(day):
                yield day
        raise ValueError("the calendar has too few working days")

    def next_working_day(self, day: date) -> date:
        """The first working day after `day`."""
        return next(self.working_days_after(day))

    def add_working_days(self, day: date, number: int) -> date:
        """The `number`-th working day after `day`; `day` itself is not counted."""
        for counted, found in enumerate(self.working_days_after(day), start=1):
            if counted >= number:
                return found if number > 0 else day
        raise AssertionError  # the iterator above never ends quietly

    def working_days_before(self, day: date, number: int) -> date:
        """The `number`-th working day before `day`."""
        while number:
            day -= _ONE
            number -= self.is_working_day(day)
        return day

    def working_days_between(self, first: date, last: date) -> int:
        """Full working days after `first` and before `last`; 0 when there is none."""
        return sum(self.is_working_day(first + _ONE * n) for n in range(1, max((last - first).days, 1)))

    def work_starts(self, at: datetime) -> datetime:
        """The moment work begins on what arrived at `at`: at once inside hours, after 15:00 the next working morning."""
        local = in_vietnam(at)
        day = local.date()
        if not self.is_working_day(day) or local.time() > self.late:
            return self._moment(self.next_working_day(day), self.morning[0])
        return max(at, self._moment(day, self.morning[0])).astimezone(UTC)

    def due_of(self, start: datetime, length: Decimal | float, unit: Unit) -> datetime:
        """The last moment of a limit that began at `start`: the end of working hours of its last day (aware UTC).

        A fraction of a working day ends within that day: 0.5 at the end of the morning of day 1.
        """
        length = Decimal(str(length))
        if unit == "instant":
            return start
        if unit == "working_hour":
            return self.after_working_time(self.work_starts(start), timedelta(hours=float(length)))
        if length <= 0:  # within the day it came, or the next when it came too late
            return self.closing(in_vietnam(self.work_starts(start)).date())
        if unit == "day":
            return self.closing(self.day_or_next(in_vietnam(start).date() + _ONE * ceil(length)))
        return self.end_of_share(self.add_working_days(in_vietnam(start).date(), ceil(length)), length)

    def end_of_share(self, day: date, length: Decimal) -> datetime:
        """The moment in `day` when the last, maybe partial, day of a length is used up."""
        share = length % 1 or Decimal(1)
        return self.after_working_time(self._moment(day, self.morning[0]), self._day_length() * float(share))

    def answer_by(self, start: datetime, length: Decimal | float, unit: Unit) -> datetime:
        """The end of an applicant's time to act: midnight closing the last day, or the moment itself for hours."""
        last = self.due_of(start, length, unit)
        if unit in ("working_hour", "instant"):
            return last
        return self._moment(in_vietnam(last).date() + _ONE, time(0))

    def latest_before(self, day: date, length: Decimal | float, unit: Unit) -> datetime:
        """The last moment to arrive `length` before `day`: midnight closing the day, or the moment itself for hours.

        Counted backwards, `day` left out: three working days before a Friday is the Tuesday (to be confirmed).
        """
        whole = ceil(Decimal(str(length)))
        if unit == "working_hour":
            return self._hours_before(day, timedelta(hours=float(length)))
        back = {"working_day": self.working_days_before(day, whole), "day": day - _ONE * whole}
        return self._moment(back.get(unit, day) + _ONE, time(0))

    def _hours_before(self, day: date, span: timedelta) -> datetime:
        while True:
            day = self.working_days_before(day, 1)
            for opens, closes in reversed(self.opening(day)):
                if span <= closes - opens:
                    return closes - span
                span -= closes - opens

    def day_or_next(self, day: date) -> date:
        """`day` when offices work on it, else the next working day."""
        return day if self.is_working_day(day) else self.next_working_day(day)

    def closing(self, day: date) -> datetime:
        """The end of working hours of `day`."""
        return self._moment(day, self.afternoon[1])

    def after_working_time(self, start: datetime, span: timedelta) -> datetime:
        """The moment when `span` of working hours has passed since `start`."""
        day = in_vietnam(start).date()
        while True:
            for opens, closes in self.opening(day):
                begins = max(start, opens)
                if begins < closes:
                    if span <= closes - begins:
                        return begins + span
                    span -= closes - begins
            day = self.next_working_day(day)

    def working_time_between(self, start: datetime, end: datetime) -> timedelta:
        """The working hours from `start` to `end`."""
        first, last = in_vietnam(start).date(), in_vietnam(end).date()
        spans = [span for n in range((last - first).days + 1) for span in self.opening(first + _ONE * n)]
        return sum((max(min(end, closes) - max(start, opens), timedelta()) for opens, closes in spans), timedelta())

    def opening(self, day: date) -> tuple[tuple[datetime, datetime], ...]:
        """The hours in which offices work on `day`: morning and afternoon, or none."""
        if not self.is_working_day(day):
            return ()
        return tuple((self._moment(day, opens), self._moment(day, closes)) for opens, closes in (self.morning, self.afternoon))

    def _day_length(self) -> timedelta:
        halves = (self.morning, self.afternoon)
        return sum((datetime.combine(date.min, end) - datetime.combine(date.min, begin) for begin, end in halves), timedelta())

    @staticmethod
    def _moment(day: date, at: time) -> datetime:
        return datetime.combine(day, at, VIETNAM).astimezone(UTC)


def _span(texts: list[str]) -> tuple[time, time]:
    opens, closes = (time.fromisoformat(text) for text in texts)
    return opens, closes


def _date(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _special(entry: Mapping[str, Any]) -> SpecialDay:
    kind = entry["kind"]
    if kind not in ("holiday", "compensatory", "swap_off", "swap_working"):
        raise ValueError(f"unknown kind of day: {kind}")
    return SpecialDay(kind, Text(entry["name_vi"], entry["name_en"]), entry["certainty"], entry["source"])


def _pending(entry: Mapping[str, Any]) -> PendingDay:
    name = Text(entry["name_vi"], entry["name_en"])
    return PendingDay(entry["month"], entry["day"], entry["from_year"], name, entry["certainty"])
