"""The client library against the portal in this process."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from motcua_client import ClientKey, Portal
from tests.machines import CLIENT_KEY, ISSUER, standing_agency, standing_portal, the_app

__all__ = ["standing_agency", "standing_portal", "the_app"]


class Bridge(httpx.BaseTransport):
    """A blocking client's way to the portal, which lives in the event loop of the tests; keeps what was asked."""

    def __init__(self, app: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._inner, self._loop = httpx.ASGITransport(app=app, raise_app_exceptions=False), loop
        self.asked: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.asked.append(request)
        return asyncio.run_coroutine_threadsafe(self._ask(request), self._loop).result(30)

    async def _ask(self, request: httpx.Request) -> httpx.Response:
        answer = await self._inner.handle_async_request(
            httpx.Request(request.method, request.url, headers=request.headers, content=request.content)
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=await answer.aread(), request=request)


@pytest.fixture(scope="module")
async def bridge(standing_portal, standing_agency) -> Bridge:
    return Bridge(standing_portal.app, asyncio.get_running_loop())


@pytest.fixture
async def run(bridge: Bridge):
    """Run a story of the library in a thread of its own."""

    async def story(tell: Callable[[Portal], Any], *, client_id: str = "cuc-thue") -> Any:
        key = ClientKey(dict(CLIENT_KEY.as_dict(private=True)))
        with Portal(ISSUER, client_id, key, http=httpx.Client(transport=bridge)) as portal:
            return await asyncio.to_thread(tell, portal)

    return story
