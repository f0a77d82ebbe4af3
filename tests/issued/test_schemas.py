"""The data attached to every document keep to the form that is published."""

import io
import json
from pathlib import Path
from typing import get_args

import jsonschema_rs
import pikepdf
import pytest

from app.catalogue.definition import Template
from app.issued import facts, schemas
from app.issued.facts import Sheet
from tests.issued.samples import SAMPLES
from tests.issued.test_render import made

FOLDER = Path(__file__).parents[2] / "openapi" / "documents"


@pytest.mark.parametrize("kind", schemas.KINDS, ids=lambda kind: str(kind.kind))
def test_the_committed_form_is_what_the_code_says(kind: type[Sheet]):
    committed = (FOLDER / f"{kind.kind}.schema.json").read_text("utf-8")
    assert committed == schemas.text_of(kind), "Run `motcua openapi` and commit the result."


# Every template filled, and a decision that ends a step of the process.
FILLED = SAMPLES | {"step-document": facts.StepDocument(**SAMPLES["decision"].model_dump())}


def test_every_kind_of_document_has_a_form():
    assert {type(sample) for sample in FILLED.values()} == set(schemas.KINDS)


@pytest.mark.parametrize("name", sorted(FILLED))
def test_what_is_attached_to_a_document_has_the_published_form(name: str):
    sample, template = FILLED[name], name if name in SAMPLES else "decision"
    with pikepdf.open(io.BytesIO(made(template, sample).pdf)) as pdf:
        attached = json.loads(pdf.attachments["du-lieu.json"].get_file().read_bytes())
    form = json.loads((FOLDER / f"{sample.kind}.schema.json").read_text("utf-8"))
    jsonschema_rs.validator_for(form).validate(attached)
    assert attached["facts"] == sample.model_dump(mode="json")


@pytest.mark.parametrize("template", sorted(SAMPLES))
def test_every_template_has_a_name_in_both_languages(template: str):
    name = schemas.called(template)
    assert name.vi
    assert name.en


def test_procedures_may_name_exactly_the_templates_of_results():
    assert set(get_args(Template)) == set(schemas.RESULT_NAMES)
