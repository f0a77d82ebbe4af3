import json
from pathlib import Path

import pytest
import yaml

import signing
from app.api import openapi

FOLDER = Path(__file__).parents[2] / "openapi"


@pytest.mark.parametrize("which", ["filing", "sharing", "signature", "log"])
def test_the_committed_description_is_what_the_code_says(which):
    committed = yaml.safe_load((FOLDER / f"{which}.yaml").read_text())

    assert committed == openapi.document(which), "Run `make openapi` and commit the result."


def test_the_committed_form_of_a_signature_report_is_what_the_code_says():
    committed = json.loads((FOLDER / "signature-report.schema.json").read_text())

    assert committed == signing.schema(), "Run `make openapi` and commit the result."
