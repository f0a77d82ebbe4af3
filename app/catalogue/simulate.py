"""What would become of a dossier that was filed under one version, had it been filed under another. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.catalogue import words
from app.catalogue.forms import Form
from app.catalogue.procedure import Moment, Procedure
from app.core.clock import day_in_vietnam
from app.core.errors import Problem
from app.core.text import Text
from app.worktime.calendar import Calendar

_MOMENTS: tuple[Moment, ...] = ("filing", "after_validity_check")
MISSING_PAPER = Text("Thiếu giấy tờ: {name}.", "A paper is missing: {name:en}.")
LOST = Text("Câu trả lời không còn chỗ: {name}.", "An answer has no place any more: {name:en}.")


@dataclass(frozen=True, slots=True)
class Past:
    """A dossier as it was filed: its answers, the papers given, those held already, and when."""

    answers: Mapping[str, Any]
    papers: frozenset[str]
    filed_at: datetime
    received_at: datetime | None = None
    held: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Fate:
    """What one version makes of a dossier."""

    refused: tuple[Problem, ...]
    cost: int
    route: tuple[Text, ...]
    due: datetime


@dataclass(frozen=True, slots=True)
class Replay:
    """A dossier under both versions, and what is new about it."""

    before: Fate
    after: Fate

    @property
    def newly_refused(self) -> tuple[Problem, ...]:
        """What would keep it from being filed now and did not before."""
        known = {(problem.where, problem.slug) for problem in self.before.refused}
        return tuple(problem for problem in self.after.refused if (problem.where, problem.slug) not in known)

    @property
    def no_longer_refused(self) -> tuple[Problem, ...]:
        """What kept it from being filed and does no longer."""
        known = {(problem.where, problem.slug) for problem in self.after.refused}
        return tuple(problem for problem in self.before.refused if (problem.where, problem.slug) not in known)

    @property
    def costs_otherwise(self) -> bool:
        """Whether the fees differ."""
        return self.before.cost != self.after.cost

    @property
    def goes_otherwise(self) -> bool:
        """Whether it goes through other steps."""
        return self.before.route != self.after.route

    @property
    def due_otherwise(self) -> bool:
        """Whether it would be due at another moment."""
        return self.before.due != self.after.due

    @property
    def differs(self) -> bool:
        """Whether anything at all becomes different."""
        refusals = self.newly_refused or self.no_longer_refused
        return bool(refusals) or self.costs_otherwise or self.goes_otherwise or self.due_otherwise


def replay(before: Form, after: Form, past: Past, calendar: Calendar) -> Replay:
    """The dossier under the version it was filed under and under another one."""
    lost = _lost(before.procedure, after.procedure, past.answers)
    old, new = fate(before, past, calendar), fate(after, past, calendar)
    return Replay(old, Fate((*new.refused, *lost), new.cost, new.route, new.due))


def fate(form: Form, past: Past, calendar: Calendar) -> Fate:
    """What a version makes of a dossier, as far as answers, papers and the calendar tell."""
    procedure, today = form.procedure, day_in_vietnam(past.filed_at)
    refused, answers = _judged(form, past.answers, today, calendar)
    gone = procedure.left_out(answers, today=today)
    way = procedure.without(gone)
    return Fate(
        refused=(*refused, *_papers_missing(procedure, answers, past, today)),
        cost=sum(due.amount for moment in _MOMENTS for due in procedure.fees_due(moment, answers, today=today)),
        route=_route(way),
        due=way.outlook(calendar, past.received_at or past.filed_at)[-1].due,
    )


def _judged(form: Form, answers: Mapping[str, Any], today: date, calendar: Calendar) -> tuple[list[Problem], dict[str, Any]]:
    """The problems of the answers, and the answers that this form can read: another type of field must not break it."""
    persons = {each.id: answers[each.id] for each in form.procedure.fields if each.given_by_person and each.id in answers}
    _, wrong = form.read_json(persons, today=today, calendar=calendar)
    bad = {problem.where.split(".")[0] for problem in wrong}
    known = {each.id for each in form.procedure.fields} - bad
    readable = form.settle({name: value for name, value in answers.items() if name in known}, today=today, calendar=calendar)
    found = form.problems(readable, today=today, calendar=calendar)
    return [*wrong, *(problem for problem in found if problem.where.split(".")[0] not in bad)], readable


def _papers_missing(procedure: Procedure, answers: Mapping[str, Any], past: Past, today: date) -> list[Problem]:
    needs = procedure.papers_needed(answers, today=today, held=past.held)
    lacking = [need.paper for need in needs if need.required and need.paper.id not in past.papers]
    return [Problem(f"papers.{paper.id}", "missing-paper", MISSING_PAPER.filled(name=paper.name)) for paper in lacking]


def _lost(before: Procedure, after: Procedure, answers: Mapping[str, Any]) -> list[Problem]:
    gone = [each for each in before.fields if each.id in answers and after.field(each.id) is None]
    return [Problem(each.id, "answer-lost", LOST.filled(name=each.label)) for each in gone]


def _route(way: Procedure) -> tuple[Text, ...]:
    """The steps one after the other, each with its stage and days."""
    stages = {stage.id: stage.title for stage in way.clock.stages}
    return tuple(
        Text(
            f"{stages[step.stage].vi}: {step.title.vi}{_days(step.days, 'vi')}",
            f"{stages[step.stage].en}: {step.title.en}{_days(step.days, 'en')}",
        )
        for step in way.process
    )


def _days(days: Decimal, language: str) -> str:
    said = words.length(days, "working_day").in_("en" if language == "en" else "vi")
    return f" ({said})" if days else ""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many of the replayed dossiers become different, and how."""

    replayed: int
    newly_refused: int
    no_longer_refused: int
    cost: int
    route: int
    due: int


def tally(replays: Sequence[Replay]) -> Tally:
    """The counts of a simulation."""
    return Tally(
        replayed=len(replays),
        newly_refused=sum(bool(each.newly_refused) for each in replays),
        no_longer_refused=sum(bool(each.no_longer_refused) for each in replays),
        cost=sum(each.costs_otherwise for each in replays),
        route=sum(each.goes_otherwise for each in replays),
        due=sum(each.due_otherwise for each in replays),
    )
