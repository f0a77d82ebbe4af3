"""What a list of events does to the clock of a procedure: the same rules as for a dossier, without one. Pure.

The list is JSON, oldest first: `[{"event": "accepted", "at": "2026-11-23T09:10:00+07:00"}, …]`; see docs/clock-events.md.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from app.catalogue import files
from app.catalogue.procedure import Procedure, Stage
from app.core.clock import day_in_vietnam, in_vietnam
from app.dossiers.clock import (
    Turn,
    entries_of,
    explained,
    latest_arrival,
    stage_after,
    starts_when_paid,
    step_due,
    sub_limits,
    supplement_rule,
)
from app.dossiers.lifecycle import Tick
from app.worktime import ledger
from app.worktime.calendar import Calendar
from app.worktime.ledger import Entry

What = Literal[
    "accepted", "supplement-asked", "supplied", "step-opened", "stage-ended", "paid", "extended", "answered", "stopped"
]
MOST_EVENTS = 1_000


class Happening(BaseModel):
    """One event. `days` with `extended`, `step` with `step-opened`, `answers` with `accepted` where a condition needs them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: What
    at: AwareDatetime
    days: int | None = Field(None, ge=1, le=60)
    step: str | None = None
    answers: dict[str, Any] = Field(default_factory=dict)


_LIST = TypeAdapter(list[Happening])


class NotATimeline(ValueError):
    """The file, or one of its events, cannot be; the message names the event by its number."""


def read(text: str | bytes) -> list[Happening]:
    """The events of a JSON file. Raises `NotATimeline`."""
    try:
        found = _LIST.validate_json(text)
    except ValidationError as error:
        raise NotATimeline("\n".join(_said(each["loc"], each["msg"]) for each in error.errors(include_url=False))) from None
    if not 1 <= len(found) <= MOST_EVENTS:
        raise NotATimeline(f"there are {len(found)} events, and 1 to {MOST_EVENTS} can be followed")
    return found


def _said(place: Sequence[int | str], message: str) -> str:
    if not place:
        return f"the file is no JSON list of events: {message}"
    number = int(place[0]) + 1
    return f"event {number}: {'.'.join(map(str, place[1:]))}: {message}".replace(": : ", ": ")


@dataclass
class Timeline:
    """A procedure's clock as the events leave it."""

    procedure: Procedure
    calendar: Calendar
    entries: list[Entry] = field(default_factory=list)
    waits_for_fee: Stage | None = None
    answer_by: datetime | None = None
    asked: dict[str, int] = field(default_factory=dict)
    opened: dict[str, datetime] = field(default_factory=dict)
    answers: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> str | None:
        """The stage that is open."""
        return ledger.state(self.entries).stage

    def accept(self, each: Happening) -> None:
        """The clock starts; which way the dossier takes is settled by its answers."""
        self.answers = each.answers
        left_out = self.procedure.left_out(each.answers, today=day_in_vietnam(each.at))
        self.procedure = self.procedure.without(left_out)
        self._tick(Tick.START, each)

    def ask(self, each: Happening) -> None:
        """A supplement is asked for, no more often than the stage allows."""
        stage = self._open()
        rule = supplement_rule(self.procedure, stage)
        self.asked[stage] = self.asked.get(stage, 0) + 1
        if self.asked[stage] > rule.max_rounds:
            raise NotATimeline(f"a supplement may be asked for {rule.max_rounds} times in the stage {stage}")
        self._tick(Tick.PAUSE, each)
        self.answer_by = self.calendar.answer_by(each.at, rule.reply_within.length, rule.reply_within.unit)

    def supply(self, each: Happening) -> None:
        """The business has answered in time."""
        if self.answer_by and each.at >= self.answer_by:
            raise NotATimeline(f"the time to supply ended at {self.answer_by.isoformat()}: the dossier was returned")
        self._tick(Tick.RESUME, each)
        self.answer_by = None

    def open_step(self, each: Happening) -> None:
        """Work on a step began: limits inside the stage run from it."""
        if each.step is None or self.procedure.step(each.step) is None:
            raise NotATimeline(f"the procedure has no step {each.step}")
        self.opened.setdefault(each.step, each.at)

    def end_stage(self, each: Happening) -> None:
        """The stage is done; the next begins at once, or when the fee is paid."""
        following = stage_after(self.procedure, self._open())
        waits = following is not None and starts_when_paid(following)
        self._tick(Tick.END_STAGE, each, Turn(stage=None if waits else following))
        self.waits_for_fee = following if waits else None

    def pay(self, each: Happening) -> None:
        """The fee is there, so the stage that waited for it begins."""
        if self.waits_for_fee is None:
            raise NotATimeline("no stage waits for a fee")
        self._tick(Tick.START, each, Turn(stage=self.waits_for_fee))
        self.waits_for_fee = None

    def extend(self, each: Happening) -> None:
        """An apology names a new day, once."""
        if each.days is None:
            raise NotATimeline("an extension says how many working days")
        if any(entry.kind is ledger.Kind.EXTEND for entry in self.entries):
            raise NotATimeline("a dossier is extended once only (NĐ 61/2018 Đ.19.9)")
        self._tick(Tick.EXTEND, each, Turn(days=each.days))

    def stop(self, each: Happening) -> None:
        """The answer is out, or the dossier was withdrawn or stopped."""
        self._tick(Tick.STOP, each)
        self.answer_by = None

    def _open(self) -> str:
        if self.stage is None:
            raise NotATimeline("no stage is open")
        return self.stage

    def _tick(self, tick: Tick, each: Happening, turn: Turn | None = None) -> None:
        self.entries += entries_of(tick, turn or Turn(), self.procedure, self.stage, self.calendar, each.at)
        ledger.state(self.entries)  # refuses what cannot follow


_DEEDS: dict[What, Callable[[Timeline, Happening], None]] = {
    "accepted": Timeline.accept,
    "supplement-asked": Timeline.ask,
    "supplied": Timeline.supply,
    "step-opened": Timeline.open_step,
    "stage-ended": Timeline.end_stage,
    "paid": Timeline.pay,
    "extended": Timeline.extend,
    "answered": Timeline.stop,
    "stopped": Timeline.stop,
}


def follow(procedure: Procedure, calendar: Calendar, happenings: Sequence[Happening]) -> Timeline:
    """The clock after these events. Raises `NotATimeline` with the number of the one that cannot follow."""
    found = Timeline(procedure, calendar)
    for number, each in enumerate(happenings, start=1):
        if number > 1 and each.at < happenings[number - 2].at:
            raise NotATimeline(f"event {number}: earlier than the one before it")
        try:
            _DEEDS[each.event](found, each)
        except (NotATimeline, ledger.OutOfOrder) as wrong:
            raise NotATimeline(f"event {number} ({each.event}): {wrong}") from None
    return found


def told(found: Timeline, *, at: datetime, later: int = 0) -> dict[str, Any]:
    """Everything there is to say at a moment, as JSON; `later` events were not counted yet."""
    procedure, calendar, entries = found.procedure, found.calendar, found.entries
    state, due = ledger.state(entries), ledger.due(entries, calendar)
    run = ledger.running(entries)
    steps = procedure.steps_of(run.stage) if run else ()
    return {
        "procedure": procedure.slug,
        "version": procedure.version,
        "calendar": calendar.version,
        "at": _iso(at),
        "phase": state.phase,
        "stage": state.stage,
        "rounds": state.rounds,
        "due": _iso(due),
        "overdue": due is not None and due < at,
        "answer_by": _iso(found.answer_by),
        "waits_for_fee": found.waits_for_fee.id if found.waits_for_fee else None,
        "warnings": [{"kind": alert.kind, "at": _iso(alert.at)} for alert in ledger.warnings(entries, calendar)],
        "steps": [{"step": each.id, "due": _iso(step_due(entries, procedure, each, calendar, at))} for each in steps],
        "sub_limits": [
            {"id": each.limit.id, "began": _iso(each.began), "due": _iso(each.due)}
            for each in sub_limits(entries, procedure, found.opened, calendar)
        ],
        "latest_arrival": _iso(latest_arrival(procedure, found.answers, calendar)),
        "later_events": later,
        "lines": [
            {"kind": line.kind, "at": _iso(line.at), "vi": line.text.vi, "en": line.text.en}
            for line in explained(entries, procedure, found.opened, calendar)
        ],
    }


def _iso(at: datetime | None) -> str | None:
    return in_vietnam(at).isoformat() if at else None


def rehearse(slug: str, file: Path | None, *, at: datetime, calendar: Calendar) -> dict[str, Any]:
    """What `motcua procedures due` prints: the events up to `at`; without a list, a dossier accepted and asked about at `at`.

    The version is the one in force when the first event happened. Raises `NotATimeline`.
    """
    happenings = read(file.read_bytes()) if file else [Happening(event="accepted", at=at)]
    counted = [each for each in happenings if each.at <= at]
    procedure = _in_force(slug, day_in_vietnam(happenings[0].at))
    return told(follow(procedure, calendar, counted), at=at, later=len(happenings) - len(counted))


def _in_force(slug: str, day: date) -> Procedure:
    named = [text for name, text in files.texts().items() if name.partition("/")[0] == slug]
    versions = [Procedure.of(yaml.load(text, files.LOADER)) for text in named]  # noqa: S506  (both are safe loaders)
    held = [each for each in versions if each.valid_from <= day and (each.valid_to is None or day <= each.valid_to)]
    if not held:
        when = f" in force on {day.isoformat()}" if versions else ""
        raise NotATimeline(f"there is no procedure {slug}{when}")
    return max(held, key=lambda each: each.version)
