"""The page of the working calendar: one proposes, another confirms, and a job says which dossiers moved."""

import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.core.outbox import OutboxMessage
from app.demo.browsing import Browser, Page
from tests.web.conftest import browser_of

HOME = "/quan-tri/lich"
DAY = {
    "date-day": "24",
    "date-month": "11",
    "date-year": "2026",
    "kind": "holiday",
    "name_vi": "Ngày Văn hóa Việt Nam",
    "name_en": "Viet Nam Culture Day",
    "source": "NQ 80-NQ/TW",
    "certainty": "found",
    "note": "Đã có quyết định",
}


@pytest.fixture
async def first(world: FastAPI) -> Browser:
    return await browser_of(world, "qt-1")


@pytest.fixture
async def second(world: FastAPI) -> Browser:
    return await browser_of(world, "qt-2")


async def propose(browser: Browser, **changed: str) -> Page:
    shown = await browser.get(HOME)
    return await browser.send(shown, shown.form("/de-nghi"), DAY | changed)


async def test_two_persons_change_a_day_and_the_dossiers_are_counted_anew(
    world: FastAPI, first: Browser, second: Browser
) -> None:
    asked = await propose(first)
    alone = await first.send(asked, asked.form("/xac-nhan/"))
    assert (alone.status, "người đề nghị không được tự xác nhận" in alone.text) == (409, True)
    waiting = await second.get(HOME)
    adopted = await second.send(waiting, waiting.form("/xac-nhan/"))
    assert "Ngày Văn hóa Việt Nam" in adopted.text.partition("<tbody")[2]
    version = next(link for link in adopted.links("/quan-tri/lich/"))
    assert "0 hồ sơ" in (await second.get(version)).text
    async with world.state.sessions() as session:
        topics = (await session.scalars(select(OutboxMessage.topic))).all()
    assert "dossiers.recount" in topics


async def test_a_proposal_that_was_overtaken_must_be_made_again(first: Browser, second: Browser) -> None:
    await propose(first, **{"date-month": "12"})
    await propose(first, **{"date-month": "12", "date-day": "31"})
    waiting = await second.get(HOME)
    later = await second.send(waiting, waiting.form("/xac-nhan/"))
    late = await second.send(later, later.form("/xac-nhan/"))
    assert (late.status, "đã thay đổi sau khi đề nghị" in late.text) == (409, True)
    gone = await second.send(late, late.form("/tu-choi/"))
    assert "Không có đề nghị nào." in gone.text


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"date-day": "31"}, "ngày, tháng, năm có thật"),
        ({"name_en": " "}, "cả hai ngôn ngữ"),
        ({"note": ""}, "lý do của thay đổi"),
        ({"kind": "party"}, "một mục trong danh sách"),
    ],
    ids=["no-day", "no-name", "no-reason", "no-kind"],
)
async def test_what_is_missing_is_said_and_nothing_typed_is_lost(first: Browser, changed: dict[str, str], said: str) -> None:
    answered = await propose(first, **changed)
    assert answered.status == 422
    assert said in answered.text
    assert "NQ 80-NQ/TW" in answered.text


async def test_who_manages_no_calendar_does_not_get_in(clerk: Browser) -> None:
    assert (await clerk.get(HOME)).status in (403, 404)
