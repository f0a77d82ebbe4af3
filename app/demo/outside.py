"""The outside world in one process: identity provider, payment gateway, certificate authorities, time stamps, mail sink."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from aiosmtpd.controller import Controller
from certomancer.registry import CertomancerObjectNotFoundError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from app.core import clock
from app.core.settings import Settings
from app.demo import gateway, identity_provider
from app.demo.pki import Pki, pki_of


def create_app(settings: Settings) -> Starlette:
    """Everything that speaks HTTP. Needs what `world.prepare` made."""
    app = Starlette(
        routes=[
            Mount("/pki/vn", routes=authorities()),
            Mount("/gateway", gateway.create_app(gateway.GatewayConfig.of(settings))),
            Mount(urlsplit(settings.oidc_issuer).path, identity_provider.create_app(settings)),
        ]
    )
    app.state.pki = pki_of(settings)
    return app


def authorities() -> list[Route]:
    """The services of the certificate authorities, under the addresses that their certificates name."""
    return [
        Route("/crls/{authority}/latest.crl", revocation_list),
        Route("/ocsp/{authority}", status, methods=["POST"]),
        Route("/tsa/tsa", time_stamp, methods=["POST"]),
        Route("/certs/{label}.crt", certificate),
    ]


def serve(settings: Settings) -> None:
    """Serve on the demo's port, with the mail sink beside it, until stopped."""
    address = urlsplit(settings.demo_url)
    with mail_sink(settings.var / "demo" / "mail", settings.smtp_host, settings.smtp_port):
        uvicorn.run(create_app(settings), host=address.hostname or "127.0.0.1", port=address.port or 8001, log_level="warning")


async def revocation_list(request: Request) -> Response:
    """The list of an authority, made now."""
    authority = request.path_params["authority"]
    return _answer(lambda: _pki(request).revocation_list(authority, clock.now()), "application/pkix-crl")


async def status(request: Request) -> Response:
    """The status of one certificate, as of now."""
    authority, asked = request.path_params["authority"], await request.body()
    return _answer(lambda: _pki(request).status(authority, asked, clock.now()), "application/ocsp-response")


async def time_stamp(request: Request) -> Response:
    """A time stamp of this moment."""
    asked = await request.body()
    return _answer(lambda: _pki(request).time_stamp(asked, clock.now()), "application/timestamp-reply")


async def certificate(request: Request) -> Response:
    """Any certificate of the demo, to look at."""
    label = request.path_params["label"]
    return _answer(lambda: _pki(request).certificate(label), "application/pkix-cert")


def _pki(request: Request) -> Pki:
    pki: Pki = request.app.state.pki
    return pki


def _answer(make: Callable[[], bytes], media_type: str) -> Response:
    try:
        return Response(make(), media_type=media_type)
    except CertomancerObjectNotFoundError:
        return Response(status_code=404)
    except (ValueError, TypeError):
        return Response(status_code=400)


class _Sink:
    """Writes each message to a file, in the order they came."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._numbers = itertools.count(1)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802  (aiosmtpd calls it so)
        """One message."""
        name = f"{clock.in_vietnam(clock.now()):%Y%m%d-%H%M%S}-{next(self._numbers):04}.eml"
        (self.folder / name).write_bytes(envelope.content)
        return "250 OK"


@contextmanager
def mail_sink(folder: Path, host: str, port: int) -> Iterator[Controller]:
    """A mail server that keeps everything and delivers nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    controller = Controller(_Sink(folder), hostname=host, port=port)
    controller.start()
    try:
        yield controller
    finally:
        controller.stop()
