"""A remote signing service on loopback: certomancer's, with an ear at the door."""

import warnings
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from aiohttp import web
from aiohttp.test_utils import TestServer
from certomancer.registry import PKIArchitecture
from csc_dummy.csc_dummy_server import CSCWithCertomancer, DummyServiceParams

from signing import FetchRules
from signing.csc import CscService
from tests.pki import Pki

RULES = FetchRules(frozenset({"127.0.0.1"}), allow_loopback=True, timeout_s=3)


@dataclass
class Provider:
    """The service, what it was asked, and a way to make it misbehave."""

    server: TestServer
    asked: list[tuple[str, dict, str]] = field(default_factory=list)
    instead: Callable[[str, dict], web.StreamResponse | None] = lambda _path, _said: None

    def service(self, **change) -> CscService:
        return CscService(str(self.server.make_url("/csc/v1")), "bearer-of-the-portal", replace(RULES, **change))

    def paths(self) -> list[str]:
        return [path.rsplit("/", 1)[1] for path, _, _ in self.asked]


@dataclass
class _Config:
    """Certomancer's configuration with our one architecture in it."""

    arch: PKIArchitecture

    def get_pki_arch(self, label: str) -> PKIArchitecture:
        return {"vn": self.arch}[str(label)]


@asynccontextmanager
async def provider_of(pki: Pki) -> AsyncIterator[Provider]:
    """Serves every key of `pki` as `vn/<label>`, three digests at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", web.NotAppKeyWarning)  # the dummy is older than this advice
        dummy = CSCWithCertomancer(_Config(pki.arch), service_params=DummyServiceParams(multisign=3))
    dummy.register_routes()

    @web.middleware
    async def listen(request: web.Request, handler):
        said = await request.json() if request.content_type == "application/json" else dict(await request.post())
        provider.asked.append((request.path, said, request.headers.get("Authorization", "")))
        return provider.instead(request.path, said) or await handler(request)

    dummy.app.middlewares.append(listen)
    server = TestServer(dummy.app, host="127.0.0.1")
    provider = Provider(server)
    await server.start_server()
    yield provider
    await server.close()
