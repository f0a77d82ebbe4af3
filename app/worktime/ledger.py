"""The ledger of a legal limit: entries are only added, and everything else follows from them.

A stage starts, may pause while the business supplements, and ends; the answer to a supplement resumes the clock
(EXCLUDE), starts it again from zero (RESTART) or gives it a fresh, shorter limit (NEW_LIMIT). Pure: the same entries
and calendar always give the same due date, line by line (`explain`).

Days of a pause: the day of the pause itself still counts, the day of resuming does not (the day of an event is not
counted, Bộ luật Dân sự 2015 Đ.147, from knowledge). A pause within one day therefore costs nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import islice
from math import ceil
from typing import Literal

from app.core.clock import in_vietnam
from app.core.text import Text
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
    """One uninterrupted claim on time: a limit that began, its pauses `(from, to)`, what it was extended by."""

    stage: str
    start: datetime
    length: Decimal
    unit: Unit
    pauses: tuple[tuple[datetime, datetime], ...] = ()
    paused_at: datetime | None = None
    extended: tuple[tuple[Decimal, Unit], ...] = ()
    rounds: int = 0


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
    phase, run, _ = _replay(entries)
    if run is None:
        return State(phase, since=entries[-1].at if entries else None)
    return State(phase, run.stage, entries[-1].at, run.rounds)


def due(entries: Sequence[Entry], calendar: Calendar) -> datetime | None:
    """When the running stage must be done; `None` while nothing runs: not started, paused, between stages, stopped."""
    phase, run, _ = _replay(entries)
    return due_of_run(run, calendar) if run and phase is Phase.RUNNING else None


def warnings(entries: Sequence[Entry], calendar: Calendar) -> list[Alert]:
    """The moments to look at the running stage, in order; empty while nothing runs."""
    phase, run, _ = _replay(entries)
    if run is None or phase is not Phase.RUNNING:
        return []
    end = due_of_run(run, calendar)
    shares = [Alert("70", _share(run, calendar, Decimal("0.7"))), Alert("90", _share(run, calendar, Decimal("0.9")))]
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


def _replay(entries: Sequence[Entry]) -> tuple[Phase, Run | None, tuple[tuple[Entry, Run | None], ...]]:
    """Fold the entries: the phase, the run they leave, and after each entry the run as it stood."""
    phase, run = Phase.NOT_STARTED, None
    history: list[tuple[Entry, Run | None]] = []
    for entry in entries:
        _must_follow(phase, run, entry, history)
        run = _after(run, entry)
        phase = _LEADS_TO.get(entry.kind, phase if entry.kind is Kind.EXTEND else Phase.RUNNING)
        history.append((entry, run))
    return phase, run, tuple(history)


def _must_follow(phase: Phase, run: Run | None, entry: Entry, history: Sequence[tuple[Entry, Run | None]]) -> None:
    if entry.kind not in _MAY_FOLLOW[phase]:
        raise OutOfOrder(f"{entry.kind} cannot follow while the clock is {phase}")
    if run and entry.kind is not Kind.STOP and entry.stage != run.stage:
        raise OutOfOrder(f"{entry.kind} for {entry.stage} while {run.stage} is open")
    if history and entry.at < history[-1][0].at:
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
    return replace(run, extended=(*run.extended, _length_of(entry, run)))


def _begun(run: Run | None, entry: Entry) -> Run:
    length, unit = _length_of(entry, run)
    return Run(entry.stage, entry.at, length, unit, rounds=run.rounds if run else 0)


def _length_of(entry: Entry, run: Run | None) -> tuple[Decimal, Unit]:
    """The entry's own length; a RESTART without one takes the length the stage had."""
    if entry.length is not None and entry.unit is not None:
        return entry.length, entry.unit
    if run is None:
        raise OutOfOrder(f"{entry.kind} needs a length and a unit")
    return run.length, run.unit


def due_of_run(run: Run, calendar: Calendar) -> datetime:
    """The end of a run: its length, pauses left out, then its extensions."""
    same = sum((length for length, unit in run.extended if unit == run.unit), Decimal(0))
    end = _end(run, calendar, run.length + same)
    for length, unit in run.extended:
        if unit != run.unit:
            end = calendar.due_of(end, length, unit)
    return end


def _share(run: Run, calendar: Calendar, share: Decimal) -> datetime:
    length = run.length * share
    return _end(run, calendar, length if run.unit in ("working_day", "working_hour") else length.to_integral_value())


def _end(run: Run, calendar: Calendar, length: Decimal) -> datetime:
    if run.unit == "instant":
        return run.start
    if run.unit == "working_hour":
        return _end_of_hours(run, calendar, length)
    needed = max(ceil(length), 1)
    last = next(islice(counted_days(run, calendar), needed - 1, None))
    if run.unit == "day":
        return calendar.closing(calendar.day_or_next(last))
    return calendar.end_of_share(last, length)


def _end_of_hours(run: Run, calendar: Calendar, length: Decimal) -> datetime:
    end = calendar.after_working_time(calendar.work_starts(run.start), timedelta(hours=float(length)))
    for paused, resumed in run.pauses:
        if paused < end:
            end = calendar.after_working_time(resumed, calendar.working_time_between(paused, end))
    return end


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


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the computation: an entry, a day that counts, days that do not, or the due moment."""

    kind: Literal["entry", "day", "skipped", "due"]
    text: Text
    at: datetime


_SAID = {
    Kind.START: Text("Bắt đầu “{stage}”, thời hạn {length}", "“{stage}” starts, limit {length}"),
    Kind.PAUSE: Text("Tạm dừng tính thời hạn “{stage}”", "The clock of “{stage}” is paused"),
    Kind.RESUME: Text(
        "Tính tiếp thời hạn “{stage}”; thời gian tạm dừng không tính", "“{stage}” resumes; the pause is not counted"
    ),
    Kind.RESTART: Text("Tính lại từ đầu thời hạn “{stage}”", "The limit of “{stage}” starts again from zero"),
    Kind.NEW_LIMIT: Text("“{stage}” có thời hạn mới {length}", "“{stage}” has a fresh limit of {length}"),
    Kind.EXTEND: Text("Gia hạn “{stage}” thêm {length}", "“{stage}” is extended by {length}"),
    Kind.END_STAGE: Text("Kết thúc “{stage}”", "“{stage}” ends"),
    Kind.STOP: Text("Dừng tính thời hạn", "The clock stops"),
}
_UNITS = {
    "working_day": Text("ngày làm việc", "working days"),
    "day": Text("ngày", "days"),
    "working_hour": Text("giờ làm việc", "working hours"),
    "instant": Text("(giải quyết ngay)", "(at once)"),
}
_WEEKDAYS = (
    Text("thứ Hai", "Monday"),
    Text("thứ Ba", "Tuesday"),
    Text("thứ Tư", "Wednesday"),
    Text("thứ Năm", "Thursday"),
    Text("thứ Sáu", "Friday"),
    Text("thứ Bảy", "Saturday"),
    Text("Chủ nhật", "Sunday"),
)


def explain(entries: Sequence[Entry], calendar: Calendar, names: Mapping[str, Text] | None = None) -> list[Line]:
    """The whole computation in words: every entry, then every day of the running limit; `names` are the stages' titles."""
    phase, run, history = _replay(entries)
    lines = [_entry_line(entry, names or {}) for entry, _ in history]
    if run is None or phase is not Phase.RUNNING:
        return lines
    end = due_of_run(run, calendar)
    if run.unit in ("working_day", "day"):
        lines += _day_lines(run, calendar, in_vietnam(end).date())
    return [*lines, _due_line(end, calendar)]


def _entry_line(entry: Entry, names: Mapping[str, Text]) -> Line:
    stage = names.get(entry.stage, Text(entry.stage, entry.stage))
    length = _length_text(entry.length, entry.unit)
    when, said = in_vietnam(entry.at).strftime("%H:%M %d/%m/%Y"), _SAID[entry.kind]
    ground = f" ({entry.ground})" if entry.ground else ""
    vi, en = said.vi.format(stage=stage.vi, length=length.vi), said.en.format(stage=stage.en, length=length.en)
    return Line("entry", Text(f"{when}: {vi}{ground}.", f"{when}: {en}{ground}."), entry.at)


def _length_text(length: Decimal | None, unit: Unit | None) -> Text:
    if length is None or unit is None:
        return Text("", "")
    return Text(f"{length:f} {_UNITS[unit].vi}".replace(".", ","), f"{length:f} {_UNITS[unit].en}")


def _day_lines(run: Run, calendar: Calendar, last: date) -> list[Line]:
    """Each day from the start to the end: its number, or why it does not count."""
    day, number = in_vietnam(run.start).date(), 0
    lines = [Line("skipped", _dated(day, Text("ngày bắt đầu, không tính", "the first day, not counted")), calendar.closing(day))]
    while day < last:
        day += timedelta(days=1)
        reason = _not_counted(run, calendar, day)
        number += reason is None
        text = reason or Text(f"ngày thứ {number}", f"day {number}")
        lines.append(Line("skipped" if reason else "day", _dated(day, _with_doubt(calendar, day, text)), calendar.closing(day)))
    return lines


def _not_counted(run: Run, calendar: Calendar, day: date) -> Text | None:
    if in_pause(run, day):
        return Text("tạm dừng, không tính", "paused, not counted")
    if run.unit == "working_day" and not calendar.is_working_day(day):
        name = calendar.name_of(day) or Text("", "")
        return Text(f"{name.vi}, không tính", f"{name.en}, not counted")
    return None


def _with_doubt(calendar: Calendar, day: date, text: Text) -> Text:
    """What is not certain about a day is said beside it."""
    if pending := calendar.pending_on(day):
        return Text(
            f"{text.vi} (dự kiến là ngày nghỉ “{pending.name.vi}”, chưa được xác nhận)",
            f"{text.en} (announced as the holiday “{pending.name.en}”, not confirmed)",
        )
    if (calendar.certainty_of(day) or "").startswith("uncertain"):
        return Text(f"{text.vi} (ngày nghỉ dự kiến, chưa công bố)", f"{text.en} (expected, not yet announced)")
    return text


def _due_line(end: datetime, calendar: Calendar) -> Line:
    when = in_vietnam(end).strftime("%H:%M %d/%m/%Y")
    version = calendar.version
    said = Text(f"Đến hạn lúc {when} (lịch làm việc {version}).", f"Due at {when} (working calendar {version}).")
    return Line("due", said, end)


def _dated(day: date, text: Text) -> Text:
    weekday, when = _WEEKDAYS[day.weekday()], day.strftime("%d/%m/%Y")
    return Text(f"{weekday.vi} {when}: {text.vi}.", f"{weekday.en} {when}: {text.en}.")
