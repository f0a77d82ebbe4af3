"""The computation of a limit in words: every entry, every day or stretch of hours, what is promised, when it is due. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from app.core.clock import in_vietnam
from app.core.text import Text
from app.worktime import ledger
from app.worktime.calendar import Calendar, Unit
from app.worktime.ledger import Alert, Entry, Kind, Run


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the computation: an entry, a day or hours that count, days that do not, a moment to look, the due moment."""

    kind: Literal["entry", "day", "skipped", "promise", "alert", "inside", "due"]
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
_FIRST = Text("ngày bắt đầu, không tính", "the first day, not counted")
_PAUSED = Text("tạm dừng, không tính", "paused, not counted")
_ALERTS = {
    "70": Text("Nhắc việc: đã qua 70 % thời hạn lúc {when}.", "Reminder: 70 % of the limit is gone at {when}."),
    "90": Text("Nhắc việc: đã qua 90 % thời hạn lúc {when}.", "Reminder: 90 % of the limit is gone at {when}."),
    "last_day": Text(
        "Nhắc việc: còn một ngày làm việc kể từ {when}; chậm nhất lúc này phải xin lỗi và hẹn lại (NĐ 61/2018 Đ.19.9).",
        "Reminder: one working day is left after {when}; an apology must be sent by then (NĐ 61/2018 Đ.19.9).",
    ),
}
_INSIDE = _ALERTS | {
    "last_day": Text("Nhắc việc: còn một ngày làm việc kể từ {when}.", "Reminder: one working day is left after {when}.")
}
_PROMISED = Text(
    "Ngày {when} đã hẹn lại trong văn bản xin lỗi muộn hơn nên được giữ (pháp luật chưa quy định, chờ xác nhận).",
    "The day promised in the apology, {when}, is later and is kept (the law is silent, to be confirmed).",
)


def explain(entries: Sequence[Entry], calendar: Calendar, names: Mapping[str, Text] | None = None) -> list[Line]:
    """The whole computation in words: every entry, then every day of the running limit; `names` are the stages' titles."""
    lines = [_entry_line(entry, names or {}) for entry in entries]
    run = ledger.running(entries)
    if run is None:
        return lines
    end = ledger.due_of_run(run, calendar)
    for span in ledger.spans(run, calendar):
        lines += _day_lines(span, calendar, in_vietnam(ledger.end_of_span(span, calendar)).date())
    promised = ledger.promised_by(run, calendar)
    if promised == end and run.start != (run.promise or run).start:
        lines.append(Line("promise", _at(_PROMISED, end), end))
    alerts = [alert_line(alert) for alert in ledger.warnings(entries, calendar)]
    return [*lines, *alerts, _due_line(end, calendar)]


def alert_line(alert: Alert, limit: Text | None = None) -> Line:
    """A moment to look, in words; `limit` names what it is about when that is not the whole."""
    if limit is None:
        return Line("alert", _at(_ALERTS[alert.kind], alert.at), alert.at)
    said = _at(_INSIDE[alert.kind], alert.at)
    return Line("alert", Text(f"“{limit.vi}”: {said.vi}", f"“{limit.en}”: {said.en}"), alert.at)


def _entry_line(entry: Entry, names: Mapping[str, Text]) -> Line:
    stage = names.get(entry.stage, Text(entry.stage, entry.stage))
    length = length_text(entry.length, entry.unit)
    when, said = _when(entry.at), _SAID[entry.kind]
    ground = f" ({entry.ground})" if entry.ground else ""
    vi, en = said.vi.format(stage=stage.vi, length=length.vi), said.en.format(stage=stage.en, length=length.en)
    return Line("entry", Text(f"{when}: {vi}{ground}.", f"{when}: {en}{ground}."), entry.at)


def length_text(length: Decimal | None, unit: Unit | None) -> Text:
    """A length in words: `7,5 ngày làm việc`."""
    if length is None or unit is None:
        return Text("", "")
    number = f"{length.normalize():f}"
    return Text(f"{number} {_UNITS[unit].vi}".replace(".", ","), f"{number} {_UNITS[unit].en}")


def _day_lines(run: Run, calendar: Calendar, last: date) -> Iterator[Line]:
    """Each day from the start to the end: its number or its hours, or why it does not count."""
    if run.unit == "instant":
        return
    hours = run.unit == "working_hour"
    first = in_vietnam(run.start).date()
    number, left = 0, timedelta(hours=float(run.length))
    for day in (first + timedelta(days=n) for n in range((last - first).days + 1)):
        spans = list(_hours_of(run, calendar, day, left)) if hours else []
        left -= sum((closes - opens for opens, closes in spans), timedelta())
        reason = None if spans else _not_counted(run, calendar, day, first)
        number += reason is None
        text = reason or (_hours_text(spans) if hours else Text(f"ngày thứ {number}", f"day {number}"))
        yield Line("skipped" if reason else "day", _dated(day, _with_doubt(calendar, day, text)), calendar.closing(day))


def _hours_of(run: Run, calendar: Calendar, day: date, left: timedelta) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of `day` in which the clock of a limit in hours ran, no longer than what is left."""
    begins = calendar.work_starts(run.start)
    for opens, closes in calendar.opening(day):
        for start, end in _around(run.pauses, max(opens, begins), closes):
            used = min(end - start, left)
            if used > timedelta():
                left -= used
                yield start, start + used


def _around(pauses: Iterable[tuple[datetime, datetime]], start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    for paused, resumed in pauses:
        yield start, min(end, paused)
        start = max(start, resumed)
    yield start, end


def _hours_text(spans: Sequence[tuple[datetime, datetime]]) -> Text:
    total = sum((closes - opens for opens, closes in spans), timedelta())
    amount = f"{round(total / timedelta(hours=1), 2):g}"
    clock = ", ".join(f"{in_vietnam(opens):%H:%M}–{in_vietnam(closes):%H:%M}" for opens, closes in spans)
    return Text(f"{clock}: {amount.replace('.', ',')} giờ", f"{clock}: {amount} hours")


def _not_counted(run: Run, calendar: Calendar, day: date, first: date) -> Text | None:
    if day == first:
        return _FIRST if run.unit != "working_hour" else Text("hết giờ tiếp nhận, không tính", "too late that day, not counted")
    if run.unit == "working_hour" and calendar.is_working_day(day):
        return _PAUSED
    if ledger.in_pause(run, day) and run.unit != "working_hour":
        return _PAUSED
    if run.unit != "day" and not calendar.is_working_day(day):
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
    version = calendar.version
    said = Text(f"Đến hạn lúc {_when(end)} (lịch làm việc {version}).", f"Due at {_when(end)} (working calendar {version}).")
    return Line("due", said, end)


def _at(text: Text, at: datetime) -> Text:
    return text.filled(when=_when(at))


def _when(at: datetime) -> str:
    return in_vietnam(at).strftime("%H:%M %d/%m/%Y")


def _dated(day: date, text: Text) -> Text:
    weekday, when = _WEEKDAYS[day.weekday()], day.strftime("%d/%m/%Y")
    return Text(f"{weekday.vi} {when}: {text.vi}.", f"{weekday.en} {when}: {text.en}.")
