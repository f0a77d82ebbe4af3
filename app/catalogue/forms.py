"""The e-form of a version: flat form → nest → compute → hide → validate → store. One implementation, on the server.

Every computed value is worked out here and every answer that does not apply is dropped, whatever was sent. Answers
are plain JSON; wrong input never raises, it comes back as `Problem`s in the person's words.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

import jsonschema_rs

from app.catalogue import judged, machine, paging, references
from app.catalogue.communes import NONE as NO_COMMUNES
from app.catalogue.communes import Communes, unlisted
from app.catalogue.functions import Context
from app.catalogue.paging import Typed
from app.catalogue.parts import parts_of
from app.catalogue.procedure import Procedure
from app.catalogue.questions import ORG_PARTS, FieldType, FormField, Page
from app.catalogue.references import Records, options
from app.catalogue.schema import json_schema
from app.catalogue.summary import SummaryPage, summary
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
        if known is None or known.procedure.fields is not procedure.fields:
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
        self,
        page_id: str,
        pairs: Pairs,
        answers: Mapping[str, Any],
        *,
        today: date,
        calendar: Calendar | None = None,
        records: Records = (),
    ) -> PageResult:
        """Take one posted page into `answers`. Names that begin with `_` are the page's own controls."""
        fields = self.fields_of(page_id)
        read = paging.read(fields, [pair for pair in pairs if not pair[0].startswith("_")])
        merged = {name: value for name, value in answers.items() if name not in read.asked} | read.values
        context = self._context(today, calendar)
        settled = self._settled(self._from_records(merged, records), context)
        named = [*read.problems, *self._not_theirs(fields, read.values, records)]
        wrong = {problem.where for problem in named}
        found = [p for each in fields for p in self._field_problems(each, settled, context) if p.where not in wrong]
        checks = [p for p in self._check_problems(settled, context) if p.where in {each.id for each in fields}]
        return PageResult(settled, (*named, *found, *(p for p in checks if p.where not in wrong)), read.typed)

    def read_json(
        self,
        given: Mapping[str, Any],
        *,
        today: date,
        calendar: Calendar | None = None,
        before: Mapping[str, Any] | None = None,
        records: Records = (),
    ) -> tuple[Answers, list[Problem]]:
        """Take a machine's whole answers; `null` takes an answer away.

        Of the answers `before`, those no person can change stay, and those filled in beforehand until they are sent.
        Every problem of shape and value is listed at once; what is still missing is said by `problems`.
        """
        known, sent = before or {}, {name: value for name, value in given.items() if value is not None}
        if machine.hopeless(wrong := machine.unclean(sent)):
            return dict(known), wrong
        wrong += machine.refused(self._validator, sent)
        bad = {problem.where.split(".")[0] for problem in wrong}
        kept = {name: value for name, value in known.items() if not self._is_persons(name) or self._stays(name, given)}
        persons = {name: value for name, value in sent.items() if self._is_persons(name) and name not in bad}
        context = self._context(today, calendar)
        settled = self._settled(self._from_records(kept | persons, records), context)
        wrong += [p for p in machine.changed(self.procedure, sent, settled) if p.where not in bad]
        wrong += self._not_theirs(self.procedure.fields, persons, records)
        fields = [(each, settled[each.id]) for each in self.procedure.fields if each.id in settled]
        wrong += [p for each, value in fields for p in judged.problems(each, value) if each.of or p.slug != "required"]
        if wrong:
            return dict(known), wrong
        return self._settled({each.id: judged.canonical(each, value) for each, value in fields}, context), []

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
        records: Records = (),
        communes: Communes = NO_COMMUNES,
        only_dependent: bool = False,
    ) -> list[FieldView]:
        """What a page shows: one view per field, with what was typed and what is wrong; or only what hangs on other answers."""
        fields = [each for each in self.fields_of(page_id) if each.depends or not only_dependent]
        away = self.away(page_id, answers)
        return views(fields, answers, typed or {}, problems, rows or {}, records, away, communes)

    def away(self, page_id: str, answers: Mapping[str, Any]) -> frozenset[str]:
        """The fields of a page that these answers do not call for."""
        context = self._context(self.procedure.valid_from, None)  # what applies hangs on answers, not on the day
        fields = (each for each in self.fields_of(page_id) if each.show_if)
        return frozenset(each.id for each in fields if self.procedure.holds(each.show_if, answers, context) is not True)

    def applies(self, page_id: str, answers: Mapping[str, Any]) -> bool:
        """Whether a page asks anything at all of these answers."""
        return any(each.id not in self.away(page_id, answers) for each in self.fields_of(page_id))

    def _is_persons(self, name: str) -> bool:
        found = self.procedure.field(name)
        return found is not None and found.given_by_person

    def _stays(self, name: str, given: Mapping[str, Any]) -> bool:
        """Whether an answer was filled in beforehand and the machine says nothing about it."""
        found = self.procedure.field(name)
        return name not in given and found is not None and found.prefill is not None

    def _from_records(self, answers: Mapping[str, Any], records: Records) -> Mapping[str, Any]:
        return references.filled(self.procedure.fields, answers, records) if records else answers

    def _not_theirs(self, fields: Iterable[FormField], given: Mapping[str, Any], records: Records) -> list[Problem]:
        """A `reference` names one of the filer's own valid records, nothing else."""
        asked = (each for each in fields if each.type is FieldType.REFERENCE and each.id in given)
        return [Problem(each.id, "unknown-record", NOT_YOURS) for each in asked if given[each.id] not in options(each, records)]

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
                    filled[each.id] = judged.stored(value)
        return filled

    def _hidden(self, answers: Answers, context: Context) -> Answers:
        applies = {each.id: self.procedure.holds(each.show_if, answers, context) is not False for each in self.procedure.fields}
        return {name: value for name, value in answers.items() if applies[name]}

    def _field_problems(self, each: FormField, answers: Answers, context: Context) -> list[Problem]:
        if each.type is FieldType.FILE or (each.show_if and self.procedure.holds(each.show_if, answers, context) is not True):
            return []
        value = answers.get(each.id)
        needed = each.required or (each.required_if and self.procedure.holds(each.required_if, answers, context) is True)
        if judged.blank(value) or (each.must_be_true and value is not True):
            return judged.missing(each, value) if needed and each.compute is None else []
        return judged.problems(each, value)

    def _check_problems(self, answers: Answers, context: Context) -> list[Problem]:
        """A check refuses only when it is known not to hold; a blank is the field's own problem."""
        return self._broken(answers, context, "refuse")

    def flags(self, answers: Mapping[str, Any], *, today: date, calendar: Calendar | None = None) -> list[Problem]:
        """What does not hold and yet lets the dossier through: for the officials to look at."""
        context = self._context(today, calendar)
        settled = self._settled(answers, context)
        return self._broken(settled, context, "flag") + unlisted(self.procedure.fields, settled)

    def _broken(self, answers: Answers, context: Context, effect: str) -> list[Problem]:
        checks = (each for each in self.procedure.checks if each.effect == effect)
        broken = (each for each in checks if self.procedure.holds(each.rule, answers, context) is False)
        return [Problem(each.field or "", each.id, each.message) for each in broken]


NOT_YOURS = Text(
    "Chọn một kết quả còn hiệu lực của doanh nghiệp trong danh sách.",
    "Choose one of the enterprise's own valid results from the list.",
)
OF_SEVERAL = {
    FieldType.ORG: {"tax_code": "tax_code", "name": "name_vi"},
    FieldType.ENTERPRISE: {"tax_code": "tax_code", "name": "name_vi", "address": "head_office"},
    FieldType.PERSON: {"name": "legal_representative", "position": "representative_title"},
}
"""Which values of the register fill the parts of a prefilled field."""

_MADE: dict[tuple[str, int], Form] = {}


def prefill(procedure: Procedure, enterprise: Mapping[str, Any]) -> Answers:
    """What the register already knows, by each field's `prefill` name; an `org` field takes name and tax code."""
    found: Answers = {}
    for each in procedure.fields:
        if each.type in OF_SEVERAL and each.prefill:
            asked = {part.id for part in parts_of(each)} or set(ORG_PARTS)
            members = {part: enterprise.get(name) for part, name in OF_SEVERAL[each.type].items() if part in asked}
            found[each.id] = {part: value for part, value in members.items() if value not in (None, "")}
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
