"""The page of keys: an officer changes the server's, and shuts a system or one of its keys out."""

import pytest
from fastapi import FastAPI
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.demo.browsing import Browser, Page, WebForm
from app.sharing import actions
from tests.machines import CLIENT_KEY, EDWARDS_KEY, party
from tests.web.conftest import browser_of

HOME = "/quan-tri/khoa"


@pytest.fixture
async def officer(world: FastAPI) -> Browser:
    async with transaction(world.state.sessions) as session:
        await party(session, "CT")
        own = {"scopes": ["licences.read"], "jwks": [key.as_dict(private=False) for key in (CLIENT_KEY, EDWARDS_KEY)]}
        await actions.register_client(session, SYSTEM, client_id="cuc-thue", party="CT", name="Thuế", **own, at=clock.now())
    return await browser_of(world, "qt-1")


async def test_an_officer_changes_the_servers_key_and_withdraws_one(officer: Browser, world: FastAPI) -> None:
    await officer.get("/oauth/jwks")
    shown = await officer.get(HOME)
    rotated = await officer.send(shown, _next(shown), {})
    assert "Đã công bố, chưa ký" in rotated.text
    again = await officer.send(rotated, _next(rotated), {})
    assert (again.status, "chưa đến giờ dùng" in again.text) == (409, True)
    async with transaction(world.state.sessions) as session:
        kid = await session.scalar(text("select kid from server_key order by active_from limit 1"))
    withdrawn = await officer.send(rotated, rotated.form(f"{kid}/thu-hoi"), {})
    assert "Đã thu hồi" in withdrawn.text


def _next(shown: Page) -> WebForm:
    return next(form for form in shown.forms() if form.action.endswith("/may-chu"))


async def test_an_officer_shuts_a_system_out_lets_it_in_and_revokes_a_key(officer: Browser) -> None:
    shown = await officer.get(HOME)
    out = await officer.send(shown, shown.form("/cuc-thue/tam-dung"), {})
    assert "Tạm dừng." in out.text
    back = await officer.send(out, out.form("/cuc-thue/mo-lai"), {})
    assert "Đang hoạt động." in back.text
    assert "Không còn dùng được" not in back.text
    revoked = await officer.send(back, back.form("/cuc-thue/c1/thu-hoi"), {})
    assert "Không còn dùng được" in revoked.text


async def test_others_see_no_keys(world: FastAPI) -> None:
    assert (await (await browser_of(world, "cv-918-1")).get(HOME)).status in {403, 404}
