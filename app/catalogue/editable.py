"""What of a definition may be changed with a form, as it stands: values, labels, what there is to choose from. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from app.catalogue.diff_words import THINGS, TRAITS
from app.catalogue.places import get, items
from app.catalogue.questions import CHOICES
from app.catalogue.sections import ADDED, LISTS, MODEL, MOVABLE, SHAPES, SINGLE, Control, Section, Shape
from app.catalogue.value_words import VALUES
from app.core.errors import Problem
from app.core.text import Text

VI, EN = Text("(tiếng Việt)", "(Vietnamese)"), Text("(tiếng Anh)", "(English)")
LANGUAGES = ("vi", "en")
NEW = "new"
Choices = tuple[tuple[str, Text], ...]
_TEXTS = frozenset({"title", "summary", "sector", "label", "help", "name", "message", "statement"})
_OPTIONAL = ("new.", "result.term", "code.", "authority.", "fees_unknown.")
"""Groups that come when something is written into them; a value in any other is asked for where the group is."""
_GROUPS = ("supplement", "unpaid_after", "reply_within", "term")
_WORDS = TRAITS | {"page": THINGS["pages"]}


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that may be changed: `name` is its place in the definition."""

    name: str
    label: Text
    control: Control
    value: str
    choices: Choices = ()
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class Thing:
    """What the entries belong to: a paper, a field, a stage. `note` says where it stands."""

    name: str
    title: Text
    entries: tuple[Entry, ...]
    removable: bool = False
    movable: bool = False
    note: Text | None = None
    errors: tuple[Text, ...] = ()


def things(definition: Mapping[str, Any], section: Section) -> list[Thing]:
    """What may be changed on one page of the editor, as it stands."""
    asked = _Asked(definition)
    found = [
        Thing(single.place, single.title, tuple(asked.entries(single.place, single.shape, single.model)))
        for single in SINGLE.get(section, ())
        if single.place in ("", "fees_unknown") or isinstance(get(definition, single.place), Mapping)
    ]
    removable, movable = section in ADDED, section in MOVABLE
    for place, item, note in _listed(definition, section):
        entries = tuple(asked.entries(place, SHAPES[section], MODEL[section]))
        found.append(Thing(place, title_of(place.rpartition(".")[2], item), entries, removable, movable, note))
    return found


def additions(definition: Mapping[str, Any], section: Section) -> list[Entry]:
    """What is asked for something new; nothing where the file is the place for it."""
    if section not in ADDED:
        return []
    found = list(_Asked(definition).entries(NEW, ADDED[section], MODEL[section]))
    own = {name for name, item in items(definition.get("fields")) if item.get("type") in CHOICES and not item.get("options_from")}
    if section is Section.OPTIONS:
        found[0] = replace(found[0], choices=tuple(choice for choice in found[0].choices if choice[0] in own))
    return found


def _listed(definition: Mapping[str, Any], section: Section) -> Iterator[tuple[str, Mapping[str, Any], Text | None]]:
    """The items of a section: their place, and under what they stand. Fields in the order in which they are asked."""
    held = [(f"{LISTS[section]}.{name}", item) for name, item in items(get(definition, LISTS[section]))]
    if section is Section.OPTIONS:
        for place, item in held:
            for name, option in items(item.get("options")):
                yield f"{place}.options.{name}", option, title_of(place, item)
    elif section is Section.FIELDS:
        pages = page_of(definition)
        order = {name: number for number, name in enumerate(pages)}
        for place, item in sorted(held, key=lambda pair: order.get(pair[0].partition(".")[2], len(order))):
            page = get(definition, f"pages.{pages.get(place.partition('.')[2])}")
            yield place, item, title_of("", page) if page else None
    elif section is not Section.GENERAL:
        yield from ((place, item, None) for place, item in held)


def page_of(definition: Mapping[str, Any]) -> dict[str, str]:
    """The page of each field, in the order in which fields are asked."""
    return {str(name): page for page, fields in page_lists(definition) for name in fields}


def page_lists(definition: Mapping[str, Any]) -> Iterator[tuple[str, list[Any]]]:
    """Every list of fields with the page it belongs to: a page's own, or those of its sections."""
    for name, page in items(definition.get("pages")):
        sections = page.get("sections")
        lists = [part.get("fields") for part in sections if isinstance(part, Mapping)] if isinstance(sections, list) else []
        yield from ((name, each) for each in (lists or [page.get("fields")]) if isinstance(each, list))


def title_of(name: str, item: Mapping[str, Any]) -> Text:
    """What an item is called in a list; a step without a title of its own by what is done in it."""
    if ("kind", str(item.get("kind"))) in VALUES and not item.get("title"):
        return VALUES["kind", str(item["kind"])]
    said = next((item[key] for key in ("label", "title", "name", "cite", "message") if item.get(key)), name)
    if isinstance(said, Mapping):
        return Text(str(said.get("vi", name)), str(said.get("en", name)))
    return Text(str(said), str(said))


@dataclass(frozen=True)
class _Asked:
    """The entries of one definition, with what it has to choose from."""

    definition: Mapping[str, Any]

    def entries(self, place: str, shape: Shape, model: type[BaseModel]) -> Iterator[Entry]:
        """One entry for each value, two for a text."""
        for key, control in shape:
            name = f"{place}.{key}" if place else key
            if key in _TEXTS:
                yield from self._text(name, key, control)
            elif self._is_there(name, key):
                value = self._value(name, key)
                choices = self._choices(model, key, value) if control is Control.CHOICE else ()
                yield Entry(name, _label(key), control, value, choices)

    def _is_there(self, name: str, key: str) -> bool:
        """Whether it is asked for: not in a group that is missing, nor where a group stands that is left to the file."""
        if "." in key and not name.startswith(_OPTIONAL):
            return isinstance(get(self.definition, name.rpartition(".")[0]), Mapping)
        return not isinstance(get(self.definition, name), (Mapping, list))

    def _text(self, name: str, key: str, control: Control) -> Iterator[Entry]:
        word = TRAITS[key]
        for language, said in zip(LANGUAGES, (VI, EN), strict=True):
            label = Text(f"{_capital(word.vi)} {said.vi}", f"{_capital(word.en)} {said.en}")
            yield Entry(f"{name}.{language}", label, control, shown(get(self.definition, f"{name}.{language}")))

    def _value(self, name: str, key: str) -> str:
        if key == "page":
            return page_of(self.definition).get(name.split(".")[1], "")
        value = get(self.definition, name)
        return "true" if key == "required" and value is None and name.startswith("documents.") else shown(value)

    def _choices(self, model: type[BaseModel], key: str, value: str) -> Choices:
        said = key.rpartition(".")[2]
        listed = tuple((each, VALUES.get((said, each), Text(each, each))) for each in _allowed(model, key))
        found = listed or self._own(key)
        return found if not value or value in dict(found) else (*found, (value, Text(value, value)))

    def _own(self, key: str) -> Choices:
        """What the definition itself has to choose from; a legal ground by its id too."""
        place = {"legal": "legal", "stage": "clock.stages", "page": "pages", "field": "fields", "before": "fields"}[key]
        named = [(name, title_of(name, item)) for name, item in items(get(self.definition, place))]
        if key == "legal":
            return tuple((name, Text(f"{name}: {said.vi}", f"{name}: {said.en}")) for name, said in named)
        return tuple(named)


@cache
def _allowed(model: type[BaseModel], key: str) -> tuple[str, ...]:
    """The values of a short list that the format allows at a key."""
    first, _, rest = key.partition(".")
    annotation = next((each.annotation for name, each in model.model_fields.items() if (each.alias or name) == first), None)
    kinds = list(_kinds(annotation))
    if rest:
        return next(
            (
                found
                for kind in kinds
                if isinstance(kind, type) and issubclass(kind, BaseModel) and (found := _allowed(kind, rest))
            ),
            (),
        )
    return tuple(str(value) for kind in kinds for value in _values(kind))


def _kinds(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) in (Union, UnionType):
        for inner in get_args(annotation):
            yield from _kinds(inner)
    else:
        yield annotation


def _values(kind: Any) -> Iterable[Any]:
    if get_origin(kind) is Literal:
        return get_args(kind)
    return list(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()


def _label(key: str) -> Text:
    names = key.split(".")
    said = names[-2:] if names[0] in _GROUPS else names[-1:]
    return Text(*(_capital(", ".join(words)) for words in zip(*((_WORDS[n].vi, _WORDS[n].en) for n in said), strict=True)))


def faulty(shown_things: Sequence[Thing], problems: Sequence[Problem]) -> tuple[list[Thing], list[Problem]]:
    """The things with each fault beside its value, else at its thing; and the faults that belong elsewhere."""
    beside: dict[str, Text] = {}
    whole: dict[str, list[Text]] = {}
    rest = []
    for problem in problems:
        bare = Text(*(text.removeprefix(f"{problem.where}: ") for text in (problem.text.vi, problem.text.en)))
        thing = next((each for each in shown_things if each.name and _within(problem.where, each.name)), None)
        entry = (
            next((each.name for each in thing.entries if _same_place(problem.where, each.name, thing)), None) if thing else None
        )
        if entry:
            beside.setdefault(entry, bare)
        elif thing:
            whole.setdefault(thing.name, []).append(bare)
        else:
            rest.append(problem)
    return [_with_errors(thing, beside, whole) for thing in shown_things], rest


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


def _same_place(where: str, name: str, thing: Thing) -> bool:
    """Whether a fault is about this value: at it, inside it, or at the group it stands in."""
    return where != thing.name and (_within(where, name) or _within(name, where))


def _with_errors(thing: Thing, beside: Mapping[str, Text], whole: Mapping[str, Sequence[Text]]) -> Thing:
    entries = tuple(replace(entry, error=beside.get(entry.name)) for entry in thing.entries)
    return replace(thing, entries=entries, errors=tuple(whole.get(thing.name, ())))


def shown(value: Any) -> str:
    """A value as it is typed: numbers as in Vietnamese, `0,5`."""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, float):
        return str(value).replace(".", ",")
    return "" if value is None else str(value)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
