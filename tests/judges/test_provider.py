"""People sign in at a foreign identity provider: honest answers let them in, forged ones do not."""

import asyncio
import json
import re
import threading
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from joserfc.jwk import ECKey
from sqlalchemy import select

from app.audit.models import AuditRow
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.main import create_app

PORTAL = "http://127.0.0.1:8000"
PERSON = {
    "name": "Nguyễn Văn Thử",
    "email": "thu@motcua.example",
    "organisation": {"tax_code": "9900000030", "name_vi": "Công ty Ví Dụ"},
}


class Told(BaseHTTPRequestHandler):
    """The portal's address for the provider, which cannot reach the portal in this process: keeps what comes."""

    came: ClassVar[Queue[bytes]] = Queue()

    def do_POST(self):
        self.came.put(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def logout_address() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Told)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def the_portal(database, background: Callable[[str, dict[str, Any]], str], logout_address: str, tmp_path_factory) -> FastAPI:
    """The portal that knows oidc-provider as its identity provider, and is known to it."""
    var, key = tmp_path_factory.mktemp("var"), ECKey.generate_key("P-256")
    (var / "keys").mkdir()
    (var / "keys" / "oidc-client.jwk").write_text(json.dumps(key.as_dict(private=True)))
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "ES256", "use": "sig"}
    told = {"client_id": "mot-cua", "key": public, "callback": f"{PORTAL}/dang-nhap/tra-ve", "person": PERSON}
    told["logout"] = logout_address
    return create_app(
        Settings(
            DATABASE_URL=database.app_url,
            var=var,
            secret_key="khoa-thu-nghiem",
            blob_key=b64encode(bytes(32)).decode(),
            gateway_secret="thu",
            oidc_issuer=f"http://127.0.0.1:{background('provider.mjs', told)}",
            public_url=PORTAL,
        )
    )


class Browser:
    """A browser that may change what the portal asks, and tells the provider what to say wrongly."""

    def __init__(self, portal: FastAPI) -> None:
        self.here = httpx.AsyncClient(transport=httpx.ASGITransport(portal), base_url=PORTAL)
        self.there = httpx.AsyncClient()
        self.issuer = portal.state.settings.oidc_issuer

    async def asked(self, **change: str | None) -> str:
        """The address the portal sends the browser to, with some parameters changed or left out."""
        begun = (await self.here.get("/dang-nhap")).headers["location"]
        place, _, query = begun.partition("?")
        return f"{place}?{urlencode(changed(query, **change))}"

    async def answered(self, address: str, **lie: Any) -> str:
        """The query of the callback to which the provider sends the browser back."""
        page = await self.there.get(address, headers={"lie": json.dumps(lie)})
        for _ in range(8):
            target = str(page.url.join(page.headers["location"]))
            if target.startswith(PORTAL):
                return urlsplit(target).query
            page = await self.there.get(target, headers={"lie": json.dumps(lie)})
        raise AssertionError(page.text)

    async def come_back(self, query: str) -> httpx.Response:
        return await self.here.get(f"/dang-nhap/tra-ve?{query}")


def changed(query: str, **change: str | None) -> dict[str, str]:
    given = dict(parse_qsl(query)) | change
    return {name: value for name, value in given.items() if value is not None}


@pytest.fixture
async def person(the_portal: FastAPI, sessions: Sessions) -> AsyncIterator[Browser]:
    the_portal.state.sessions = sessions
    someone = Browser(the_portal)
    yield someone
    await someone.here.aclose()
    await someone.there.aclose()


async def reasons(sessions: Sessions) -> list[str]:
    async with transaction(sessions) as session:
        rows = await session.scalars(select(AuditRow).where(AuditRow.subject_kind == "sign-in"))
        return [row.detail["slug"] for row in rows]


async def test_an_honest_sign_in_at_a_foreign_provider_lets_in(person: Browser, sessions: Sessions):
    answer = await person.come_back(await person.answered(await person.asked()))
    assert (answer.status_code, answer.headers.get("location")) == (303, "/"), await reasons(sessions)
    assert person.here.cookies.get("motcua")


FORGED = {
    "iss missing": (lambda query: urlencode(changed(query, iss=None)), "iss"),
    "foreign iss": (lambda query: urlencode(changed(query, iss="https://khac.example")), "iss"),
    "iss twice": (lambda query: f"{query}&iss=https%3A%2F%2Fkhac.example", "repeated-parameter"),
    "code twice": (lambda query: f"{query}&code=khac", "repeated-parameter"),
    "state twice": (lambda query: f"{query}&state=khac", "repeated-parameter"),
    "foreign state": (lambda query: urlencode(changed(query, state="khac")), "state"),
    "foreign code": (lambda query: urlencode(changed(query, code="khac")), "token-endpoint"),
}


@pytest.mark.parametrize("forge,reason", FORGED.values(), ids=FORGED)
async def test_a_forged_callback_is_refused(person: Browser, sessions: Sessions, forge, reason):
    answer = await person.come_back(forge(await person.answered(await person.asked())))
    assert answer.status_code == 403
    assert await reasons(sessions) == [reason]
    assert person.here.cookies.get("motcua") is None


LIES = {
    "nonce of another sign-in": ({"nonce": "khac"}, {}, "id-token"),
    "no nonce": ({"nonce": None}, {}, "id-token"),
    "a weaker acr": ({}, {"acr": "vneid:1"}, "acr"),
    "no acr": ({"acr_values": None}, {"acr": None}, "acr"),
    "signed in two hours ago": ({"max_age": None}, {"ts": -7200}, "auth_time"),
    "another key of PKCE": ({"code_challenge": "x" * 43}, {}, "token-endpoint"),
    "no PKCE": ({"code_challenge": None, "code_challenge_method": None}, {}, "provider:invalid_request"),
}


@pytest.mark.parametrize("change,lie,reason", LIES.values(), ids=LIES)
async def test_an_answer_to_another_question_or_too_weak_is_refused(person: Browser, sessions: Sessions, change, lie, reason):
    said = lie | ({"ts": int(time.time()) + lie["ts"]} if "ts" in lie else {})
    answer = await person.come_back(await person.answered(await person.asked(**change), **said))
    assert answer.status_code == 403
    assert await reasons(sessions) == [reason]


async def test_a_code_of_another_sign_in_is_refused_by_the_provider_itself(person: Browser, sessions: Sessions):
    first = dict(parse_qsl(await person.answered(await person.asked())))
    second = await person.answered(await person.asked())
    assert (await person.come_back(urlencode(changed(second, code=first["code"])))).status_code == 403
    assert await reasons(sessions) == ["token-endpoint"]


async def left(person: Browser) -> str:
    """Sign out at the provider; the form it posts to the portal behind the browser's back."""
    page = await person.there.get(f"{person.issuer}/session/end")
    xsrf = re.search(r'name="xsrf" value="([^"]+)"', page.text)
    assert xsrf, page.text
    await person.there.post(f"{person.issuer}/session/end/confirm", data={"xsrf": xsrf[1], "logout": "yes"})
    return (await asyncio.to_thread(Told.came.get, timeout=10)).decode()


FORM = {"content-type": "application/x-www-form-urlencoded"}


async def test_who_signs_out_at_the_provider_is_signed_out_here(person: Browser, sessions: Sessions):
    await person.come_back(await person.answered(await person.asked()))
    body = await left(person)
    altered = body[:-4] + ("AAAA" if not body.endswith("AAAA") else "BBBB")
    for wrong in ("", "logout_token=x", altered, f"{body}&{body}"):
        assert (await person.here.post("/oidc/backchannel-logout", content=wrong, headers=FORM)).status_code == 400
    assert (await person.here.get("/ho-so")).status_code == 200
    answer = await person.here.post("/oidc/backchannel-logout", content=body, headers=FORM)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")
    assert (await person.here.get("/ho-so")).status_code == 303
