"""A register book is closed when its year is over: sealed volumes whose passed-over numbers are explained, once and for ever."""

from datetime import date

import pytest
from sqlalchemy import select

from app.core.errors import NotFound, WrongState
from app.core.outbox import OutboxMessage
from app.dossiers.actions import closing
from app.dossiers.actions.closing import gaps_in
from app.issued.entries import BookEntry, NumberGap
from tests.dossiers.world import DESK, PROMOTION, World

YEAR = 2026


def line(no: str) -> BookEntry:
    return BookEntry(no=no, procedure="p", name="n", address_phone="", lead_agency="", received_on=date(2026, 5, 1), dossier="d")


def test_numbers_that_are_passed_over_are_told_with_their_reasons() -> None:
    why = {2: "số hủy: in hỏng", 4: "ghi ở sổ của Quầy 2", 5: "ghi ở sổ của Quầy 2"}
    found, last = gaps_in([line("03"), line("07"), line("")], why, after=1)
    assert last == 7
    assert found == [
        NumberGap(first=2, last=2, why="số hủy: in hỏng"),
        NumberGap(first=4, last=5, why="ghi ở sổ của Quầy 2"),
        NumberGap(first=6, last=6, why="không có trong sổ cấp số"),
    ]


@pytest.fixture
async def received(world: World) -> World:
    """One dossier is received in 2026, and the year is over."""
    await world.received(PROMOTION, world.retailer)
    world.later(days=100)
    return world


async def test_a_book_is_closed_by_its_own_desk_when_the_year_is_over(received: World) -> None:
    session, desk, at = received.session, received.desk, received.at
    refused = {("not-over", desk, DESK, at.year), ("empty", desk, DESK, 2025)}
    for slug, who, where, year in refused:
        with pytest.raises(WrongState) as told:
            await closing.ask(session, who, where, year, at=at)
        assert told.value.slug == slug
    with pytest.raises(NotFound):
        await closing.ask(session, desk, "G02.777", YEAR, at=at)
    await closing.ask(session, desk, DESK, YEAR, at=at)
    with pytest.raises(NotFound):
        await closing.volume_of(session, desk, DESK, YEAR, 1)


async def test_last_years_books_are_asked_for_when_their_day_has_come(received: World) -> None:
    session, before = received.session, received.at.replace(year=2027, month=1, day=20)
    assert await closing.ask_due(session, at=before) == 0
    assert await closing.ask_due(session, at=before.replace(month=2)) == 1
    messages = await session.scalars(select(OutboxMessage).where(OutboxMessage.topic == closing.CLOSE))
    assert [message.payload["desk"] for message in messages] == [DESK]
    assert await closing.of_year(session, DESK, YEAR) == []
