"""Versions of the calendar: adopted, never changed; the newest adopted one counts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import ANYONE, SYSTEM
from app.core.errors import Conflict, Incomplete, NotAllowed, NotFound
from app.worktime import actions, queries

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
CULTURE_DAY = {
    "date": date(2026, 11, 24),
    "kind": "holiday",
    "name_vi": "Ngày Văn hóa Việt Nam",
    "name_en": "Viet Nam Culture Day",
    "certainty": "found",
    "source": "test",
}


async def test_a_portal_without_a_calendar_says_so(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await queries.calendar(session)


async def test_the_newest_adopted_calendar_counts_and_the_old_one_stays(session: AsyncSession) -> None:
    first = await actions.seed(session, at=NOW)
    assert await actions.seed(session, at=NOW) == first
    assert (await queries.calendar(session)).is_working_day(date(2026, 11, 24))
    shipped = actions.shipped()
    newer = shipped | {"calendar_version": "test-culture-day", "day": [*shipped["day"], CULTURE_DAY]}
    await actions.adopt(session, SYSTEM, newer, note="Culture Day is law", at=NOW + timedelta(hours=1))
    assert not (await queries.calendar(session)).is_working_day(date(2026, 11, 24))
    assert (await queries.version_of(session, first)).is_working_day(date(2026, 11, 24))


async def test_an_adopted_calendar_never_changes(session: AsyncSession) -> None:
    await actions.seed(session, at=NOW)
    with pytest.raises(Conflict):
        await actions.adopt(session, SYSTEM, actions.shipped() | {"day": [CULTURE_DAY]}, note="", at=NOW)
    with pytest.raises(DBAPIError, match="permission denied"):
        await session.execute(text("UPDATE calendar_version SET note = 'x'"))


@pytest.mark.parametrize(
    "change", [{"day": [{"date": "soon"}]}, {"working_hours": {}}, {"day": [CULTURE_DAY, CULTURE_DAY]}, {"day": 5}]
)
async def test_what_is_no_calendar_is_refused(session: AsyncSession, change: dict[str, object]) -> None:
    with pytest.raises(Incomplete):
        await actions.adopt(session, SYSTEM, actions.shipped() | {"calendar_version": "x"} | change, note="", at=NOW)


async def test_not_everybody_may_adopt_a_calendar(session: AsyncSession) -> None:
    with pytest.raises(NotAllowed):
        await actions.adopt(session, ANYONE, actions.shipped(), note="", at=NOW)
