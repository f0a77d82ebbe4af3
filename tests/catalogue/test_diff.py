"""Differences between two versions, in the words of the people who must confirm them."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from app.catalogue.diff import differences
from app.catalogue.diff_words import THINGS, TRAITS
from app.catalogue.file_schema import schema
from app.catalogue.procedure import Procedure
from app.catalogue.value_words import VALUES
from tests.catalogue.examples import DEFINITIONS

LICENCE = DEFINITIONS["multi-level-selling-certificate/1"]


def told(change: Any, language: str = "vi") -> list[str]:
    after = copy.deepcopy(LICENCE)
    change(after)
    return [line.text.in_(language) for line in differences(Procedure.of(LICENCE), Procedure.of(after))]


def test_two_versions_with_the_same_content_do_not_differ():
    assert told(lambda after: after.update(version=9)) == []


def _shorter(after: Any) -> None:
    after["clock"]["stages"][-1]["length"] = 7


def test_a_shorter_limit_is_told_with_its_stage_and_both_lengths():
    stage = Procedure.of(LICENCE).clock.stages[-1]
    (line,) = told(_shorter)
    assert line == f"Giai đoạn “{stage.title.vi}”, thời hạn: {stage.length} → 7 ngày làm việc"
    assert told(_shorter, "en") == [f"Stage “{stage.title.en}”, time limit: {stage.length} → 7 working days"]


def test_a_paper_that_came_and_one_that_went_are_told_by_their_names():
    new = {"id": "brand_new", "name": {"vi": "Bản cam kết", "en": "Undertaking"}}
    gone = LICENCE["documents"][-1]

    def change(after: Any) -> None:
        after["documents"][-1:] = [new]

    assert set(told(change)) == {"Thêm giấy tờ: “Bản cam kết”", f"Bỏ giấy tờ: “{gone['name']['vi']}”"}


def test_a_fee_is_told_as_money():
    def change(after: Any) -> None:
        after["fees"][0]["amount"] = "4000000"

    assert "4.000.000" in told(change)[0]


CHANGES = [
    (lambda d: d["title"].update(vi="Tên khác"), "→ “Tên khác”"),
    (lambda d: d["fields"][1].update(required=not d["fields"][1].get("required", False)), "bắt buộc: "),
    (lambda d: d["checks"].pop(), "Bỏ điều kiện: "),
    (lambda d: d["process"][0].update(role="case_officer"), "vai trò: "),
    (lambda d: d.update(valid_to="2030-12-31"), "31/12/2030"),
    (lambda d: d["documents"].reverse(), "Đổi thứ tự: giấy tờ"),
    (lambda d: d["legal"].update(L77={"cite": "Luật mới", "certainty": "found"}), "Thêm căn cứ: “Luật mới”"),
    (lambda d: d["audience"].append({"vi": "Hợp tác xã", "en": "Cooperatives"}), "Thêm đối tượng: “Hợp tác xã”"),
    (lambda d: d.update(migration="move"), "Hồ sơ đang mở: "),
    (lambda d: d["retention"].update(keep_years=77), "77"),
]


@pytest.mark.parametrize("change, words", CHANGES, ids=[words for _, words in CHANGES])
def test_every_change_is_told(change, words):
    assert any(words in line for line in told(change))


def test_what_an_inspector_may_give_to_be_put_right_is_told_with_its_effect_on_the_clock():
    before = copy.deepcopy(DEFINITIONS["gas-trading-certificate/1"])
    after = copy.deepcopy(before)
    visit = next(step for step in after["process"] if step.get("correct"))
    visit["correct"]["deadline_max"] = 20
    (line,) = differences(Procedure.of(before), Procedure.of(after))
    assert line.text.vi == "Bước “Kiểm tra thực tế”, khắc phục tại chỗ, thời gian tối đa: 30 → 20"


SCHEMA = schema()


def keys_and_values(shape: Any, key: str = "") -> Iterator[tuple[str, str | None]]:
    """Every key of the format, and every value of a short list under its key."""
    target = SCHEMA["$defs"][shape["$ref"].rpartition("/")[2]] if "$ref" in shape else {}
    for value in (*shape.get("enum", ()), *target.get("enum", ()), *([shape["const"]] if "const" in shape else [])):
        yield key, value
    for name, inner in shape.get("properties", {}).items():
        yield from [(name, None), *keys_and_values(inner, name)] if name not in ("vi", "en") else []
    items = shape.get("items")
    more = shape.get("additionalProperties")
    for inner in (*shape.get("anyOf", ()), *shape.get("prefixItems", ()), items, more):
        yield from keys_and_values(inner, key) if isinstance(inner, dict) else ()


def test_every_key_of_the_format_and_every_value_of_a_short_list_has_its_words():
    shapes = [SCHEMA, *(shape for shape in SCHEMA["$defs"].values() if "properties" in shape)]
    found = {pair for shape in shapes for pair in keys_and_values(shape)}
    assert {key for key, value in found if value is None} - TRAITS.keys() - THINGS.keys() == set()
    assert {pair for pair in found if pair[1] is not None} - VALUES.keys() == set()
