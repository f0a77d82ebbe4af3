"""Authlib's authorization server on plain values: it judges one request and says what should be written; it writes nothing.

The library is synchronous and framework-free, so `tokens` loads everything first, runs one `Core` per request, and then
writes in the same transaction. What the library lacks is ours: DPoP (RFC 9449), tokens bound to certificates (8705),
resource indicators (8707), rich authorization requests (9396). Time is `at`, never the library's own clock.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749 import ClientMixin, OAuth2Payload, OAuth2Request, grants
from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from authlib.oauth2.rfc7662 import IntrospectionEndpoint
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import ECKey, KeySet

from app.core.ids import uuid7
from app.sharing import scopes
from app.sharing.granting import Deal, asked_in, granted
from app.sharing.keys import TOKEN_LIFE, Ring
from app.sharing.proofs import MEMORY_SECONDS, ProofRefused, read_proof
from app.sharing.rules import TOKEN_ID

ASSERTION_ALGORITHMS = ["ES256", "PS256", "EdDSA", "Ed25519"]
LONGEST_ASSERTION_SECONDS = 300
LEEWAY_SECONDS = 10
"""FAPI 2.0, 5.3.2.1: times up to 10 seconds ahead are taken, those more than 60 never."""

UNKNOWN = "no such client, or not its assertion"
"""The one answer to whoever has not proven to be a client: which clients there are is nobody's business."""

_DECOY = ECKey.generate_key("P-256")
"""Verified against when there is no key: an unknown client or key takes as long as a bad signature."""

_NO_STORE = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Pragma", "no-cache")]


@dataclass
class Client(ClientMixin):
    """A client with the keys good at this moment. `ClientMixin` asks; these are the answers."""

    client_id: str
    party: str
    keys: KeySet
    scopes: frozenset[str]
    tax_code: str | None
    deals: Mapping[str, Deal]
    constraint: str = "dpop"

    @property
    def has_certificates(self) -> bool:
        """Whether its tokens are bound to a certificate instead of a DPoP key."""
        return self.constraint == "mtls"

    def get_client_id(self) -> str:
        """The id that Authlib prints into its log at debug level."""
        return self.client_id

    def get_allowed_scope(self, scope: str | None) -> str | None:
        """The scope as asked when all of it is allowed; None makes Authlib say `invalid_scope`."""
        wanted = scope.split() if scope else sorted(self.scopes)
        return " ".join(wanted) if set(wanted) <= self.scopes | {scopes.KEYS} else None

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Only signed assertions, at every endpoint."""
        return bool(endpoint) and method == "private_key_jwt"

    def check_grant_type(self, grant_type: str) -> bool:
        """Only client_credentials."""
        return grant_type == "client_credentials"


@dataclass(frozen=True, slots=True)
class Spent:
    """A one-time value to be remembered until `expires`."""

    kind: str
    owner: str
    jti: str
    expires: datetime


@dataclass
class Loaded:
    """What `tokens` found before the core runs, and what the core asks to be written after.

    `client` is whom the request says it is from; `proven` the `kid` by which that was shown to be so.
    """

    client: Client | None
    token: dict[str, Any] | None
    revoked: bool
    proven: str | None = None
    spent: list[Spent] = field(default_factory=list)
    issued: dict[str, Any] | None = None
    revoke: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One request to an OAuth endpoint: its public address, form pairs, DPoP headers, and the certificate's thumbprint."""

    url: str
    pairs: Sequence[tuple[str, str]]
    proofs: Sequence[str]
    thumbprint: str | None = None


class InvalidProof(OAuth2Error):
    """A DPoP proof that is not good, or `use_dpop_nonce`."""

    error = "invalid_dpop_proof"


class InvalidTarget(OAuth2Error):
    """RFC 8707: a resource we do not protect, or one the scope does not belong to."""

    error = "invalid_target"


class _Payload(OAuth2Payload):
    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        self._all: defaultdict[str, list[str]] = defaultdict(list)
        for name, value in pairs:
            self._all[name].append(value)

    @property
    def data(self) -> dict[str, str]:
        return {name: values[-1] for name, values in self._all.items()}

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return self._all


class Request(OAuth2Request):
    """Authlib's request, from the public address: behind a proxy the address the server sees is http, and refused."""

    def __init__(self, call: Call) -> None:
        super().__init__("POST", call.url)
        self.payload = _Payload(call.pairs)
        self.proofs = call.proofs
        self.thumbprint = call.thumbprint
        self.bound: dict[str, str] = {}
        self.resource = ""
        self.details: list[dict[str, Any]] = []

    @property
    def args(self) -> dict[str, str]:
        """Nothing is ever read from the query string."""
        return {}

    @property
    def form(self) -> dict[str, str]:
        """The form, one value per name."""
        return self.payload.data


class _PrivateKeyJwt(JWTBearerClientAssertion):
    CLIENT_AUTH_METHOD = "private_key_jwt"  # the library's own name for it is not a registered one

    def __init__(self, ring: Ring, loaded: Loaded, at: datetime) -> None:
        super().__init__()
        self.ring, self.loaded, self.at = ring, loaded, at
        self.named: str | None = None

    def __call__(self, query_client: Any, request: "Request") -> Client | None:
        self.named = request.form.get("client_id")
        return super().__call__(query_client, request)  # type: ignore[no-any-return]  # half typed library

    def resolve_client_public_key(self, client: Client) -> KeySet:
        return client.keys

    def process_assertion_claims(self, assertion: str, key: KeySet) -> dict[str, Any]:
        try:
            header, claims = _verified(assertion, key)
        except (JoseError, ValueError, TypeError, RecursionError) as error:
            raise InvalidClientError(description=UNKNOWN) from error
        self.loaded.proven = str(header.get("kid") or key.keys[0].kid)
        if fault := self._fault(claims):
            raise InvalidClientError(description=fault)
        until = datetime.fromtimestamp(claims["exp"] + LEEWAY_SECONDS, self.at.tzinfo)
        self.loaded.spent.append(Spent("assertion", claims["sub"], claims["jti"], until))
        return claims

    def _fault(self, claims: Mapping[str, Any]) -> str | None:
        now, expires, jti = self.at.timestamp(), claims.get("exp"), claims.get("jti")
        if claims.get("iss") != claims.get("sub") or self.named not in {None, claims.get("sub")}:
            return "iss, sub and the parameter client_id must be the same"
        if claims.get("aud") != self.ring.issuer:  # a list, even of this one, is refused: the assertion is for us alone
            return "aud must be the issuer, one string"
        if isinstance(expires, bool) or not isinstance(expires, int | float) or not now - LEEWAY_SECONDS < expires:
            return "exp is missing or past"
        if expires > now + LONGEST_ASSERTION_SECONDS + LEEWAY_SECONDS:
            return "exp is more than 300 seconds ahead"
        if not isinstance(jti, str) or not TOKEN_ID.fullmatch(jti):
            return "jti must be 1 to 128 printable signs"
        return _time_fault(claims, now)


def _verified(assertion: str, keys: KeySet) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims of an assertion signed with one of `keys`. Raises what the library raises."""
    try:
        token = jwt.decode(assertion, keys, algorithms=ASSERTION_ALGORITHMS)
    except InvalidKeyIdError:
        token = jwt.decode(assertion, _DECOY, algorithms=ASSERTION_ALGORITHMS)
    return token.header, token.claims


def _time_fault(claims: Mapping[str, Any], now: float) -> str | None:
    """`nbf` and `iat` may be left out; when they are there, they must not lie ahead."""
    for name in ("nbf", "iat"):
        value = claims.get(name, now)
        if isinstance(value, bool) or not isinstance(value, int | float) or value > now + LEEWAY_SECONDS:
            return f"{name} lies ahead"
    return None


def type_of(claims: Mapping[str, Any]) -> str:
    """How a token is shown: bound to a certificate it travels as Bearer (RFC 8705), else with a proof."""
    return "Bearer" if "x5t#S256" in claims["cnf"] else "DPoP"


class _ClientCredentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["private_key_jwt"]  # noqa: RUF012  # the library reads a class attribute  (the library reads this class attribute)

    def validate_token_request(self) -> None:
        super().validate_token_request()
        server: Core = self.server
        scope = set((self.client.get_allowed_scope(self.request.payload.scope) or "").split())
        self.request.resource = self._resource(server.ring.issuer, scope)
        asked = asked_in(self.request.payload.data.get("authorization_details"))
        self.request.details = granted(asked, self.client.deals, scope, self.request.resource, tax_code=self.client.tax_code)
        self.request.bound = server.bind(self.request, self.client)

    def _resource(self, issuer: str, scope: set[str]) -> str:
        resource = scopes.resource_of(issuer, scope)
        if resource is None:
            raise InvalidScopeError(description="scopes of one resource at a time")
        if any(value != resource for value in self.request.payload.datalist.get("resource", [])):
            raise InvalidTarget("the scope does not belong to this resource")
        return resource

    def generate_token(self, **kwargs: Any) -> dict[str, Any]:
        scope = self.client.get_allowed_scope(kwargs.get("scope"))
        claims = self.server.claims_of(self.request, self.client, scope)
        self.server.loaded.issued = claims
        answer = {
            "access_token": self.server.signed(claims),
            "token_type": type_of(claims),
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "scope": scope,
        }
        return answer | ({"authorization_details": self.request.details} if self.request.details else {})


class _Token(dict[str, Any]):
    """The claims of a verified token, with the questions Authlib asks of one."""

    dead = False

    def is_expired(self) -> bool:
        return self.dead

    def is_revoked(self) -> bool:
        return self.dead

    def check_client(self, client: Client) -> bool:
        return bool(self["client_id"] == client.client_id)


class _Introspection(IntrospectionEndpoint):
    CLIENT_AUTH_METHODS = ["private_key_jwt"]  # noqa: RUF012  # the library reads a class attribute

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Token | None:  # noqa: ARG002  # the library calls it so
        return self.server.token()  # type: ignore[no-any-return]  # half typed library

    def check_permission(self, token: _Token, client: Client, request: Request) -> bool:  # noqa: ARG002  # the library calls it so
        return token.check_client(client)

    def introspect_token(self, token: _Token) -> dict[str, Any]:
        return {"active": True, "token_type": type_of(token), **token}


class _Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = ["private_key_jwt"]  # noqa: RUF012  # the library reads a class attribute

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Token | None:  # noqa: ARG002  # the library calls it so
        return self.server.token()  # type: ignore[no-any-return]  # half typed library

    def revoke_token(self, token: _Token, request: Request) -> None:  # noqa: ARG002  # the library calls it so
        self.server.loaded.revoke = dict(token)


class Core(AuthorizationServer):
    """Made per request: registering is a few list appends, and nothing is shared between requests."""

    def __init__(self, ring: Ring, loaded: Loaded, at: datetime) -> None:
        super().__init__(scopes_supported=list(scopes.SUPPORTED))
        self.ring, self.loaded, self.at = ring, loaded, at
        self.register_grant(_ClientCredentials)
        self.register_client_auth_method("private_key_jwt", _PrivateKeyJwt(ring, loaded, at))
        self.register_endpoint(_Introspection)
        self.register_endpoint(_Revocation)

    def bind(self, request: Request, client: Client) -> dict[str, str]:
        """What the token will be bound to (`cnf`): the certificate of this connection, or the key of the proof."""
        if not client.has_certificates:
            return {"jkt": self._prove(request)}
        if request.thumbprint is None:
            raise InvalidRequestError("this client calls with its certificate, at mtls_endpoint_aliases")
        return {"x5t#S256": request.thumbprint}

    def _prove(self, request: Request) -> str:
        """The thumbprint of the proof's key; the proof is noted as spent."""
        try:
            proof = read_proof(request.proofs, "POST", request.uri, self.ring.nonces, at=self.at)
        except ProofRefused as refused:
            raise InvalidProof(refused.reason, error=refused.code) from refused
        self.loaded.spent.append(Spent("proof", proof.jkt, proof.jti, self.at + timedelta(seconds=MEMORY_SECONDS)))
        return proof.jkt

    def claims_of(self, request: Request, client: Client, scope: str) -> dict[str, Any]:
        """The claims of a new token: RFC 9068 with `cnf` and the granted details."""
        issued_at = int(self.at.timestamp())
        return {
            "iss": self.ring.issuer,
            "sub": client.client_id,
            "client_id": client.client_id,
            "aud": request.resource,
            "scope": scope,
            "iat": issued_at,
            "exp": issued_at + int(TOKEN_LIFE.total_seconds()),
            "jti": uuid7().hex,
            "cnf": request.bound,
            "authorization_details": request.details,
        }

    def signed(self, claims: dict[str, Any]) -> str:
        """The token, under the one active key."""
        return jwt.encode({"alg": "ES256", "typ": "at+jwt", "kid": self.ring.active.kid}, claims, self.ring.active)

    def token(self) -> _Token | None:
        """The token shown at introspection or revocation, if it is one of ours."""
        if self.loaded.token is None:
            return None
        shown = _Token(self.loaded.token)
        shown.dead = self.loaded.revoked or shown["exp"] <= self.at.timestamp() or not self._still_agreed(shown)
        return shown

    def _still_agreed(self, token: _Token) -> bool:
        """Whether the agreements behind a token of the asking client are the ones in force."""
        deals = self.loaded.client.deals if self.loaded.client else {}
        details = [detail for detail in token["authorization_details"] if detail["type"] == scopes.SHARED_DATA]
        held = [deals.get(detail["agreement"]) for detail in details]
        return all(deal and deal.version == detail["agreement_version"] for deal, detail in zip(held, details, strict=True))

    def query_client(self, client_id: str) -> Client:
        """The client that was loaded for this request; for anyone else one without keys, whom no assertion fits."""
        client = self.loaded.client
        known = client if client and client.client_id == client_id else None
        return known or Client(client_id, "", KeySet([]), frozenset(), None, {})

    def save_token(self, token: dict[str, Any], request: Request) -> None:
        """Nothing: an exception here would be a 500 and no OAuth error; `tokens` writes after the core has run."""

    def create_oauth2_request(self, request: Request) -> Request:
        """Our request is one already."""
        return request

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: Any) -> tuple[int, Any, list[tuple[str, str]]]:
        """Plain values for the door; every answer of these endpoints is kept out of caches."""
        wanted = [(name, value) for name, value in headers if name.lower() not in {"content-type", "cache-control", "pragma"}]
        return status, body, [*wanted, *_NO_STORE]
