"""`motcua procedures check`: what is shipped is sound, and what was released stays as it was."""

import copy

from app.catalogue.check import check, check_files, released
from tests.catalogue.examples import DEFINITIONS

NAME = "multi-level-selling-certificate/1"


def test_the_shipped_files_pass_the_check() -> None:
    assert check_files() == {"procedures": 50, "versions": 50, "in_depth": 7, "errors": []}


def test_a_released_version_that_changed_is_an_error() -> None:
    changed = copy.deepcopy(DEFINITIONS)
    changed[NAME]["summary"]["vi"] += " Thêm một câu."
    assert [(error["file"], error["error"]) for error in check(changed, released())["errors"]] == [
        (NAME, "released-version-changed")
    ]


def test_a_released_version_that_went_missing_is_an_error() -> None:
    left = {name: definition for name, definition in DEFINITIONS.items() if name != NAME}
    assert [error["file"] for error in check(left, released())["errors"]] == [NAME]


def test_layout_and_order_of_a_file_do_not_matter_only_its_content() -> None:
    reordered = {NAME: dict(reversed(DEFINITIONS[NAME].items()))}
    assert check(reordered, {NAME: released()[NAME]})["errors"] == []


def test_a_file_in_the_wrong_folder_is_an_error() -> None:
    found = check({"elsewhere/1": DEFINITIONS[NAME]}, {})["errors"]
    assert [(error["file"], error["error"]) for error in found] == [("elsewhere/1", "file-name")]
