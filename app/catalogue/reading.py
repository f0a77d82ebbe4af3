"""A definition as somebody wrote it: YAML read safely, with the line of every place, so that a fault can be found in the file."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from app.catalogue.faults import fault
from app.catalogue.files import LOADER
from app.catalogue.lint import item_name, lint
from app.core.errors import Problem

MAX_SIGNS = 400_000
MAX_NODES = 60_000
_WORDS = re.compile(r"[.\s()]+")


@dataclass(frozen=True, slots=True)
class Written:
    """What a file says, where it says it, and what keeps it from being read or published."""

    definition: dict[str, Any]
    lines: Mapping[str, int]
    problems: tuple[Problem, ...]

    def line_of(self, where: str) -> int:
        """The line (from 1) of a place as the linter names it, or of the nearest place around it."""
        parts = [part for part in _WORDS.split(where) if part]
        for length in range(len(parts), 0, -1):
            if found := self.lines.get(".".join(parts[:length])):
                return found
        return 1


def read(text: str) -> Written:
    """Read and lint a definition. Never raises on what is written."""
    if len(text) > MAX_SIGNS:
        return _unread(fault("", "too-large", "tệp quá lớn", f"the file is longer than {MAX_SIGNS} characters"))
    try:
        node = yaml.compose(text, LOADER)
        if _count(node, 0) > MAX_NODES:
            return _unread(fault("", "too-large", "tệp có quá nhiều mục", f"the file holds more than {MAX_NODES} values"))
        content = yaml.load(text, LOADER)  # noqa: S506  (both are safe loaders)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return _no_yaml(error)
    if not isinstance(content, dict) or not isinstance(node, yaml.MappingNode):
        return _unread(fault("", "yaml", "tệp phải là một danh mục các mục", "the file must be a mapping of keys"))
    lines = dict(_places(node, ""))
    return Written(content, lines, (*_repeated(node, ""), *lint(content)))


def _no_yaml(error: Exception) -> Written:
    """What YAML itself stumbles over, with the line in words too: a file that is not taken in has no page to show it on."""
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark else 1
    said = getattr(error, "problem", None) or str(error).splitlines()[0]
    vi, en = f"không đọc được YAML ở dòng {line} ({said})", f"this is not YAML at line {line} ({said})"
    return _unread(fault("", "yaml", vi, en), line)


def _unread(problem: Problem, line: int = 1) -> Written:
    return Written({}, {"": line}, (problem,))


def _count(node: yaml.Node | None, depth: int) -> int:
    """How many values there are once aliases are followed; stops counting soon after there are too many."""
    if depth > 40 or node is None:
        return MAX_NODES + 1 if node is not None else 0
    total = 1
    for inner in _inside(node):
        total += _count(inner, depth + 1)
        if total > MAX_NODES:
            break
    return total


def _inside(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        yield from (value for _, value in node.value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _places(node: yaml.Node, where: str) -> Iterator[tuple[str, int]]:
    """Every place with its line, items of a list by their ids."""
    yield where, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = f"{where}.{key.value}" if where else str(key.value)
            yield from _places(value, place)
            yield place, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            named = {str(key.value): value.value for key, value in item.value} if isinstance(item, yaml.MappingNode) else None
            yield from _places(item, f"{where}.{item_name(named, number)}")


def _repeated(node: yaml.Node, where: str) -> Iterator[Problem]:
    """A key written twice: YAML would silently take the last."""
    if isinstance(node, yaml.MappingNode):
        seen = set[str]()
        for key, value in node.value:
            place = f"{where}.{key.value}" if where else str(key.value)
            if key.value in seen:
                yield fault(place, "repeated-key", "mục được viết hai lần", "the key is written twice")
            seen.add(key.value)
            yield from _repeated(value, place)
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _repeated(item, f"{where}.{number}")
