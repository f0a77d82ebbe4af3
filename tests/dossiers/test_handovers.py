"""Form 06 is read off what happened: who gave the dossier to whom, and whether in time."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.errors import NotFound
from app.dossiers.actions import assign, decide, deliver, receive, withdraw
from app.dossiers.control import sheet_now
from app.dossiers.handovers import EARLY, LATE, ON_TIME, judged
from app.dossiers.queries import case_file
from app.issued.facts import ProcessControl
from app.issued.queries import of_dossier
from tests.dossiers.world import COMPETITION, LICENCE, MARKET, PROMOTION, World

DUE = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "ahead, told",
    [
        (timedelta(days=1), EARLY),
        (timedelta(hours=17), EARLY),  # the evening before, in Vietnam
        (timedelta(hours=3), ON_TIME),
        (timedelta(0), ON_TIME),
        (timedelta(seconds=-1), LATE),
    ],
)
def test_early_is_on_a_day_before_and_late_after_the_moment(ahead: timedelta, told: str):
    assert judged(DUE - ahead, DUE) == told


async def sheet(world: World, dossier_id) -> ProcessControl:
    await world.session.flush()
    return await sheet_now(world.session, world.desk, dossier_id)


async def test_every_hand_over_is_a_row_with_its_giver_and_receiver(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    with pytest.raises(NotFound):
        await sheet(world, dossier_id)
    await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    world.later(hours=1)
    officer = world.actors[f"officer_{MARKET}"].person_id
    await assign.assign(world.session, world.actors[f"leader_{MARKET}"], dossier_id, assignee=officer, at=world.at)
    world.later(hours=2)
    await world.proposed(dossier_id, MARKET, "granted", "Đủ điều kiện.")
    rows = (await sheet(world, dossier_id)).rows
    people = [(row.giver, row.receiver) for row in rows]
    assert people == [
        ("Retailer", "Desk"),
        ("Desk", f"Leader {MARKET}"),
        (f"Leader {MARKET}", f"Officer {MARKET}"),
        (f"Officer {MARKET}", "Lãnh đạo phòng"),
    ]
    assert [row.from_agency for row in rows[:3]] == [
        "Siêu thị Khuyến Mại Minh Họa",
        "Bộ phận Một cửa",
        "Cục Thị trường trong nước",
    ]
    assert rows[0].note == "Nộp hồ sơ trực tuyến"
    assert rows[-1].note.endswith(": Đủ điều kiện.")
    assert rows[-1].result in (EARLY, ON_TIME)


async def test_a_giver_past_the_internal_limit_is_late(world: World):
    dossier_id = await world.in_review(LICENCE, world.seller, COMPETITION)
    world.later(days=30)
    await world.step(world.actors[f"officer_{COMPETITION}"], dossier_id)
    assert (await sheet(world, dossier_id)).rows[-1].result == LATE


async def test_the_sheet_is_kept_when_the_result_is_handed_over_and_the_business_never_sees_it(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await world.proposed(dossier_id, MARKET, "granted")
    await world.step(world.actors[f"head_{MARKET}"], dossier_id)
    leader = world.actors[f"leader_{MARKET}"]
    await decide.decide(world.session, leader, dossier_id, outcome="granted", reasons="", at=world.at)
    await world.sealed(dossier_id, MARKET)
    await deliver.hand_over(world.session, world.retailer, dossier_id, at=world.at)
    kept = [document for document in await of_dossier(world.session, dossier_id) if document.kind == "form-06"]
    assert len(kept) == 1
    last = kept[0].facts["rows"][-1]
    assert (last["note"], last["giver"], last["receiver"]) == ("Trả kết quả", "Cổng dịch vụ công", "Retailer")
    seen = {actor: await case_file(world.session, actor, dossier_id, at=world.at) for actor in (world.retailer, world.desk)}
    assert ["form-06" in {paper.kind for paper in case.issued} for case in seen.values()] == [False, True]


async def test_the_sheet_is_kept_too_when_a_dossier_is_withdrawn(world: World):
    dossier_id = await world.in_review(LICENCE, world.seller, COMPETITION)
    await withdraw.withdraw(world.session, world.seller, dossier_id, reason="", at=world.at)
    assert "form-06" in {document.kind for document in await of_dossier(world.session, dossier_id)}
