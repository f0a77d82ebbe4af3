"""The description of exactly one agreement: cut out of the description of everything. Pure."""

import re
from copy import deepcopy
from typing import Any

from app.registers.rules import SCHEMAS
from app.sharing.queries import Agreed
from app.sharing.rules import Grant
from app.sharing.scopes import SHARED_DATA

Value = dict[str, Any]
PREFIX = "/api/sharing/v1"
PATHS = {"read": "/{key}", "list": "", "lookup": "/lookup", "changes": "/changes"}
ALWAYS = ("/me", "/openapi")
AMONG_MANY = {"export": "/exports", "changes": "/subscriptions"}
_REFERENCE = "#/components/"


def of_agreement(whole: Value, agreed: Agreed, issuer: str) -> Value:
    """The paths, fields and limits that `agreed` gives, of the description `whole`."""
    made = deepcopy(whole)
    operations = {
        f"{PREFIX}/{grant.dataset}{PATHS[way]}": grant for grant in agreed.grants for way in grant.actions if way in PATHS
    }
    shared = {AMONG_MANY[way] for grant in agreed.grants for way in grant.actions if way in AMONG_MANY} | set(ALWAYS)
    made["paths"] = {
        path: said
        for path, said in made["paths"].items()
        if path in operations or any(path == PREFIX + part or path.startswith(f"{PREFIX}{part}/") for part in shared)
    }
    for path, grant in operations.items():
        for operation in made["paths"][path].values():
            _narrow(operation, grant)
    made |= {"info": _about(agreed), "servers": [{"url": issuer}], "x-agreement": _terms(agreed)}
    _narrow_schemas(made["components"], agreed)
    _forget_unused(made)
    return made


def _about(agreed: Agreed) -> Value:
    title = f"{agreed.title.vi} / {agreed.title.en}"
    description = f"Agreement {agreed.code}, version {agreed.version}: {agreed.clause}. Nothing else is given under it."
    return {"title": title, "version": f"{agreed.version}.0.0", "description": description}


def _terms(agreed: Agreed) -> Value:
    """What to ask a token for, and how long."""
    details = [
        {
            "type": SHARED_DATA,
            "agreement": agreed.code,
            "purpose": purpose.code,
            "datatypes": [grant.dataset.value for grant in agreed.grants],
        }
        for purpose in agreed.purposes
    ]
    term = {"valid_from": agreed.valid_from.isoformat(), "valid_to": agreed.valid_to.isoformat()}
    return {"code": agreed.code, "version": agreed.version, **term, "authorization_details": details}


def _narrow(operation: Value, grant: Grant) -> None:
    """Say the limits of a grant, and leave out filters on what it does not give."""
    filterable = SCHEMAS[grant.dataset].filterable
    kept = [one for one in operation["parameters"] if one["name"] not in filterable or one["name"] in grant.fields]
    operation["parameters"] = [_only_granted(one, grant) for one in kept]
    limits = {"requests_per_hour": grant.rate, "records_per_day": grant.quota_day}
    operation |= {"x-limits": limits, "x-records-only": dict(grant.row_filter), "x-signed-response": grant.signed_response}


def _only_granted(parameter: Value, grant: Grant) -> Value:
    if parameter["name"] != "fields":
        return parameter
    one = "|".join(map(re.escape, grant.fields))
    return parameter | {"schema": {"type": "string", "maxLength": 1000, "pattern": f"^({one})(,({one}))*$"}}


def _narrow_schemas(parts: Value, agreed: Agreed) -> None:
    schemas = parts["schemas"]
    for grant in agreed.grants:
        record = schemas[grant.dataset.value]
        record["properties"] = {name: said for name, said in record["properties"].items() if name in grant.fields}
        record["additionalProperties"] = False
    schemas["Dataset"]["enum"] = [grant.dataset.value for grant in agreed.grants]
    scopes = {f"{grant.dataset}.read": SCHEMAS[grant.dataset].title.en for grant in agreed.grants}
    parts["securitySchemes"]["oauth"]["flows"]["clientCredentials"]["scopes"] = scopes


def _forget_unused(made: Value) -> None:
    """Leave out every schema and answer that no path leads to any more."""
    reached: set[str] = set()
    waiting = _references(made["paths"])
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            kind, name = here.split("/")
            waiting |= _references(made["components"][kind][name])
    for kind in ("schemas", "responses", "parameters", "headers"):
        if kind in made["components"]:
            made["components"][kind] = {k: v for k, v in made["components"][kind].items() if f"{kind}/{k}" in reached}


def _references(part: Any) -> set[str]:
    if isinstance(part, list):
        return {found for each in part for found in _references(each)}
    if not isinstance(part, dict):
        return set()
    own = part.get("$ref")
    here = {own.removeprefix(_REFERENCE)} if isinstance(own, str) and own.startswith(_REFERENCE) else set()
    return here | {found for each in part.values() for found in _references(each)}
