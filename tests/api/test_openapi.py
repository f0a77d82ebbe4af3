"""The descriptions for integrators are whole. That the committed ones are current is a rule of the house."""

from pathlib import Path

import pytest
import yaml

from app.api import openapi
from tests.machines import Machine

FOLDER = Path(__file__).parents[2] / "openapi"


WITH_TOKEN = {"401", "403", "404", "429", "503"}
REFUSED = {
    "filing": WITH_TOKEN,
    "sharing": WITH_TOKEN,
    "signature": {"413", "415", "422", "429", "503"},
    "log": {"404", "422", "503"},
}


@pytest.mark.parametrize("name", openapi.NAMES)
def test_every_operation_says_how_it_refuses_and_every_reference_is_there(name):
    made = openapi.document(name)
    assert made["openapi"] == "3.1.0"
    for operations in made["paths"].values():
        for operation in operations.values():
            assert REFUSED[name] <= set(operation["responses"])
            assert operation["operationId"]
    assert _missing(made, made) == []


def test_every_post_of_filing_needs_a_key():
    for path, operations in openapi.document("filing")["paths"].items():
        if "post" in operations:
            keys = [one for one in operations["post"]["parameters"] if one["name"].lower() == "idempotency-key"]
            assert keys, path
            assert keys[0]["required"], path


async def test_the_description_is_served(standing_agency: Machine):
    for name in openapi.NAMES:
        place = "/log" if name == "log" else f"/api/{name}"
        answer = await standing_agency.http.get(f"{place}/openapi.yaml")
        assert yaml.safe_load(answer.text)["openapi"] == "3.1.0"


def _missing(part, whole):
    if isinstance(part, list):
        return [gone for each in part for gone in _missing(each, whole)]
    if not isinstance(part, dict):
        return []
    reference = part.get("$ref")
    here = [reference] if isinstance(reference, str) and not _found(reference, whole) else []
    return here + [gone for each in part.values() for gone in _missing(each, whole)]


def _found(reference, whole):
    if not reference.startswith("#"):
        return (FOLDER / reference).exists()
    for name in reference.removeprefix("#/").split("/"):
        whole = whole.get(name) if isinstance(whole, dict) else None
    return whole is not None
