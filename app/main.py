"""The portal as one ASGI application: mounts the doors, says no politely, wears the headers."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import FrameType

import uvicorn
from asyncpg.exceptions import (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    LockNotAvailableError,
    PostgresConnectionError,
    TooManyConnectionsError,
)
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import (
    backchannel,
    catalog,
    check,
    client_keys,
    exports,
    filing,
    health,
    oauth,
    openapi,
    payments,
    sandbox,
    sharing,
    signature,
    subscriptions,
    usage,
)
from app.api import log as proofs
from app.api.edge import Hosts, Told
from app.api.machine import remember_refusal
from app.api.problem import invalid, problem, status_of, unforeseen
from app.api.strict import StrictJson
from app.core import logs, metrics
from app.core.blobs import blobs_of
from app.core.db import engine_for, sessions_of
from app.core.direct import Direct
from app.core.errors import Conflict, NotFound, Refusal, Unreachable
from app.core.settings import Settings
from app.core.text import Text
from app.documents.anyone import Counter
from app.fees.gateway import Vnpay
from app.web import assets, errors, routes, signing_in
from app.web.headers import SafeHeaders

log = logging.getLogger("motcua.main")
Handler = Callable[[Request, Exception], Awaitable[Response]]
MACHINES = ("/api/", "/oauth/", "/oidc/", "/log/", "/v2/", "/.well-known/", "/livez", "/readyz", "/metrics")
# The database is stopping, starting or recovering. A failed connect comes raw from the driver, a broken one wrapped.
DATABASE_AWAY = (
    AdminShutdownError,
    CannotConnectNowError,
    CrashShutdownError,
    PostgresConnectionError,
    TooManyConnectionsError,
)
DRAIN_SECONDS = 5
FINISH_SECONDS = 25
NO_SUCH_METHOD = Text("Địa chỉ này không nhận phương thức đó.", "This address does not take that method.")


def create_app(settings: Settings) -> FastAPI:
    """The whole portal for these settings. Nothing is opened before the server starts it."""
    app = FastAPI(title="Một Cửa", lifespan=_lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.state.settings = settings
    app.state.stopping = False
    app.include_router(sharing.records)  # first: what is asked all day is found before all else
    for router in routes.routers:
        app.include_router(router)
    shared = (sharing, catalog, check, sandbox, subscriptions, exports, usage)
    for door in (health, payments, oauth, backchannel, client_keys, *shared, filing, signature, proofs, openapi, signing_in):
        app.include_router(door.router)
    app.include_router(openapi.contracts)
    app.mount("/static", assets.files(), name="static")
    _refuse_politely(app)
    # The last added is the outermost.
    app.add_middleware(Foreseen)
    app.add_middleware(StrictJson)
    app.add_middleware(Hosts, settings=settings)
    app.add_middleware(SafeHeaders, settings=settings)
    app.add_middleware(Told)
    return app


def from_environment() -> FastAPI:
    """For an application server that starts several processes: `app.main:from_environment` is its factory."""
    settings = Settings()
    logs.set_up(settings.log_level)
    return create_app(settings)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    if not settings.database_url:
        raise RuntimeError("no database: set DATABASE_URL, or start with `motcua demo run`")
    engine = engine_for(settings.database_url)
    app.state.sessions = sessions_of(engine)
    app.state.blobs = blobs_of(settings)
    app.state.gateway = Vnpay.of(settings)
    app.state.counter = Counter(settings.var / "checking")
    app.state.direct = Direct(settings.database_url)
    try:
        yield
    finally:
        await app.state.direct.close()
        await app.state.counter.close()
        await engine.dispose()


def _refuse_politely(app: FastAPI) -> None:
    errors.install(app)
    translations: dict[type[Exception], Callable[[Exception], Refusal]] = {
        Refusal: _same,
        RequestValidationError: _invalid,
        HTTPException: _of_http,
        DBAPIError: _of_database,
        PoolTimeout: lambda _: Unreachable(),
        **dict.fromkeys(DATABASE_AWAY, lambda _: Unreachable()),
        OSError: _of_system,
    }
    for kind, translate in translations.items():
        app.add_exception_handler(kind, _handler(translate))


class Foreseen:
    """Answers what nobody foresaw from inside the other layers, so that it too wears headers and the request's id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on; once an answer has begun, its connection can only be cut."""
        begun = False

        async def noting(message: Message) -> None:
            nonlocal begun
            begun = begun or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, noting)
        except Exception as error:
            if scope["type"] != "http" or begun:
                raise
            answer = await _handler(lambda _: unforeseen())(Request(scope, receive), error)
            await answer(scope, receive, send)


def _handler(translate: Callable[[Exception], Refusal]) -> Handler:
    async def handle(request: Request, error: Exception) -> Response:
        refusal = translate(error)
        status = status_of(refusal)
        metrics.REFUSALS.labels(refusal.slug).inc()
        if status >= 500:
            log.error("failed: %s", refusal.slug, exc_info=error)
        machine = request.url.path.startswith(MACHINES)
        if machine:
            await remember_refusal(request, refusal)
        answer = problem(refusal) if machine else await errors.answer(request, refusal, status)
        answer.headers.update(_allowed(error))
        return answer

    return handle


def _allowed(error: Exception) -> dict[str, str]:
    """The methods an address takes, which a 405 must name."""
    told = (error.headers or {}) if isinstance(error, HTTPException) else {}
    return {"Allow": told["Allow"]} if "Allow" in told else {}


def _same(error: Exception) -> Refusal:
    return error if isinstance(error, Refusal) else unforeseen()


def _invalid(error: Exception) -> Refusal:
    return invalid(error) if isinstance(error, RequestValidationError) else unforeseen()


def _of_http(error: Exception) -> Refusal:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 405:
        return Refusal(NO_SUCH_METHOD, slug="method-not-allowed")
    return NotFound() if status == 404 else Refusal(slug="unsupported-type" if status == 415 else None)


def _of_database(error: Exception) -> Refusal:
    cause = getattr(error, "orig", None)
    reason = getattr(cause, "__cause__", None)
    if isinstance(reason, LockNotAvailableError):
        return Conflict()
    broken = isinstance(error, DBAPIError) and error.connection_invalidated
    gone = broken or isinstance(cause, OSError) or isinstance(reason, DATABASE_AWAY)
    return Unreachable() if gone else unforeseen()


def _of_system(error: Exception) -> Refusal:
    """The database's socket is gone, or the disk is full."""
    if isinstance(error, ConnectionError | FileNotFoundError):
        return Unreachable()
    return Refusal(slug="no-space") if getattr(error, "errno", None) == 28 else unforeseen()


class Server(uvicorn.Server):
    """Stops in three steps: says it is not ready, lets the proxy notice, finishes what it has begun."""

    def __init__(self, config: uvicorn.Config, portal: FastAPI) -> None:
        super().__init__(config)
        self.portal = portal

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM in production drains; a second signal, and any in the demo, stops at once."""
        state = self.portal.state
        if state.stopping or not state.settings.production:
            super().handle_exit(sig, frame)
            return
        state.stopping = True
        asyncio.get_running_loop().call_later(DRAIN_SECONDS, super().handle_exit, sig, None)


def serve(settings: Settings, *, host: str, port: int) -> None:
    """Serve until told to stop."""
    portal = create_app(settings)
    config = uvicorn.Config(
        portal,
        host=host,
        port=port,
        loop="uvloop",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=settings.trusted_proxies or None,
        timeout_graceful_shutdown=FINISH_SECONDS,
    )
    Server(config, portal).run()
