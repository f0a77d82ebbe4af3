"""What each act writes into the ledger of the legal clock, and what follows for the steps of the process. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import dropwhile
from typing import Any

from app.catalogue.definition import SubLimit
from app.catalogue.procedure import EndOf, Procedure, Stage, Step, Supplement
from app.core.clock import in_vietnam
from app.core.text import Text
from app.dossiers.lifecycle import Tick
from app.worktime import ledger
from app.worktime.calendar import Calendar
from app.worktime.explained import Line, alert_line, explain, length_text
from app.worktime.ledger import Alert, Entry, Kind

_KEPT_IN_SUB_LIMITS = frozenset({Kind.PAUSE, Kind.RESUME, Kind.RESTART, Kind.NEW_LIMIT})
_BEGINNINGS = frozenset({Kind.START, Kind.RESTART, Kind.NEW_LIMIT})
_ONE_STEP_OF_TIME = Decimal("0.5")
EXTENSION_GROUND = "NĐ 61/2018 Đ.19.9"


@dataclass(frozen=True, slots=True)
class Turn:
    """What an act brings for the clock: the stage that begins, the days of an extension, a word for the record.

    `waited`: the legal ground under which a pause simply ends, whatever the stage says of supplements.
    """

    stage: Stage | None = None
    days: int | None = None
    note: str = ""
    waited: str | None = None


def entries_of(tick: Tick, turn: Turn, procedure: Procedure, stage: str | None, calendar: Calendar, at: datetime) -> list[Entry]:
    """The entries that `tick` adds while `stage` is the current one (None before the first)."""
    now = stage or procedure.first_stage.id
    match tick:
        case Tick.NOTHING:
            return []
        case Tick.START:
            return [_start(turn.stage or procedure.first_stage, procedure, calendar, at)]
        case Tick.PAUSE:
            return [_plain(Kind.PAUSE, now, procedure, calendar, at, turn.note)]
        case Tick.RESUME:
            if turn.waited is not None:
                return [Entry(Kind.RESUME, now, at, None, None, turn.waited, calendar.version, turn.note)]
            return [_resumed(procedure, now, calendar, at)]
        case Tick.END_STAGE:
            ended = _plain(Kind.END_STAGE, now, procedure, calendar, at, turn.note)
            return [ended, *([_start(turn.stage, procedure, calendar, at)] if turn.stage else [])]
        case Tick.EXTEND:
            return [
                Entry(Kind.EXTEND, now, at, Decimal(turn.days or 0), "working_day", EXTENSION_GROUND, calendar.version, turn.note)
            ]
        case Tick.STOP:
            return [_plain(Kind.STOP, now, procedure, calendar, at, turn.note)]


def the_stage(procedure: Procedure, stage: str) -> Stage:
    """The stage of this id; a dossier keeps its version, so it exists."""
    found = procedure.stage(stage)
    if found is None:
        raise LookupError(stage)
    return found


def _start(stage: Stage, procedure: Procedure, calendar: Calendar, at: datetime) -> Entry:
    return Entry(Kind.START, stage.id, at, stage.length, stage.unit, procedure.citation(stage.legal), calendar.version)


def _plain(kind: Kind, stage: str, procedure: Procedure, calendar: Calendar, at: datetime, note: str) -> Entry:
    return Entry(kind, stage, at, None, None, procedure.citation(the_stage(procedure, stage).legal), calendar.version, note)


def _resumed(procedure: Procedure, stage: str, calendar: Calendar, at: datetime) -> Entry:
    rule = supplement_rule(procedure, stage)
    limit = rule.new_limit
    return ledger.supplied(
        rule.policy,
        stage,
        at,
        new_limit=(limit.length, limit.unit) if limit else None,
        ground=procedure.citation(rule.legal),
        calendar_version=calendar.version,
    )


def supplement_rule(procedure: Procedure, stage: str | None) -> Supplement:
    """The rule for supplements in a stage; without one of its own, that of the intake."""
    own = the_stage(procedure, stage).supplement if stage else None
    return own or procedure.clock.intake


def stage_after(procedure: Procedure, stage: str) -> Stage | None:
    """The stage that follows, or None when the rest is decided and issued."""
    return procedure.next_stage(stage)


def starts_when_paid(stage: Stage) -> bool:
    """Whether the stage waits for the fee."""
    return not isinstance(stage.starts_on, EndOf) and stage.starts_on == "paid"


def step_due(entries: Sequence[Entry], procedure: Procedure, step: Step, calendar: Calendar, at: datetime) -> datetime:
    """When `step` must be done so that the steps after it keep their days: the ledger itself, with the limit shortened.

    Outside a running stage (a duty after the result) the step simply has its own days from now.
    """
    begun = next((e for e in reversed(entries) if e.kind in _BEGINNINGS), None)
    running = ledger.due(entries, calendar)
    if begun is None or running is None or begun.stage != step.stage:
        return calendar.due_of(calendar.work_starts(at), max(step.days, _ONE_STEP_OF_TIME), "working_day")
    if the_stage(procedure, step.stage).unit != "working_day":
        return running
    return min(ledger.due(_shortened(entries, procedure, step), calendar) or running, running)


def _shortened(entries: Sequence[Entry], procedure: Procedure, step: Step) -> list[Entry]:
    after = sum((s.days for s in procedure.steps_of(step.stage)), Decimal(0)) - procedure.days_until(step.id)
    least = max(step.days, _ONE_STEP_OF_TIME)
    stage = the_stage(procedure, step.stage)
    return [
        replace(e, length=max((e.length or stage.length) - after, least), unit=e.unit or stage.unit)
        if e.kind in _BEGINNINGS and e.stage == step.stage
        else e
        for e in entries
    ]


@dataclass(frozen=True, slots=True)
class SubDue:
    """A limit inside the stage that has begun: which one, since when, due when."""

    limit: SubLimit
    began: datetime
    due: datetime
    alerts: tuple[Alert, ...] = ()


def sub_limits(
    entries: Sequence[Entry], procedure: Procedure, opened: Mapping[str, datetime], calendar: Calendar
) -> list[SubDue]:
    """The limits inside the running stage whose first step is `opened` (by step, when); nothing while the clock stands.

    They wait for the business as the stage does, begin again when it does, and are not moved by an extension of the whole.
    """
    run = ledger.running(entries)
    found = []
    for limit in the_stage(procedure, run.stage).sub_limits if run else ():
        began = min((opened[step] for step in limit.steps if step in opened), default=None)
        if began and (due := ledger.due(_inside(entries, limit, began), calendar)):
            found.append(SubDue(limit, began, due, tuple(ledger.warnings(_inside(entries, limit, began), calendar))))
    return found


def explained(entries: Sequence[Entry], procedure: Procedure, opened: Mapping[str, datetime], calendar: Calendar) -> list[Line]:
    """The whole computation line by line, with the limits inside the stage and their reminders before the due moment."""
    lines = explain(entries, calendar, {stage.id: stage.title for stage in procedure.clock.stages})
    inside: list[Line] = []
    for each in sub_limits(entries, procedure, opened, calendar):
        inside += [limit_line(each, procedure), *(alert_line(alert, each.limit.title) for alert in each.alerts)]
    return [*lines[:-1], *inside, *lines[-1:]]


def limit_line(inside: SubDue, procedure: Procedure) -> Line:
    """A limit inside the stage in words."""
    limit, when = inside.limit, in_vietnam(inside.due).strftime("%H:%M %d/%m/%Y")
    length, ground = length_text(limit.length, limit.unit), procedure.citation(limit.legal)
    vi = f"Trong đó “{limit.title.vi}”: {length.vi} ({ground}), đến hạn lúc {when}."
    return Line("inside", Text(vi, f"Within it “{limit.title.en}”: {length.en} ({ground}), due at {when}."), inside.due)


def _inside(entries: Sequence[Entry], limit: SubLimit, began: datetime) -> list[Entry]:
    # At the moment of beginning: a pause came after it, the end of a pause before it.
    since = (entry for entry in entries if entry.at >= began and entry.kind in _KEPT_IN_SUB_LIMITS)
    later = dropwhile(lambda entry: entry.kind is Kind.RESUME, since)
    start = Entry(Kind.START, limit.id, began, limit.length, limit.unit)
    again = (Kind.RESTART, Kind.NEW_LIMIT)
    return [start, *(Entry(Kind.RESTART if e.kind in again else e.kind, limit.id, e.at) for e in later)]


def latest_arrival(procedure: Procedure, answers: Mapping[str, Any], calendar: Calendar) -> datetime | None:
    """The moment before which a notification must have arrived, by the date it is about; None when no such date is given."""
    lead = procedure.clock.lead_time
    try:
        day = date.fromisoformat(str(answers.get(lead.before, ""))) if lead else None
    except ValueError:
        return None
    return calendar.latest_before(day, lead.length, lead.unit) if lead and day else None
