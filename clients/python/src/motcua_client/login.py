"""Authentication for httpx: gets tokens, proves each request (RFC 9449), follows the server's nonces.

Works with `httpx.Client` and `httpx.AsyncClient` alike: `httpx.AsyncClient(auth=Login(…))`.
"""

import base64
import contextlib
import hashlib
import json
import time
import uuid
from collections.abc import AsyncGenerator, Generator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from motcua_client.keys import ClientKey
from motcua_client.refusals import AuthorizationRefused

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EARLY_S = 20
"""A token that ends within this time is not used for another request."""

Flow = Generator[httpx.Request, httpx.Response, httpx.Response]


@dataclass(frozen=True, slots=True)
class Purpose:
    """Under which agreement, and for which of its purposes, data are asked."""

    agreement: str
    purpose: str


@dataclass(frozen=True, slots=True)
class _Token:
    value: str
    ends: float


class Login(httpx.Auth):
    """Tokens of one client for `scope`, as an httpx authentication.

    Raises `AuthorizationRefused` when no token is given out. The proof key lives as long as this object and never leaves it.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        key: ClientKey,
        scope: str,
        under: Purpose | None = None,
        *,
        proof_key: ClientKey | None = None,
    ) -> None:
        self._issuer, self._client_id, self._key = issuer.rstrip("/"), client_id, key
        self._scope, self._under = scope, under
        self._proof_key = proof_key or ClientKey.generate("proof")
        self._endpoint = ""
        self._token: _Token | None = None
        self._nonces: dict[str, str] = {}

    def sync_auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """As httpx asks; only our own requests are read, so that a long answer to `request` can be streamed."""
        flow = self.auth_flow(request)
        with contextlib.suppress(StopIteration):
            asked = next(flow)
            while True:
                response = yield asked
                if asked is not request:
                    response.read()
                asked = flow.send(response)

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """The same for `httpx.AsyncClient`."""
        flow = self.auth_flow(request)
        with contextlib.suppress(StopIteration):
            asked = next(flow)
            while True:
                response = yield asked
                if asked is not request:
                    await response.aread()
                asked = flow.send(response)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Prove `request`; once more when the server asks for a nonce or no longer takes the token."""
        token = yield from self._good_token()
        response = yield from self._proven(request, token)
        if response.status_code == 401 and _error(response) == "invalid_token":
            self._token = None
            token = yield from self._good_token()
            yield from self._proven(request, token)

    def _good_token(self) -> Generator[httpx.Request, httpx.Response, str]:
        if self._token is None or self._token.ends <= time.monotonic():
            self._token = yield from self._new_token()
        return self._token.value

    def _proven(self, request: httpx.Request, token: str) -> Flow:
        """Send `request` with a proof; once more when the proof lacked the nonce that the server now gave."""
        request.headers["Authorization"] = f"DPoP {token}"
        request.headers["DPoP"] = self._proof(request, token)
        response = yield request
        if self._heed(response):
            request.headers["DPoP"] = self._proof(request, token)
            response = yield request
            self._heed(response)
        return response

    def _new_token(self) -> Generator[httpx.Request, httpx.Response, _Token]:
        if not self._endpoint:
            self._endpoint = yield from self._discovered()
        asked = time.monotonic()
        response = yield from self._asked_for_token()
        if response.status_code != 200:
            raise AuthorizationRefused.told_by(response)
        told = response.json()
        return _Token(told["access_token"], asked + told["expires_in"] - _EARLY_S)

    def _asked_for_token(self) -> Flow:
        """An assertion counts once, so asking again for the sake of the nonce takes a new one."""
        response = yield self._token_request()
        if self._heed(response):
            response = yield self._token_request()
            self._heed(response)
        return response

    def _token_request(self) -> httpx.Request:
        request = httpx.Request("POST", self._endpoint, data=self._form())
        request.headers["DPoP"] = self._proof(request)
        return request

    def _discovered(self) -> Generator[httpx.Request, httpx.Response, str]:
        """The token endpoint by RFC 8414; the metadata must be the issuer's own."""
        place = urlsplit(self._issuer)
        address = f"{place.scheme}://{place.netloc}/.well-known/oauth-authorization-server{place.path}"
        response = yield httpx.Request("GET", address)
        if response.status_code != 200:
            raise AuthorizationRefused.told_by(response)
        metadata = response.json()
        if metadata.get("issuer") != self._issuer:
            raise AuthorizationRefused("issuer_mismatch", "the metadata name another issuer", response.status_code)
        return str(metadata["token_endpoint"])

    def _form(self) -> dict[str, str]:
        now = int(time.time())
        claims = {"iss": self._client_id, "sub": self._client_id, "aud": self._issuer, "iat": now, "exp": now + 60}
        form = {
            "grant_type": "client_credentials",
            "scope": self._scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._key.sign(claims | {"jti": uuid.uuid4().hex}),
        }
        if self._under:
            detail = {"type": "moit.shared-data", "agreement": self._under.agreement, "purpose": self._under.purpose}
            form["authorization_details"] = json.dumps([detail])
        return form

    def _proof(self, request: httpx.Request, token: str | None = None) -> str:
        address = str(request.url.copy_with(query=None, fragment=None))
        claims: dict[str, Any] = {"htm": request.method, "htu": address, "iat": int(time.time()), "jti": uuid.uuid4().hex}
        if token:
            digest = hashlib.sha256(token.encode()).digest()
            claims["ath"] = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if nonce := self._nonces.get(_origin(request)):
            claims["nonce"] = nonce
        return self._proof_key.sign(claims, typ="dpop+jwt", with_key=True)

    def _heed(self, response: httpx.Response) -> bool:
        """Keep the server's newest nonce; True when the request was refused for want of it."""
        if nonce := response.headers.get("DPoP-Nonce"):
            self._nonces[_origin(response.request)] = nonce
        return response.status_code in {400, 401} and _error(response) == "use_dpop_nonce"


def _origin(request: httpx.Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc.decode()}"


def _error(response: httpx.Response) -> str:
    """The OAuth error of a refusal: in the body of the token endpoint, in WWW-Authenticate elsewhere."""
    challenge = response.headers.get("WWW-Authenticate", "")
    if 'error="' in challenge:
        return str(challenge.split('error="', 1)[1].split('"', 1)[0])
    try:
        told = response.json()
    except (ValueError, httpx.ResponseNotRead):
        return ""
    return str(told.get("error", "")) if isinstance(told, dict) else ""
