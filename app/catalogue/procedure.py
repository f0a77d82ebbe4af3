"""A procedure version as an object: read from its definition, asked by everybody, changed by nobody."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import Field

from app.catalogue import words
from app.catalogue.definition import (
    ORG_PARTS,
    Authority,
    Check,
    Citation,
    Clock,
    Constant,
    EndOf,
    Fee,
    FieldType,
    FormField,
    NationalCode,
    Page,
    Paper,
    Part,
    Result,
    Retention,
    Share,
    Source,
    Stage,
    Step,
    Supplement,
)
from app.catalogue.expressions import NUMBER, TEXT, Expression, Scope, Type, compile_expression
from app.catalogue.functions import Context
from app.core.text import Text
from app.worktime.calendar import Calendar

__all__ = [
    "Answers",
    "EndOf",
    "Fee",
    "FeeDue",
    "Moment",
    "Outlook",
    "Paper",
    "PaperNeed",
    "Procedure",
    "Stage",
    "Step",
    "Supplement",
]

Answers = Mapping[str, Any]
Moment = Literal["filing", "after_validity_check"]


@dataclass(frozen=True, slots=True)
class PaperNeed:
    """A paper that these answers call for; `required` is None while that hangs on an answer not yet given."""

    paper: Paper
    required: bool | None


@dataclass(frozen=True, slots=True)
class FeeDue:
    """A fee and what it comes to, in whole đồng."""

    fee: Fee
    amount: int


@dataclass(frozen=True, slots=True)
class Outlook:
    """When a stage would start and be due."""

    stage: Stage
    starts: datetime
    due: datetime


class Procedure(Part):
    """One version of one procedure. Everything a door, an action or a template asks about it is answered here."""

    slug: str = Field(alias="procedure", pattern=r"^[a-z][a-z0-9-]{2,79}$")
    version: int = Field(ge=1)
    source: Source
    code: NationalCode
    valid_from: date
    valid_to: date | None = None
    decision: str | None
    migration: Literal["keep", "move", "ask"]
    sector: Text
    title: Text
    summary: Text
    audience: tuple[Text, ...] = Field(min_length=1)
    not_needed: tuple[Text, ...] = ()
    legal: dict[str, Citation]
    authority: Authority
    constants: dict[str, Constant] = Field(default_factory=dict)
    fields: tuple[FormField, ...] = Field(min_length=1)
    pages: tuple[Page, ...] = Field(min_length=1)
    papers: tuple[Paper, ...] = Field(alias="documents")
    all_papers_signed: str | None = None
    checks: tuple[Check, ...] = ()
    fees: tuple[Fee, ...] = ()
    clock: Clock
    process: tuple[Step, ...] = Field(min_length=1)
    result: Result
    share: tuple[Share, ...] = ()
    retention: Retention

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Self:
        """The procedure that `definition` (YAML or JSON content) describes. Raises `ValidationError` when it is none."""
        return cls.model_validate(definition)

    @cached_property
    def scope(self) -> Scope:
        """The names that expressions of this version may use."""
        names = {field.id: field.expression_type for field in self.fields}
        names |= dict.fromkeys(self.constants, NUMBER)
        for field in self.fields:
            if field.type is FieldType.ORG:
                names |= {f"{field.id}.{part}": TEXT for part in ORG_PARTS}
            names |= {f"{field.id}.{column.id}": Type(column.expression_type.base, many=True) for column in field.of}
        return names

    @cached_property
    def constant_values(self) -> dict[str, int | Decimal]:
        """The figures of the law by name."""
        return {name: constant.value for name, constant in self.constants.items()}

    @cached_property
    def compiled(self) -> dict[str, Expression]:
        """Every expression of this version by its source; raises `ExpressionError` for a wrong one."""
        return {source: compile_expression(source, self.scope) for source in self.expressions()}

    def expressions(self) -> list[str]:
        """The sources of all expressions."""
        fields = [source for f in self.fields for source in (f.required_if, f.show_if, f.compute) if source]
        papers = [paper.required_if for paper in self.papers if paper.required_if]
        return [*fields, *papers, *(check.rule for check in self.checks), *(fee.amount for fee in self.fees)]

    def field(self, field_id: str) -> FormField | None:
        """The field of this id."""
        return next((field for field in self.fields if field.id == field_id), None)

    def paper(self, paper_id: str) -> Paper | None:
        """The paper of this id."""
        return next((paper for paper in self.papers if paper.id == paper_id), None)

    def fee(self, fee_id: str) -> Fee | None:
        """The fee of this id."""
        return next((fee for fee in self.fees if fee.id == fee_id), None)

    def citation(self, legal_id: str) -> str:
        """The cited text of a legal ground."""
        return self.legal[legal_id].cite

    def page(self, page_id: str) -> Page | None:
        """The page of this id."""
        return next((page for page in self.pages if page.id == page_id), None)

    def stage(self, stage_id: str) -> Stage | None:
        """The stage of this id."""
        return next((stage for stage in self.clock.stages if stage.id == stage_id), None)

    def step(self, step_id: str) -> Step | None:
        """The step of this id."""
        return next((step for step in self.process if step.id == step_id), None)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages the business waits for, in order; duties after the result are left out."""
        return tuple(stage for stage in self.clock.stages if not stage.after_result)

    @property
    def first_stage(self) -> Stage:
        """The stage that starts when the dossier is received."""
        return self.stages[0]

    def next_stage(self, stage_id: str) -> Stage | None:
        """The stage after this one, or nothing when it is the last before the result."""
        ids = [stage.id for stage in self.stages]
        return next(iter(self.stages[ids.index(stage_id) + 1 :]), None)

    def steps_of(self, stage_id: str) -> tuple[Step, ...]:
        """The steps of a stage, in order."""
        return tuple(step for step in self.process if step.stage == stage_id)

    def next_step(self, step_id: str) -> Step | None:
        """The step after this one in the same stage."""
        steps = self._steps_beside(step_id)
        return next(iter(steps[[step.id for step in steps].index(step_id) + 1 :]), None)

    def step_before(self, step_id: str) -> Step | None:
        """The step of work before this one in the same stage; None for the first."""
        steps = self._steps_beside(step_id)
        earlier = steps[: [step.id for step in steps].index(step_id)]
        return next((step for step in reversed(earlier) if step.kind == "work"), None)

    def days_until(self, step_id: str) -> Decimal:
        """Days of the stage gone when this step is done: with the stage's start they give the task's due moment."""
        steps = self._steps_beside(step_id)
        return sum((step.days for step in steps[: [step.id for step in steps].index(step_id) + 1]), Decimal(0))

    def _steps_beside(self, step_id: str) -> tuple[Step, ...]:
        return next(self.steps_of(step.stage) for step in self.process if step.id == step_id)

    def number_series(self, outcome: Literal["granted", "refused"]) -> str:
        """The book that the number of the result, or of the refusal, is taken from."""
        series = next(step.number for step in self.process if step.number)
        return (self.result.refusal.number or series).series if outcome == "refused" else series.series

    def holds(self, source: str | None, answers: Answers, context: Context) -> bool | None:
        """The truth of a condition; no condition holds always."""
        return True if source is None else self.compiled[source].holds(answers, context)

    def context(self, today: date, calendar: Calendar | None = None) -> Context:
        """What expressions of this version need beside the answers."""
        return Context(today=today, calendar=calendar, constants=self.constant_values)

    def papers_needed(self, answers: Answers, *, today: date) -> list[PaperNeed]:
        """The papers these answers call for; a conditional paper that does not apply is absent."""
        context = self.context(today)
        return [
            PaperNeed(paper, required=paper.required and applies)
            for paper in self.papers
            if (applies := self.holds(paper.required_if, answers, context)) is not False
        ]

    def fees_due(self, moment: Moment, answers: Answers, *, today: date) -> list[FeeDue]:
        """The fees that fall due at `moment`. An amount that cannot be told yet is left out (the linter keeps that rare)."""
        context = self.context(today)
        amounts = [(fee, self.compiled[fee.amount].value(answers, context)) for fee in self.fees if fee.when == moment]
        return [FeeDue(fee, int(amount)) for fee, amount in amounts if amount]

    @property
    def time_limit_text(self) -> Text:
        """The limit in a sentence, stage by stage."""
        return words.time_limit(self.stages)

    @property
    def fee_text(self) -> Text:
        """The fee in a sentence; a fee that hangs on the answers says so."""
        return words.fees([(fee, self.compiled[fee.amount]) for fee in self.fees])

    def outlook(self, calendar: Calendar, at: datetime) -> tuple[Outlook, ...]:
        """The stages one after the other if the dossier were received at `at` and paid the moment it may be."""
        starts, found = at, []
        for stage in self.stages:
            due = calendar.due_of(starts, stage.length, stage.unit)
            found.append(Outlook(stage, starts, due))
            starts = due
        return tuple(found)

    def result_facts(self, answers: Answers) -> list[tuple[Text, str]]:
        """What is printed on the result: label and value, as an official letter writes it."""
        lines = [(fact.label, self._printed(fact.value, answers)) for fact in self.result.facts]
        return [(label, value) for label, value in lines if value]

    def _printed(self, name: str, answers: Answers) -> str:
        value, field = words.lookup(answers, name), self.field(name)
        return words.answer(field, value).vi if field else str(value or "")

    def register_doc(self, answers: Answers) -> dict[str, Any]:
        """The answers that go into the shared record, by the names the definition lists."""
        values = {name: words.lookup(answers, name) for name in self.result.register_as.fields}
        return {name: value for name, value in values.items() if value is not None}
