"""What every door for machines shares: the ring of keys, who calls (a DPoP-bound token), and answers with a fresh nonce."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api import strict
from app.api.deps import At
from app.api.front import client_thumbprint
from app.api.problem import STATUS, problem
from app.audit.record import refused
from app.core import clock, limits
from app.core.actor import Actor, ActorKind
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import NotAllowed, NotFound, Refusal, WrongState
from app.core.ids import uuid7
from app.core.permissions import Role
from app.core.text import Text
from app.sharing import scopes
from app.sharing.keys import Ring, load_ring
from app.sharing.proofs import ALGORITHMS, MEMORY_SECONDS, Proof, ProofRefused, read_proof
from app.sharing.tokens import Admitted, TokenRefused, admit, read_token

CALLS_A_MINUTE, BURST = 1200, 300


class Unauthorized(Refusal):
    """No token that is good here, or no proof that fits it; `slug` is the OAuth error."""

    slug = "invalid_token"
    text = Text(
        "Mã truy cập hoặc bằng chứng DPoP không dùng được ở đây. Hãy xin mã mới tại /oauth/token, ký bằng chứng mỗi lần gọi.",
        "The access token or the DPoP proof is not good here. Get a new token at /oauth/token and sign a proof for each call.",
    )


STATUS[Unauthorized] = 401


@dataclass(frozen=True, slots=True)
class Caller:
    """A machine whose token and proof have been read; whether they still stand is asked in SQL.

    `bond` is the thumbprint of what the token is bound to. `proof` is None when that is a certificate.
    """

    claims: dict[str, Any]
    proof: Proof | None
    bond: str


async def ring_of(request: Request, at: At) -> Ring:
    """The keys of this process, loaded again when older than a minute."""
    known: Ring | None = getattr(request.app.state, "ring", None)
    return known if known and known.is_fresh(at) else await _load(request, known, at)


async def _load(request: Request, before: Ring | None, at: datetime) -> Ring:
    settings = request.app.state.settings
    async with transaction(request.app.state.sessions) as session:
        ring = await load_ring(session, settings.issuer, settings.secret_key.get_secret_value().encode(), at=at)
    ring.take_over(before)
    request.app.state.ring = ring
    return ring


Keys = Annotated[Ring, Depends(ring_of)]


def public_url(scope: Scope, issuer: str) -> str:
    """The address the client called, as the public knows it: our public origin and the path exactly as sent."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return f"{issuer}{raw.split(b'?')[0].decode('ascii', 'replace')}"


def sent(scope: Scope, name: bytes) -> list[str]:
    """Every value of a header; `name` in small letters."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def caller_of(resource: Callable[[str], str], scope: str) -> Callable[..., Awaitable[Caller]]:
    """The dependency of routes that take tokens for `resource`."""

    @admits(f"client:{scope}")
    async def called_by(request: Request, ring: Keys, at: At) -> Caller:
        async with refusing(request):
            return read_caller(request, ring, resource(ring.issuer), at)

    return called_by


def read_caller(request: Request, ring: Ring, audience: str, at: datetime) -> Caller:
    """Who calls, by the token and what it is bound to. Raises `TokenRefused` and `ProofRefused`."""
    shown = sent(request.scope, b"authorization")
    scheme, _, value = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    token = value.strip()
    claims = read_token(ring, token, audience, at=at)
    if "x5t#S256" in claims["cnf"]:
        return _by_certificate(request, claims, scheme)
    if scheme.lower() != "dpop":  # a bound token shown as Bearer is a stolen token
        raise TokenRefused
    proofs = sent(request.scope, b"dpop")
    proof = read_proof(proofs, request.method, public_url(request.scope, ring.issuer), ring.nonces, at=at, access_token=token)
    if proof.jkt != claims["cnf"]["jkt"]:
        raise TokenRefused
    return Caller(claims, proof, proof.jkt)


def _by_certificate(request: Request, claims: dict[str, Any], scheme: str) -> Caller:
    bond = claims["cnf"]["x5t#S256"]
    if scheme.lower() != "bearer" or client_thumbprint(request) != bond:
        raise TokenRefused
    return Caller(claims, None, bond)


@asynccontextmanager
async def refusing(request: Request) -> AsyncIterator[None]:
    """Turn a token or proof that is not good into our refusal, and say in the challenge what was wrong."""
    try:
        yield
    except (TokenRefused, ProofRefused) as wrong:
        raise await unauthorized(request, wrong) from wrong


async def unauthorized(request: Request, wrong: TokenRefused | ProofRefused) -> Unauthorized:
    """Our refusal of a token or proof; the challenge will say what was wrong with it."""
    request.state.oauth_error = wrong.code
    if wrong.code == "use_dpop_nonce":  # perhaps the database has forgotten the epoch of our nonces
        await _load(request, None, clock.now())
    return Unauthorized(slug=wrong.code)


Reader = Annotated[Caller, Depends(caller_of(scopes.sharing_resource, "sharing"))]


async def let_in(request: Request, ring: Ring, caller: Caller, at: datetime) -> Admitted:
    """Spend the proof in a transaction of its own, so that a refused act does not give it back; and count the call."""
    proof = caller.proof or Proof(caller.bond, uuid7().hex, "")  # a certificate proves each call anew by itself
    async with refusing(request), transaction(request.app.state.sessions) as session:
        admitted = await admit(session, ring, caller.claims, proof, expires=at + timedelta(seconds=MEMORY_SECONDS))
    async with transaction(request.app.state.sessions) as session:
        named = f"machine:{admitted.client_id}"
        request.state.left = await limits.take(session, named, rate=CALLS_A_MINUTE, per_seconds=60, burst=BURST, at=at)
    return admitted


_FilingCaller = Annotated[Caller, Depends(caller_of(scopes.filing_resource, "filing"))]


async def filer(request: Request, ring: Keys, caller: _FilingCaller, at: At) -> Actor:
    """A company's own client as the actor: an applicant of that company, and of no other."""
    if caller.proof is None:  # only shared data take tokens that are bound to a certificate
        raise Unauthorized
    admitted = await let_in(request, ring, caller, at)
    if admitted.tax_code is None:
        raise Unauthorized
    request.state.filer = Actor(
        kind=ActorKind.CLIENT,
        name=admitted.name,
        client_id=admitted.client_id,
        tax_code=admitted.tax_code,
        roles=frozenset({Role.APPLICANT}),
    )
    return cast("Actor", request.state.filer)


async def remember_refusal(request: Request, refusal: Refusal) -> None:
    """A company's own client that was refused leaves a row, as people do; what it must merely correct leaves none."""
    actor: Actor | None = getattr(request.state, "filer", None)
    if actor is None or not isinstance(refusal, NotFound | NotAllowed | WrongState):
        return
    act = f"filing.{getattr(request.scope.get('route'), 'operation_id', '-')}"
    subject = {"subject_kind": "dossier", "subject_id": str(request.path_params.get("dossier_id", "-"))[:40]}
    await refused(request.app.state.sessions, actor, act, refusal.slug, **subject, at=clock.now())


Filer = Annotated[Actor, Depends(filer)]


class MachineRoute(APIRoute):
    """A route whose every answer carries a nonce, and whose 401 and 403 carry an RFC 9449 challenge.

    Only the way out is touched: a refusal caught in here would end the transaction of the request as if it had gone well.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with the headers that belong to any answer for a machine."""
        request = Request(scope)

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(request, MutableHeaders(scope=message), message["status"])
            await send(message)

        if self.body_field is not None and not strict.says_json(
            scope
        ):  # it would be read to its end before anyone asks who sent it
            await problem(strict.not_json())(scope, receive, noting)
            return
        await super().handle(scope, receive, noting)


class Straight(APIRouter):
    """Finds and runs its routes without the framework's walk through all of them and its machinery for dependencies.

    For the few routes that are asked all day. Each endpoint takes the request, does everything itself (a test sees that it
    is marked with who may enter), and sets the headers of its good answers; a refusal gets those of any answer for a
    machine. `find` gives the route and its parameters, or None when the path is not one of ours.
    """

    def find(self, scope: Scope) -> tuple[APIRoute, dict[str, str]] | None:
        """The route for a path, whatever the method."""
        raise NotImplementedError

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """All or nothing: a path of ours with another method is a 405, said in `handle`."""
        found = self.find(scope) if scope["type"] == "http" else None
        if found is None:
            return Match.NONE, {}
        route, parameters = found
        return Match.FULL, {"route": route, "path_params": parameters}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""
        found = self.find(scope)
        if found is None:
            raise HTTPException(404)
        scope["route"], scope["path_params"] = found
        request = Request(scope, receive)
        try:
            answer = await _answered(found[0], request)
        except (Refusal, HTTPException) as refusal:
            answer = await _refused(request, refusal)
        await answer(scope, receive, send)


async def _answered(route: APIRoute, request: Request) -> ASGIApp:
    methods = route.methods or ()
    if request.method not in methods:
        raise HTTPException(405, headers={"Allow": ", ".join(sorted(methods))})
    answer: ASGIApp = await route.endpoint(request)
    return answer


async def _refused(request: Request, refusal: Refusal | HTTPException) -> Response:
    handler: Any = request.app.exception_handlers[HTTPException if isinstance(refusal, HTTPException) else Refusal]
    response: Response = await handler(request, refusal)
    _add_headers(request, response.headers, response.status_code)
    return response


def _add_headers(request: Request, headers: MutableHeaders, status: int) -> None:
    headers.setdefault("cache-control", "no-store")
    ring: Ring | None = getattr(request.app.state, "ring", None)
    if ring is not None:
        headers["dpop-nonce"] = ring.nonces.current(clock.now())
    left: int | None = getattr(request.state, "left", None)
    if left is not None:
        headers.setdefault("ratelimit", f'"minute";r={left}')
    if status in {401, 403}:
        headers["www-authenticate"] = _challenge(request)


def _challenge(request: Request) -> str:
    """What went wrong, and where a client learns whence tokens come."""
    error = getattr(request.state, "oauth_error", "insufficient_scope")
    path = request.url.path
    area = "oauth/clients/me" if path.startswith("/oauth") else "api/filing" if path.startswith("/api/filing") else "api/sharing"
    metadata = f"{request.app.state.settings.issuer}/.well-known/oauth-protected-resource/{area}"
    return f'DPoP error="{error}", algs="{" ".join(ALGORITHMS)}", resource_metadata="{metadata}"'


def with_nonce(request: Request, response: Response) -> Response:
    """`response` with the nonce for the next proof; nothing about a machine's call is for shared caches."""
    ring: Ring | None = getattr(request.app.state, "ring", None)
    if ring is not None:
        response.headers["DPoP-Nonce"] = ring.nonces.current(clock.now())
    response.headers.setdefault("Cache-Control", "no-store")
    return response
