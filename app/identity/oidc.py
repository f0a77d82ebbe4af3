"""OpenID Connect, our side: authorization code with PKCE, a client that signs (private_key_jwt), and our own checks.

Authlib 1.9 offers a client for web frameworks, but it ignores `iss` (RFC 9207) and a missing `acr`; so we take its building
blocks and check the answers here, in the order that matters: parameters, state, issuer, only then the code.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
from authlib.oauth2.rfc7523.assertion import sign_jwt_bearer_assertion
from authlib.oauth2.rfc7636 import create_s256_code_challenge
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

from app.core.errors import Unreachable
from app.core.settings import Settings
from app.core.text import has_unwanted
from app.identity.rules import WEAK_SIGN_IN, SignInRefused

SIGNATURES = ["ES256", "ES384", "PS256", "RS256"]
MAX_AGE = timedelta(hours=1)
LEEWAY_SECONDS = 10
LEEWAY = timedelta(seconds=LEEWAY_SECONDS)
TIMEOUT_SECONDS = 5
MAX_ANSWER_BYTES = 256 * 1024
LOGOUT_TYPE = "logout+jwt"
LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@dataclass(frozen=True, slots=True)
class Client:
    """The portal as the identity provider knows it. `loopback` allows plain http to this machine (demo only)."""

    issuer: str
    client_id: str
    redirect_uri: str
    accepted_acr: tuple[str, ...]
    key: ECKey
    loopback: bool


@dataclass(frozen=True, slots=True)
class Provider:
    """What we need of the identity provider's published metadata."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    keys: KeySet


@dataclass(frozen=True, slots=True)
class Secrets:
    """Made for one sign-in: `state` returns through the browser, `nonce` in the ID token, `verifier` never leaves us."""

    state: str
    nonce: str
    verifier: str


@dataclass(frozen=True, slots=True)
class Callback:
    """The parameters of a callback whose issuer has been checked; one of `code` and `error` is set."""

    state: str
    code: str | None
    error: str | None


def client_of(settings: Settings) -> Client:
    """The portal's registration at the configured provider; its private key lies beside the other keys."""
    path = settings.oidc_client_key or settings.var / "keys" / "oidc-client.jwk"
    return Client(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        redirect_uri=settings.public_url.rstrip("/") + "/dang-nhap/tra-ve",
        accepted_acr=tuple(settings.oidc_accepted_acr.split()),
        key=ECKey.import_key(json.loads(path.read_text())),
        loopback=settings.fetch_loopback,
    )


def new_secrets() -> Secrets:
    """Fresh values for one sign-in."""
    return Secrets(state=secrets.token_urlsafe(32), nonce=secrets.token_urlsafe(32), verifier=secrets.token_urlsafe(48))


async def fetch_metadata(client: Client) -> tuple[dict[str, Any], dict[str, Any]]:
    """The provider's metadata and public keys, checked enough to be stored. `Unreachable` when it does not answer."""
    document = await _json(client, "GET", client.issuer.rstrip("/") + "/.well-known/openid-configuration")
    jwks = await _json(client, "GET", str(document.get("jwks_uri", "")))
    provider_of(client, document, jwks)
    return document, jwks


def provider_of(client: Client, document: Mapping[str, Any], jwks: Mapping[str, Any]) -> Provider:
    """Read stored metadata. `Unreachable` when it is not that of the configured issuer or lacks what we need."""
    try:
        if document["issuer"] != client.issuer or "S256" not in document["code_challenge_methods_supported"]:
            raise Unreachable
        return Provider(
            issuer=document["issuer"],
            authorization_endpoint=_permitted(client, document["authorization_endpoint"]),
            token_endpoint=_permitted(client, document["token_endpoint"]),
            keys=KeySet.import_key_set({"keys": [key for key in jwks["keys"] if key.get("use", "sig") == "sig"]}),
        )
    except (KeyError, TypeError, JoseError) as error:
        raise Unreachable from error


def authorization_url(client: Client, provider: Provider, made: Secrets, language: str) -> str:
    """Where the browser goes to sign in."""
    parameters = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": client.redirect_uri,
        "scope": "openid profile email",
        "state": made.state,
        "nonce": made.nonce,
        "code_challenge": create_s256_code_challenge(made.verifier),
        "code_challenge_method": "S256",
        "acr_values": " ".join(client.accepted_acr),
        "max_age": str(int(MAX_AGE.total_seconds())),
        "ui_locales": language,
    }
    return f"{provider.authorization_endpoint}?{urlencode(parameters)}"


def read_callback(client: Client, query: str) -> Callback:
    """The callback's parameters: each at most once, and from our issuer (RFC 9207), before anything else is believed."""
    pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=20)
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise SignInRefused("repeated-parameter")
    if parameters.get("iss") != client.issuer:
        raise SignInRefused("iss")
    state, code, error = parameters.get("state"), parameters.get("code"), parameters.get("error")
    if not state or bool(code) == bool(error):
        raise SignInRefused("callback")
    return Callback(state=state, code=code, error=error)


@dataclass(frozen=True, slots=True)
class Logout:
    """A provider's word that a person has left: one of `subject` and `sid` (a session there) is set. `issued_at`: not later."""

    subject: str | None
    sid: str | None
    issued_at: datetime


def check_logout_token(client: Client, provider: Provider, token: str, *, at: datetime) -> Logout:
    """Read a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.6). `SignInRefused` when it is not good.

    One may come twice: it ends only sessions begun before it was issued, so a repeated one ends nothing more.
    """
    now = int(at.timestamp())
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": client.issuer},
        aud={"essential": True, "value": client.client_id},
        exp={"essential": True},
        iat={"essential": True},
        jti={"essential": True},
    )
    try:
        read = jwt.decode(token, provider.keys, algorithms=SIGNATURES)
        registry.validate(read.claims)
        said = Logout(
            _text(read.claims.get("sub")), _text(read.claims.get("sid")), datetime.fromtimestamp(read.claims["iat"], UTC)
        )
    except (JoseError, ValueError, TypeError, OverflowError) as error:
        raise SignInRefused("logout-token") from error
    events = read.claims.get("events")
    if read.header.get("typ", LOGOUT_TYPE) not in {LOGOUT_TYPE, "JWT"} or "nonce" in read.claims:
        raise SignInRefused("logout-token")  # an ID token is none, whatever else it says
    if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict) or not (said.subject or said.sid):
        raise SignInRefused("logout-token")
    return said


def _text(value: object) -> str | None:
    if value is not None and (not isinstance(value, str) or not 0 < len(value) <= 255 or has_unwanted(value)):
        raise ValueError("not a name")
    return value


async def redeem(client: Client, provider: Provider, code: str, *, verifier: str, nonce: str, at: datetime) -> dict[str, Any]:
    """Exchange the code and check the ID token. The one call that a web process makes to the outside."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": client.redirect_uri,
        "client_id": client.client_id,
        "code_verifier": verifier,
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": _assertion(client, at),
    }
    answer = await _json(client, "POST", provider.token_endpoint, form)
    return check_id_token(client, provider, str(answer.get("id_token", "")), nonce=nonce, at=at)


def check_id_token(client: Client, provider: Provider, token: str, *, nonce: str, at: datetime) -> dict[str, Any]:
    """The claims of an ID token made for us, for this sign-in, now, and strong enough."""
    now = int(at.timestamp())
    registry = jwt.JWTClaimsRegistry(
        now=now,
        leeway=LEEWAY_SECONDS,
        iss={"essential": True, "value": client.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": client.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        claims = jwt.decode(token, provider.keys, algorithms=SIGNATURES).claims
        registry.validate(claims)
    except (JoseError, ValueError) as error:
        raise SignInRefused("id-token") from error
    if claims["aud"] not in (client.client_id, [client.client_id]):
        raise SignInRefused("aud")
    if claims.get("acr") not in client.accepted_acr:
        raise SignInRefused("acr", WEAK_SIGN_IN)
    _check_auth_time(claims.get("auth_time"), now)
    return claims


def _check_auth_time(auth_time: object, now: int) -> None:
    if not isinstance(auth_time, int) or isinstance(auth_time, bool):
        raise SignInRefused("auth_time")
    if not now - MAX_AGE.total_seconds() - LEEWAY_SECONDS <= auth_time <= now + LEEWAY_SECONDS:
        raise SignInRefused("auth_time")


def _assertion(client: Client, at: datetime) -> str:
    issued = int(at.timestamp())
    assertion: str = sign_jwt_bearer_assertion(
        client.key,
        client.client_id,
        client.issuer,
        subject=client.client_id,
        issued_at=issued,
        expires_at=issued + 60,
        header={"alg": "ES256", "kid": client.key.thumbprint()},
    )
    return assertion


def _permitted(client: Client, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (client.loopback and parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        return url
    raise Unreachable


async def _json(client: Client, method: str, url: str, form: dict[str, str] | None = None) -> dict[str, Any]:
    """One bounded request without redirects, proxies of the environment or cookies; a JSON object or `Unreachable`."""
    try:
        async with (
            httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http,
            http.stream(method, _permitted(client, url), data=form, headers={"Accept": "application/json"}) as response,
        ):
            body = b""
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise Unreachable
    except httpx.HTTPError as error:
        raise Unreachable from error
    return _answer(response.status_code, body)


def _answer(status: int, body: bytes) -> dict[str, Any]:
    # 400 and 401 are the provider's considered answer (a used or expired code); everything else is its trouble, not ours.
    if status in (400, 401):
        raise SignInRefused("token-endpoint")
    try:
        answer = json.loads(body) if status == httpx.codes.OK else None
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        raise Unreachable
    return answer
