"""The description of the shared data, as far as routes cannot say it: records, keys, headers, parameters."""

from typing import Any

from app.api import exports, lists, sharing
from app.registers.rules import SCHEMAS, Dataset, Schema
from app.sharing import many

Value = dict[str, Any]


def describe(made: Value) -> None:
    """Give each dataset its schema, and each way of reading it parameters and answers."""
    gone = {"description": "No longer there: the cursor is of a former life of the feed, or the file was removed. Begin anew."}
    made["components"]["responses"]["Refused410"] = made["components"]["responses"]["Refused404"] | gone
    for dataset in Dataset:
        place, paths = f"{sharing.PREFIX}/{dataset.value}", made["paths"]
        made["components"]["schemas"][dataset.value] = _record(SCHEMAS[dataset])
        made["components"]["schemas"][f"{dataset.value}_item"] = _item(dataset)
        _describe_read(paths[f"{place}/{{key}}"]["get"], dataset)
        _describe_list(paths[place]["get"], dataset)
        _describe_lookup(paths[f"{place}/lookup"]["post"], dataset)
        _describe_changes(paths[f"{place}/changes"]["get"], dataset)
    _describe_exports(made["paths"])


def _record(schema: Schema) -> Value:
    fields = {
        each.name: _field(each.kind, each.format)
        | {"description": f"{each.title.vi} / {each.title.en}"}
        | {"x-class": each.classed.value, "x-dictionary-code": schema.dictionary_code(each)}
        for each in schema.fields
    }
    return {"type": "object", "title": schema.title.en, "description": "Only the granted fields.", "properties": fields}


def _field(kind: str, form: str | None) -> Value:
    return {"type": [kind, "null"]} | ({"format": form} if form else {})


def header(description: str) -> Value:
    """A header of an answer."""
    return {"description": description, "schema": {"type": "string"}}


OF_EVERY_READ = {
    "Log-Entry": header("The id of the access event that this read left."),
    "RateLimit-Policy": header("The rate and the daily quota of the grant."),
    "RateLimit": header("What is left of them."),
    "DPoP-Nonce": header("The nonce for the next proof."),
    "Deprecation": header("Only when this version of the dataset will end: since when it should be left (RFC 9745)."),
    "Sunset": header("Only when it is known: when this version ends (RFC 8594)."),
}
DIGEST = {
    "Content-Digest": header("SHA-256 of the body (RFC 9530)."),
    "Signature-Input": header("What the signature covers (RFC 9421), when it was wanted or the agreement wants it."),
    "Signature": header("Ed25519, by a key of /oauth/jwks."),
}


def _describe_read(operation: Value, dataset: Dataset) -> None:
    schema = SCHEMAS[dataset]
    operation["parameters"] = [
        {"name": "key", "in": "path", "required": True, "description": schema.key_title.en, "schema": _key(schema)},
        FIELDS,
        *CASE,
        SIGNED,
        _in_header("If-None-Match", "The tag you have."),
    ]
    headers = {"ETag": header("The tag of these fields of this version; send it as If-None-Match.")} | OF_EVERY_READ
    operation["responses"]["200"] = answer("The record", {"$ref": f"#/components/schemas/{dataset.value}"}, headers | DIGEST)
    operation["responses"]["304"] = {"description": "Unchanged since the tag you sent", "headers": headers}


def answer(description: str, schema: Value, headers: Value) -> Value:
    """A good answer in JSON."""
    return {"description": description, "headers": headers, "content": {"application/json": {"schema": schema}}}


def _in_header(name: str, description: str, *, required: bool = False, pattern: str | None = None) -> Value:
    schema = {"type": "string", "maxLength": 200} if pattern is None else {"type": "string", "maxLength": 64, "pattern": pattern}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}


def in_query(name: str, description: str, schema: Value) -> Value:
    """A parameter of the query string, never required."""
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema}


FIELDS = in_query(
    "fields", "A subset of the granted fields, with commas.", {"type": "string", "pattern": "^[a-z0-9_,]*$", "maxLength": 1000}
)
CASE = (
    _in_header("Case-Ref", "The consumer's own case number.", required=True, pattern=sharing.CASE_PATTERN),
    _in_header("Acting-User", "Pseudonym of the officer who asks.", pattern=sharing.CASE_PATTERN),
)
SIGNED = _in_header("Want-Signature", "`ed25519`: sign the answer (RFC 9421) together with what was asked.")


def _key(schema: Schema) -> Value:
    return {"type": "string", "pattern": f"^({schema.key_pattern})$", "maxLength": 105}


def _item(dataset: Dataset) -> Value:
    """A record among many: its key, its version, and the tag with which it can be asked for alone."""
    members = {
        "key": _key(SCHEMAS[dataset]),
        "version": {"type": "integer", "minimum": 1, "maximum": 2**31 - 1, "format": "int32"},
        "etag": {"type": "string", "maxLength": 64},
        "op": {
            "type": "string",
            "enum": ["upsert", "delete"],
            "description": "Among changes only; a deleted record is not given.",
        },
        "record": {"$ref": f"#/components/schemas/{dataset.value}"},
    }
    return {"type": "object", "properties": members, "required": ["key", "version"]}


CURSOR = {"type": "string", "pattern": "^[A-Za-z0-9_-]{38,800}$", "maxLength": 800}
LIMIT = in_query(
    "limit",
    "The most records of a page; it may hold fewer and go on all the same.",
    {"type": "integer", "format": "int32", "minimum": 1, "maximum": many.MOST_RECORDS, "default": lists.USUAL},
)


def _items(dataset: Dataset, most: int) -> Value:
    return {"type": "array", "maxItems": most, "items": {"$ref": f"#/components/schemas/{dataset.value}_item"}}


def _page(members: Value) -> Value:
    return {"type": "object", "properties": members, "required": list(members)}


def _describe_list(operation: Value, dataset: Dataset) -> None:
    values = {"type": "string", "maxLength": 1300}
    filters = [
        in_query(name, "Only records with one of these values, with commas.", values) for name in SCHEMAS[dataset].filterable
    ]
    cursor = in_query("cursor", "The `next` of the page before, with the same parameters.", CURSOR)
    operation["parameters"] = [LIMIT, cursor, FIELDS, *filters, *CASE, SIGNED]
    end = {"anyOf": [CURSOR, {"type": "null"}], "description": "Where to go on; null at the end."}
    page = _page({"items": _items(dataset, many.MOST_RECORDS), "next": end})
    operation["responses"]["200"] = answer("A page of records, in the order of their keys", page, OF_EVERY_READ | DIGEST)


def _describe_lookup(operation: Value, dataset: Dataset) -> None:
    keys = {"type": "array", "minItems": 1, "maxItems": many.MOST_KEYS, "uniqueItems": True}
    asked = _page({"keys": keys | {"items": {"type": "string", "maxLength": 1000}}}) | {"additionalProperties": False}
    operation["parameters"] = [FIELDS, *CASE, SIGNED]
    operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": asked}}}
    missing = {"type": "array", "maxItems": many.MOST_KEYS, "items": {"type": "string", "maxLength": 1000}}
    found = _page({"items": _items(dataset, many.MOST_KEYS), "missing": missing})
    operation["responses"]["200"] = answer("The records, and the keys without one", found, OF_EVERY_READ | DIGEST)


def _describe_changes(operation: Value, dataset: Dataset) -> None:
    after = in_query("after", "The `next` of the last answer; without it the feed is read from its beginning.", CURSOR)
    wait = _in_header("Prefer", "`wait=20`: answer when something changes, or after so many seconds.")
    operation["parameters"] = [after, LIMIT, FIELDS, wait, *CASE, SIGNED]
    page = _page(
        {
            "items": _items(dataset, many.MOST_RECORDS),
            "next": CURSOR,
            "up_to_date": {"type": "boolean", "description": "Whether these were all changes there are."},
            "lag_s": {"type": "integer", "format": "int32", "minimum": 0, "maximum": 2**31 - 1, "description": LAG},
        }
    )
    headers = OF_EVERY_READ | DIGEST | {"Preference-Applied": header("How long the answer may have waited.")}
    operation["responses"]["200"] = answer("Changes, in the order in which they became visible", page, headers)
    operation["responses"]["410"] = {"$ref": "#/components/responses/Refused410"}


LAG = "Seconds since the oldest change that is not among these."


def _describe_exports(paths: Value) -> None:
    """What the routes do not say themselves: the headers of the case, of a piece, and that a file is kept for a week."""
    for path in (exports.PREFIX, f"{exports.PREFIX}/{{export_id}}", f"{exports.PREFIX}/{{export_id}}/file"):
        for operation in paths[path].values():
            operation["responses"]["410"] = {"$ref": "#/components/responses/Refused410"}
    asked = paths[exports.PREFIX]["post"]
    asked["parameters"] = [*asked.get("parameters", []), *CASE]
    asked["responses"]["202"]["headers"] |= OF_EVERY_READ | {"Location": header("Where to look how far it is.")}
    fetched = paths[f"{exports.PREFIX}/{{export_id}}/file"]["get"]
    fetched["parameters"] += [_in_header("Range", "One piece, in bytes."), _in_header("If-Range", "The ETag of the file.")]
    for status in ("200", "206"):
        fetched["responses"][status]["headers"] = OF_EVERY_READ | OF_A_FILE
    fetched["responses"]["206"]["headers"] |= {"Content-Range": header("Which bytes these are, and of how many.")}


OF_A_FILE = {
    "ETag": header("The tag of the file, for If-Range."),
    "Repr-Digest": header("SHA-256 of the whole file (RFC 9530)."),
}
