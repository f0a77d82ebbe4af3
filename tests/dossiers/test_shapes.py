"""A procedure of another shape, as data only: the fee falls due when the dossier is filed."""

import copy
from datetime import timedelta

import pytest

from app.catalogue import actions as catalogue
from app.catalogue import files
from app.core.actor import SYSTEM
from app.dossiers.actions import lapse, pay
from app.dossiers.actions.receive import receive
from app.dossiers.actions.submit import submit
from app.dossiers.lifecycle import State
from app.fees.queries import bills_of
from tests.dossiers.world import ANSWERS, GATEWAY, PROMOTION, World

SLUG = "fee-at-filing"


@pytest.fixture
async def waiting(world: World, monkeypatch):
    """A dossier submitted under it."""
    definition = copy.deepcopy(files.definitions()[f"{PROMOTION}/1"])
    definition["procedure"] = SLUG
    definition["fees"] = [
        {
            "id": "F1",
            "title": {"vi": "Lệ phí", "en": "Charge"},
            "legal": "L1",
            "when": "filing",
            "amount": "200000",
            "currency": "VND",
            "unpaid_after": {"length": 5, "unit": "working_day", "then": "return"},
            "certainty": "found: invented for this test",
        }
    ]
    await catalogue.publish(world.session, SYSTEM, definition, at=world.at)
    monkeypatch.setitem(ANSWERS, SLUG, ANSWERS[PROMOTION])
    dossier_id = await world.ready(SLUG, world.seller)
    await submit(world.session, world.seller, dossier_id, at=world.at)
    return dossier_id


async def test_a_dossier_whose_fee_is_due_at_filing_waits_for_it_before_the_desk_sees_it(world: World, waiting):
    dossier = await world.dossier(waiting)
    assert dossier.state == State.AWAITING_FILING_FEE
    notice = await world.notice_of_payment(waiting)
    await pay.settle(world.session, notice, gateway=GATEWAY, at=world.at)
    assert (await world.dossier(waiting)).state == State.SUBMITTED
    assert (await receive(world.session, world.desk, waiting, at=world.at)).due_at is not None
    assert [bill.state for bill in await bills_of(world.session, waiting)] == ["paid"]


async def test_a_filing_fee_that_is_not_paid_ends_before_receipt(world: World, waiting):
    assert await lapse.lapse_overdue(world.session, world.at + timedelta(days=30)) == 1
    assert (await world.dossier(waiting)).state == State.REFUSED_AT_INTAKE
