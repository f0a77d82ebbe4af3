"""Form 07 is a view over dossiers: by desk and period, in volumes, for those who may open it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from app.core.actor import Actor, ActorKind
from app.core.errors import NotAllowed, NotFound
from app.core.permissions import Role
from app.dossiers import book
from app.dossiers.actions import deliver
from app.dossiers.book import Period
from app.issued.entries import BookEntry
from tests.dossiers.world import DESK, LICENCE, PROMOTION, World
from tests.rows import a_dossier

NOVEMBER = Period(2026, 11)


async def listed(world: World, period: Period = NOVEMBER, actor: Actor | None = None) -> list[BookEntry]:
    await world.session.flush()
    who = actor or world.desk
    found = await book.volumes(world.session, who, DESK, period)
    return [entry for volume in found for entry in await book.entries(world.session, who, DESK, period, volume)]


async def test_what_the_desk_received_stands_in_the_book_in_order(world: World):
    await world.submitted(LICENCE, world.seller)  # not received: not in the book
    first = await world.dossier(await world.received(PROMOTION, world.retailer))
    world.later(hours=1)
    second = await world.dossier(await world.received(LICENCE, world.seller))
    entries = await listed(world)
    assert [entry.dossier for entry in entries] == [first.number, second.number]
    assert entries[0].address_phone == "Số 1 đường Ví Dụ, Hà Nội, 0240000003"
    assert (entries[1].lead_agency, entries[1].received_on) == ("Ủy ban Cạnh tranh Quốc gia", date(2026, 11, 23))
    assert (entries[0].returned_on, entries[0].sign) == (None, "")
    assert await listed(world, Period(2026, 10)) == []
    assert len(await listed(world, Period(2026))) == 2


async def test_a_result_that_was_handed_over_is_noted_with_day_and_way(world: World):
    dossier_id = await world.received(PROMOTION, world.retailer)
    dossier = await world.dossier(dossier_id)
    dossier.state = "issued"
    world.later(days=2)
    await deliver.hand_over(world.session, world.retailer, dossier_id, at=world.at)
    (entry,) = await listed(world)
    assert (entry.returned_on, entry.return_way, entry.sign) == (date(2026, 11, 25), "Trực tuyến", "Đã nhận điện tử")


async def test_a_year_goes_into_volumes_and_every_dossier_stands_in_one(world: World, monkeypatch):
    monkeypatch.setattr(book, "ENTRIES_PER_VOLUME", 4)
    start = datetime(2026, 11, 1, tzinfo=UTC)
    rows = [
        a_dossier(desk=DESK, state="in_review", number=f"N{n:02}", received_at=start + timedelta(hours=n // 2)) for n in range(10)
    ]
    world.session.add_all(rows)
    await world.session.flush()
    found = await book.volumes(world.session, world.desk, DESK, Period(2026))
    assert [(volume.number, volume.entries) for volume in found] == [(1, 10), (2, 10), (3, 10)]
    assert sorted(entry.dossier for entry in await listed(world, Period(2026))) == [row.number for row in rows]


async def test_the_book_is_the_desks_and_of_those_who_read_all(world: World):
    await world.received(LICENCE, world.seller)
    controller = Actor(ActorKind.OFFICIAL, name="Kiểm soát", unit="G02", roles=frozenset({Role.PROCEDURE_CONTROLLER}))
    assert len(await listed(world, actor=controller)) == 1
    for actor in (world.actors["officer_G02.918"], world.seller):
        with pytest.raises(NotAllowed):
            await listed(world, actor=actor)
    with pytest.raises(NotFound):
        await book.volumes(world.session, world.desk, "G02.918", NOVEMBER)
