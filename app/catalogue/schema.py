"""The JSON Schema (2020-12) of a version's form, for machines that file and for checking what they send."""

from collections.abc import Sequence
from typing import Any

from app.catalogue import words
from app.catalogue.communes import CODE
from app.catalogue.parts import parts_of
from app.catalogue.procedure import Procedure
from app.catalogue.questions import FieldType, FormField

_PLAIN: dict[FieldType, dict[str, Any]] = {
    FieldType.NUMBER: {"type": "number"},
    FieldType.DECIMAL: {"type": "number"},
    FieldType.INTEGER: {"type": "integer"},
    FieldType.MONEY_VND: {"type": "integer", "minimum": 0},
    FieldType.BOOL: {"type": "boolean"},
    FieldType.DATE: {"type": "string", "format": "date"},
    FieldType.TAX_CODE: {"type": "string", "pattern": "^[0-9]{10}(-?[0-9]{3})?$"},
    FieldType.MONEY: {"type": "number", "minimum": 0},
    FieldType.HS_CODE: {"type": "string", "pattern": "^[0-9]{6}([0-9]{2}){0,2}$"},
    FieldType.CAS_NO: {"type": "string", "pattern": "^[0-9]{2,7}-[0-9]{2}-[0-9]$"},
    FieldType.ORG: {
        "type": "object",
        "properties": {"tax_code": {"type": "string"}, "name": {"type": "string"}},
        "additionalProperties": False,
    },
}


_COMMUNE_CODE = {
    "title": "Mã xã, phường, đặc khu; rỗng khi tên không có trong danh mục",
    "description": "Code of the commune, written by the server; empty when its name is not in the list",
    "type": "string",
    "maxLength": 20,
    "readOnly": True,
}


def json_schema(procedure: Procedure) -> dict[str, Any]:
    """The schema of the answers. Rules over several answers travel as `x-checks`; the server alone applies them."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:mot-cua:{procedure.slug}:{procedure.version}",
        "title": procedure.title.vi,
        "description": procedure.title.en,
        "type": "object",
        "properties": {field.id: _property(field) for field in procedure.fields if field.type is not FieldType.FILE},
        "required": [field.id for field in procedure.fields if _always_needed(field)],
        **_conditions(procedure),
        "additionalProperties": False,
        "x-checks": [
            {"id": check.id, "assert": check.rule, "legal": procedure.citation(check.legal), "message": check.message.vi}
            for check in procedure.checks
        ],
    }


def _always_needed(field: FormField) -> bool:
    return field.required and field.given_by_person and field.show_if is None


def _property(field: FormField) -> dict[str, Any]:
    shape = {"title": field.label.vi, "description": field.label.en, **_shape(field)}
    if not field.given_by_person:
        shape["readOnly"] = True
    conditions = {"x-show-if": field.show_if, "x-required-if": field.required_if, "x-compute": field.compute}
    measured = {"x-unit": field.unit.vi if field.unit else field.currency, "x-code-list": field.options_from}
    return shape | {name: source for name, source in (conditions | measured).items() if source}


def _shape(field: FormField) -> dict[str, Any]:
    if field.type is FieldType.ROWS:
        return _rows(field)
    if parts := parts_of(field):
        return _object(parts) if field.type is not FieldType.ADDRESS_VN else _address(parts)
    if field.type is FieldType.MULTI_CHOICE:
        items = {"enum": list(words.choices(field))}
        return {"type": "array", "items": items, "uniqueItems": True} | ({"minItems": 1} if field.required else {})
    if field.type in (FieldType.CHOICE, FieldType.COUNTRY):
        return {"enum": list(words.choices(field))}
    shape = dict(_PLAIN.get(field.type, {"type": "string", "minLength": 1, "maxLength": field.max_length or 20_000}))
    limits = {"minimum": field.min, "maximum": field.max}
    shape |= {name: float(limit) for name, limit in limits.items() if limit is not None}
    return shape | ({"const": True} if field.must_be_true else {})


def _rows(field: FormField) -> dict[str, Any]:
    return {
        "type": "array",
        "minItems": max(field.min_rows, int(field.required)),
        "maxItems": field.max_rows,
        "items": _object(field.of),
    }


def _object(fields: Sequence[FormField]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {field.id: _property(field) for field in fields},
        "required": [field.id for field in fields if field.required],
        "additionalProperties": False,
    }


def _address(parts: Sequence[FormField]) -> dict[str, Any]:
    """An address; its commune is best given by name or code of the list, and the server adds the code it knows it by."""
    shape = _object(parts)
    if "commune" in shape["properties"]:
        shape["properties"]["commune"] |= {"x-code-list": "communes", "x-code-list-parent": "province"}
        shape["properties"][CODE] = _COMMUNE_CODE
    return shape


def _conditions(procedure: Procedure) -> dict[str, Any]:
    rules = [rule for field in procedure.fields if (rule := _conditional(procedure, field))]
    return {"allOf": rules} if rules else {}  # an empty allOf is no valid schema


def _conditional(procedure: Procedure, field: FormField) -> dict[str, Any] | None:
    """if/then for the plainest condition, a yes-or-no answer; longer conditions stay in `x-required-if`."""
    source = field.required_if or (field.show_if if field.required else None)
    asked = procedure.field(source) if source else None
    if asked is None or asked.type is not FieldType.BOOL:
        return None
    return {"if": {"properties": {asked.id: {"const": True}}, "required": [asked.id]}, "then": {"required": [field.id]}}
