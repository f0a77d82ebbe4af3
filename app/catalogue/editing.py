"""The common changes of a definition, made with a form: which values may be changed where, and the definition afterwards. Pure.

A value that cannot be read is kept as it was typed: the linter says what is wrong with it, and nothing typed is lost.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.catalogue.diff_words import TRAITS
from app.catalogue.files import plain
from app.core.text import Text

VI, EN = Text("(tiếng Việt)", "(Vietnamese)"), Text("(tiếng Anh)", "(English)")
_BOTH = ("vi", "en")


class Section(StrEnum):
    """A page of the editor; the value is its part of the definition and of the address."""

    GENERAL = "general"
    LEGAL = "legal"
    FIELDS = "fields"
    PAPERS = "documents"
    FEES = "fees"
    CLOCK = "clock"


SECTION_NAME = {
    Section.GENERAL: Text("Thông tin chung, hiệu lực", "General, in force from"),
    Section.LEGAL: Text("Căn cứ pháp lý", "Legal basis"),
    Section.FIELDS: Text("Trường của tờ khai", "Fields of the form"),
    Section.PAPERS: Text("Giấy tờ", "Papers"),
    Section.FEES: Text("Phí, lệ phí", "Fees"),
    Section.CLOCK: Text("Thời hạn", "Time limits"),
}
ADDABLE = frozenset({Section.PAPERS, Section.LEGAL})


class Control(StrEnum):
    """How a value is asked for."""

    LINE = "line"
    AREA = "area"
    TICK = "tick"
    NUMBER = "number"


@dataclass(frozen=True, slots=True)
class Entry:
    """One value that may be changed: `name` is its place in the definition."""

    name: str
    label: Text
    control: Control
    value: str


@dataclass(frozen=True, slots=True)
class Thing:
    """What the entries belong to: a paper, a field, a stage."""

    name: str
    title: Text
    entries: tuple[Entry, ...]
    removable: bool


_GENERAL = (
    ("title", Control.LINE),
    ("summary", Control.AREA),
    ("valid_from", Control.LINE),
    ("valid_to", Control.LINE),
    ("decision", Control.LINE),
    ("migration", Control.LINE),
    ("code.national", Control.LINE),
)
_OF_ITEM: Mapping[Section, Sequence[tuple[str, Control]]] = {
    Section.LEGAL: (("cite", Control.LINE), ("url", Control.LINE), ("certainty", Control.LINE)),
    Section.FIELDS: (("label", Control.LINE), ("help", Control.LINE), ("required", Control.TICK)),
    Section.PAPERS: (
        ("name", Control.LINE),
        ("help", Control.LINE),
        ("required", Control.TICK),
        ("max_mb", Control.NUMBER),
        ("legal", Control.LINE),
        ("certainty", Control.LINE),
    ),
    Section.FEES: (("title", Control.LINE), ("amount", Control.LINE), ("legal", Control.LINE), ("certainty", Control.LINE)),
    Section.CLOCK: (
        ("title", Control.LINE),
        ("length", Control.NUMBER),
        ("supplement.max_rounds", Control.NUMBER),
        ("supplement.reply_within.length", Control.NUMBER),
        ("legal", Control.LINE),
        ("certainty", Control.LINE),
    ),
}
_TEXTS = frozenset({"title", "summary", "label", "help", "name"})


def things(definition: Mapping[str, Any], section: Section) -> list[Thing]:
    """What may be changed on one page of the editor."""
    if section is Section.GENERAL:
        return [Thing("", SECTION_NAME[section], tuple(_entries(definition, "", _GENERAL)), removable=False)]
    found = []
    for name, item in _items(definition, section):
        entries = tuple(_entries(item, f"{_PLACE[section]}.{name}.", _OF_ITEM[section]))
        found.append(Thing(f"{_PLACE[section]}.{name}", _title(name, item), entries, removable=section in ADDABLE))
    return found


_PLACE = {section: section.value if section is not Section.CLOCK else "clock.stages" for section in Section}


def _items(definition: Mapping[str, Any], section: Section) -> Iterator[tuple[str, Mapping[str, Any]]]:
    held = _get(definition, _PLACE[section])
    if isinstance(held, Mapping):
        yield from ((str(name), item) for name, item in held.items() if isinstance(item, Mapping))
    for item in held if isinstance(held, list) else []:
        if isinstance(item, Mapping) and "id" in item:
            yield str(item["id"]), item


def _title(name: str, item: Mapping[str, Any]) -> Text:
    said = next((item[key] for key in ("label", "title", "name", "cite") if item.get(key)), name)
    if isinstance(said, Mapping):
        return Text(str(said.get("vi", name)), str(said.get("en", name)))
    return Text(str(said), str(said))


def _entries(item: Mapping[str, Any], place: str, shape: Sequence[tuple[str, Control]]) -> Iterator[Entry]:
    for key, control in shape:
        last = key.rpartition(".")[2]
        word = TRAITS["reply_within"] if "reply_within" in key else TRAITS.get(last, Text(last, last))
        if key in _TEXTS:
            for language, said in zip(_BOTH, (VI, EN), strict=True):
                label = Text(f"{_capital(word.vi)} {said.vi}", f"{_capital(word.en)} {said.en}")
                yield Entry(f"{place}{key}.{language}", label, control, _shown(_get(item, f"{key}.{language}")))
        elif "." not in key or isinstance(_get(item, key.partition(".")[0]), Mapping):
            value = _get(item, key)
            if control is Control.TICK and value is None and place.startswith("documents."):
                value = True  # a paper is required unless its definition says otherwise
            yield Entry(f"{place}{key}", Text(_capital(word.vi), _capital(word.en)), control, _shown(value))


def changed(definition: Mapping[str, Any], section: Section, posted: Mapping[str, str]) -> dict[str, Any]:
    """The definition with what was posted from one page of the editor; what was not asked there stays."""
    after: dict[str, Any] = plain(definition)
    for thing in things(definition, section):
        if thing.removable and posted.get(f"-{thing.name}"):
            _remove(after, thing.name)
            continue
        for entry in thing.entries:
            typed = posted.get(entry.name, "")
            if typed != entry.value and (entry.name in posted or entry.control is Control.TICK):
                _put(after, entry.name, _value(entry, typed))
    if section in ADDABLE:
        _add(after, section, posted)
    return after


def _value(entry: Entry, typed: str) -> Any:
    if entry.control is Control.TICK:
        return typed == "true"
    if entry.control is Control.NUMBER:
        return _number(typed)
    return typed or None


def _number(typed: str) -> Any:
    try:
        number = float(typed.replace(",", "."))
    except ValueError:
        return typed or None
    return int(number) if number.is_integer() else number


def _add(after: dict[str, Any], section: Section, posted: Mapping[str, str]) -> None:
    new = posted.get("new.id", "")
    if not new:
        return
    if section is Section.LEGAL:
        after.setdefault("legal", {}).setdefault(new, {"cite": posted.get("new.vi", ""), "certainty": "uncertain"})
    else:
        name = {"vi": posted.get("new.vi", ""), "en": posted.get("new.en", "")}
        paper: dict[str, Any] = {"id": new, "name": name, "certainty": "uncertain"}
        if every := after.get("all_papers_signed"):
            paper["signed"] = {"by": "filer", "kind": "public", "match": "tax_code", "legal": every}
        after.setdefault("documents", []).append(paper)


def _get(whole: Any, place: str) -> Any:
    for name in place.split("."):
        if isinstance(whole, list):
            whole = next((item for item in whole if isinstance(item, Mapping) and str(item.get("id")) == name), None)
        else:
            whole = whole.get(name) if isinstance(whole, Mapping) else None
    return whole


def _put(whole: dict[str, Any], place: str, value: Any) -> None:
    holder, _, last = place.rpartition(".")
    held = _get(whole, holder) if holder else whole
    if held is None and last in _BOTH and value is not None:
        _put(whole, holder, {last: value})
    elif isinstance(held, dict):
        if value is None:
            held.pop(last, None)
        else:
            held[last] = value
        if last in _BOTH and not any(held.get(language) for language in _BOTH):
            _put(whole, holder, None)


def _remove(whole: dict[str, Any], place: str) -> None:
    holder, _, last = place.rpartition(".")
    held = _get(whole, holder)
    if isinstance(held, list):
        held[:] = [item for item in held if not (isinstance(item, Mapping) and str(item.get("id")) == last)]
    elif isinstance(held, dict):
        held.pop(last, None)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else ""
    return "" if value is None else str(value)


def _capital(word: str) -> str:
    return word[:1].upper() + word[1:]
