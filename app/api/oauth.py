"""The door of the authorization server: reads the form, calls `tokens.answer`, commits whatever the answer."""

from typing import Annotated
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749.errors import InvalidRequestError
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app.api.deps import At
from app.api.machine import Keys, with_nonce
from app.core import limits
from app.core.db import transaction
from app.core.entry import anyone
from app.sharing import scopes, tokens
from app.sharing.keys import Ring
from app.sharing.oauth import Call

LONGEST_FORM = 32_768

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
    async with transaction(request.app.state.sessions) as session:
        address = request.client.host if request.client else "-"
        await limits.take(session, f"oauth:{address}", rate=1200, per_seconds=60, burst=300, at=at)
    if pairs is None:
        status, body, _ = InvalidRequestError("an urlencoded form")()
        return with_nonce(request, JSONResponse(dict(body), status))
    call = Call(f"{ring.issuer}{path}", pairs, request.headers.getlist("dpop"))
    async with transaction(request.app.state.sessions) as session:
        answer = await tokens.answer(session, ring, endpoint, call, at=at)
    return with_nonce(request, JSONResponse(answer.body, answer.status, headers=dict(answer.headers)))


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
    """The public keys that tokens may be signed with: the active one, the next, and the last while its tokens live."""
    return JSONResponse(ring.published.as_dict(private=False), headers={"Cache-Control": "public, max-age=300"})


@router.get("/.well-known/oauth-authorization-server")
async def authorization_server(ring: Keys) -> Response:
    """RFC 8414."""
    return JSONResponse(tokens.server_metadata(ring.issuer), headers={"Cache-Control": "public, max-age=300"})


@router.get("/.well-known/oauth-protected-resource/api/sharing")
async def sharing_resource(ring: Keys) -> Response:
    """RFC 9728 for the shared data."""
    return JSONResponse(tokens.resource_metadata(ring.issuer, scopes.sharing_resource(ring.issuer)))


@router.get("/.well-known/oauth-protected-resource/api/filing")
async def filing_resource(ring: Keys) -> Response:
    """RFC 9728 for filing by machine."""
    return JSONResponse(tokens.resource_metadata(ring.issuer, scopes.filing_resource(ring.issuer)))
