"""The calendar changes: open due dates are counted anew, and everyone hears what moved and why."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.dossiers.actions import supplement
from app.dossiers.actions.recount import recount
from app.dossiers.lifecycle import Act
from app.dossiers.queries import case_file, events_of, recounted
from app.dossiers.supplements import Item
from app.fees.queries import open_bill
from app.notices.models import Notice
from app.tasks.queries import open_of
from app.worktime import actions as worktime
from app.worktime.changes import DayChange
from tests.dossiers.world import MARKET, PROMOTION, World

CULTURE_DAY = DayChange(date(2026, 11, 24), "holiday", "Ngày Văn hóa Việt Nam", "Viet Nam Culture Day", "found", "NQ 80-NQ/TW")
WORKED = DayChange(date(2026, 11, 28), "swap_working", "Làm bù", "Worked Saturday", "found", "QĐ")


async def adopted(world: World, change: DayChange) -> None:
    """The calendar with one day changed, in force under the name of the change."""
    content = worktime.changed(worktime.shipped(), change, change.name_en)
    await worktime.adopt(world.session, SYSTEM, content, note="test", at=world.at + timedelta(hours=1))


@pytest.mark.parametrize(
    "change, days, said",
    [
        (CULTURE_DAY, 1, "24/11/2026 là ngày nghỉ “Ngày Văn hóa Việt Nam”"),  # Mon 30/11 → Tue 1/12
        (WORKED, -3, "28/11/2026 là ngày làm việc “Làm bù”"),  # Mon 30/11 → Sat 28/11, two days earlier on the calendar
    ],
    ids=["holiday", "worked"],
)
async def test_an_open_dossier_moves_with_the_calendar_and_says_why(
    world: World, change: DayChange, days: int, said: str
) -> None:
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    before = (await world.dossier(dossier_id)).due_at
    task_before = (await open_of(world.session, dossier_id))[0].due_at
    await adopted(world, change)

    assert await recount(world.session, after=None, at=world.at) is None

    dossier = await world.dossier(dossier_id)
    assert (dossier.due_at - before).days == (1 if days == 1 else -2)
    assert ((await open_of(world.session, dossier_id))[0].due_at > task_before) is (days == 1)
    event = (await events_of(world.session, dossier_id))[-1]
    assert (event.act, event.actor) == (Act.RECOUNT, SYSTEM.ref)
    assert [each["vi"] for each in event.payload["why"]] == [said]
    told = await world.session.scalar(select(Notice).where(Notice.dossier_id == dossier_id, Notice.kind == "due-moved"))
    assert told.params["due"] == dossier.due_at.isoformat()
    clock = (await case_file(world.session, world.retailer, dossier_id, at=world.at)).clock
    assert (clock[-1].at, change.name_en in clock[-1].text.vi) == (dossier.due_at, True)


async def test_counting_twice_moves_once_and_what_has_its_date_is_left_alone(world: World) -> None:
    moved = await world.in_review(PROMOTION, world.retailer, MARKET)
    await adopted(world, CULTURE_DAY)
    for _ in range(2):
        await recount(world.session, after=None, at=world.at)
    fresh = await world.received(PROMOTION, world.retailer)
    await recount(world.session, after=None, at=world.at)
    assert [event.dossier_id for event, _ in await recounted(world.session, CULTURE_DAY.name_en, limit=9)] == [moved]
    assert Act.RECOUNT not in {event.act for event in await events_of(world.session, fresh)}


@pytest.mark.parametrize("waits", ["supplement", "fee"])
async def test_what_the_business_owes_by_a_day_moves_later_and_is_said(world: World, waits: str) -> None:
    if waits == "fee":
        dossier_id = await world.awaiting_payment()
        owner = world.seller
    else:
        dossier_id, owner = await world.in_review(PROMOTION, world.retailer, MARKET), world.retailer
        officer = world.actors[f"officer_{MARKET}"]
        await supplement.ask(
            world.session, officer, dossier_id, [Item("field", "details", "Ghi rõ.")], reason="Chưa rõ.", at=world.at
        )
    before = (await world.dossier(dossier_id)).answer_by
    last = day_in_vietnam(before - timedelta(hours=1))
    await adopted(world, DayChange(last, "holiday", "Nghỉ", "Day off", "found", "QĐ"))
    for _ in range(2):
        await recount(world.session, after=None, at=world.at)
    dossier = await world.dossier(dossier_id)
    assert dossier.answer_by > before
    moved = [event for event in await events_of(world.session, dossier_id) if event.act == Act.RECOUNT]
    assert [(event.payload["whose"], event.payload["new_due"]) for event in moved] == [
        ("business", dossier.answer_by.isoformat())
    ]
    told = await world.session.scalar(select(Notice).where(Notice.dossier_id == dossier_id, Notice.kind == "answer-moved"))
    assert told.tax_code == owner.tax_code
    bill = await open_bill(world.session, dossier_id)
    assert (bill.due_at if bill else dossier.answer_by) == dossier.answer_by


async def test_a_day_told_to_the_business_is_never_taken_back(world: World) -> None:
    dossier_id = await world.awaiting_payment()
    before = (await world.dossier(dossier_id)).answer_by
    await adopted(world, WORKED)
    await recount(world.session, after=None, at=world.at)
    assert (await world.dossier(dossier_id)).answer_by == before
