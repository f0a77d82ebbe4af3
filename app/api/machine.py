"""What every door for machines shares: the ring of keys, who calls (a DPoP-bound token), and answers with a fresh nonce."""

from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from app.api.problem import problem
from app.core import clock
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Refusal
from app.core.text import Text
from app.sharing import scopes
from app.sharing.keys import Ring, load_ring
from app.sharing.proofs import ALGORITHMS, MEMORY_SECONDS, Proof, ProofRefused, read_proof
from app.sharing.tokens import Admitted, TokenRefused, admit, read_token


class Unauthorized(Refusal):
    """No token that is good here, or no proof that fits it; `slug` is the OAuth error."""

    slug = "invalid_token"
    text = Text(
        "Mã truy cập hoặc bằng chứng DPoP không dùng được ở đây. Hãy xin mã mới tại /oauth/token, ký bằng chứng cho từng lần gọi.",
        "The access token or the DPoP proof is not good here. Get a new token at /oauth/token and sign a proof for each call.",
    )


@dataclass(frozen=True, slots=True)
class Caller:
    """A machine whose token and proof have been read; whether they still stand is asked in SQL."""

    claims: dict[str, Any]
    proof: Proof


def moment() -> datetime:
    """The time of this request."""
    return clock.now()


At = Annotated[datetime, Depends(moment)]


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


def public_url(request: Request) -> str:
    """The address the client called, as the public knows it: our public origin and the path exactly as sent."""
    raw = request.scope.get("raw_path") or request.url.path.encode()
    return f"{request.app.state.settings.issuer}{raw.split(b'?')[0].decode('ascii', 'replace')}"


def _caller(resource: Callable[[str], str], scope: str) -> Callable[..., Awaitable[Caller]]:
    @admits(f"client:{scope}")
    async def read_caller(request: Request, ring: Keys, at: At) -> Caller:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        claims = read_token(ring, value.strip(), resource(ring.issuer), at=at)
        if scheme.lower() != "dpop":  # a bound token shown as Bearer is a stolen token
            raise TokenRefused
        url = public_url(request)
        proof = read_proof(request.headers.getlist("dpop"), request.method, url, ring.nonces, at=at, access_token=value.strip())
        if proof.jkt != claims["cnf"]["jkt"]:
            raise TokenRefused
        return Caller(claims, proof)

    return read_caller


Reader = Annotated[Caller, Depends(_caller(scopes.sharing_resource, "sharing"))]
Filer = Annotated[Caller, Depends(_caller(scopes.filing_resource, "filing"))]


async def let_in(request: Request, ring: Ring, caller: Caller, at: datetime) -> Admitted:
    """Spend the proof in a transaction of its own, so that a refused act does not give it back."""
    async with transaction(request.app.state.sessions) as session:
        return await admit(session, ring, caller.claims, caller.proof, expires=at + timedelta(seconds=MEMORY_SECONDS))


class MachineRoute(APIRoute):
    """A route whose every answer carries a nonce, and whose refusals are problems with an RFC 9449 challenge."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route: the function-scoped transaction has ended, and rolled back, before a refusal arrives here."""
        inner = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                response = await inner(request)
            except (TokenRefused, ProofRefused) as refused:
                if refused.code == "use_dpop_nonce":  # perhaps the database has forgotten the epoch of our nonces
                    await _load(request, None, clock.now())
                response = challenged(request, problem(Unauthorized(slug=refused.code), status=401), refused.code)
            except Refusal as refusal:
                response = problem(refusal)
                if response.status_code == 403:
                    response = challenged(request, response, "insufficient_scope")
            return with_nonce(request, response)

        return answer


def challenged(request: Request, response: Response, error: str) -> Response:
    """`response` with the challenge that tells a client what went wrong and where tokens come from."""
    settings = request.app.state.settings
    area = "filing" if request.url.path.startswith("/api/filing") else "sharing"
    metadata = f"{settings.issuer}/.well-known/oauth-protected-resource/api/{area}"
    challenge = f'DPoP error="{error}", algs="{" ".join(ALGORITHMS)}", resource_metadata="{metadata}"'
    response.headers["WWW-Authenticate"] = challenge
    return response


def with_nonce(request: Request, response: Response) -> Response:
    """`response` with the nonce for the next proof; nothing about a machine's call is for shared caches."""
    ring: Ring | None = getattr(request.app.state, "ring", None)
    if ring is not None:
        response.headers["DPoP-Nonce"] = ring.nonces.current(clock.now())
    response.headers.setdefault("Cache-Control", "no-store")
    return response
