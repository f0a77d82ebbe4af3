"""What the journey reads of the portal's own output: its run takes minutes, these forms are seen in a second."""

import json
from pathlib import Path

import pytest
import yaml

import signing
from app.demo.people import Failed
from app.demo.personas import PERSONAS
from app.demo.story import ANSWERS, only_report, result_number
from app.dossiers.actions import pay, sheets
from signing import command
from tests import make
from tests.pki import NOW


def test_the_report_is_found_in_what_the_command_prints(tmp_path: Path) -> None:
    path = tmp_path / "plain.pdf"
    path.write_bytes(make.pdf())
    report = signing.check(path, signing.Policy(at=NOW, integrity_only=True))
    found = only_report(json.dumps(command.as_json([path], [report], None)))
    assert (found["verdict"], found["signatures"]) == ("UNSIGNED", [])


@pytest.mark.parametrize("said", ["", "[]", '{"reports": []}', '{"verdict": "VALID"}'], ids=["silent", "list", "empty", "bare"])
def test_what_the_command_does_not_print_fails_the_step(said: str) -> None:
    with pytest.raises(Failed, match="one report"):
        only_report(said)


def test_the_result_is_told_from_everything_else_that_was_issued() -> None:
    others = ["TNHS", pay._RECEIPT_SERIES, sheets._FEE_SERIES, sheets._CONTROL_SERIES]  # they must not part
    page = "<br>".join(f"0{place}/2026/{series}" for place, series in enumerate(others))
    assert result_number(f"{page}<br>09/2026/GPKD-BCT") == "09/2026/GPKD-BCT"
    with pytest.raises(StopIteration):
        result_number(page)


@pytest.mark.parametrize("path", sorted(ANSWERS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_answers_say_what_a_story_needs(path: Path) -> None:
    told = yaml.safe_load(path.read_text())
    assert {"who", "staff", "fee", "find", "answers"} <= set(told)
    assert PERSONAS[told["who"]].tax_code
