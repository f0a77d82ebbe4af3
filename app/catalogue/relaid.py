"""A definition written into the file it came from: what did not change keeps its comments, quotes and order of lines. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from typing import Any

import yaml

from app.catalogue.files import LOADER, plain
from app.catalogue.lint import item_name
from app.catalogue.writing import written

_BLOCK_TEXTS = ("|", ">")
_FOREVER = 1_000_000
_NO_TREE = (yaml.YAMLError, KeyError, ValueError)
"""What a file gives that is not laid out as its content says: a key written twice, an alias whose anchor has gone."""


def relaid(text: str, after: Mapping[str, Any]) -> str:
    """The file with the content `after`: changed where it must be, or written anew when it cannot be followed."""
    for source in (text, _without_aliases(text)):
        found = _changed(source, after)
        if found is not None:
            return found
    return written(after)


def _changed(text: str, after: Mapping[str, Any]) -> str | None:
    """The file as changed, if it then reads as `after`."""
    try:
        before, node = plain(yaml.load(text, LOADER)), _tree(text)  # noqa: S506  (both are safe loaders)
        made = text[: node.start] + _File(text).said(node, before, plain(after)) + text[node.stop :]
        return made if plain(yaml.load(made, LOADER)) == plain(after) else None  # noqa: S506  (the same)
    except _NO_TREE:
        return None


@dataclass(slots=True)
class _Node:
    """A stretch of the file. A mapping holds (key, value) pairs, a list (none, item) pairs."""

    kind: str
    start: int
    stop: int
    flow: bool = True
    name: str = ""  # of the anchor it bears, or of the one it points to
    inside: list[tuple["_Node | None", "_Node"]] = field(default_factory=list)


def _tree(text: str) -> _Node:
    events = iter(yaml.parse(text, LOADER))
    next(events)  # the stream
    next(events)  # the document
    return _node(text, next(events, None), events)


def _node(text: str, event: Any, events: Iterator[Any]) -> _Node:
    if not hasattr(event, "anchor"):
        raise yaml.YAMLError
    start, stop, name = event.start_mark.index, event.end_mark.index, event.anchor or ""
    if isinstance(event, yaml.AliasEvent):
        return _Node("alias", start, stop, name=name)
    if isinstance(event, yaml.ScalarEvent):
        in_lines = event.style in _BLOCK_TEXTS
        return _Node("scalar", start, start + len(text[start:stop].rstrip()) if in_lines else stop, not in_lines, name)
    return _collection(text, _Node("", start, stop, bool(event.flow_style), name), event, events)


def _collection(text: str, node: _Node, event: Any, events: Iterator[Any]) -> _Node:
    node.kind = "map" if isinstance(event, yaml.MappingStartEvent) else "list"
    for inner in events:
        if isinstance(inner, yaml.CollectionEndEvent):
            end: Any = inner.end_mark
            node.stop = end.index if node.flow or not node.inside else _line_end(text, node.inside[-1][1].stop)
            return node
        key = _node(text, inner, events) if node.kind == "map" else None
        node.inside.append((key, _node(text, next(events) if key else inner, events)))
    raise yaml.YAMLError


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


@dataclass(frozen=True)
class _File:
    """A file that is said anew piece by piece."""

    text: str

    def said(self, node: _Node, old: Any, new: Any) -> str:
        """The stretch of a node, saying `new` where it said `old`."""
        if old == new:
            return self.text[node.start : node.stop]
        kinds = {"map": Mapping, "list": list}
        if node.kind in kinds and new and isinstance(old, kinds[node.kind]) and isinstance(new, kinds[node.kind]):
            return self._together(node, _named(old), _named(new))
        return in_a_line(new, quoted=self.text.startswith('"', node.start))

    def _together(self, node: _Node, old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
        """A mapping or a list: the keys of a mapping stay where they are and new ones follow, a list is in its new order."""
        held = dict(zip(old if node.kind == "list" else map(self._key, node.inside), node.inside, strict=True))
        stays = [name for name in held if name in new] if node.kind == "map" else []
        order = [*stays, *(name for name in new if name not in stays)]
        parts = [
            self._entry(node, held[name], old[name], new[name]) if name in held else _fresh(node, name, new) for name in order
        ]
        gaps = self._gaps(node, held)
        lines = "".join(
            part if place == 0 else gaps.get(name, gaps[""]) + part
            for place, (name, part) in enumerate(zip(order, parts, strict=True))
        )
        return self._opening(node) + lines + self._closing(node)

    def _key(self, held: tuple[_Node | None, _Node]) -> str:
        key = held[0] or held[1]
        return self.text[key.start : key.stop].strip("\"'")

    def _opening(self, node: _Node) -> str:
        """Its anchor and its bracket."""
        first = self._begin(node, node.inside[0]) if node.inside else node.stop - 1
        return self.text[node.start : first]

    def _closing(self, node: _Node) -> str:
        """Its bracket, and a comment before it."""
        if not node.flow:
            return ""
        return self.text[node.inside[-1][1].stop if node.inside else node.stop - 1 : node.stop]

    def _entry(self, node: _Node, held: tuple[_Node | None, _Node], old: Any, new: Any) -> str:
        """A key with its value, or an item with its dash; outside brackets to the end of its line."""
        head = self.text[self._begin(node, held) : held[1].start]
        said = self.said(held[1], old, new)
        return head + (" " if head.endswith(":") else "") + said + self.text[held[1].stop : self._end(node, held)]

    def _gaps(self, node: _Node, held: Mapping[str, tuple[_Node | None, _Node]]) -> dict[str, str]:
        """What stands before each entry but the first: a comma, or line ends, comments, the indentation. "" is the usual one."""
        if not held:
            return {"": ", "}
        pairs = list(held.items())
        first = self._begin(node, pairs[0][1])
        found = {"": ", " if node.flow else "\n" + " " * (first - self.text.rfind("\n", 0, first) - 1)}
        for (_, before), (name, after) in pairwise(pairs):
            found[name] = self.text[self._end(node, before) : self._begin(node, after)]
        return found

    def _begin(self, node: _Node, held: tuple[_Node | None, _Node]) -> int:
        """Where an entry begins: at its key, or at the dash before the item."""
        key, value = held
        if key or node.flow:
            return (key or value).start
        return self.text.rindex("-", 0, value.start)

    def _end(self, node: _Node, held: tuple[_Node | None, _Node]) -> int:
        return held[1].stop if node.flow else _line_end(self.text, held[1].stop)


def _named(held: Mapping[str, Any] | Sequence[Any]) -> dict[str, Any]:
    """Items of a list by their ids, those without one by their place; a second one of the same id has its place too."""
    if isinstance(held, Mapping):
        return dict(held)
    found: dict[str, Any] = {}
    for number, item in enumerate(held):
        name = item_name(item, number)
        found[f"{name} {number}" if name in found else name] = item
    return found


def _fresh(node: _Node, name: str, new: Mapping[str, Any]) -> str:
    said = in_a_line(new[name])
    if node.kind == "map":
        return f"{name}: {said}"
    return said if node.flow else f"- {said}"


class _InALine(yaml.SafeDumper):
    """Texts of several words are quoted, as in the files that are shipped; what is written twice is written out twice."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  (PyYAML's own signature)
        return True


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style='"' if " " in value or "\n" in value else None)


_InALine.add_representer(str, _text)


def in_a_line(value: Any, *, quoted: bool = False) -> str:
    """A value as it may stand inside and outside brackets; a day stands without quotes."""
    if isinstance(value, str) and _is_day(value):
        return value
    quotes = '"' if quoted and isinstance(value, str) else None
    how: dict[str, Any] = {"allow_unicode": True, "default_flow_style": True, "default_style": quotes, "width": _FOREVER}
    dumped: str = yaml.dump([value], Dumper=_InALine, sort_keys=False, **how)
    return dumped.strip()[1:-1]


def _is_day(value: str) -> bool:
    try:
        return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _without_aliases(text: str) -> str:
    """The file with everything that points elsewhere written out, so that what it points to may change or go."""
    try:
        nodes = list(_walked(_tree(text)))
    except _NO_TREE:
        return text
    said = {node.name: text[node.start : node.stop].partition(" ")[2] for node in nodes if node.name and node.kind != "alias"}
    if not all(node.flow for node in nodes if node.name):
        return text
    pieces, at = [], 0
    for node in (node for node in nodes if node.name):
        alias = node.kind == "alias"
        pieces += [text[at : node.start], said.get(node.name, "") if alias else ""]
        at = node.stop if alias else node.start + len(node.name) + 2
    return "".join([*pieces, text[at:]])


def _walked(node: _Node) -> Iterator[_Node]:
    yield node
    for key, value in node.inside:
        yield from _walked(key) if key else ()
        yield from _walked(value)
