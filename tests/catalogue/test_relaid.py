"""Changes that a form makes are written into the file: comments, quotes and order of everything else stay."""

import copy
import difflib
from typing import Any

import pytest
import yaml

from app.catalogue import files
from app.catalogue.relaid import relaid

TEXTS = files.texts()
TEXT = TEXTS["gas-trading-certificate/1"]
BEFORE = files.plain(files.definition(TEXT))


def _new_field(d: Any) -> None:
    d["fields"].insert(3, {"id": "note", "type": "text", "label": {"vi": "Ghi chú: khác", "en": "Note"}})


CHANGES = {
    "a scalar": (lambda d: d.update(valid_from="2027-01-01"), 2),
    "inside brackets": (lambda d: d["process"][2].update(days=3.5), 2),
    "a text": (lambda d: d["title"].update(vi="Tên “khác”: có, dấu"), 2),
    "a new key": (lambda d: d.update(decision="12/QĐ-BCT"), 2),
    "a new key in a block": (lambda d: d["clock"]["stages"][0].update(only_if="kind == 'trade'"), 1),
    "a new item in its place": (_new_field, 1),
    "an item gone": (lambda d: d["documents"].pop(2), 1),
    "the first item gone": (lambda d: d["fields"].pop(0), 1),
    "another order": (lambda d: d["process"].insert(2, d["process"].pop(3)), 16),
    "a key gone": (lambda d: d["fields"][6].pop("required"), 1),
    "an option": (lambda d: d["fields"][6]["options"].append({"id": "x", "label": {"vi": "Khác", "en": "Other"}}), 1),
    "a list of names": (lambda d: d["pages"][0]["fields"].remove("phone"), 2),
    "what others point to": (lambda d: d["documents"].pop(0), 3),
    "one that points": (lambda d: d["documents"][1].update(signed=None), 2),
}


@pytest.mark.parametrize("change, lines", CHANGES.values(), ids=CHANGES)
def test_only_the_lines_of_the_change_differ(change, lines):
    after = copy.deepcopy(BEFORE)
    change(after)
    made = relaid(TEXT, after)
    assert files.plain(files.definition(made)) == after
    differ = [line for line in difflib.ndiff(TEXT.splitlines(), made.splitlines()) if line[:1] in "+-"]
    assert len(differ) <= lines + 1, differ


def test_every_shipped_file_keeps_its_comments_when_a_form_changes_it():
    for text in TEXTS.values():
        after = files.plain(files.definition(text))
        after["fields"][-1]["help"] = {"vi": "Ghi rõ", "en": "In full"}
        after["process"].reverse()
        made = relaid(text, after)
        assert files.plain(files.definition(made)) == after
        assert {line for line in text.splitlines() if line.startswith("#")} <= set(made.splitlines())


ODD = {
    "twice": "a: 1\na: 2\nb: 3\n",
    "list": "- 1\n- 2\n",
    "broken": "a: [",
    "empty": "",
    "lines": "a: |\n  one\n  two\n\n# then\nb: 3\n",
    "nothing": "a:\nb: {}\n",
    "nested": "a:\n  - &x\n    b: 1\n  - *x\n",
}


@pytest.mark.parametrize("text", ODD.values(), ids=ODD)
def test_a_file_that_cannot_be_followed_is_written_anew_with_the_right_content(text):
    after = {"a": "khác", "b": [1, {"id": "c", "d": "x: y"}]}
    assert yaml.safe_load(relaid(text, after)) == after
