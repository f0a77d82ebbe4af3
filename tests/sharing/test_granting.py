"""What a token carries of the agreements in force: never more than each of them gives on each dataset."""

import pytest

from app.sharing.granting import Deal, InvalidDetails, granted
from app.sharing.scopes import SHARED_DATA

RESOURCE = "https://portal.example/api/sharing"
ASKED = {"type": SHARED_DATA, "agreement": "TT-01", "purpose": "kiem-tra"}
DEAL = Deal(
    2,
    "0" * 64,
    frozenset({"kiem-tra"}),
    (),
    {"enterprises": frozenset({"read"}), "licences": frozenset({"read", "list"}), "dossiers": frozenset({"read"})},
)
SCOPE = {"enterprises.read", "licences.read", "dossiers.read"}


def given(**asked: list[str]) -> list[tuple[list[str], list[str]]]:
    """Datasets and actions of each detail."""
    details = granted([ASKED | asked], {"TT-01": DEAL}, SCOPE, RESOURCE)
    return [(detail["datatypes"], detail["actions"]) for detail in details]


def test_what_is_agreed_for_one_dataset_is_not_carried_over_to_another():
    assert given() == [(["dossiers", "enterprises"], ["read"]), (["licences"], ["list", "read"])]


def test_a_dataset_that_does_not_give_the_asked_action_is_left_out():
    assert given(actions=["list"]) == [(["licences"], ["list"])]


def test_an_action_that_no_asked_dataset_gives_is_refused():
    with pytest.raises(InvalidDetails):
        given(datatypes=["enterprises"], actions=["list"])
