"""From posted pages to the e-form and back: the page's own buttons, ids for the error summary, which pages are done."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from app.catalogue.definition import Page, Section
from app.catalogue.forms import Form, remove_row
from app.catalogue.views import FieldView
from app.core.errors import Problem
from app.core.text import Text
from app.web.deps import Posted

Pairs = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Pressed:
    """Which button sent a page, and the answers on it after a row was taken out. `rows` are tables to show longer."""

    pairs: Pairs
    rows: dict[str, int]
    later: bool
    revision: int

    @property
    def stays(self) -> bool:
        """Whether the same page is shown again: a row was added or removed."""
        return bool(self.rows)


def pressed(posted: Posted, form: Form) -> Pressed:
    """Read the page's own controls (their names begin with `_`)."""
    pairs = [pair for pair in posted.typed if pair[0] != "csrf" and not pair[0].startswith("_")]
    rows: dict[str, int] = {}
    if added := _table(form, posted.get("_add")):
        rows[added] = _count(pairs, added) + 1
    name, _, index = posted.get("_remove").partition(".")
    if (table := _table(form, name)) and (row := _small(index)) >= 0:
        pairs = remove_row(pairs, table, row)
        rows[table] = max(1, _count(pairs, table))
    return Pressed(pairs, rows, bool(posted.get("_later")), _small(posted.get("_revision")))


def _small(text: str) -> int:
    """A number that our own page wrote; -1 for anything else, however long."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _table(form: Form, name: str) -> str | None:
    field = form.procedure.field(name) if name else None
    return field.id if field and field.of else None


def _count(pairs: Iterable[tuple[str, str]], table: str) -> int:
    """How many rows of `table` were sent; one that bears a high number makes no long table."""
    return len({name.split(".")[1] for name, _ in pairs if name.startswith(f"{table}.")})


def element_id(where: str) -> str:
    """The id of the control that a problem is about."""
    return where.replace(".", "-")


def links(problems: Sequence[Problem], known: Collection[str]) -> list[tuple[str, Text]]:
    """What the error summary lists: each sentence once, linked when its control is on the page."""
    found = {problem.text: element_id(problem.where) for problem in reversed(problems)}
    return [(where if where in known else "", text) for text, where in reversed(found.items())]


def ids_of(views: Iterable[FieldView]) -> set[str]:
    """The element ids of a page's controls, cells included."""
    every = list(views)
    return {each.id for view in every for each in (view, *view.inside, *(cell for row in view.rows for cell in row))}


def sections(shown: Page, views: list[FieldView]) -> list[tuple[Section | None, list[FieldView]]]:
    """The controls under the headings of their sections; all under none where the page has no sections."""
    if not shown.sections:
        return [(None, views)]
    return [(section, [view for view in views if view.name in section.fields]) for section in shown.sections]


def only_open(views: Iterable[FieldView], open_fields: Collection[str] | None) -> list[FieldView]:
    """The views with every field locked that a request for supplement did not name; None leaves all open."""
    if open_fields is None:
        return list(views)
    return [view if view.name in open_fields else replace(view, locked=True) for view in views]


def problems_by_page(form: Form, problems: Iterable[Problem]) -> dict[str, list[Problem]]:
    """The whole form's problems by the page they are on; what belongs to no field goes with the last page."""
    found: dict[str, list[Problem]] = {page.id: [] for page in form.pages}
    for problem in problems:
        page = form.page_of(problem.where) if problem.where else None
        found[(page or form.pages[-1]).id].append(problem)
    return found
