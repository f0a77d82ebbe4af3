"""Officials are warned of a limit that comes near: once for each threshold, by whoever has the work in hand and their leader."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from app.dossiers.actions import extend, inspect, supplement, warn
from app.dossiers.actions.inspect import Visit
from app.dossiers.queries import Queue, case_file, ledger_of, worklist
from app.dossiers.supplements import Item
from app.identity.models import Person
from app.notices.models import Delivery, Notice
from app.notices.queries import mine_as_official, unread_by
from app.tasks.queries import open_of
from app.worktime import ledger
from app.worktime.actions import shipped_calendar
from tests.dossiers.shapes import ANSWERS, CHEMICALS, SLUG, publish, staff
from tests.dossiers.test_ways import do, in_check, who
from tests.dossiers.world import ANSWERS as KNOWN
from tests.dossiers.world import MARKET, PROMOTION, World

OFFICER, LEADER = f"officer_{MARKET}", f"leader_{MARKET}"
CALENDAR = shipped_calendar()


async def reach(world: World, dossier_id: Any, kind: str) -> None:
    """Move to the moment of this warning, and let the job run."""
    entries = await ledger_of(world.session, await world.dossier(dossier_id))
    world.at = next(alert.at for alert in ledger.warnings(entries, CALENDAR) if alert.kind == kind)
    await warn.warn_due(world.session, world.at)


async def told(world: World, dossier_id: Any) -> list[tuple[str, str]]:
    """Who was told of what."""
    names = {actor.person_id: name for name, actor in world.actors.items()}
    await world.session.flush()
    rows = await world.session.scalars(select(Notice).where(Notice.dossier_id == dossier_id, Notice.kind == "limit-near"))
    return sorted((names[row.person_id], row.params["level"]) for row in rows)


async def test_the_officer_is_told_at_each_threshold_and_the_leader_from_ninety_percent(world: World) -> None:
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    person = await world.session.get_one(Person, world.actors[OFFICER].person_id)
    person.email = "can-bo@bo.example"
    await warn.warn_due(world.session, world.at)
    assert await told(world, dossier_id) == []
    await reach(world, dossier_id, "70")
    assert await told(world, dossier_id) == [(OFFICER, "70")]
    for kind in ("last_day", "90", "90"):
        await reach(world, dossier_id, kind)
    expected = [(LEADER, "90"), (LEADER, "last_day"), (OFFICER, "70"), (OFFICER, "90"), (OFFICER, "last_day")]
    assert await told(world, dossier_id) == expected
    listed = await mine_as_official(world.session, person.id)
    assert (len(listed), await unread_by(world.session, person.id)) == (3, 3)
    number = (await world.dossier(dossier_id)).number
    assert {f"Hồ sơ {number}: còn một ngày làm việc", f"Hồ sơ {number}: đã qua 70 % thời hạn"} < {e.title.vi for e in listed}
    assert await world.session.scalar(select(func.count()).select_from(Delivery).where(Delivery.address == person.email)) == 3


async def test_of_thresholds_passed_while_the_worker_stood_still_the_highest_is_told(world: World) -> None:
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    world.later(days=30)
    await warn.warn_due(world.session, world.at)
    assert await told(world, dossier_id) == [(LEADER, "last_day"), (OFFICER, "last_day")]


async def test_a_pause_warns_nobody_and_the_same_claim_on_time_is_not_told_twice(world: World) -> None:
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await reach(world, dossier_id, "70")
    officer = world.actors[OFFICER]
    items = [Item("field", "details", "Ghi rõ.")]
    await supplement.ask(world.session, officer, dossier_id, items, reason="Chưa rõ.", at=world.at)
    world.later(days=2)
    await warn.warn_due(world.session, world.at)
    assert await told(world, dossier_id) == [(OFFICER, "70")]
    card = (await case_file(world.session, officer, dossier_id, at=world.at)).card
    assert card.warned == ()


async def test_an_extension_warns_again(world: World) -> None:
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await reach(world, dossier_id, "70")
    leader = world.actors[LEADER]
    await extend.extend(world.session, leader, dossier_id, days=5, reason="Cần xác minh.", at=world.at)
    await warn.warn_due(world.session, world.at)
    assert await told(world, dossier_id) == [(OFFICER, "70")]
    await reach(world, dossier_id, "70")
    assert await told(world, dossier_id) == [(OFFICER, "70")] * 2


async def test_the_worklist_shows_the_highest_warning_and_finds_by_it(world: World) -> None:
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    officer = world.actors[OFFICER]

    async def listed(warned: str = "") -> list[str]:
        found = await worklist(world.session, officer, Queue.TASKS_MINE, warned=warned, at=world.at)
        return [one.kind for card in found.items for one in card.warned]

    assert (await listed(), await listed("70")) == ([], [])
    await reach(world, dossier_id, "70")
    assert (await listed(), await listed("70"), await listed("90")) == (["70"], ["70"], [])
    await reach(world, dossier_id, "last_day")
    assert (await listed(), await listed("70")) == (["last_day"], ["last_day"])
    assert (await case_file(world.session, world.retailer, dossier_id, at=world.at)).card.warned == ()


async def test_a_limit_inside_the_stage_warns_on_its_task_and_stands_in_the_computation(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await staff(world)
    await publish(world)
    monkeypatch.setitem(KNOWN, SLUG, ANSWERS)
    dossier_id = await in_check(world)
    officer, leader = who(world, "case_officer", CHEMICALS), who(world, "unit_leader", CHEMICALS)
    await do(world, officer, dossier_id, "check2")
    await do(world, leader, dossier_id, "team2")  # Monday: five working days for the visit end on Monday
    began = world.at
    world.at = began + timedelta(days=5)  # Saturday: 4 of 5 are gone
    await warn.warn_due(world.session, world.at)
    found = await case_file(world.session, officer, dossier_id, at=world.at)
    assert [(one.kind, one.limit.vi) for one in found.card.warned if one.limit] == [("last_day", "kiểm tra thực tế")]
    lines = [line.text.vi for line in found.clock]
    assert any(line.startswith("“kiểm tra thực tế”: Nhắc việc: đã qua 70 %") for line in lines)
    rows = list(await world.session.scalars(select(Notice).where(Notice.dossier_id == dossier_id, Notice.kind == "limit-near")))
    assert {(row.person_id, row.params["what"]) for row in rows if row.params["what"] == "kiểm tra thực tế"} == {
        (officer.person_id, "kiểm tra thực tế"),
        (leader.person_id, "kiểm tra thực tế"),
    }
    visit = Visit("pass", site="Số 1, Hà Nội", findings="Kho: đạt", hosts=("Lê Mẫu",))
    task = next(task for task in await open_of(world.session, dossier_id) if task.step == "visit")
    await inspect.inspect(world.session, officer, dossier_id, task.id, visit=visit, at=world.at)
    world.at = began + timedelta(days=9)
    before = len(rows)
    await warn.warn_due(world.session, world.at)
    again = await world.session.scalars(select(Notice).where(Notice.dossier_id == dossier_id, Notice.kind == "limit-near"))
    assert [row for row in list(again)[before:] if row.params["what"] == "kiểm tra thực tế"] == []
