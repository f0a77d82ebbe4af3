"""The sandbox gateway as a browser and the portal meet it."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from app.core import clock
from app.demo.gateway import GatewayConfig, create_app
from app.fees.gateway import Order, Vnpay, is_signed, new_txn_ref, read

SECRET, TERMINAL = "s3cret", "MOTCUA01"
PORTAL = Vnpay("http://gateway/paymentv2/vpcpay.html", TERMINAL, SECRET)


@dataclass
class Portal:
    """The portal's ear: what it heard, and what it answers first."""

    url: str = ""
    heard: list[dict[str, str]] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)

    async def ipn(self, request: Request) -> JSONResponse:
        self.heard.append(read(request.url.query))
        return JSONResponse({"RspCode": self.answers.pop(0) if self.answers else "00"})


@pytest.fixture
async def portal() -> AsyncIterator[Portal]:
    ear = Portal()
    listening = socket.create_server(("127.0.0.1", 0))
    ear.url = f"http://127.0.0.1:{listening.getsockname()[1]}/ipn"
    app = Starlette(routes=[Route("/ipn", ear.ipn)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))
    serving = asyncio.create_task(server.serve(sockets=[listening]))
    yield ear
    server.should_exit = True
    await serving


@pytest.fixture
async def browser(portal: Portal) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(GatewayConfig(TERMINAL, SECRET, portal.url), waits=(0, 0.01, 0.01, 0.01))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway") as client:
        yield client


def address(*, life: timedelta = timedelta(minutes=15), language="vi", gateway: Vnpay = PORTAL) -> str:
    at = clock.now()
    return gateway.address(
        Order(
            new_txn_ref(at), 5_000_000, "Phí hồ sơ 42", "https://portal.example/thanh-toan/tra-ve", "::1", language, at, at + life
        )
    )


async def answer(browser: httpx.AsyncClient, url: str, choice: str) -> httpx.Response:
    page = await browser.get(url)
    hidden = unescape(re.search(r'name="query" value="([^"]*)"', page.text)[1])
    return await browser.post("/paymentv2/answer", data={"query": hidden, "answer": choice})


async def test_the_page_shows_the_amount_and_two_buttons_under_a_strict_policy(browser):
    page = await browser.get(address())
    assert page.status_code == 200
    assert "5.000.000 đồng" in page.text
    assert re.findall(r'name="answer" value="(\w+)"', page.text) == ["pay", "cancel"]
    assert "<script" not in page.text
    assert "style=" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self' https://portal.example;" in policy
    assert "5,000,000 VND" in (await browser.get(address(language="en"))).text
    assert (await browser.get("/gateway.css")).status_code == 200


async def test_whoever_pays_comes_back_after_the_portal_has_heard(browser, portal):
    back = await answer(browser, address(), "pay")
    assert back.status_code == 303
    assert back.headers["location"].startswith("https://portal.example/thanh-toan/tra-ve?")
    [heard] = portal.heard
    returned = read(urlsplit(back.headers["location"]).query)
    assert is_signed(SECRET, heard)
    assert is_signed(SECRET, returned)
    assert (heard["vnp_ResponseCode"], heard["vnp_TransactionStatus"], heard["vnp_Amount"]) == ("00", "00", "500000000")
    assert PORTAL.understand(returned).amount == 5_000_000


async def test_whoever_cancels_pays_nothing(browser, portal):
    await answer(browser, address(), "cancel")
    assert (portal.heard[0]["vnp_ResponseCode"], portal.heard[0]["vnp_TransactionStatus"]) == ("24", "02")


async def test_an_expired_page_takes_no_money(browser, portal):
    await answer(browser, address(life=timedelta(minutes=-1)), "pay")
    assert portal.heard[0]["vnp_ResponseCode"] == "11"


async def test_a_reference_is_answered_once(browser, portal):
    url = address()
    await answer(browser, url, "pay")
    await answer(browser, url, "cancel")
    assert [heard["vnp_ResponseCode"] for heard in portal.heard] == ["00", "00"]


async def test_the_portal_is_told_until_it_has_heard(browser, portal):
    portal.answers = ["99", "97"]
    back = await answer(browser, address(), "pay")
    assert back.status_code == 303
    assert len(portal.heard) == 3


async def test_a_request_the_portal_did_not_sign_is_refused(browser, portal):
    forged = Vnpay(PORTAL.url, TERMINAL, "guess")
    assert (await browser.get(address(gateway=forged))).status_code == 400
    assert (await browser.get(address() + "1")).status_code == 400
    assert (await browser.get("/paymentv2/vpcpay.html")).status_code == 400
    for body in ({"query": "x", "answer": "pay"}, {"query": urlsplit(address()).query, "answer": "steal"}, {}):
        assert (await browser.post("/paymentv2/answer", data=body)).status_code == 400
    assert portal.heard == []
