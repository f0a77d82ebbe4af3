"""The bounds in our descriptions: how long, how many, how large, and what every answer carries.

Each is one that holds: by the route, by `app.api.strict` (1 MB, no NUL), by the database, or by the type itself.
"""

from collections.abc import Iterator
from typing import Any

from app.api.strict import MAX_BYTES

Value = dict[str, Any]

NO_NUL = "^[^\\u0000]*$"
"""Neither a body of ours nor PostgreSQL can hold a NUL."""

LENGTHS = {"uuid": 36, "date": 10, "date-time": 35}
LARGEST_FILE = 2**31 - 1
"""The database keeps the size of a file in four bytes; what a place takes at most is in the procedure."""

MOST_ITEMS = MAX_BYTES // 2
"""An item takes two bytes of a body at the least, and what we answer has come in as such a body."""

OWN_ORIGIN = {"description": "Our own origin: pages elsewhere cannot read this answer.", "schema": {"type": "string"}}
RATE = {"description": 'How many calls are left now: `"minute";r=<left>`.', "schema": {"type": "string"}}
CONTACT = {"name": "Bộ Công Thương / Ministry of Industry and Trade", "url": "https://moit.gov.vn"}
PRODUCTION = "The portal in production; a sandbox has an address of its own."
FAILED = "Something went wrong here and has been recorded; try again in a few minutes."


def bound(made: Value, *, counted: bool) -> Value:
    """Say all bounds of a description, in place. `counted`: calls are limited, and answers say what is left."""
    made["components"]["responses"]["Refused500"] = _failure()
    made["info"]["contact"] = CONTACT
    made["servers"] = [{"url": "/", "description": PRODUCTION, "x-internal": False}]
    made["tags"] = [{"name": name, "description": made["info"]["title"]} for name in sorted(_tags(made))]
    for operation in operations(made):
        operation["responses"]["500"] = {"$ref": "#/components/responses/Refused500"}
        operation.setdefault("description", operation["summary"])
        for status, answer in operation["responses"].items():
            if counted and status.startswith("2") and "RateLimit" not in answer.get("headers", {}):
                answer["headers"] = answer.get("headers", {}) | {"RateLimit": RATE}
    for answer in _answers(made):
        answer["headers"] = answer.get("headers", {}) | {"Access-Control-Allow-Origin": OWN_ORIGIN}
    bound_values(made)
    return made


def operations(made: Value) -> Iterator[Value]:
    """Every operation of a description."""
    for paths in made["paths"].values():
        yield from paths.values()


def _failure() -> Value:
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": FAILED, "content": content, "headers": {}}


def _tags(made: Value) -> set[str]:
    return {tag for operation in operations(made) for tag in operation.get("tags", ())}


def _answers(made: Value) -> Iterator[Value]:
    for operation in operations(made):
        yield from (answer for answer in operation["responses"].values() if "$ref" not in answer)
    yield from made["components"]["responses"].values()


def bound_values(part: Any) -> None:
    """Say the bounds of every schema in `part` that has none of its own."""
    if isinstance(part, list):
        for each in part:
            bound_values(each)
    if not isinstance(part, dict):
        return
    kinds = part.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if isinstance(kind, str) and "enum" not in part and "const" not in part:
            _bound(part, kind)
    for each in list(part.values()):
        bound_values(each)


def _bound(schema: Value, kind: str) -> None:
    if kind == "string":
        binary = schema.get("format") == "binary" or "contentMediaType" in schema
        most = LARGEST_FILE if binary else LENGTHS.get(schema.get("format", ""), MAX_BYTES)
        schema.setdefault("maxLength", most)
        if binary:
            schema.setdefault("format", "binary")
        if not {"format", "pattern"} & schema.keys():
            schema["pattern"] = NO_NUL
    elif kind == "integer":
        least, most = (-(2**31), 2**31 - 1) if schema.get("format") == "int32" else (-(2**63), 2**63 - 1)
        schema.setdefault("format", "int64")
        if "exclusiveMinimum" not in schema:
            schema.setdefault("minimum", least)
        if "exclusiveMaximum" not in schema:
            schema.setdefault("maximum", most)
    elif kind == "array":
        schema.setdefault("maxItems", MOST_ITEMS)
        schema.setdefault("items", {})
