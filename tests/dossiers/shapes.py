"""Procedures of other shapes, published for a test: made from the file that uses every part of the format."""

import copy
from pathlib import Path
from typing import Any

import yaml

from app.catalogue import actions as catalogue
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.ids import uuid7
from app.core.permissions import Role
from app.identity.models import Person, RoleGrant, Unit
from tests.dossiers.world import AT, World

WHOLE: dict[str, Any] = yaml.safe_load((Path(__file__).parents[1] / "catalogue" / "whole.yaml").read_text("utf-8"))
SLUG = WHOLE["procedure"]
CHEMICALS, LEGAL, TRADE, HANOI = "G02.909", "G02.903", "G02.904", "H26.990"
UNITS = (CHEMICALS, LEGAL, TRADE, HANOI, "H29.990", "H56.990")

ANSWERS: dict[str, Any] = {
    "head": {"name": "Lê Mẫu", "id_no": "001090000001", "nationality": "VN", "position": "Giám đốc"},
    "site": {"province": "01", "commune": "Phường Ví Dụ", "street": "Số 1"},
    "area": 40,
    "kind": "production",
    "provinces": ["01"],
    "chemicals": [{"name": "Axit", "cas": "7647-01-0", "mass": 3, "origin": "VN"}],
    "own_storage": True,
    "starts": "2027-03-01",
    "years": 3,
    "commitment": True,
}


async def publish(world: World, **changed: Any) -> dict[str, Any]:
    """Publish the file without its fees, with what is changed."""
    definition = copy.deepcopy(WHOLE) | {"fees": []} | changed
    await catalogue.publish(world.session, SYSTEM, definition, at=world.at)
    return definition


async def staff(world: World) -> None:
    """The units that this procedure knows, with people of every role."""
    for unit in UNITS:
        if await world.session.get(Unit, unit) is None:  # a portal with its demo people knows some of them
            names = {"name_vi": f"Đơn vị {unit}", "name_en": f"Unit {unit}"}
            world.session.add(Unit(code=unit, **names, parent=None, kind="agency", demo=True))
    await world.session.flush()
    roles = (Role.CASE_OFFICER, Role.DIVISION_HEAD, Role.UNIT_LEADER, Role.RECORDS_OFFICER)
    for unit in UNITS:
        for role in roles:
            _employ(world, f"{role.value}_{unit}", unit, role)
    _employ(world, "minister", "G02", Role.MINISTRY_LEADER)
    await world.session.flush()


def _employ(world: World, name: str, unit: str, role: Role) -> None:
    person = Person(id=uuid7(), issuer="https://id.example", subject=f"s-{name}", name=name)
    world.session.add(person)
    world.session.add(RoleGrant(id=uuid7(), person_id=person.id, role=role, unit=unit, valid_from=AT, granted_by="test"))
    world.actors[name] = Actor(ActorKind.OFFICIAL, name=name, person_id=person.id, unit=unit, roles=frozenset({role}))
