"""A procedure version as an object: read from its definition, asked by everybody, changed by nobody."""

from calendar import monthrange
from collections.abc import Collection, Mapping
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
    FeesUnknown,
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
from app.catalogue.functions import Context, date_of
from app.catalogue.parts import parts_of
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

SLUG = r"^[a-z][a-z0-9-]{2,79}$"
"""What a procedure may be called in addresses."""

Answers = Mapping[str, Any]
Moment = Literal["filing", "after_validity_check"]
_NOTHING: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class PaperNeed:
    """A paper that these answers call for; `required` is None while that hangs on an answer not yet given."""

    paper: Paper
    required: bool | None
    signed: bool = True

    @property
    def signed_places(self) -> tuple[int, ...]:
        """Which of its files must carry the filer's signature."""
        return self.paper.signed_places if self.signed else ()


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

    slug: str = Field(alias="procedure", pattern=SLUG)
    version: int = Field(ge=1, strict=True)  # `true` is no number
    source: Source
    code: NationalCode = NationalCode()
    valid_from: date
    valid_to: date | None = None
    decision: str | None = None
    migration: Literal["keep", "move", "ask"] = "keep"
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
    fees_unknown: FeesUnknown | None = None
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
            names |= {f"{field.id}.{part.id}": part.expression_type for part in parts_of(field)}
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
        fields = [source for f in self.fields for source in (f.required_if, f.show_if, f.compute)]
        papers = [source for p in self.papers for source in (p.required_if, p.signed.only_if if p.signed else None)]
        rules = [*(check.rule for check in self.checks), *(fee.amount for fee in self.fees)]
        kinds = [variant.only_if for variant in self.result.variants]
        return [source for source in (*fields, *papers, *rules, *kinds, *self.branches) if source]

    @cached_property
    def branches(self) -> tuple[str, ...]:
        """The conditions on which stages and steps hang, each once."""
        stages, steps = (stage.only_if for stage in self.clock.stages), (step.only_if for step in self.process)
        return tuple(dict.fromkeys(source for source in (*stages, *steps) if source))

    def field(self, field_id: str) -> FormField | None:
        """The field of this id."""
        return next((field for field in self.fields if field.id == field_id), None)

    def asked(self, name: str) -> FormField | None:
        """The question under a dotted name: a field, or a part of one."""
        owner, _, part = name.partition(".")
        found = self.field(owner)
        return next((each for each in parts_of(found) if each.id == part), None) if found and part else found

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

    def left_out(self, answers: Answers, *, today: date) -> tuple[str, ...]:
        """The stages and steps (by id, stages as `stage:id`) that dossiers with these answers do not go through."""
        context = self.context(today)
        gone = {source for source in self.branches if self.holds(source, answers, context) is not True}
        stages = [f"stage:{stage.id}" for stage in self.clock.stages if stage.only_if in gone]
        return (*stages, *(step.id for step in self.process if step.only_if in gone or f"stage:{step.stage}" in stages))

    def without(self, left_out: Collection[str]) -> Self:
        """This version as one dossier goes through it."""
        if not left_out:
            return self
        stages = tuple(stage for stage in self.clock.stages if f"stage:{stage.id}" not in left_out)
        steps = tuple(step for step in self.process if step.id not in left_out)
        return self.model_copy(update={"clock": self.clock.model_copy(update={"stages": stages}), "process": steps})

    def steps_of(self, stage_id: str) -> tuple[Step, ...]:
        """The steps of a stage that follow one another; what runs beside them is left out."""
        return tuple(step for step in self.process if step.stage == stage_id and step.parallel is None)

    def beside(self, *, after: str | None = None, before: str | None = None) -> tuple[Step, ...]:
        """The steps that run beside the others and start after one step, or must be done before another."""
        found = [(step, step.parallel) for step in self.process if step.parallel]
        return tuple(step for step, runs in found if after == runs.starts_after or before == runs.joins_before)

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

    @property
    def automatic(self) -> bool:
        """Whether the portal decides by itself, before any official has looked."""
        return any(step.decides and step.automatic for step in self.process)

    def result_for(self, answers: Answers, *, today: date) -> Result:
        """The kind of result these answers call for."""
        context = self.context(today)
        fits = (each for each in self.result.variants if self.holds(each.only_if, answers, context) is True)
        chosen = next(fits, None)
        if chosen is None:
            return self.result
        own = {name: value for name in ("id", "title", "statement", "template") if (value := getattr(chosen, name))}
        return self.result.model_copy(update=own)

    def number_series(self, outcome: Literal["granted", "refused"], kind: str = "") -> str:
        """The book that the number of the result (of this kind), or of the refusal, is taken from."""
        series = next(step.number for step in self.process if step.number)
        if outcome == "refused":
            return (self.result.refusal.number or series).series
        own = next((variant.number for variant in self.result.variants if variant.id == kind), None)
        return (own or series).series

    def holds(self, source: str | None, answers: Answers, context: Context) -> bool | None:
        """The truth of a condition; no condition holds always."""
        return True if source is None else self.compiled[source].holds(answers, context)

    def context(self, today: date, calendar: Calendar | None = None) -> Context:
        """What expressions of this version need beside the answers."""
        return Context(today=today, calendar=calendar, constants=self.constant_values)

    def papers_needed(self, answers: Answers, *, today: date, held: Mapping[str, str] = _NOTHING) -> list[PaperNeed]:
        """The papers these answers call for; one that does not apply, or that the ministry holds (`held`), is absent."""
        context = self.context(today)
        return [
            PaperNeed(paper, required=paper.required and applies, signed=self._signed(paper, answers, context))
            for paper in self.papers
            if paper.id not in held and (applies := self.holds(paper.required_if, answers, context)) is not False
        ]

    def _signed(self, paper: Paper, answers: Answers, context: Context) -> bool:
        return paper.signed is not None and self.holds(paper.signed.only_if, answers, context) is not False

    def fees_due(self, moment: Moment, answers: Answers, *, today: date) -> list[FeeDue]:
        """The fees that fall due at `moment`. One whose amount is not certain, or cannot be told yet, is not asked for."""
        context = self.context(today)
        fees = [fee for fee in self.fees if fee.when == moment and fee.certain]
        amounts = [(fee, self.compiled[fee.amount].value(answers, context)) for fee in fees]
        return [FeeDue(fee, int(amount)) for fee, amount in amounts if amount]

    @property
    def term_text(self) -> Text | None:
        """How long a result holds, in a sentence; None when it has no term."""
        return words.term(self.result.term) if self.result.term else None

    @property
    def time_limit_text(self) -> Text:
        """The limit in a sentence, stage by stage."""
        return words.time_limit(self.stages)

    @property
    def fee_text(self) -> Text:
        """The fee in a sentence; a fee that hangs on the answers says so, and so does one that is not known yet."""
        return (
            words.fees([(fee, self.compiled[fee.amount]) for fee in self.fees])
            if self.fees_unknown is None
            else words.FEE_UNKNOWN
        )

    @property
    def fees_confirmed(self) -> bool:
        """Whether everything said about the fee was read in the law: also that there is none."""
        return self.fees_unknown is None and all(fee.certain for fee in self.fees)

    def outlook(self, calendar: Calendar, at: datetime) -> tuple[Outlook, ...]:
        """The stages one after the other if the dossier were received at `at` and paid the moment it may be."""
        starts, found = at, []
        for stage in self.stages:
            due = calendar.due_of(starts, stage.length, stage.unit)
            found.append(Outlook(stage, starts, due))
            starts = due
        return tuple(found)

    def result_facts(self, answers: Answers) -> list[tuple[Text, str]]:
        """What is printed on the result line by line: label and value, as an official letter writes it."""
        single = [fact for fact in self.result.facts if self._rows(fact.value) is None]
        lines = [(fact.label, self._printed(fact.value, answers)) for fact in single]
        return [(label, value) for label, value in lines if value]

    def result_tables(self, answers: Answers) -> list[tuple[Text, list[Text], list[list[str]]]]:
        """What is printed on the result as tables: name, heads of the columns, cells. A table without rows is left out."""
        named = [(fact, rows) for fact in self.result.facts if (rows := self._rows(fact.value))]
        return [
            (
                fact.label,
                [column.label for column in rows.of],
                [[words.answer(c, row.get(c.id)).vi for c in rows.of] for row in given],
            )
            for fact, rows in named
            if (given := words.lookup(answers, fact.value))
        ]

    def _rows(self, name: str) -> FormField | None:
        field = self.field(name)
        return field if field is not None and field.type is FieldType.ROWS else None

    def _printed(self, name: str, answers: Answers) -> str:
        value, asked = words.lookup(answers, name), self.asked(name)
        return words.answer(asked, value).vi if asked else str(value or "")

    def register_doc(self, answers: Answers) -> dict[str, Any]:
        """The answers that go into the shared record, by the names the definition lists."""
        values = {name: words.lookup(answers, name) for name in self.result.register_as.fields}
        return {name: value for name, value in values.items() if value is not None}

    def valid_until(self, answers: Answers, day: date) -> date | None:
        """The last day of a result issued on `day`, or None when it has no term."""
        term = self.result.term
        if term is None:
            return None
        asked = words.lookup(answers, term.asked) if term.asked else None
        limits = [12 * term.years if term.years else None, term.months, 12 * int(asked) if isinstance(asked, int) else None]
        ends = [_months_later(day, months) for months in limits if months]
        beyond = date_of(words.lookup(answers, term.not_beyond)) if term.not_beyond else None
        return min([*ends, *([beyond] if beyond else [])], default=None)


def _months_later(day: date, months: int) -> date:
    """The same day so many months later; the 28th for a 29 February, the month's last day where it is shorter."""
    year, month = divmod(day.month - 1 + months, 12)
    last = monthrange(day.year + year, month + 1)[1]
    return day.replace(year=day.year + year, month=month + 1, day=min(day.day, last))
