"""The data dictionary says of every shared field what it means and how it must be treated."""

from pathlib import Path

from app.registers.dictionary import page
from app.registers.rules import SCHEMAS, FieldClass

PAGE = Path(__file__).parents[2] / "docs" / "data-dictionary.md"


def test_the_committed_page_is_what_the_schemas_say():
    assert PAGE.read_text("utf-8") == page(), "Run `motcua sharing dictionary > docs/data-dictionary.md` and commit the result."


def test_fields_with_one_code_are_treated_alike_in_one_type():
    kinds: dict[str, set[tuple[str, str | None]]] = {}
    for schema in SCHEMAS.values():
        for field in schema.fields:
            kinds.setdefault(schema.dictionary_code(field), set()).add((field.kind, field.format))
    assert not {code: kind for code, kind in kinds.items() if len(kind) > 1}


def test_names_of_people_are_personal():
    people = {("licences", "signer"), ("enterprises", "legal_representative")}
    classed = {(schema.dataset.value, field.name): field.classed for schema in SCHEMAS.values() for field in schema.fields}
    assert {place for place, kind in classed.items() if kind is FieldClass.PERSONAL} == people
