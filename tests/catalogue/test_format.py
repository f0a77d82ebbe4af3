"""The format: one committed schema, one file that uses everything, and a line for every fault."""

from itertools import pairwise
from pathlib import Path

import jsonschema_rs
import pytest

from app.catalogue import file_schema, files
from app.catalogue.reading import read

WHOLE = (Path(__file__).parent / "whole.yaml").read_text("utf-8")


def test_the_committed_schema_is_the_one_the_model_gives() -> None:
    assert file_schema.SCHEMA.read_text("utf-8") == file_schema.written(), "commit what `motcua procedures schema` prints"


@pytest.mark.parametrize("name", ["whole", *files.definitions()])
def test_every_file_fits_the_schema(name: str) -> None:
    definition = read(WHOLE).definition if name == "whole" else files.definitions()[name]
    jsonschema_rs.Draft202012Validator(file_schema.schema()).validate(files.plain(definition))


def test_a_file_may_use_every_part_of_the_format() -> None:
    assert read(WHOLE).problems == ()


@pytest.mark.parametrize(
    "before, after, slug",
    [
        ('assert: "area >= least_area"', 'assert: "area >= largest_area"', "expression"),
        ("required_if: \"kind == 'production'\"", 'required_if: "kind == 3"', "expression"),
        (
            "limit: {length: 5, unit: working_day, legal: L1,",
            "limit: {length: 5, unit: working_day, legal: L9,",
            "unknown-citation",
        ),
        ('{vi: "Tọa độ", en: "Coordinates"}', '{vi: "Tọa độ"}', "missing-language"),
    ],
)
def test_a_fault_is_found_on_its_line(before: str, after: str, slug: str) -> None:
    spoilt = WHOLE.replace(before, after, 1)
    written = read(spoilt)
    line = next((number for number, text in enumerate(spoilt.splitlines(), 1) if after in text), 0)
    assert {(written.line_of(problem.where), problem.slug) for problem in written.problems} == {(line, slug)}


# Eight times eight times eight …: a few lines of aliases that stand for a hundred thousand values.
BOMB = "a: &a [x]\n" + "".join(f"{new}: &{new} [{', '.join([f'*{old}'] * 8)}]\n" for old, new in pairwise("abcdefg"))


@pytest.mark.parametrize(
    "text, slug",
    [
        ("a: [1, 2", "yaml"),
        ("- one\n- two\n", "yaml"),
        ("", "yaml"),
        ("a: 1\na: 2\n", "repeated-key"),
        (BOMB, "too-large"),
        ("x: " + "y" * 400_001, "too-large"),
        ("!!python/object/apply:os.system ['true']", "yaml"),
        ("a: &a {b: *a}", "too-large"),
    ],
    ids=["unclosed", "a-list", "empty", "twice", "bomb", "long", "code", "ring"],
)
def test_what_is_no_definition_is_refused_at_once(text: str, slug: str) -> None:
    assert slug in {problem.slug for problem in read(text).problems}
