"""Around the authorization core: load, run, spend, record, all in the caller's transaction; and reading tokens of ours."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core import limits
from app.core.actor import ANYONE, Actor, ActorKind
from app.core.clock import day_in_vietnam
from app.core.errors import TooMany
from app.sharing import scopes
from app.sharing.granting import Deal
from app.sharing.keys import Ring
from app.sharing.models import (
    Agreement,
    AgreementGrant,
    ClientKey,
    IssuedToken,
    OauthClient,
    RevokedJti,
    UsedAssertion,
    UsedProof,
)
from app.sharing.oauth import ASSERTION_ALGORITHMS, UNKNOWN, Call, Client, Core, InvalidProof, Loaded, Request, Spent
from app.sharing.proofs import ALGORITHMS, Proof
from app.sharing.queries import good_keys
from app.sharing.rules import IDENTIFIER, Status

Endpoint = Literal["token", "introspection", "revocation"]

# A client asks for a token each five minutes, for each agreement and worker of its own.
TOKENS_A_MINUTE, BURST = 120, 300


@dataclass(frozen=True, slots=True)
class Answer:
    """What the door sends: status, JSON body, headers."""

    status: int
    body: Any
    headers: Sequence[tuple[str, str]]


class TokenRefused(Exception):
    """An access token that is not good here; the door answers 401."""

    def __init__(self, code: str = "invalid_token") -> None:
        super().__init__(code)
        self.code = code


async def answer(session: AsyncSession, ring: Ring, endpoint: Endpoint, call: Call, *, at: datetime) -> Answer:
    """Judge one OAuth request. The door commits whatever the answer: what was spent stays spent."""
    loaded = await _load(session, ring, call, at)
    core = Core(ring, loaded, at)
    status, body, headers = _run(core, endpoint, call)
    if loaded.issued and (wait := await _wait(session, loaded.issued["client_id"], at)):
        loaded.issued = None
        status, body, headers = core.handle_response(429, {"error": "slow_down"}, [("Retry-After", str(wait))])
    if refused := await _spend(session, loaded.spent):
        status, body, headers = core.handle_response(*refused())
    elif status == 200:
        await _record(session, loaded, at)
    shown = dict(body) if isinstance(body, list) else body
    if shown.get("error") == "invalid_client" and loaded.proven is None:
        shown = {"error": "invalid_client", "error_description": UNKNOWN}
    if status != 200:
        _remember_refusal(session, loaded, endpoint, shown.get("error", ""), at)
    return Answer(status, shown, headers)


async def _wait(session: AsyncSession, client_id: str, at: datetime) -> int | None:
    """Seconds to wait when the client asks for tokens too often. Counted once it is proven who asks."""
    try:
        await limits.take(session, f"oauth-client:{client_id}", rate=TOKENS_A_MINUTE, per_seconds=60, burst=BURST, at=at)
    except TooMany as many:
        return many.retry_after_seconds
    return None


def _remember_refusal(session: AsyncSession, loaded: Loaded, endpoint: Endpoint, error: str, at: datetime) -> None:
    """Who was refused leaves a row, under its own name only once that is proven; asking for a nonce first is no refusal."""
    if error == "use_dpop_nonce":
        return
    known = loaded.client.client_id if loaded.client else "-"
    actor = Actor(ActorKind.CLIENT, client_id=known) if loaded.proven else ANYONE
    detail = {"action": f"oauth.{endpoint}", "slug": error}
    record(session, actor, Event.REFUSED, subject_kind="oauth_client", subject_id=known, detail=detail, at=at)


def _run(core: Core, endpoint: Endpoint, call: Call) -> Any:
    names = [name for name, _ in call.pairs if name != "resource"]
    if len(names) != len(set(names)):
        return core.handle_response(*InvalidRequestError("a parameter is repeated")())
    request = Request(call)
    if endpoint == "token":
        return core.create_token_response(request)
    return core.create_endpoint_response(endpoint, request)


async def _load(session: AsyncSession, ring: Ring, call: Call, at: datetime) -> Loaded:
    form = dict(call.pairs)
    client = await _client(session, _unverified_sub(form.get("client_assertion", "")), at)
    token = _own_token(ring, form["token"]) if "token" in form else None
    revoked = await session.get(RevokedJti, token["jti"]) is not None if token else False
    return Loaded(client, token, revoked)


def _unverified_sub(assertion: str) -> str | None:
    """The client_id by which to find keys. Nothing else of an unverified assertion is ever used."""
    try:
        part = assertion.split(".")[1]
        sub = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))["sub"]
    except (IndexError, ValueError, KeyError, TypeError, binascii.Error, RecursionError):
        return None
    return sub if isinstance(sub, str) and IDENTIFIER.fullmatch(sub) else None


async def _client(session: AsyncSession, client_id: str | None, at: datetime) -> Client | None:
    """The same questions whether there is such a client or not: the answer to a stranger takes as long."""
    row = await session.get(OauthClient, client_id or "")
    keys = await session.scalars(select(ClientKey.jwk).where(ClientKey.client_id == client_id, good_keys(at)))
    deals = await _deals(session, row.party if row else "", at)
    if row is None or row.status != Status.ACTIVE:
        return None
    key_set = KeySet.import_key_set({"keys": [dict(jwk) for jwk in keys]})
    return Client(row.client_id, row.party, key_set, frozenset(row.scopes), row.tax_code, deals, constraint=row.sender_constraint)


async def _deals(session: AsyncSession, party: str, at: datetime) -> dict[str, Deal]:
    """The agreement versions in force for a party; at most one version of each is active."""
    today = day_in_vietnam(at)
    rows = await session.execute(
        select(Agreement, AgreementGrant)
        .join(AgreementGrant, (AgreementGrant.agreement == Agreement.code) & (AgreementGrant.version == Agreement.version))
        .where(Agreement.party == party, Agreement.status == Status.ACTIVE)
        .where(Agreement.valid_from <= today, Agreement.valid_to >= today)
    )
    found: dict[str, tuple[Agreement, dict[str, frozenset[str]]]] = {}
    for agreement, grant in rows:
        found.setdefault(agreement.code, (agreement, {}))[1][grant.dataset] = frozenset(grant.actions)
    return {code: _deal(agreement, actions) for code, (agreement, actions) in found.items()}


def _deal(agreement: Agreement, actions: Mapping[str, frozenset[str]]) -> Deal:
    purposes = frozenset(purpose["code"] for purpose in agreement.purposes)
    return Deal(agreement.version, agreement.content_hash, purposes, tuple(agreement.legal_basis), actions)


async def _spend(session: AsyncSession, spent: Sequence[Spent]) -> OAuth2Error | None:
    """Remember one-time values. A second insert of the same value waits for the first to end, then adds no row."""
    for one in spent:
        values = {"jti": one.jti, "expires": one.expires}
        if one.kind == "assertion":
            row = insert(UsedAssertion).values(client_id=one.owner, **values)
        else:
            row = insert(UsedProof).values(owner=one.owner, **values)
        if await session.scalar(row.on_conflict_do_nothing().returning(text("true"))) is None:
            used = "jti used before"
            return InvalidClientError(description=used) if one.kind == "assertion" else InvalidProof(used)
    return None


async def _record(session: AsyncSession, loaded: Loaded, at: datetime) -> None:
    if claims := loaded.issued:
        session.add(
            IssuedToken(
                jti=claims["jti"],
                client_id=claims["client_id"],
                kid=loaded.proven,
                audience=claims["aud"],
                scope=claims["scope"],
                details=claims["authorization_details"],
                issued_at=at,
                expires=datetime.fromtimestamp(claims["exp"], UTC),
            )
        )
    if claims := loaded.revoke:
        gone = {"jti": claims["jti"], "expires": datetime.fromtimestamp(claims["exp"], UTC), "at": at}
        await session.execute(insert(RevokedJti).values(gone).on_conflict_do_nothing())


# ---------------------------------------------------------------- at the protected resources


def _own_token(ring: Ring, compact: str) -> dict[str, Any] | None:
    """The claims of a token that we signed, expired or not; None for anything else."""
    digest = hashlib.sha256(compact.encode(errors="replace")).digest()
    if known := ring.claims.get(digest):
        return known
    try:
        token = jwt.decode(compact, ring.published, algorithms=["ES256"])
    except (JoseError, ValueError, TypeError, RecursionError):
        return None
    if token.header.get("typ") != "at+jwt" or token.claims.get("iss") != ring.issuer or "cnf" not in token.claims:
        return None
    ring.remember(digest, token.claims)
    return token.claims


def read_token(ring: Ring, compact: str, audience: str, *, at: datetime) -> dict[str, Any]:
    """The claims of an access token good for `audience` now; whether it was taken back is asked in SQL. `TokenRefused`."""
    claims = _own_token(ring, compact)
    if claims is None or claims["aud"] != audience or claims["exp"] <= at.timestamp():
        raise TokenRefused
    return claims


@dataclass(frozen=True, slots=True)
class Admitted:
    """A client let in for one request: its id, what it is called, and the company it is bound to."""

    client_id: str
    name: str
    tax_code: str | None


_ADMIT = text("""
    with gate as (
      select exists (select from used_proof where owner = 'epoch' and jti = :epoch) as epoch,
             c.client_id, c.name, c.tax_code
      from (select 1) one
      left join oauth_client c on c.client_id = :client_id and c.status = 'active'
           and not exists (select from revoked_jti where jti = :jti)),
    proof as (
      insert into used_proof (owner, jti, expires)
      select :owner, :proof_jti, :expires from gate where epoch and client_id is not null
      on conflict do nothing returning true as fresh)
    select gate.epoch, gate.client_id, gate.name, gate.tax_code, proof.fresh from gate left join proof on true""")


async def admit(session: AsyncSession, ring: Ring, claims: Mapping[str, Any], proof: Proof, *, expires: datetime) -> Admitted:
    """Spend the proof and see that token and client still stand, in one statement. `TokenRefused` otherwise."""
    values = {"epoch": ring.epoch, "client_id": claims["client_id"], "jti": claims["jti"]}
    values |= {"owner": proof.jkt, "proof_jti": proof.jti}
    row = (await session.execute(_ADMIT, values | {"expires": expires})).one()
    if not row.epoch:
        raise TokenRefused("use_dpop_nonce")
    if row.client_id is None:
        raise TokenRefused
    if not row.fresh:
        raise TokenRefused("invalid_dpop_proof")
    return Admitted(row.client_id, row.name, row.tax_code)


# ---------------------------------------------------------------- what we say about ourselves


def server_metadata(issuer: str, mtls: str | None) -> dict[str, Any]:
    """RFC 8414. `response_types_supported` is empty because there is no front channel; `mtls` is where certificates are asked."""
    methods = {
        f"{name}_endpoint_auth_methods_supported": ["private_key_jwt"] for name in ("token", "introspection", "revocation")
    }
    algorithms = {
        f"{name}_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS
        for name in ("token", "introspection", "revocation")
    }
    return {
        "issuer": issuer,
        **_endpoints(issuer),
        "jwks_uri": f"{issuer}/oauth/jwks",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        **methods,
        **algorithms,
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "authorization_details_types_supported": [scopes.SHARED_DATA, scopes.FILING_DETAIL],
        "scopes_supported": list(scopes.SUPPORTED),
        "protected_resources": [scopes.sharing_resource(issuer), scopes.filing_resource(issuer), scopes.keys_resource(issuer)],
        "tls_client_certificate_bound_access_tokens": mtls is not None,
        **({"mtls_endpoint_aliases": _endpoints(mtls)} if mtls else {}),
    }


def _endpoints(base: str) -> dict[str, str]:
    paths = {"token": "token", "introspection": "introspect", "revocation": "revoke"}
    return {f"{name}_endpoint": f"{base}/oauth/{path}" for name, path in paths.items()}


Resource = Literal["filing", "sharing", "keys"]

_SAID: dict[Resource, tuple[str, list[str], list[str]]] = {
    "filing": ("Nộp hồ sơ bằng máy / Filing by machine", [scopes.FILING], [scopes.FILING_DETAIL]),
    "sharing": ("Dữ liệu dùng chung / Shared data", list(scopes.READS), [scopes.SHARED_DATA]),
    "keys": ("Khóa của ứng dụng / A client's own keys", [scopes.KEYS], []),
}


def resource_metadata(issuer: str, which: Resource, mtls: str | None) -> dict[str, Any]:
    """RFC 9728, for one of our resources. Filing takes no tokens that are bound to certificates."""
    name, held, types = _SAID[which]
    certificates = mtls is not None and which != "filing"
    return {
        "resource": scopes.resource_of(issuer, set(held[:1])),
        "resource_name": name,
        "authorization_servers": [issuer],
        "scopes_supported": held,
        "bearer_methods_supported": ["header"],
        "dpop_bound_access_tokens_required": not certificates,
        "dpop_signing_alg_values_supported": ALGORITHMS,
        "tls_client_certificate_bound_access_tokens": certificates,
        **({"authorization_details_types_supported": types} if types else {}),
    }
