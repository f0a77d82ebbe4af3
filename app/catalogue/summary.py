"""The answers in words, page by page: for "check your answers", the receipt and the official's page."""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as member
from typing import Any

from app.catalogue import words
from app.catalogue.definition import FieldType, FormField, Page
from app.catalogue.procedure import Procedure
from app.core.text import Text


@dataclass(frozen=True, slots=True)
class SummaryLine:
    """One answered question; for a table `rows` holds (column, value) pairs row by row."""

    field: str
    label: Text
    value: Text
    rows: list[list[tuple[Text, Text]]] = member(default_factory=list)


@dataclass(frozen=True, slots=True)
class SummaryPage:
    """One page of the form with its lines."""

    page: Page
    lines: list[SummaryLine]


def summary(procedure: Procedure, answers: Mapping[str, Any]) -> list[SummaryPage]:
    """Every page with the questions that apply; a question without an answer has a blank value."""
    today = procedure.valid_from  # conditions of visibility hang on answers, not on the day
    context = procedure.context(today)
    found = []
    for page in procedure.pages:
        fields = [each for field_id in page.fields if (each := procedure.field(field_id))]
        shown = [each for each in fields if procedure.holds(each.show_if, answers, context) is not False]
        found.append(SummaryPage(page, [_line(each, answers.get(each.id)) for each in shown]))
    return found


def _line(each: FormField, value: Any) -> SummaryLine:
    if each.type is FieldType.ROWS:
        rows = [[(column.label, words.answer(column, row.get(column.id))) for column in each.of] for row in value or []]
        return SummaryLine(each.id, each.label, Text("", ""), rows)
    return SummaryLine(each.id, each.label, words.answer(each, value))
