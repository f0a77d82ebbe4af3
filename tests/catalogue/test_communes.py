"""Communes of the chosen province: known again by name or code, marked when a whole list lacks them, offered, described."""

import pytest

from app.catalogue.communes import CODE, NOT_LISTED, Listed, placed
from app.catalogue.forms import Form
from app.catalogue.schema import json_schema
from app.core.text import Text
from tests.catalogue.examples import TODAY
from tests.catalogue.test_kinds import ANSWERS, FORM, PROCEDURE

NAMES = (
    ("1", Text("Phường An Phú", "An Phú ward")),
    ("2", Text("Phường Ân Phú", "Ân Phú ward")),
    ("3", Text("Xã Đông", "Đông commune")),
)
WHOLE, SAMPLE = {"01": Listed(NAMES, whole=True)}, {"01": Listed(NAMES, whole=False)}


def address(commune, province="01", **more):
    return {"site": {"province": province, "commune": commune, "street": "Số 1"} | more}


@pytest.mark.parametrize(
    "typed,kept,code",
    [
        ("Phường Ân Phú", "Phường Ân Phú", "2"),
        ("an phú ward", "Phường An Phú", "1"),
        ("xa dong", "Xã Đông", "3"),
        ("3", "Xã Đông", "3"),
        ("phuong an phu", "phuong an phu", NOT_LISTED),
        ("Xã Tây", "Xã Tây", NOT_LISTED),
    ],
    ids=["name", "english", "no marks", "code", "two are alike", "unknown"],
)
def test_a_commune_is_known_by_name_or_code_or_said_not_to_be_listed(typed, kept, code):
    assert placed(PROCEDURE.fields, address(typed), WHOLE, {}) == address(kept, commune_code=code)


def test_nothing_is_marked_by_a_sample_or_without_a_list_and_a_sent_code_is_not_believed():
    for listed in (SAMPLE, {}):
        assert placed(PROCEDURE.fields, address("Xã Tây", commune_code="9"), listed, {}) == address("Xã Tây")


def test_what_an_address_was_found_to_be_stays_while_it_says_the_same():
    for before in (address("Xã Tây"), address("Xã Tây", commune_code=NOT_LISTED)):
        assert placed(PROCEDURE.fields, address("Xã Tây"), WHOLE, before) == before


def test_the_page_offers_the_communes_of_the_province_and_tells_of_one_not_listed():
    answers = ANSWERS | address("Xã Tây", commune_code=NOT_LISTED)
    view = next(view for view in FORM.views("co-so", answers, communes=WHOLE) if view.name == "site")
    part = next(part for part in view.inside if part.name == "site.commune")
    assert [value for value, _ in part.suggestions] == ["Phường An Phú", "Phường Ân Phú", "Xã Đông"]
    assert part.help.en.startswith("Not in the list")
    assert "not-in-the-list" in {flag.slug for flag in FORM.flags(answers, today=TODAY)}


def test_machines_are_told_of_the_list_and_may_send_back_what_they_read():
    shape = json_schema(PROCEDURE)["properties"]["site"]["properties"]
    assert shape["commune"]["x-code-list"] == "communes"
    assert shape[CODE]["readOnly"]
    kept, wrong = Form.of(PROCEDURE).read_json(address("Xã Đông", commune_code="3"), today=TODAY)
    assert (kept["site"], wrong) == (address("Xã Đông")["site"], [])
