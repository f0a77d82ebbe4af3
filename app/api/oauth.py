"""The door of the authorization server: reads the form, calls `tokens.answer`, commits whatever the answer."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app.api.deps import At
from app.api.front import ForgedCertificate, client_thumbprint
from app.api.machine import Keys, with_nonce
from app.core import limits
from app.core.db import transaction
from app.core.entry import anyone
from app.core.errors import TooMany
from app.sharing import tokens
from app.sharing.keys import Ring
from app.sharing.oauth import Call

LONGEST_FORM = 32_768
FAILURES = {"rate": 60, "per_seconds": 60, "burst": 120}
"""How often one address may fail to prove that it is a client; after that nothing of it is looked at for a while."""

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)


async def form_pairs(request: Request) -> list[tuple[str, str]] | None:
    """The pairs of an urlencoded form, in order; None for anything else. Nothing is ever read from the query string."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        return None
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_FORM:
            return None
    try:
        return parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=32, errors="strict")
    except ValueError:
        return None


Pairs = Annotated[list[tuple[str, str]] | None, Depends(form_pairs)]


async def _answer(request: Request, ring: Ring, endpoint: tokens.Endpoint, path: str, pairs: Pairs, at: At) -> Response:
    try:
        await _within_limits(request, at)
        answer = await _judged(request, ring, endpoint, f"{ring.issuer}{path}", pairs, at)
    except TooMany as many:
        return with_nonce(request, _error("slow_down", "too many requests", 429, {"Retry-After": str(many.retry_after_seconds)}))
    except ForgedCertificate as forged:
        return with_nonce(request, _error("invalid_request", forged.text.en))
    return with_nonce(request, answer)


async def _judged(
    request: Request, ring: Ring, endpoint: tokens.Endpoint, url: str, pairs: list[tuple[str, str]] | None, at: datetime
) -> Response:
    if pairs is None:
        return _error("invalid_request", "an urlencoded form")
    call = Call(url, pairs, request.headers.getlist("dpop"), client_thumbprint(request))
    async with transaction(request.app.state.sessions) as session:
        answer = await tokens.answer(session, ring, endpoint, call, at=at)
    if answer.status >= 400 and answer.body.get("error") == "invalid_client":
        async with transaction(request.app.state.sessions) as session:
            await limits.take(session, f"oauth-failed:{_address(request)}", **FAILURES, at=at)
    return JSONResponse(answer.body, answer.status, headers=dict(answer.headers))


async def _within_limits(request: Request, at: datetime) -> None:
    address = _address(request)
    async with transaction(request.app.state.sessions) as session:
        await limits.must_be_left(session, f"oauth-failed:{address}", **FAILURES, at=at)
        await limits.take(session, f"oauth:{address}", rate=1200, per_seconds=60, burst=300, at=at)


def _address(request: Request) -> str:
    return request.client.host if request.client else "-"


def _error(error: str, why: str, status: int = 400, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error, "error_description": why}, status, headers=headers)


@router.post("/oauth/token")
async def token(request: Request, ring: Keys, pairs: Pairs, at: At) -> Response:
    """RFC 6749 section 4.4 with private_key_jwt and DPoP."""
    return await _answer(request, ring, "token", "/oauth/token", pairs, at)


@router.post("/oauth/introspect")
async def introspect(request: Request, ring: Keys, pairs: Pairs, at: At) -> Response:
    """RFC 7662; a client asks about its own tokens."""
    return await _answer(request, ring, "introspection", "/oauth/introspect", pairs, at)


@router.post("/oauth/revoke")
async def revoke(request: Request, ring: Keys, pairs: Pairs, at: At) -> Response:
    """RFC 7009; a client takes back its own tokens."""
    return await _answer(request, ring, "revocation", "/oauth/revoke", pairs, at)


@router.get("/oauth/jwks")
async def jwks(ring: Keys) -> Response:
    """The public keys: of tokens (the active one, the next, the last while its tokens live), and of answers and manifests."""
    said = ring.published.as_dict(private=False)
    return _public({"keys": [*said["keys"], *ring.evidence.published]})


@router.get("/.well-known/oauth-authorization-server")
async def authorization_server(request: Request, ring: Keys) -> Response:
    """RFC 8414."""
    return _public(tokens.server_metadata(ring.issuer, request.app.state.settings.mtls_base))


@router.get("/.well-known/oauth-protected-resource/api/sharing")
async def sharing_resource(request: Request, ring: Keys) -> Response:
    """RFC 9728 for the shared data."""
    return _resource(request, ring, "sharing")


@router.get("/.well-known/oauth-protected-resource/api/filing")
async def filing_resource(request: Request, ring: Keys) -> Response:
    """RFC 9728 for filing by machine."""
    return _resource(request, ring, "filing")


@router.get("/.well-known/oauth-protected-resource/oauth/clients/me")
async def keys_resource(request: Request, ring: Keys) -> Response:
    """RFC 9728 for a client's own keys."""
    return _resource(request, ring, "keys")


def _resource(request: Request, ring: Ring, which: tokens.Resource) -> Response:
    return _public(tokens.resource_metadata(ring.issuer, which, request.app.state.settings.mtls_base))


def _public(said: Mapping[str, object]) -> Response:
    return JSONResponse(said, headers={"Cache-Control": "public, max-age=300"})
