"""The description of the shared data, as far as routes cannot say it: records, keys, headers, parameters."""

from typing import Any

from app.api import sharing
from app.registers.rules import SCHEMAS, Dataset, Schema

Value = dict[str, Any]


def describe(made: Value) -> None:
    """Give each dataset its schema, and each way of reading it parameters and answers."""
    for dataset in Dataset:
        made["components"]["schemas"][dataset.value] = _record(SCHEMAS[dataset])
        _describe_read(made["paths"][f"{sharing.PREFIX}/{dataset.value}/{{key}}"]["get"], dataset)


def _record(schema: Schema) -> Value:
    fields = {
        each.name: _field(each.kind, each.format) | {"description": f"{each.title.vi} / {each.title.en}"}
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
}
DIGEST = {"Content-Digest": header("SHA-256 of the body (RFC 9530).")}


def _describe_read(operation: Value, dataset: Dataset) -> None:
    schema = SCHEMAS[dataset]
    pattern = {"type": "string", "pattern": f"^({schema.key_pattern})$", "maxLength": 64}
    operation["parameters"] = [
        {"name": "key", "in": "path", "required": True, "description": schema.key_title.en, "schema": pattern},
        FIELDS,
        *CASE,
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
