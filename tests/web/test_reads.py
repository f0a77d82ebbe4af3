"""An enterprise asks back about a reading of its data: whoever read hears of it, the ministry answers in time, it is told."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select

from app.core import clock
from app.core.db import transaction
from app.core.outbox import OutboxMessage
from app.demo.personas import DIRECT_SELLER, RETAILER
from app.notices import queries as notices
from app.sharing import asking_back
from app.sharing.models import ReadQuestion
from app.worktime import queries as worktime
from tests import read_log
from tests.web.conftest import browser_of

PAGE = "/du-lieu-cua-toi"
WHY = "Vì sao cơ quan thuế đọc giấy phép này?"
ANSWER = "Đọc để đối chiếu khi kiểm tra thuế năm 2026."


@pytest.fixture(scope="module")
async def agreement(sessions):
    await read_log.an_agreement(sessions)


@pytest.fixture
async def seen(sessions, settings, agreement):
    """A reading of the seller's data."""
    event = await read_log.read(sessions, DIRECT_SELLER)
    await read_log.sealed(sessions, settings)
    return event


@pytest.fixture
async def officer(world):
    """Who looks after shared data."""
    return await browser_of(world, "qt-1")


async def ask(browser, event, **typed):
    form = await browser.get(f"{PAGE}/{event}/hoi-lai")
    return await browser.send(form, form.form("/hoi-lai"), {"kind": "question", "text": WHY, **typed})


async def asked(sessions, event):
    async with transaction(sessions) as session:
        return await session.scalar(select(ReadQuestion).where(ReadQuestion.event_id == event))


async def test_a_question_is_due_in_seven_working_days_and_goes_to_the_reader_without_the_enterprises_name(
    seller, seen, sessions
):
    page = await ask(seller, seen)

    kept = await asked(sessions, seen)
    async with transaction(sessions) as session:
        due = (await worktime.calendar(session)).due_of(kept.asked_at, 7, "working_day")
        jobs = await session.scalars(select(OutboxMessage).where(OutboxMessage.topic == asking_back.FORWARD))
        [sent] = [job for job in jobs if job.payload["question_id"] == str(kept.id)]
        address, letter = await asking_back.letter(session, UUID(sent.payload["question_id"]))
    assert (page.status, kept.answer_by) == (200, due)
    assert WHY in page.text
    assert "Hạn trả lời" in page.text
    assert address == "a@example.vn"
    assert all(word in letter.body.vi for word in (WHY, "HS-1", str(seen)))
    assert DIRECT_SELLER not in f"{letter}"


async def test_the_officers_answer_reaches_the_enterprise_with_a_notice(seller, officer, seen, sessions):
    await ask(seller, seen, kind="complaint")
    kept = await asked(sessions, seen)
    desk = await officer.get("/quan-tri/hoi-lai")
    short = await officer.send(desk, desk.form(f"/hoi-lai/{kept.id}"), {"voice": "consumer", "text": "ngắn"})
    done = await officer.send(short, short.form(f"/hoi-lai/{kept.id}"), {"voice": "consumer", "text": ANSWER})

    page = await seller.get(PAGE)
    async with transaction(sessions) as session:
        told = await notices.mine(session, DIRECT_SELLER)
    assert (short.status, done.status) == (422, 200)
    assert "Cơ quan đã đọc trả lời" in page.text
    assert ANSWER in page.text
    assert told[0].title.en == "Your question about a reading is answered"
    assert (await officer.send(short, short.form(f"/hoi-lai/{kept.id}"), {"voice": "consumer", "text": ANSWER})).status == 409


async def test_one_question_at_a_time_with_something_in_it(seller, seen):
    empty = await ask(seller, seen, text="?")
    first = await ask(seller, seen)
    second = await ask(seller, seen)

    assert (empty.status, first.status, second.status) == (422, 200, 409)


async def test_nobody_asks_about_or_proves_anothers_reading(retailer, seen, seller):
    assert (await retailer.get(f"{PAGE}/{seen}/hoi-lai")).status == 404
    assert str(seen) not in (await retailer.get(PAGE)).text
    assert str(seen) not in (await retailer.http.get(f"{PAGE}/bang-chung")).text
    proof = (await seller.http.get(f"{PAGE}/bang-chung")).json()
    assert str(seen) in [json.loads(read["event"])["id"] for read in proof["reads"]]


async def test_who_does_not_look_after_shared_data_answers_nothing(clerk):
    assert (await clerk.get("/quan-tri/hoi-lai")).status == 403


async def test_a_hidden_reading_is_counted_then_told_of_once_when_its_time_ends(retailer, sessions, settings, agreement):
    until = clock.now() + timedelta(days=1)
    await read_log.read(sessions, RETAILER, case_ref="KIN-1", hidden_until=until, hidden_basis="Luật Thanh tra, Điều 11")
    await read_log.sealed(sessions, settings)

    async def revealed(at):
        async with transaction(sessions) as session:
            return await asking_back.reveal(session, at=at)

    page = await retailer.get(PAGE)
    assert "Còn 1 lần xem được giữ kín" in page.text
    assert "KIN-1" not in page.text
    assert [await revealed(at) for at in (clock.now(), until, until)] == [0, 1, 0]
    async with transaction(sessions) as session:
        told = await notices.mine(session, RETAILER)
    assert told[0].title.en == "A reading of your data can be seen now"
