"""People sign in at a foreign identity provider: honest answers let them in, forged ones do not."""

import json
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from typing import Any
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


@pytest.fixture(scope="module")
def the_portal(database, background: Callable[[str, dict[str, Any]], str], tmp_path_factory) -> FastAPI:
    """The portal that knows oidc-provider as its identity provider, and is known to it."""
    var, key = tmp_path_factory.mktemp("var"), ECKey.generate_key("P-256")
    (var / "keys").mkdir()
    (var / "keys" / "oidc-client.jwk").write_text(json.dumps(key.as_dict(private=True)))
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "alg": "ES256", "use": "sig"}
    told = {"client_id": "mot-cua", "key": public, "callback": f"{PORTAL}/dang-nhap/tra-ve", "person": PERSON}
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
