"""The JSON Schema (2020-12) of the format itself: what editors check a procedure file with. Committed beside the data."""

import json
from typing import Any

from app.catalogue import files
from app.catalogue.procedure import Procedure

SCHEMA = files.DATA / "procedure.schema.json"


def schema() -> dict[str, Any]:
    """The schema that follows from the model."""
    found = Procedure.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:mot-cua:procedure-format:1",
        **found,
        "title": "Một Cửa: an administrative procedure",
    }


def written() -> str:
    """The schema as its file has it."""
    return json.dumps(schema(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
