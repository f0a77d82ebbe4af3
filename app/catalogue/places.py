"""Values of a definition by their place, as the linter names it: `documents.application.name.vi`, items of a list by id. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any


def get(whole: Any, place: str) -> Any:
    """What stands at a place; None when there is nothing."""
    for name in place.split(".") if place else ():
        if isinstance(whole, list):
            whole = next((item for item in whole if _is(item, name)), None)
        else:
            whole = whole.get(name) if isinstance(whole, Mapping) else None
    return whole


def put(whole: dict[str, Any], place: str, value: Any) -> None:
    """Another value at a place, or none; groups come when something is put into them and go when nothing is left."""
    holder, _, last = place.rpartition(".")
    held = get(whole, holder)
    if held is None and value is not None:
        put(whole, holder, {last: value})
    elif isinstance(held, dict) and value is not None:
        held[last] = value
    elif isinstance(held, dict) and last in held:
        del held[last]
        if not held and holder:
            put(whole, holder, None)


def remove(whole: dict[str, Any], place: str) -> None:
    """An item of a list or of a mapping goes; a list without items goes too."""
    holder, _, last = place.rpartition(".")
    held = get(whole, holder)
    if isinstance(held, list):
        held[:] = [item for item in held if not _is(item, last)]
        if not held:
            put(whole, holder, None)
    elif isinstance(held, dict):
        held.pop(last, None)


def move(items: list[Any], name: str, by: int) -> None:
    """An item changes places with the one before (-1) or after it (1), if there is one."""
    at = next((number for number, item in enumerate(items) if item == name or _is(item, name)), None)
    if at is not None and 0 <= at + by < len(items):
        items[at], items[at + by] = items[at + by], items[at]


def items(held: Any) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The items of a list by id, or of a mapping by key."""
    if isinstance(held, Mapping):
        yield from ((str(name), item) for name, item in held.items() if isinstance(item, Mapping))
    for item in held if isinstance(held, list) else ():
        if isinstance(item, Mapping) and "id" in item:
            yield str(item["id"]), item


def _is(item: Any, name: str) -> bool:
    return isinstance(item, Mapping) and str(item.get("id")) == name
