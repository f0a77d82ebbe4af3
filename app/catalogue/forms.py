"""The e-form of a version: flat form → nest → compute → hide → validate → store. One implementation, on the server.

Every computed value is worked out here and every answer that does not apply is dropped, whatever was sent. Answers
are plain JSON; wrong input never raises, it comes back as `Problem`s in the person's words.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import jsonschema_rs

from app.catalogue import machine, paging, values
from app.catalogue.definition import FieldType, FormField, Page
from app.catalogue.functions import Context
from app.catalogue.paging import Typed
from app.catalogue.procedure import Procedure
from app.catalogue.schema import json_schema
from app.catalogue.summary import SummaryPage, summary
from app.catalogue.values import WrongAnswer
from app.catalogue.views import FieldView, views
from app.core.errors import Problem
from app.core.text import Text
from app.worktime.calendar import Calendar

Answers = dict[str, Any]
Pairs = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PageResult:
    """What a posted page gives: the answers that could be read, what is wrong, and what was typed (to show it again)."""

    answers: Answers
    problems: tuple[Problem, ...]
    typed: Typed = field(default_factory=dict)


@dataclass(frozen=True)
class Form:
    """The form of one procedure version."""

    procedure: Procedure

    @classmethod
    def of(cls, procedure: Procedure) -> "Form":
        """The form of `procedure`; made once per version, because compiling its schema takes a while."""
        known = _MADE.get((procedure.slug, procedure.version))
        if known is None or known.procedure is not procedure:
            known = _MADE[procedure.slug, procedure.version] = cls(procedure)
        return known

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages, in order."""
        return self.procedure.pages

    @cached_property
    def _validator(self) -> jsonschema_rs.Draft202012Validator:
        return jsonschema_rs.Draft202012Validator(json_schema(self.procedure), validate_formats=False)

    def fields_of(self, page_id: str) -> tuple[FormField, ...]:
        """The fields of a page, in its order; none for an unknown page."""
        page = self.procedure.page(page_id)
        found = (self.procedure.field(field_id) for field_id in page.fields) if page else ()
        return tuple(each for each in found if each)

    def page_of(self, path: str) -> Page | None:
        """The page a problem's field is on."""
        name = path.split(".", maxsplit=1)[0]
        return next((page for page in self.pages if name in page.fields), None)

    def read_page(
        self, page_id: str, pairs: Pairs, answers: Mapping[str, Any], *, today: date, calendar: Calendar | None = None
    ) -> PageResult:
        """Take one posted page into `answers`. Names that begin with `_` are the page's own controls."""
        fields = self.fields_of(page_id)
        read = paging.read(fields, [pair for pair in pairs if not pair[0].startswith("_")])
        merged = {name: value for name, value in answers.items() if name not in read.asked} | read.values
        context = self._context(today, calendar)
        settled = self._settled(merged, context)
        wrong = {problem.where for problem in read.problems}
        found = [p for each in fields for p in self._field_problems(each, settled, context) if p.where not in wrong]
        checks = [p for p in self._check_problems(settled, context) if p.where in {each.id for each in fields}]
        return PageResult(settled, (*read.problems, *found, *(p for p in checks if p.where not in wrong)), read.typed)

    def read_json(
        self,
        given: Mapping[str, Any],
        *,
        today: date,
        calendar: Calendar | None = None,
        prefilled: Mapping[str, Any] | None = None,
    ) -> tuple[Answers, list[Problem]]:
        """Take a machine's whole answers; of `prefilled` only what a person cannot change is used.

        Problems are those of shape and value; what is still missing is said by `problems`.
        """
        own = {name: value for name, value in (prefilled or {}).items() if not self._is_persons(name)}
        if wrong := machine.unclean(given) or machine.refused(self._validator, given):
            return own, wrong
        persons = {name: value for name, value in given.items() if self._is_persons(name)}
        settled = self._settled(own | persons, self._context(today, calendar))
        wrong = machine.changed(self.procedure, given, settled)
        return (own, wrong) if wrong else self._canonical(settled)

    def problems(self, answers: Mapping[str, Any], *, today: date, calendar: Calendar | None = None) -> list[Problem]:
        """Everything that keeps these answers from being filed: each field, then each check that does not hold."""
        context = self._context(today, calendar)
        settled = self._settled(answers, context)
        found = [problem for each in self.procedure.fields for problem in self._field_problems(each, settled, context)]
        return found + self._check_problems(settled, context)

    def settle(self, answers: Mapping[str, Any], *, today: date, calendar: Calendar | None = None) -> Answers:
        """The answers with computed values worked out anew and everything that does not apply dropped."""
        return self._settled(answers, self._context(today, calendar))

    def summary(self, answers: Mapping[str, Any]) -> list[SummaryPage]:
        """The answers in words, page by page."""
        return summary(self.procedure, answers)

    def json_schema(self) -> dict[str, Any]:
        """The JSON Schema 2020-12 of the answers."""
        return json_schema(self.procedure)

    def views(
        self,
        page_id: str,
        answers: Mapping[str, Any],
        *,
        typed: Typed | None = None,
        problems: Sequence[Problem] = (),
        rows: Mapping[str, int] | None = None,
    ) -> list[FieldView]:
        """What a page shows: one view per field, with what was typed and what is wrong."""
        return views(self.fields_of(page_id), answers, typed or {}, problems, rows or {})

    def _is_persons(self, name: str) -> bool:
        found = self.procedure.field(name)
        return found is not None and found.given_by_person

    def _context(self, today: date, calendar: Calendar | None) -> Context:
        return self.procedure.context(today, calendar)

    def _settled(self, answers: Mapping[str, Any], context: Context) -> Answers:
        """Compute and hide until nothing changes; the linter has excluded cycles, so that is soon."""
        known = {each.id for each in self.procedure.fields}
        now = {name: value for name, value in answers.items() if name in known}
        for _ in range(len(known) + 1):
            after = self._hidden(self._computed(now, context), context)
            if after == now:
                break
            now = after
        return now

    def _computed(self, answers: Answers, context: Context) -> Answers:
        filled = dict(answers)
        needs = self.procedure.papers_needed(answers, today=context.today)
        context = replace(context, papers="; ".join(need.paper.name.vi for need in needs))
        for each in self.procedure.fields:
            if each.compute:
                value = self.procedure.compiled[each.compute].value(filled, context)
                filled.pop(each.id, None)
                if value is not None:
                    filled[each.id] = _stored(value)
        return filled

    def _hidden(self, answers: Answers, context: Context) -> Answers:
        applies = {each.id: self.procedure.holds(each.show_if, answers, context) is not False for each in self.procedure.fields}
        return {name: value for name, value in answers.items() if applies[name]}

    def _field_problems(self, each: FormField, answers: Answers, context: Context) -> list[Problem]:
        if each.show_if and self.procedure.holds(each.show_if, answers, context) is not True:
            return []
        value = answers.get(each.id)
        needed = each.required or (each.required_if and self.procedure.holds(each.required_if, answers, context) is True)
        if value is None or value in ("", []) or (each.must_be_true and value is not True):
            blank = needed and each.compute is None
            return [_problem(each.id, values.missing(each))] if blank else []
        return _value_problems(each, value)

    def _check_problems(self, answers: Answers, context: Context) -> list[Problem]:
        """A check refuses only when it is known not to hold; a blank is the field's own problem."""
        broken = (each for each in self.procedure.checks if self.procedure.holds(each.rule, answers, context) is False)
        return [Problem(each.field or "", each.id, each.message) for each in broken]

    def _canonical(self, answers: Answers) -> tuple[Answers, list[Problem]]:
        fields = [(each, answers[each.id]) for each in self.procedure.fields if each.id in answers]
        problems = [problem for each, value in fields for problem in _value_problems(each, value)]
        if problems:
            return answers, problems
        return {each.id: _canonical_value(each, value) for each, value in fields}, []


_MADE: dict[tuple[str, int], Form] = {}


def prefill(procedure: Procedure, enterprise: Mapping[str, Any]) -> Answers:
    """What the register already knows, by each field's `prefill` name; an `org` field takes name and tax code."""
    found: Answers = {}
    for each in procedure.fields:
        if each.type is FieldType.ORG and each.prefill:
            found[each.id] = {"tax_code": enterprise["tax_code"], "name": enterprise["name_vi"]}
        elif each.prefill and enterprise.get(each.prefill) not in (None, ""):
            value = enterprise[each.prefill]
            found[each.id] = value.isoformat() if isinstance(value, date) else value
    return found


def remove_row(pairs: Pairs, field_id: str, index: int) -> list[tuple[str, str]]:
    """The posted pairs without one row of a table; later rows move up."""
    moved = ((_moved(name, field_id, index), text) for name, text in pairs)
    return [(name, text) for name, text in moved if name is not None]


def _moved(name: str, field_id: str, index: int) -> str | None:
    """The name after row `index` has gone; nothing for a name of that row."""
    parts = name.split(".")
    if len(parts) != 3 or parts[0] != field_id or not paging.is_index(parts[1]):
        return name
    row = int(parts[1])
    return None if row == index else f"{field_id}.{row - (row > index)}.{parts[2]}"


def _problem(where: str, wrong: WrongAnswer) -> Problem:
    return Problem(where, wrong.slug, wrong.text)


def _stored(value: Any) -> Any:
    """A computed value as JSON."""
    if isinstance(value, (str, bool)):
        return value
    return value.isoformat() if isinstance(value, date) else int(value) if value == int(value) else float(value)


def _value_problems(each: FormField, value: Any) -> list[Problem]:
    if each.type is FieldType.ROWS:
        return _row_problems(each, value)
    try:
        _canonical_value(each, value)
    except WrongAnswer as wrong:
        return [_problem(each.id, wrong)]
    return []


def _row_problems(each: FormField, rows: Sequence[Mapping[str, Any]]) -> list[Problem]:
    found = []
    name = values.named(each)
    if len(rows) < each.min_rows:
        said = Text(f"Nhập ít nhất {each.min_rows} dòng ở {name.vi}.", f"Enter at least {each.min_rows} rows in {name.en}.")
        found.append(Problem(each.id, "too-few-rows", said))
    if len(rows) > each.max_rows:
        said = Text(f"{each.label.vi} có tối đa {each.max_rows} dòng.", f"{each.label.en} may have at most {each.max_rows} rows.")
        found.append(Problem(each.id, "too-many-rows", said))
    for number, row in enumerate(rows):
        for column in each.of:
            found += _cell_problems(each, number, column, row.get(column.id))
    return found


def _cell_problems(table: FormField, number: int, column: FormField, value: Any) -> list[Problem]:
    where = f"{table.id}.{number}.{column.id}"
    if value is None or value == "":
        wrongs = [values.missing(column)] if column.required else []
    else:
        wrongs = []
        try:
            _canonical_value(column, value)
        except WrongAnswer as wrong:
            wrongs = [wrong]
    row = number + 1
    return [Problem(where, w.slug, Text(f"Dòng {row}: {w.text.vi}", f"Row {row}: {w.text.en}")) for w in wrongs]


def _canonical_value(each: FormField, value: Any) -> Any:
    if each.type is FieldType.ROWS:
        columns = {column.id: column for column in each.of}
        return [{name: _canonical_value(columns[name], cell) for name, cell in row.items()} for row in value]
    return values.from_json(each, value) if each.type is not FieldType.ORG else value
