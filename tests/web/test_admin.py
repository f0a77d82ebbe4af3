"""Administrators' pages: a role needs two of them, ending one needs one; nobody else gets in."""

import pytest
from fastapi import FastAPI
from sqlalchemy import func, select

from app.audit.models import AuditRow
from app.core.db import Sessions
from app.core.settings import Settings
from app.demo.browsing import Browser, Page
from app.demo.personas import PERSONAS
from tests import portal
from tests.web.conftest import browser_of

ACCOUNTS = "/quan-tri/tai-khoan"
GAINS = "mc-1"


@pytest.fixture
async def first(world: FastAPI) -> Browser:
    """An administrator."""
    return await browser_of(world, "qt-1")


@pytest.fixture
async def second(world: FastAPI) -> Browser:
    """Another one."""
    return await browser_of(world, "qt-2")


async def ask(browser: Browser, settings: Settings, role: str) -> Page:
    """Ask that the desk officer be given `role`."""
    shown = await browser.get(ACCOUNTS)
    person = str(PERSONAS[GAINS].person_id(settings.oidc_issuer))
    return await browser.send(shown, shown.form("/de-nghi"), {"person": person, "role": role, "unit": "G02.990"})


def held(page: Page) -> str:
    """The part of the page that lists the roles held now."""
    return page.text.partition("<tbody")[2]


async def test_one_asks_and_another_confirms(first: Browser, second: Browser, settings: Settings) -> None:
    asked = await ask(first, settings, "inspector")
    assert "Thanh tra, kiểm tra" not in held(asked)
    alone = await first.send(asked, asked.form("/xac-nhan/"))
    assert alone.status == 409
    assert "govuk-error-summary" in alone.text
    waiting = await second.get(ACCOUNTS)
    given = await second.send(waiting, waiting.form("/xac-nhan/"))
    assert given.status == 200
    assert "Thanh tra, kiểm tra" in held(given)
    assert "Không có đề nghị nào." in given.text


async def test_another_may_turn_it_down(first: Browser, second: Browser, settings: Settings) -> None:
    await ask(first, settings, "records_officer")
    waiting = await second.get(ACCOUNTS)
    refused = await second.send(waiting, waiting.form("/tu-choi/"))
    assert "Không có đề nghị nào." in refused.text
    assert "Vũ Thị Mẫu, Văn thư" not in held(refused)


async def test_a_role_ends_at_one_persons_word(second: Browser) -> None:
    shown = await second.get(ACCOUNTS)
    before = held(shown).count("<tr")
    last = [form for form in shown.forms() if "/ket-thuc/" in form.action][-1]
    ended = await second.send(shown, last)
    assert held(ended).count("<tr") == before - 1


async def test_an_incomplete_request_keeps_what_was_chosen(first: Browser) -> None:
    shown = await first.get(ACCOUNTS)
    answer = await first.send(shown, shown.form("/de-nghi"), {"role": "inspector"})
    assert answer.status == 422
    assert "Hãy chọn người, vai trò và đơn vị." in answer.text
    assert '<option value="inspector" selected>' in answer.text


async def test_a_form_without_its_token_is_not_obeyed(first: Browser) -> None:
    shown = await first.get(ACCOUNTS)
    form = shown.form("/ket-thuc/")
    form.fields["csrf"] = ["wrong"]
    assert (await first.send(shown, form)).status == 403


async def test_a_look_at_the_accounts_is_remembered(first: Browser, sessions: Sessions) -> None:
    counted = select(func.count()).where(AuditRow.action == "account.viewed")
    async with sessions() as session:
        before = await session.scalar(counted)
    await first.get(ACCOUNTS)
    async with sessions() as session:
        assert await session.scalar(counted) == (before or 0) + 1


async def test_nobody_else_gets_in(world: FastAPI, guest: Browser, second: Browser) -> None:
    for subject in (portal.SELLER, "mc-1", "cv-914-1"):
        browser = await browser_of(world, subject)
        for end in ("/tai-khoan", "/tin-cay", "/chia-se"):
            assert (await browser.get(f"/quan-tri{end}")).status == 403
    assert (await second.get("/quan-tri/chia-se")).status == 403
    guest.http.follow_redirects = False
    assert (await guest.get("/quan-tri")).status == 303


async def test_the_other_pages_show_what_is_in_force(first: Browser) -> None:
    assert portal.LICENCE in (await first.get("/quan-tri")).text
    assert "Cần xác nhận" in (await first.get(f"/quan-tri/thu-tuc/{portal.LICENCE}")).text
    for page in (await first.get("/quan-tri/chia-se"), await first.get("/quan-tri/tin-cay?lang=en")):
        assert page.status == 200
    assert (await first.get("/quan-tri/thu-tuc/khong-co")).status == 404


async def test_every_form_shows_its_ground_and_what_is_to_be_confirmed(first: Browser) -> None:
    shown = (await first.get("/quan-tri/mau-van-ban")).text
    assert "Mẫu số 07, Phụ lục I, Thông tư số 03/2025/TT-VPCP" in shown
    assert "Cơ quan có thẩm quyền (nếu biết): addition of the project" in shown
    assert "Biên bản kiểm tra thực tế" in shown
