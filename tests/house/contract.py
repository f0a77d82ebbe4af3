"""What a client of the last released description would stumble over in the present one."""

from collections.abc import Iterator
from typing import Any

Value = dict[str, Any]
METHODS = ("get", "post", "put", "patch", "delete")
TIGHTER_WHEN_LOWER = ("maxLength", "maxItems", "maximum", "maxProperties")
TIGHTER_WHEN_HIGHER = ("minLength", "minItems", "minimum", "minProperties")


def breaking(before: Value, after: Value) -> list[str]:
    """One line for each change that may break a client; none when all it knew still stands.

    What a client sends may only be taken more widely; what it is answered may only say more.
    """
    return sorted(
        f"{method.upper()} {path}: {line}"
        for path, operations in before["paths"].items()
        for method in METHODS
        if method in operations
        for line in _of_operation(operations[method], after["paths"].get(path, {}).get(method), before, after)
    )


def _of_operation(old: Value, new: Value | None, before: Value, after: Value) -> Iterator[str]:
    if new is None:
        yield "is gone"
        return
    if old.get("operationId") != new.get("operationId"):
        yield "has another operationId"
    yield from _of_parameters(old, new, before, after)
    yield from _of_body(old.get("requestBody"), new.get("requestBody"), before, after)
    for status, answer in old["responses"].items():
        if status not in new["responses"]:
            yield f"no longer answers {status}"
        elif status.startswith("2"):
            yield from _of_answer(status, _whole(answer, before), _whole(new["responses"][status], after), before, after)


def _of_parameters(old: Value, new: Value, before: Value, after: Value) -> Iterator[str]:
    known = {(one["in"], one["name"].lower()): one for one in old.get("parameters", ())}
    now = {(one["in"], one["name"].lower()): one for one in new.get("parameters", ())}
    for place, one in now.items():
        if one.get("required") and not known.get(place, {}).get("required"):
            yield f"parameter {one['name']} is required now"
    for place, one in known.items():
        if place not in now:
            yield f"parameter {one['name']} is gone"
        else:
            yield from _sent(f"parameter {one['name']}", one["schema"], now[place]["schema"], before, after)


def _of_body(old: Value | None, new: Value | None, before: Value, after: Value) -> Iterator[str]:
    if old is None:
        if new is not None and new.get("required"):
            yield "needs a body now"
        return
    for kind, said in old["content"].items():
        now = (new or {"content": {}})["content"].get(kind)
        if now is None:
            yield f"no longer takes {kind}"
        else:
            yield from _sent("body", said.get("schema", {}), now.get("schema", {}), before, after)


def _of_answer(status: str, old: Value, new: Value, before: Value, after: Value) -> Iterator[str]:
    for name in old.get("headers", {}):
        if name not in new.get("headers", {}):
            yield f"{status} has no header {name} any more"
    for kind, said in old.get("content", {}).items():
        now = new.get("content", {}).get(kind)
        if now is None:
            yield f"{status} is no longer given as {kind}"
        else:
            yield from _given(status, said.get("schema", {}), now.get("schema", {}), before, after)


def _sent(where: str, old: Value, new: Value, before: Value, after: Value) -> Iterator[str]:
    """What clients send: nothing that was taken may be refused."""
    old, new = _whole(old, before), _whole(new, after)
    if gone := _types(old) - _types(new):
        yield f"{where} no longer takes {', '.join(sorted(gone))}"
    if "enum" in new and (gone := set(old.get("enum", ["anything"])) - set(new["enum"])):
        yield f"{where} no longer takes {', '.join(sorted(map(str, gone)))}"
    for name in (*TIGHTER_WHEN_LOWER, *TIGHTER_WHEN_HIGHER):
        sign = 1 if name in TIGHTER_WHEN_LOWER else -1
        if name in new and (name not in old or sign * new[name] < sign * old[name]):
            yield f"{where} has a tighter {name}"
    if new.get("pattern", old.get("pattern")) != old.get("pattern"):
        yield f"{where} has another pattern"
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{where}.{name} is required now"
    for name, member in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{where}.{name} is gone"
        else:
            yield from _sent(f"{where}.{name}", member, new["properties"][name], before, after)
    if "items" in old and "items" in new:
        yield from _sent(f"{where}[]", old["items"], new["items"], before, after)


def _given(where: str, old: Value, new: Value, before: Value, after: Value) -> Iterator[str]:
    """What clients are answered: nothing they rely on may be missing, or be of another kind."""
    old, new = _whole(old, before), _whole(new, after)
    if more := _types(new) - _types(old) if _types(old) else set():
        yield f"{where} may be {', '.join(sorted(more))} now"
    if "enum" in old and (more := set(new.get("enum", ["anything"])) - set(old["enum"])):
        yield f"{where} may say {', '.join(sorted(map(str, more)))} now"
    if old.get("format") != new.get("format"):
        yield f"{where} has another format"
    for name in set(old.get("required", ())) - set(new.get("required", ())):
        yield f"{where}.{name} may be missing now"
    for name, member in old.get("properties", {}).items():
        if name not in new.get("properties", {}):
            yield f"{where}.{name} is gone"
        else:
            yield from _given(f"{where}.{name}", member, new["properties"][name], before, after)
    if "items" in old and "items" in new:
        yield from _given(f"{where}[]", old["items"], new["items"], before, after)


def _whole(part: Value, document: Value) -> Value:
    """What a reference leads to; else the part itself."""
    while "$ref" in part and part["$ref"].startswith("#/"):
        found: Any = document
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


def _types(schema: Value) -> set[str]:
    """The JSON types a schema allows; empty when it does not say."""
    if "anyOf" in schema:
        return {kind for each in schema["anyOf"] for kind in _types(each)}
    said = schema.get("type", [])
    return {said} if isinstance(said, str) else set(said)
