"""The demo's certificate authority, made once, served on a real port."""

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount

from app.demo import outside, pki


@dataclass
class Authorities:
    """The running authorities; `calls` counts what they were asked, `silent` makes them fail."""

    url: str
    pki: pki.Pki
    calls: list[str] = field(default_factory=list)
    silent: bool = False


# Kept from run to run, as the test database is: making RSA keys takes seconds.
KEYS = Path(__file__).parents[2] / "var" / "test-pki"


@pytest.fixture(scope="session")
def _running() -> Iterator[Authorities]:
    pki.make_keys(KEYS)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/pki"
        made = Authorities(url, pki.Pki(KEYS, url))
        server = uvicorn.Server(uvicorn.Config(_app(made), log_level="warning", lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        end = time.monotonic() + 10
        while not server.started and time.monotonic() < end:
            time.sleep(0.01)
        yield made
        server.should_exit = True
        thread.join(10)


def _app(made: Authorities) -> Starlette:
    app = Starlette(routes=[Mount("/pki/vn", routes=outside.authorities())])
    app.state.pki = made.pki

    async def counted(scope, receive, send):
        if scope["type"] == "http":
            made.calls.append(Request(scope).url.path)
            if made.silent:
                await Response(status_code=503)(scope, receive, send)
                return
        await app(scope, receive, send)

    return counted


@pytest.fixture
def authorities(_running: Authorities) -> Iterator[Authorities]:
    _running.calls.clear()
    yield _running
    _running.silent = False
