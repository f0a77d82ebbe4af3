"""Records for rehearsals and the sandbox."""

import jsonschema_rs
import pytest

from app.registers.rules import SCHEMAS, Dataset
from app.sharing import synthetic


def _schema(dataset: Dataset) -> dict[str, object]:
    fields = SCHEMAS[dataset].fields
    members = {field.name: {"type": field.kind} | ({"format": field.format} if field.format else {}) for field in fields}
    return {"type": "object", "properties": members, "required": list(members), "additionalProperties": False}


@pytest.mark.parametrize("dataset", Dataset)
def test_synthetic_records_have_every_field_of_their_dataset_and_a_key_of_their_own(dataset):
    made = synthetic.records(dataset, 30, seed=7)
    judge = jsonschema_rs.Draft202012Validator(_schema(dataset), validate_formats=True)
    assert [error.message for record in made for error in judge.iter_errors(record)] == []
    keys = [record[synthetic.KEYS[dataset]] for record in made]
    assert len(set(keys)) == 30
    assert all(map(SCHEMAS[dataset].accepts_key, keys))


def test_the_same_seed_gives_the_same_records_and_another_seed_others():
    first = synthetic.records(Dataset.LICENCES, 3, seed=1)
    assert synthetic.records(Dataset.LICENCES, 3, seed=1) == first
    assert synthetic.records(Dataset.LICENCES, 3, seed=2) != first


def test_a_synthetic_tax_code_belongs_to_nobody_and_passes_the_check_digit():
    codes = {synthetic.tax_code(number) for number in range(200)}
    weights = (31, 29, 23, 19, 17, 13, 7, 5, 3)
    assert len(codes) == 200
    for code in codes:
        assert code.startswith("98")
        assert int(code[9]) == 10 - sum(w * int(d) for w, d in zip(weights, code, strict=False)) % 11
