"""A portal in this process and a demo identity provider on a real port: the portal calls it as it would call the real one."""

import html
import json
import re
import socket
import threading
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from joserfc.jwk import ECKey

from app.core import clock
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo import identity_provider, world
from app.main import create_app

HIDDEN = re.compile(r'type="hidden" name="(\w+)" value="([^"]*)"')
PORTAL = "http://127.0.0.1:8000"


@dataclass
class Provider:
    """The running provider; `state` may be told to misbehave."""

    settings: Settings
    state: identity_provider.Provider


@pytest.fixture(scope="session")
def running(database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    """One provider for the whole run: starting a server costs more than most tests."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        settings = Settings(
            DATABASE_URL=database.app_url,
            var=tmp_path_factory.mktemp("identity"),
            secret_key="khoa-thu-nghiem",
            blob_key=b64encode(bytes(32)).decode(),
            gateway_secret="thu",
            oidc_issuer=f"http://127.0.0.1:{listening.getsockname()[1]}",
            public_url=PORTAL,
        )
        for path in (settings.var / "keys" / "oidc-client.jwk", settings.var / "demo" / "id.jwk"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(ECKey.generate_key("P-256").as_dict(private=True)))
        app = identity_provider.create_app(settings)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        _wait_for(server)
        yield Provider(settings, app.state.provider)
        server.should_exit = True
        thread.join(10)


@pytest.fixture
def provider(running: Provider) -> Iterator[Provider]:
    key = running.state.key
    yield running
    running.state.key = key


def _wait_for(server: uvicorn.Server) -> None:
    end = time.monotonic() + 10
    while not server.started and time.monotonic() < end:
        time.sleep(0.01)
    assert server.started


@pytest.fixture(scope="session")
def app(running: Provider) -> FastAPI:
    return create_app(running.settings)


@pytest.fixture
async def portal(app: FastAPI, provider: Provider, sessions: Sessions) -> FastAPI:
    app.state.sessions = sessions
    async with transaction(sessions) as session:
        await world.load_people(session, provider.settings, clock.now())
    return app


class Browser:
    """A person's browser without JavaScript in front of the portal, and of the provider when it is sent there."""

    def __init__(self, portal: FastAPI) -> None:
        self.here = httpx.AsyncClient(transport=httpx.ASGITransport(portal), base_url=PORTAL, headers={"origin": PORTAL})
        self.there = httpx.AsyncClient()

    async def choose(self, persona: str, *, back_to: str = "/") -> str:
        """Begin at the portal, pick someone at the provider; the answer is the callback's query."""
        begun = await self.here.get("/dang-nhap", params={"tiep": back_to})
        assert begun.status_code == 303, begun.text
        page = await self.there.get(begun.headers["location"])
        assert page.status_code == 200, page.text
        fields = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)}
        action = begun.headers["location"].partition("?")[0]
        sent = await self.there.post(action, data={**fields, "persona": persona})
        assert sent.status_code == 303, sent.text
        return urlsplit(sent.headers["location"]).query

    async def come_back(self, query: str) -> httpx.Response:
        """Return to the portal with a callback's query."""
        return await self.here.get(f"/dang-nhap/tra-ve?{query}")

    async def sign_in(self, persona: str, *, back_to: str = "/") -> httpx.Response:
        """The whole way."""
        return await self.come_back(await self.choose(persona, back_to=back_to))

    @property
    def cookie(self) -> str | None:
        """The session's cookie, as the browser holds it."""
        return self.here.cookies.get("motcua")


def parameters(query: str) -> dict[str, str]:
    return dict(parse_qsl(query))


@pytest.fixture
async def person(portal: FastAPI) -> AsyncIterator[Browser]:
    someone = Browser(portal)
    yield someone
    await someone.here.aclose()
    await someone.there.aclose()
