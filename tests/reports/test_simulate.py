"""Past dossiers replayed on a draft: what would newly fail, cost, go or be due otherwise."""

import copy
from typing import Any

import pytest

from app.catalogue.procedure import Procedure
from app.core.actor import Actor, ActorKind
from app.core.errors import NotAllowed
from app.core.permissions import Role
from app.reports.simulate import simulate
from tests.catalogue.examples import DEFINITIONS
from tests.dossiers.conftest import ministry, world
from tests.dossiers.world import PROMOTION, World

__all__ = ["ministry", "world"]
CONTROLLER = Actor(kind=ActorKind.OFFICIAL, roles=frozenset({Role.PROCEDURE_CONTROLLER}))


def draft(**changes: Any) -> Procedure:
    definition = copy.deepcopy(DEFINITIONS[f"{PROMOTION}/1"])
    definition["documents"].append({"id": "undertaking", "name": {"vi": "Bản cam kết", "en": "Undertaking"}})
    return Procedure.of(definition | {"version": 2} | changes)


async def test_a_dossier_that_was_filed_would_now_lack_a_paper(world: World) -> None:
    dossier_id = await world.received(PROMOTION, world.retailer)
    same = await simulate(world.session, CONTROLLER, Procedure.of(DEFINITIONS[f"{PROMOTION}/1"]))
    assert (same.tally.replayed, same.different) == (1, ())
    told = await simulate(world.session, CONTROLLER, draft())
    (one,) = told.different
    assert (one.dossier_id, told.tally.newly_refused, told.tally.cost) == (dossier_id, 1, 0)
    assert [problem.where for problem in one.replay.newly_refused] == ["papers.undertaking"]


async def test_only_procedure_control_tries_a_draft_out(world: World) -> None:
    with pytest.raises(NotAllowed):
        await simulate(world.session, world.retailer, draft())
