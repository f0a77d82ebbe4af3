"""The ledger of a legal limit: entries are only added, and everything else follows from them.

A stage starts, may pause while the business supplements, and ends; the answer to a supplement resumes the clock
(EXCLUDE), starts it again from zero (RESTART) or gives it a fresh, shorter limit (NEW_LIMIT). Pure: the same entries
and calendar always give the same due date; `explained.explain` says it line by line.

- A day counts when the clock ran as the day began: the day of receipt and the day of resuming do not, the day of a pause
  does (the day of an event is not counted, Bộ luật Dân sự 2015 Đ.147, from knowledge). A pause within one day costs nothing.
- A limit cannot run out while the business is to act: when it would end during a pause it ends on the next working day after
  it (the time to supplement is not counted, NĐ 26/2026 Đ.9.5b, found; the day that is left over to be confirmed).
- A new day that was promised in an apology (NĐ 61/2018 Đ.19.9) stays promised when a supplement starts the limit again
  (Đ.19.4): the later of the two counts. The law does not say; `Calendar.keeps_promise` is where the ministry decides.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from math import ceil
from typing import Literal

from app.core.clock import in_vietnam
from app.worktime.calendar import Calendar, Unit


class Kind(StrEnum):
    """What an entry does to the clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    NEW_LIMIT = "new_limit"
    EXTEND = "extend"
    END_STAGE = "end_stage"
    STOP = "stop"


class Phase(StrEnum):
    """Where the clock stands."""

    NOT_STARTED = "not_started"
    RUNNING = "running"
    PAUSED = "paused"
    BETWEEN = "between"
    STOPPED = "stopped"


class OutOfOrder(ValueError):
    """An entry that cannot follow the ones before it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the ledger. START, NEW_LIMIT and EXTEND carry a length; `ground` is the cited legal ground."""

    kind: Kind
    stage: str
    at: datetime
    length: Decimal | None = None
    unit: Unit | None = None
    ground: str = ""
    calendar_version: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """Where the clock stands: in which stage, since when, after how many supplements in it."""

    phase: Phase
    stage: str | None = None
    since: datetime | None = None
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One uninterrupted claim on time: a limit that began, its pauses `(from, to)`, what it was extended by.

    `promise` is the run as it stood when it was last extended: the day it then ended on was told to the business.
    """

    stage: str
    start: datetime
    length: Decimal
    unit: Unit
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    paused_at: datetime | None = None
    extended: tuple[tuple[Decimal, Unit], ...] = ()
    rounds: int = 0
    promise: "Run | None" = None


@dataclass(frozen=True, slots=True)
class Alert:
    """A moment at which somebody should look: at 70 % and 90 % of the limit, and one working day before its end."""

    kind: Literal["70", "90", "last_day"]
    at: datetime


_MAY_FOLLOW = {
    Phase.NOT_STARTED: {Kind.START, Kind.STOP},
    Phase.RUNNING: {Kind.PAUSE, Kind.RESTART, Kind.NEW_LIMIT, Kind.EXTEND, Kind.END_STAGE, Kind.STOP},
    Phase.PAUSED: {Kind.RESUME, Kind.RESTART, Kind.NEW_LIMIT, Kind.END_STAGE, Kind.STOP},
    Phase.BETWEEN: {Kind.START, Kind.STOP},
    Phase.STOPPED: set[Kind](),
}
_LEADS_TO = {Kind.PAUSE: Phase.PAUSED, Kind.END_STAGE: Phase.BETWEEN, Kind.STOP: Phase.STOPPED}


def state(entries: Sequence[Entry]) -> State:
    """Where the clock stands after `entries`. Raises `OutOfOrder`."""
    phase, run = _replay(entries)
    if run is None:
        return State(phase, since=entries[-1].at if entries else None)
    return State(phase, run.stage, entries[-1].at, run.rounds)


def due(entries: Sequence[Entry], calendar: Calendar) -> datetime | None:
    """When the running stage must be done; `None` while nothing runs: not started, paused, between stages, stopped."""
    run = running(entries)
    return due_of_run(run, calendar) if run else None


def running(entries: Sequence[Entry]) -> Run | None:
    """The limit that runs now. Raises `OutOfOrder`."""
    phase, run = _replay(entries)
    return run if phase is Phase.RUNNING else None


def warnings(entries: Sequence[Entry], calendar: Calendar) -> list[Alert]:
    """The moments to look at the running stage, in order; empty while nothing runs. Of an extended limit, the whole counts."""
    run = running(entries)
    if run is None:
        return []
    end, measured = due_of_run(run, calendar), spans(run, calendar)[-1]
    shares = [Alert("70", _share(measured, calendar, Decimal("0.7"))), Alert("90", _share(measured, calendar, Decimal("0.9")))]
    eve = calendar.closing(calendar.working_days_before(in_vietnam(end).date(), 1))
    found = [*shares, Alert("last_day", eve)]
    return sorted((alert for alert in found if run.start < alert.at < end), key=lambda alert: alert.at)


def supplied(
    policy: Literal["RESTART", "EXCLUDE", "NEW_LIMIT"],
    stage: str,
    at: datetime,
    *,
    new_limit: tuple[Decimal, Unit] | None = None,
    ground: str,
    calendar_version: str,
) -> Entry:
    """The entry that a complete supplement makes under a policy; NEW_LIMIT brings its own length."""
    kind = {"RESTART": Kind.RESTART, "EXCLUDE": Kind.RESUME, "NEW_LIMIT": Kind.NEW_LIMIT}[policy]
    length, unit = new_limit if new_limit and kind is Kind.NEW_LIMIT else (None, None)
    return Entry(kind, stage, at, length, unit, ground, calendar_version)


def _replay(entries: Sequence[Entry]) -> tuple[Phase, Run | None]:
    """Fold the entries: the phase and the run they leave."""
    phase, run, last = Phase.NOT_STARTED, None, None
    for entry in entries:
        _must_follow(phase, run, entry, last)
        run, last = _after(run, entry), entry.at
        phase = _LEADS_TO.get(entry.kind, Phase.RUNNING)
    return phase, run


def _must_follow(phase: Phase, run: Run | None, entry: Entry, last: datetime | None) -> None:
    if entry.kind not in _MAY_FOLLOW[phase]:
        raise OutOfOrder(f"{entry.kind} cannot follow while the clock is {phase}")
    if run and entry.kind is not Kind.STOP and entry.stage != run.stage:
        raise OutOfOrder(f"{entry.kind} for {entry.stage} while {run.stage} is open")
    if last and entry.at < last:
        raise OutOfOrder(f"{entry.kind} at {entry.at} is earlier than the entry before it")
    if entry.kind in (Kind.START, Kind.NEW_LIMIT, Kind.EXTEND) and (entry.length is None or entry.unit is None):
        raise OutOfOrder(f"{entry.kind} needs a length and a unit")


def _after(run: Run | None, entry: Entry) -> Run | None:
    if entry.kind in (Kind.END_STAGE, Kind.STOP):
        return None
    if run is None or entry.kind in (Kind.START, Kind.NEW_LIMIT, Kind.RESTART):
        return _begun(run, entry)
    if entry.kind is Kind.PAUSE:
        return replace(run, paused_at=entry.at, rounds=run.rounds + 1)
    if entry.kind is Kind.RESUME and run.paused_at:
        return replace(run, pauses=(*run.pauses, (run.paused_at, entry.at)), paused_at=None)
    longer = replace(run, extended=(*run.extended, _length_of(entry, run)))
    return replace(longer, promise=longer)


def _begun(run: Run | None, entry: Entry) -> Run:
    length, unit = _length_of(entry, run)
    if run is None:
        return Run(entry.stage, entry.at, length, unit)
    return Run(entry.stage, entry.at, length, unit, rounds=run.rounds, promise=run.promise)


def _length_of(entry: Entry, run: Run | None) -> tuple[Decimal, Unit]:
    """The entry's own length; a RESTART without one takes the length the stage had."""
    if entry.length is not None and entry.unit is not None:
        return entry.length, entry.unit
    if run is None:
        raise OutOfOrder(f"{entry.kind} needs a length and a unit")
    return run.length, run.unit


def due_of_run(run: Run, calendar: Calendar) -> datetime:
    """The end of a run: its length, pauses left out, then its extensions; never before a promised day."""
    end = end_of_span(spans(run, calendar)[-1], calendar)
    promised = promised_by(run, calendar)
    return max(end, promised) if promised else end


def promised_by(run: Run, calendar: Calendar) -> datetime | None:
    """The day that an apology named before the limit began again; None without one, or where a promise lapses."""
    if run.promise is None or not calendar.keeps_promise:
        return None
    return due_of_run(run.promise, calendar)


def spans(run: Run, calendar: Calendar) -> list[Run]:
    """The run cut where the unit changes: extensions in its own unit make it longer, others begin where it ends."""
    same = sum((length for length, unit in run.extended if unit == run.unit), Decimal(0))
    found = [replace(run, length=run.length + same, extended=())]
    for length, unit in run.extended:
        if unit != run.unit:
            found.append(replace(found[-1], start=end_of_span(found[-1], calendar), length=length, unit=unit))
    return found


def end_of_span(run: Run, calendar: Calendar) -> datetime:
    """The end of a run of one unit, pauses left out."""
    return _end(run, calendar, run.length)


def _share(run: Run, calendar: Calendar, share: Decimal) -> datetime:
    length = run.length * share
    return _end(run, calendar, length if run.unit in ("working_day", "working_hour") else length.to_integral_value())


def _end(run: Run, calendar: Calendar, length: Decimal) -> datetime:
    if run.unit == "instant":
        return run.start
    if run.unit == "working_hour":
        return _end_of_hours(run, calendar, length)
    if length <= 0:  # within the day it came, or the next when it came too late
        return calendar.closing(in_vietnam(calendar.work_starts(run.start)).date())
    last = next(islice(counted_days(run, calendar), ceil(length) - 1, None))
    share = length if run.unit == "working_day" else Decimal(1)
    return _after_pauses(run, calendar, calendar.end_of_share(calendar.day_or_next(last), share), share)


def _after_pauses(run: Run, calendar: Calendar, end: datetime, share: Decimal) -> datetime:
    """The end itself; when the clock stands at that moment, the same hour of the next working day after it goes on."""
    for paused, resumed in run.pauses:
        if paused < end <= resumed:
            end = calendar.end_of_share(calendar.next_working_day(in_vietnam(resumed).date()), share)
    return end


def _end_of_hours(run: Run, calendar: Calendar, length: Decimal) -> datetime:
    begin, left = calendar.work_starts(run.start), timedelta(hours=float(length))
    for paused, resumed in run.pauses:
        used = calendar.working_time_between(begin, paused)
        if used >= left:
            break
        begin, left = max(begin, resumed), left - used
    return calendar.after_working_time(begin, left)


def counted_days(run: Run, calendar: Calendar) -> Iterator[date]:
    """The days that count for a run in days: after its first day, working days if the unit says so, pauses left out."""
    start = in_vietnam(run.start).date()
    days = calendar.working_days_after(start) if run.unit == "working_day" else _every_day_after(start)
    return (day for day in days if not in_pause(run, day))


def _every_day_after(day: date) -> Iterator[date]:
    while True:
        day += timedelta(days=1)
        yield day


def in_pause(run: Run, day: date) -> bool:
    """Whether `day` is left out: after the day of a pause, up to and including the day of resuming."""
    return any(in_vietnam(paused).date() < day <= in_vietnam(resumed).date() for paused, resumed in run.pauses)
