"""A released description is a promise: shared data change only so that no client of the last release stumbles."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.house.contract import breaking

FOLDER = Path(__file__).parents[2] / "openapi"
READ = "/api/sharing/v1/licences/{key}"
LIST = "/api/sharing/v1/licences"
LOOKUP = "/api/sharing/v1/licences/lookup"


def load(path: Path) -> dict[str, Any]:
    return yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))


@pytest.fixture(scope="module")
def released() -> dict[str, Any]:
    return load(FOLDER / "released" / "sharing.yaml")


def test_the_shared_data_break_no_client_of_the_last_release(released):
    lines = breaking(released, load(FOLDER / "sharing.yaml"))

    assert lines == [], "Keep what was there beside the new, or make a version 2. At a release: copy it to openapi/released/."


def without(path, method="get"):
    return lambda one: one["paths"][path].pop(method)


def parameter(path, name, **said):
    def change(one):
        found = next(each for each in one["paths"][path]["get"]["parameters"] if each["name"] == name)
        found.update({key: value for key, value in said.items() if key == "required"})
        found["schema"].update({key: value for key, value in said.items() if key != "required"})

    return change


def record(change):
    return lambda one: change(one["components"]["schemas"]["licences"]["properties"])


def body(change):
    return lambda one: change(one["paths"][LOOKUP]["post"]["requestBody"]["content"]["application/json"]["schema"])


def new_parameter(*, required):
    new = {"name": "colour", "in": "query", "required": required, "schema": {"type": "string"}}
    return lambda one: one["paths"][READ]["get"]["parameters"].append(new)


BREAKS = {
    "path": (without(READ), "is gone"),
    "parameter gone": (lambda one: one["paths"][LIST]["get"].update(parameters=[]), "parameter cursor is gone"),
    "parameter required": (parameter(LIST, "cursor", required=True), "parameter cursor is required now"),
    "new parameter required": (new_parameter(required=True), "parameter colour is required now"),
    "limit tighter": (parameter(LIST, "limit", maximum=10), "parameter limit has a tighter maximum"),
    "pattern": (parameter(LIST, "fields", pattern="^a$"), "parameter fields has another pattern"),
    "field gone": (record(lambda fields: fields.pop("status")), "200.status is gone"),
    "field of another kind": (record(lambda fields: fields["status"].update(type=["integer"])), "200.status may be integer now"),
    "field of another format": (record(lambda fields: fields["issued_on"].pop("format")), "200.issued_on has another format"),
    "body needs more": (body(lambda said: said["required"].append("why")), "body.why is required now"),
    "body takes fewer": (body(lambda said: said["properties"]["keys"].update(maxItems=5)), "body.keys has a tighter maxItems"),
    "status": (lambda one: one["paths"][READ]["get"]["responses"].pop("304"), "no longer answers 304"),
    "header": (
        lambda one: one["paths"][READ]["get"]["responses"]["200"]["headers"].pop("ETag"),
        "200 has no header ETag any more",
    ),
    "name": (lambda one: one["paths"][READ]["get"].update(operationId="other"), "has another operationId"),
}


@pytest.mark.parametrize("name", sorted(BREAKS))
def test_a_change_that_breaks_clients_is_found(released, name):
    change, said = BREAKS[name]
    after = deepcopy(released)
    change(after)

    assert any(line.endswith(said) for line in breaking(released, after))


WIDENS = {
    "field": record(lambda fields: fields.update(colour={"type": ["string", "null"]})),
    "parameter": new_parameter(required=False),
    "limit": parameter(LIST, "limit", maximum=10_000),
    "path": lambda one: one["paths"].update({"/api/sharing/v1/new": {"get": {"responses": {}}}}),
    "answer says more": lambda one: one["paths"][READ]["get"]["responses"]["200"]["headers"].update(Age={}),
    "words": lambda one: one["paths"][READ]["get"].update(summary="Other words"),
}


@pytest.mark.parametrize("name", sorted(WIDENS))
def test_a_change_that_only_gives_more_is_none(released, name):
    after = deepcopy(released)
    WIDENS[name](after)

    assert breaking(released, after) == []
