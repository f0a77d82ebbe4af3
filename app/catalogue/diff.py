"""What differs between two versions of a procedure, told in people's words. Pure.

The definitions are walked side by side, lists by the ids of their items: whatever differs is told, also what has no word of
its own here (it is told by its key).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from app.catalogue import words
from app.catalogue.diff_words import (
    ADDED,
    GENERAL,
    NAMED_BY,
    NONE,
    ORDER,
    REMOVED,
    SECTIONS,
    THINGS,
    TRAITS,
)
from app.catalogue.procedure import Procedure
from app.catalogue.value_words import VALUES
from app.core.money import shown
from app.core.text import Text

_OWN_NAMES = frozenset({"procedure", "version"})
_KEYED = frozenset({"legal", "constants"})
_ROOMS = ("clock", "result")  # their name is that of the section


class Kind(StrEnum):
    """What a difference does."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line: `where` is the place in the definition, as the linter names it."""

    kind: Kind
    where: str
    section: Text
    text: Text


def differences(before: Procedure, after: Procedure) -> list[Difference]:
    """Everything that differs, section by section, in the order of the file."""
    old, new = (each.model_dump(by_alias=True) for each in (before, after))
    found = [line for key in old if key not in _OWN_NAMES for line in _Walk(old, new).inside((key,), old[key], new[key])]
    order = [GENERAL, *dict.fromkeys(SECTIONS.values())]
    return sorted(found, key=lambda line: order.index(line.section))


@dataclass(frozen=True)
class _Walk:
    """Two definitions side by side."""

    old: Mapping[str, Any]
    new: Mapping[str, Any]

    def inside(self, path: tuple[str, ...], old: Any, new: Any) -> Iterator[Difference]:
        if old == new:
            return
        key = path[-1]
        if (key in _KEYED and len(path) == 1) or _has_items(old, new):
            yield from self._items(path, _by_name(old), _by_name(new))
        elif _is_group(old) and _is_group(new) and not _is_length(old):
            for name in dict.fromkeys((*old, *new)):
                yield from self.inside((*path, name), old.get(name), new.get(name))
        elif _is_group(old) and _is_group(new):
            yield from self._length(path, old, new)
        else:
            yield self._changed(path, old, new)

    def _items(self, path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
        for name, item in old.items():
            if name in new:
                yield from self.inside((*path, name), item, new[name])
            else:
                yield self._come_or_gone(Kind.REMOVED, path, name, item)
        for name in (name for name in new if name not in old):
            yield self._come_or_gone(Kind.ADDED, path, name, new[name])
        if [name for name in old if name in new] != [name for name in new if name in old] and path[-1] not in _KEYED:
            yield self._line(Kind.CHANGED, path, _with_owner(self._owners(path[:-1]), ORDER.filled(thing=_thing(path[-1]))))

    def _length(self, path: tuple[str, ...], old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Difference]:
        """`15 → 12 ngày làm việc`, and whatever else the two say beside their length."""
        if (old["length"], old["unit"]) != (new["length"], new["unit"]):
            yield self._changed((*path, "length"), _of_length(old), _of_length(new))
        for name in dict.fromkeys((*old, *new)):
            if name not in ("length", "unit"):
                yield from self.inside((*path, name), old.get(name), new.get(name))

    def _come_or_gone(self, kind: Kind, path: tuple[str, ...], name: str, item: Any) -> Difference:
        said = ADDED if kind is Kind.ADDED else REMOVED
        told = said.filled(thing=_thing(path[-1]), name=_name(name, item))
        return self._line(kind, (*path, name), _with_owner(self._owners(path[:-1]), told))

    def _changed(self, path: tuple[str, ...], old: Any, new: Any) -> Difference:
        traits = [TRAITS[key] if key in TRAITS else _same(key) for key in self._plain_keys(path)]
        trait = _joined(traits, ", ")
        first, then = _said(path[-1], old), _said(path[-1], new)
        told = Text(*(f"{what}: {_arrow(a, b)}" for what, a, b in _both(trait, first, then)))
        return self._line(Kind.CHANGED, path, _with_owner(self._owners(path), told))

    def _line(self, kind: Kind, path: tuple[str, ...], text: Text) -> Difference:
        section = SECTIONS.get(path[0], GENERAL)
        return Difference(kind, ".".join(path), section, Text(_capital(text.vi), _capital(text.en)))

    def _owners(self, path: tuple[str, ...]) -> list[Text]:
        """The named things around a place: `giai đoạn “Thẩm định”`."""
        found = []
        for length in range(2, len(path) + 1):
            thing, name = path[length - 2 : length]
            if self._is_item(path[:length]):
                item = self._at(path[:length])
                found.append(Text(*(f"{a} {b}" for a, b in _both(_thing(thing), _name(name, item)))))
        return found

    def _plain_keys(self, path: tuple[str, ...]) -> list[str]:
        """The keys of a place that are no thing of their own, from the innermost thing on."""
        things = [length for length in range(2, len(path) + 1) if self._is_item(path[:length])]
        keys = list(path[max(things, default=0) :])
        return keys[1:] if not things and keys[0] in _ROOMS and len(keys) > 1 else keys

    def _is_item(self, path: tuple[str, ...]) -> bool:
        holder = path[-2]
        return (holder in _KEYED and len(path) == 2) or isinstance(self._at(path[:-1]), (list, tuple))

    def _at(self, path: tuple[str, ...]) -> Any:
        return _find(self.old, path) or _find(self.new, path)


def _find(whole: Any, path: Sequence[str]) -> Any:
    for name in path:
        items = _by_name(whole) if isinstance(whole, (list, tuple)) else whole
        whole = items.get(name) if isinstance(items, Mapping) else None
    return whole


def _by_name(items: Any) -> Mapping[str, Any]:
    """Items by id; those without one by what they are called."""
    if isinstance(items, Mapping):
        return items
    return {_key(item): item for item in items or ()}


def _key(item: Mapping[str, Any]) -> str:
    named = item.get("id") or item.get("value") or item.get("consumer") or item.get("title") or item
    return str(named["vi"]) if isinstance(named, Mapping) else str(named)


def _has_items(old: Any, new: Any) -> bool:
    lists = [each for each in (old, new) if isinstance(each, (list, tuple))]
    return len(lists) == 2 and all(isinstance(item, Mapping) for each in lists for item in each)


def _is_group(value: Any) -> bool:
    return isinstance(value, Mapping) and not _is_text(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"vi", "en"}


def _is_length(value: Any) -> bool:
    return isinstance(value, Mapping) and "length" in value and isinstance(value.get("unit"), str)


def _of_length(value: Mapping[str, Any]) -> Text:
    return words.length(value["length"], value["unit"])


def _thing(key: str) -> Text:
    return THINGS.get(key) or TRAITS.get(key) or _same(key)


def _name(key: str, item: Any) -> Text:
    if _is_text(item):
        return Text(f"“{item['vi']}”", f"“{item['en']}”")
    known: Mapping[str, Any] = item if isinstance(item, Mapping) else {}
    named: Any = next((known[each] for each in NAMED_BY if known.get(each)), key)
    said = Text(named["vi"], named["en"]) if _is_text(named) else _same(named)
    return Text(f"“{said.vi}”", f"“{said.en}”")


def _said(key: str, value: Any) -> Text:
    """A value in words."""
    if isinstance(value, Text):
        return value
    if value is None or value in ("", (), {}):
        return NONE
    if isinstance(value, bool):
        return Text(*(said.lower() for said in ((words.YES if value else words.NO).vi, (words.YES if value else words.NO).en)))
    if _is_text(value):
        return _name(key, value)
    if isinstance(value, Mapping):
        return _group(value)
    if isinstance(value, (list, tuple)):
        return _joined([_said(key, item) for item in value], ", ")
    return _scalar(key, value)


def _scalar(key: str, value: Any) -> Text:
    if key == "amount" and str(value).isdigit():
        return Text(shown(int(value)), shown(int(value), "en"))
    if isinstance(value, date):
        return _same(words.day(value))
    if isinstance(value, (int, Decimal)):
        return Text(words.number(value), words.number(value, "en"))
    return VALUES.get((key, str(value))) or _same(value)


def _group(value: Mapping[str, Any]) -> Text:
    """A group that came or went as a whole: its time, then what else it says."""
    parts = [_of_length(value)] if _is_length(value) else []
    rest = {key: inner for key, inner in value.items() if inner not in (None, (), "", {}, False)}
    for key, inner in rest.items():
        if not (parts and key in ("length", "unit") and _is_length(value)):
            parts.append(Text(*(f"{a} {b}" for a, b in _both(_thing(key), _said(key, inner)))))
    return _joined(parts, "; ")


def _arrow(first: str, then: str) -> str:
    """`15 ngày làm việc → 12 ngày làm việc` as `15 → 12 ngày làm việc`."""
    number, _, unit = first.partition(" ")
    if unit and then.endswith(f" {unit}") and number[:1].isdigit() and then[:1].isdigit():
        return f"{number} → {then}"
    return f"{first} → {then}"


def _with_owner(owners: list[Text], told: Text) -> Text:
    return _joined([*owners, told], ", ") if owners else told


def _both(*texts: Text) -> Iterator[tuple[str, ...]]:
    yield tuple(text.vi for text in texts)
    yield tuple(text.en for text in texts)


def _joined(parts: Sequence[Text], by: str) -> Text:
    return Text(by.join(part.vi for part in parts), by.join(part.en for part in parts))


def _same(value: object) -> Text:
    return Text(str(value), str(value))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
