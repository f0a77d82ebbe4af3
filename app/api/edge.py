"""What every request passes first: the host it names, an id for the logs, the count and the time it took."""

import logging
import time
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from prometheus_client import Counter, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problem import origin, problem
from app.core import metrics
from app.core.errors import Refusal
from app.core.ids import uuid7
from app.core.logs import request_id
from app.core.settings import Settings
from app.core.text import Text

log = logging.getLogger("motcua.request")
WRONG_HOST = Text("Máy chủ này không phục vụ địa chỉ đó.", "This server does not serve that address.")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
QUIET = frozenset({"/livez", "/readyz", "/metrics"})
# A good read of shared data leaves an access event, which has the request's id: a line in the log would say less.
KEPT_ELSEWHERE = "/api/sharing/v1/"


class Hosts:
    """Refuses a request for another host: links in mails and tokens are built from the address we were given."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        own = (settings.public_url, settings.mtls_base or settings.public_url)
        self.allowed = _LOOPBACK | {urlsplit(url).hostname or "" for url in own}
        self.origin = settings.issuer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Loopback is always allowed: probes and the proxy on the same machine."""
        origin.set(self.origin)
        if scope["type"] == "http" and _host(scope) not in self.allowed:
            await problem(Refusal(WRONG_HOST, slug="wrong-host"))(scope, receive, send)
            return
        await self.app(scope, receive, send)


class Told:
    """Gives each request an id, and tells log and metrics its route (never its path), status and time."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One line and one observation for each answer, also when it failed."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        name, status, began = str(uuid7()), [500], time.perf_counter()
        token = request_id.set(name)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                message["headers"] = [*message.get("headers", []), (b"x-request-id", name.encode())]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            _tell(scope, status[0], time.perf_counter() - began)
            request_id.reset(token)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    route = getattr(scope.get("route"), "path", None) or _mounted(scope)
    method: str = scope["method"] if scope["method"] in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else "OTHER"
    answered, duration = _measures(method, route, status)
    answered.inc()
    duration.observe(seconds)
    if route not in QUIET and (status >= 400 or not route.startswith(KEPT_ELSEWHERE)):
        line: dict[str, Any] = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        log.info("request", extra=line)


@lru_cache(4096)
def _measures(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    """Finding the measures of a route by their labels takes longer than counting."""
    return metrics.REQUESTS.labels(method, route, status), metrics.REQUEST_SECONDS.labels(route)


def _mounted(scope: Scope) -> str:
    return "/static" if scope["path"].startswith("/static/") else "unknown"


def _host(scope: Scope) -> str:
    return _hostname(next((value for name, value in scope["headers"] if name == b"host"), b""))


@lru_cache(256)
def _hostname(named: bytes) -> str:
    try:
        host = urlsplit(f"//{named.decode('latin-1')}").hostname or ""
    except ValueError:
        return ""
    return f"[{host}]" if ":" in host else host
