"""The one place where a dossier moves: permission, event, clock, projection, audit, shared record. Private to the actions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import of_act
from app.audit.record import record
from app.catalogue.procedure import Procedure
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.ids import uuid7
from app.dossiers.actions.warn import plan_warnings
from app.dossiers.clock import Turn, entries_of
from app.dossiers.lifecycle import NATIONAL_CODE, SETTLED, Act, Rule, State, Tick, rule_of
from app.dossiers.models import Dossier, DossierEvent, LedgerEntry
from app.dossiers.queries import ledger_of
from app.registers import actions as registers
from app.registers.rules import Dataset
from app.worktime import ledger
from app.worktime.ledger import Entry
from app.worktime.queries import calendar as working_calendar

_NO_TURN = Turn()


def may_move(actor: Actor, dossier: Dossier, act: Act) -> Rule:
    """The rule for `act` now; `WrongState` when there is none, `NotAllowed` when it is not for `actor`."""
    rule = rule_of(State(dossier.state), act)
    if not rule.permissions & actor.permissions:
        raise NotAllowed
    return rule


async def move(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    act: Act,
    *,
    procedure: Procedure,
    at: datetime,
    payload: Mapping[str, Any] | None = None,
    turn: Turn = _NO_TURN,
    answer_by: datetime | None = None,
) -> DossierEvent:
    """Do `act`: append the event and what it does to the clock, then bring the row up to date.

    `payload` is the event's own record (ids, reasons, outcomes); `answer_by` the deadline it sets for the business.
    """
    rule = may_move(actor, dossier, act)
    event = _event(actor, dossier, rule, payload or {}, at)
    session.add(event)
    await _tick(session, dossier, rule.tick, procedure, turn, at)
    _project(dossier, rule, answer_by, at)
    detail = {"from": rule.source, "to": rule.target, "seq": event.seq}
    record(
        session, actor, of_act(act), subject_kind="dossier", subject_id=dossier.id, dossier_id=dossier.id, detail=detail, at=at
    )
    await share(session, dossier, at=at)
    return event


def _event(actor: Actor, dossier: Dossier, rule: Rule, payload: Mapping[str, Any], at: datetime) -> DossierEvent:
    dossier.events += 1
    return DossierEvent(
        dossier_id=dossier.id,
        seq=dossier.events,
        id=uuid7(),
        act=rule.act,
        from_state=rule.source,
        to_state=rule.target,
        actor=actor.ref,
        actor_name=actor.name,
        unit=actor.unit,
        at=at,
        payload=dict(payload),
    )


async def _tick(session: AsyncSession, dossier: Dossier, tick: Tick, procedure: Procedure, turn: Turn, at: datetime) -> None:
    if tick is Tick.NOTHING:
        return
    calendar = await working_calendar(session)
    before = await ledger_of(session, dossier)
    added = entries_of(tick, turn, procedure, dossier.stage, calendar, at)
    after = [*before, *added]
    state = ledger.state(after)  # refuses what cannot follow
    for entry in added:
        session.add(_row(dossier, entry))
    dossier.clock_paused = state.phase is ledger.Phase.PAUSED
    if tick is not Tick.STOP:  # what was promised stays on the row when the clock has stopped
        dossier.due_at = ledger.due(after, calendar)
        dossier.stage = state.stage or dossier.stage
    await plan_warnings(session, dossier, procedure, after, calendar, first=not before)


def _row(dossier: Dossier, entry: Entry) -> LedgerEntry:
    dossier.entries += 1
    return LedgerEntry(
        dossier_id=dossier.id,
        seq=dossier.entries,
        kind=entry.kind,
        stage=entry.stage,
        at=entry.at,
        length=entry.length,
        unit=entry.unit,
        ground=entry.ground,
        calendar_version=entry.calendar_version,
        note=entry.note,
    )


def _project(dossier: Dossier, rule: Rule, answer_by: datetime | None, at: datetime) -> None:
    dossier.state = rule.target
    dossier.answer_by = answer_by
    dossier.saved_at = at
    dossier.revision += 1
    if rule.target in SETTLED:
        dossier.ended_at = dossier.ended_at or at
        dossier.sort_at = dossier.ended_at
    else:
        dossier.sort_at = dossier.due_at or answer_by or dossier.submitted_at or at


async def share(session: AsyncSession, dossier: Dossier, *, at: datetime) -> None:
    """Bring the shared record of the dossier's status up to date, from the day it has a number."""
    if dossier.number is None:
        return
    doc: dict[str, Any] = {
        "number": dossier.number,
        "procedure": dossier.procedure,
        "unit": dossier.unit,
        "holder_tax_code": dossier.tax_code,
        "state": dossier.state,
        "national_status": NATIONAL_CODE[State(dossier.state)],
        "received_at": _moment(dossier.received_at),
        "due_at": _moment(dossier.due_at),
        "ended_at": _moment(dossier.ended_at),
    }
    known = {name: value for name, value in doc.items() if value is not None}
    await registers.put(session, Dataset.DOSSIERS, dossier.number, known, dossier.tax_code, at=at)


def _moment(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
