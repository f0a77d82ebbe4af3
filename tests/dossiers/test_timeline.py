"""The clock of a procedure after a list of events, without a dossier."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from app.catalogue.procedure import Procedure
from app.core.clock import VIETNAM
from app.dossiers import timeline
from app.dossiers.timeline import NotATimeline
from app.worktime.actions import shipped
from app.worktime.calendar import Calendar

CALENDAR = Calendar.of(shipped())
LICENCE = "multi-level-selling-certificate"
WHOLE = Path(__file__).parents[1] / "catalogue" / "whole.yaml"
# Worked out by hand in tests/worktime/test_ledger.py.
STORY = [
    ("accepted", "2026-08-28T10:00:00+07:00", "2026-09-09T17:00:00+07:00"),
    ("supplement-asked", "2026-09-04T09:00:00+07:00", None),
    ("supplied", "2026-09-10T15:30:00+07:00", "2026-09-17T17:00:00+07:00"),
    ("stage-ended", "2026-09-16T10:00:00+07:00", None),
    ("paid", "2026-12-18T21:40:00+07:00", "2027-01-11T17:00:00+07:00"),
    ("supplement-asked", "2026-12-30T10:00:00+07:00", None),
    ("supplied", "2027-01-25T14:00:00+07:00", "2027-02-15T17:00:00+07:00"),
    ("answered", "2027-02-01T10:00:00+07:00", None),
]
EVENTS: list[dict[str, Any]] = [{"event": event, "at": at} for event, at, _ in STORY]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM) if "+" not in text else datetime.fromisoformat(text)


@pytest.fixture
def rehearsed(tmp_path: Path) -> Callable[..., dict[str, Any]]:
    def run(events: Any, at: str = "2027-03-01 09:00") -> dict[str, Any]:
        file = tmp_path / "events.json"
        file.write_text(events if isinstance(events, str) else json.dumps(events))
        return timeline.rehearse(LICENCE, file, at=moment(at), calendar=CALENDAR)

    return run


@pytest.mark.parametrize("number", range(len(STORY)))
def test_the_due_moment_after_each_event_is_the_one_worked_out_by_hand(rehearsed, number: int) -> None:
    _, at, due = STORY[number]
    told = rehearsed(EVENTS, at)
    assert told["due"] == due
    assert told["later_events"] == len(STORY) - number - 1


def test_the_answer_says_stage_reminders_steps_and_every_line(rehearsed) -> None:
    told = rehearsed(EVENTS[:1], "2026-09-10 08:00")
    assert (told["phase"], told["stage"], told["overdue"]) == ("running", "validity", True)
    assert {alert["kind"] for alert in told["warnings"]} == {"70", "90", "last_day"}
    assert told["steps"][-1]["due"] == told["due"]
    assert [line["kind"] for line in told["lines"]].count("day") == 5
    asked = rehearsed(EVENTS[:2])
    assert asked["answer_by"] == "2026-10-17T00:00:00+07:00"  # 30 working days from 4/9: until the midnight closing Fri 16/10


def test_without_events_a_dossier_is_accepted_now() -> None:
    told = timeline.rehearse(LICENCE, None, at=moment("2026-11-23 09:10"), calendar=CALENDAR)
    assert told["due"] == "2026-11-30T17:00:00+07:00"


def test_a_limit_inside_the_stage_runs_from_its_first_step_and_waits_with_the_stage() -> None:
    procedure = Procedure.of(yaml.safe_load(WHOLE.read_text()))
    events = [
        {"event": "accepted", "at": "2026-11-02T09:00:00+07:00", "answers": {"kind": "production", "starts": "2026-12-11"}},
        {"event": "step-opened", "at": "2026-11-09T09:00:00+07:00", "step": "visit"},
        {"event": "supplement-asked", "at": "2026-11-10T09:00:00+07:00"},
        {"event": "supplied", "at": "2026-11-16T09:00:00+07:00"},
    ]
    found = timeline.follow(procedure, CALENDAR, timeline.read(json.dumps(events[:2])))
    told = timeline.told(found, at=moment("2026-11-20 09:00"))
    assert told["stage"] == "special"
    assert told["sub_limits"][0]["due"] == "2026-11-16T17:00:00+07:00"  # 10 11 12 13 · 16
    assert told["latest_arrival"] == "2026-12-09T00:00:00+07:00"  # three working days before Fri 11/12: Tue 8
    assert (
        timeline.told(timeline.follow(procedure, CALENDAR, timeline.read(json.dumps(events[:3]))), at=found.entries[0].at)[
            "sub_limits"
        ]
        == []
    )


@pytest.mark.parametrize(
    "events, said",
    [
        ("{", "no JSON list"),
        ("[]", "0 events"),
        ([{"event": "sneezed", "at": EVENTS[0]["at"]}], "event 1: event"),
        ([{"event": "accepted", "at": "soon"}], "event 1: at"),
        ([{"event": "accepted", "at": "2026-08-28T10:00:00"}], "event 1: at"),
        ([{**EVENTS[0], "colour": "red"}], "event 1: colour"),
        ([EVENTS[1]], "event 1 (supplement-asked): no stage is open"),
        ([EVENTS[0], EVENTS[0]], "event 2 (accepted)"),
        ([EVENTS[2], EVENTS[0]], "event 1 (supplied)"),
        ([EVENTS[0], {**EVENTS[1], "at": "2026-08-01T09:00:00+07:00"}], "event 2: earlier"),
        ([*EVENTS[:3], EVENTS[1] | {"at": "2026-09-11T09:00:00+07:00"}], "event 4 (supplement-asked): a supplement may be asked"),
        ([*EVENTS[:2], {"event": "supplied", "at": "2027-02-25T14:00:00+07:00"}], "the time to supply ended"),
        ([EVENTS[0], {"event": "paid", "at": EVENTS[1]["at"]}], "no stage waits for a fee"),
        ([EVENTS[0], {"event": "extended", "at": EVENTS[1]["at"]}], "how many working days"),
        ([EVENTS[0], *[{"event": "extended", "at": EVENTS[1]["at"], "days": 2}] * 2], "once only"),
        ([EVENTS[0], {"event": "step-opened", "at": EVENTS[1]["at"], "step": "dance"}], "no step dance"),
        ([{"event": "accepted", "at": "2016-08-28T10:00:00+07:00"}], "in force on 2016-08-28"),
    ],
    ids=range(17),
)
def test_a_list_that_cannot_be_is_refused_with_the_event_and_the_reason(rehearsed, events: Any, said: str) -> None:
    with pytest.raises(NotATimeline) as refused:
        rehearsed(events)
    assert said in str(refused.value)


def test_an_unknown_procedure_is_said() -> None:
    with pytest.raises(NotATimeline, match="no procedure nothing"):
        timeline.rehearse("nothing", None, at=moment("2026-11-23 09:10"), calendar=CALENDAR)
