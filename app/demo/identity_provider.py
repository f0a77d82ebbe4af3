"""A small OpenID provider with made-up people: authorization code, PKCE, private_key_jwt, `iss`, `acr`, `auth_time`.

It does what the portal demands of the real one and nothing more, and asks for no password: it refuses nobody, so production
refuses it. Codes live in memory; after a restart a sign-in under way simply begins again.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.oauth2.rfc7636 import create_s256_code_challenge
from jinja2 import Environment, PackageLoader
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.datastructures import FormData, QueryParams
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.core import clock
from app.core.settings import Settings
from app.core.text import Language
from app.demo.personas import (
    ADMINISTRATORS,
    BUSINESSES,
    COMPETITION_STAFF,
    CONTACT_OFFICER,
    DESK_OFFICER,
    DOMESTIC_MARKET_STAFF,
    ENTERPRISES,
    EVERYWHERE_ELSE,
    MINISTER,
    PERSONAS,
    PROVINCIAL_DESK,
    STEWARD,
    TAX_OFFICE,
    UNITS,
    Persona,
)
from app.identity.oidc import ASSERTION_TYPE

CODE_LIFE = timedelta(minutes=1)
TOKEN_LIFE = timedelta(minutes=5)
_HERE = Path(__file__).parent
_PAGES = Environment(loader=PackageLoader("app.demo"), autoescape=True)
_ASKED = ("client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "code_challenge", "code_challenge_method")


class Rejected(Exception):
    """What a client asked wrongly, as an OAuth error code."""


@dataclass(frozen=True, slots=True)
class Code:
    """An issued code: for whom, for which request, until when."""

    persona: Persona
    asked: dict[str, str]
    at: datetime


@dataclass
class Provider:
    """The provider's registration of its one client, its key, and what it remembers."""

    issuer: str
    client_id: str
    client_key: ECKey
    redirect_uri: str
    key: ECKey
    codes: dict[str, Code] = field(default_factory=dict)
    seen: dict[str, int] = field(default_factory=dict)

    def metadata(self) -> dict[str, Any]:
        """What a client reads first."""
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["ES256"],
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            "token_endpoint_auth_signing_alg_values_supported": ["ES256"],
            "code_challenge_methods_supported": ["S256"],
            "acr_values_supported": ["vneid:2", "vneid:org"],
            "authorization_response_iss_parameter_supported": True,
            "ui_locales_supported": ["vi", "en"],
        }

    def asked(self, given: QueryParams | FormData) -> dict[str, str]:
        """The authorization request, checked. `Rejected` unless it is our client's."""
        asked = {name: str(given.get(name, "")) for name in _ASKED}
        if asked["client_id"] != self.client_id or asked["redirect_uri"] != self.redirect_uri:
            raise Rejected("unauthorized_client")
        if asked["response_type"] != "code" or "openid" not in asked["scope"].split():
            raise Rejected("invalid_request")
        if asked["code_challenge_method"] != "S256" or not asked["code_challenge"] or not asked["state"]:
            raise Rejected("invalid_request")
        return asked

    def code_for(self, persona: Persona, asked: dict[str, str], at: datetime) -> str:
        """A one-time code."""
        self.codes = {key: code for key, code in self.codes.items() if at - code.at < CODE_LIFE}
        code = secrets.token_urlsafe(32)
        self.codes[code] = Code(persona, asked, at)
        return code

    def redeem(self, form: FormData, at: datetime) -> dict[str, Any]:
        """The token answer for a code. `Rejected` on a wrong client, code, verifier or address."""
        self._authenticate(form, at)
        code = self.codes.pop(str(form.get("code", "")), None)
        if form.get("grant_type") != "authorization_code" or code is None or at - code.at >= CODE_LIFE:
            raise Rejected("invalid_grant")
        challenge = create_s256_code_challenge(str(form.get("code_verifier", "")))
        if challenge != code.asked["code_challenge"] or form.get("redirect_uri") != code.asked["redirect_uri"]:
            raise Rejected("invalid_grant")
        return {
            "access_token": secrets.token_urlsafe(32),
            "token_type": "Bearer",
            "expires_in": int(TOKEN_LIFE.total_seconds()),
            "id_token": self._id_token(code, at),
        }

    def _authenticate(self, form: FormData, at: datetime) -> None:
        if form.get("client_assertion_type") != ASSERTION_TYPE:
            raise Rejected("invalid_client")
        same = {"essential": True, "value": self.client_id}
        audience = {"essential": True, "values": [self.issuer, f"{self.issuer}/token"]}
        needed = {"iss": same, "sub": same, "aud": audience, "exp": {"essential": True}, "jti": {"essential": True}}
        now = int(at.timestamp())
        try:
            claims = jwt.decode(str(form.get("client_assertion", "")), self.client_key, algorithms=["ES256"]).claims
            jwt.JWTClaimsRegistry(now=now, leeway=5, **needed).validate(claims)  # type: ignore[arg-type]  # `now` is typed apart
        except (JoseError, ValueError) as error:
            raise Rejected("invalid_client") from error
        self.seen = {jti: exp for jti, exp in self.seen.items() if exp > now}
        if claims["jti"] in self.seen:
            raise Rejected("invalid_client")
        self.seen[claims["jti"]] = claims["exp"]

    def _id_token(self, code: Code, at: datetime) -> str:
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": self.client_id,
            "iat": int(at.timestamp()),
            "exp": int((at + TOKEN_LIFE).timestamp()),
            "auth_time": int(code.at.timestamp()),
            "nonce": code.asked["nonce"],
            **claims_of(code.persona),
        }
        return jwt.encode({"alg": "ES256", "kid": self.key.thumbprint()}, claims, self.key)


def claims_of(persona: Persona) -> dict[str, Any]:
    """What the provider says about a person: an organisation account names its enterprise, a role is never told."""
    claims = {"sub": persona.subject, "name": persona.name, "email": persona.email, "acr": "vneid:2"}
    if persona.personal_number:
        claims["personal_number"] = persona.personal_number
    if persona.tax_code is None:
        return claims
    told = ENTERPRISES[persona.tax_code].model_dump(mode="json", exclude_none=True)
    return {**claims, "acr": "vneid:org", "organisation": told}


def create_app(settings: Settings) -> Starlette:
    """The provider, registered for the portal of these settings."""
    client_key = ECKey.import_key(json.loads((settings.var / "keys" / "oidc-client.jwk").read_text()))
    provider = Provider(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_key=client_key,
        redirect_uri=settings.public_url.rstrip("/") + "/dang-nhap/tra-ve",
        key=ECKey.import_key(json.loads((settings.var / "demo" / "id.jwk").read_text())),
    )
    routes = [
        Route("/.well-known/openid-configuration", metadata),
        Route("/jwks", jwks),
        Route("/authorize", choose, methods=["GET"]),
        Route("/authorize", chosen, methods=["POST"]),
        Route("/token", token, methods=["POST"]),
        Route("/style.css", style),
    ]
    app = Starlette(routes=routes)
    app.state.provider = provider
    return app


async def metadata(request: Request) -> Response:
    """Discovery."""
    return JSONResponse(_provider(request).metadata())


async def jwks(request: Request) -> Response:
    """The public key of ID tokens."""
    key = _provider(request).key
    public = {**key.as_dict(private=False), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
    return JSONResponse({"keys": [public]})


async def choose(request: Request) -> Response:
    """Show who one can be."""
    provider = _provider(request)
    try:
        asked = provider.asked(request.query_params)
    except Rejected as refusal:
        return _page(provider, "sign_in_error.html", "vi", 400, error=str(refusal))
    language = "en" if request.query_params.get("ui_locales", "").startswith("en") else "vi"
    other = urlencode({**request.query_params, "ui_locales": "vi" if language == "en" else "en"})
    return _page(provider, "sign_in.html", language, asked=asked, groups=_groups(language), other=f"?{other}")


async def chosen(request: Request) -> Response:
    """Send the browser back with a code."""
    provider = _provider(request)
    form = await request.form()
    try:
        asked = provider.asked(form)
        persona = PERSONAS[str(form.get("persona"))]
    except (Rejected, KeyError):
        return _page(provider, "sign_in_error.html", "vi", 400, error="invalid_request")
    answer = {"code": provider.code_for(persona, asked, clock.now()), "state": asked["state"], "iss": provider.issuer}
    return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)


async def token(request: Request) -> Response:
    """Exchange a code."""
    try:
        answer = _provider(request).redeem(await request.form(), clock.now())
    except Rejected as refusal:
        status = 401 if str(refusal) == "invalid_client" else 400
        return JSONResponse({"error": str(refusal)}, status)
    return JSONResponse(answer, headers={"Cache-Control": "no-store"})


async def style(_: Request) -> Response:
    """The pages' only style sheet."""
    return FileResponse(_HERE / "templates" / "sign_in.css", media_type="text/css")


def _provider(request: Request) -> Provider:
    provider: Provider = request.app.state.provider
    return provider


def _groups(language: str) -> list[tuple[str, list[tuple[Persona, str, str]]]]:
    """Headings with their personas, each with title and unit in words."""
    units = {code: (vi if language == "vi" else en) for code, vi, en, *_ in UNITS}
    groups: list[tuple[str, Sequence[Persona]]] = [
        ("Doanh nghiệp" if language == "vi" else "Businesses", BUSINESSES),
        (units["G02.990"], (DESK_OFFICER,)),
        (units["G02.918"], COMPETITION_STAFF),
        (units["G02.914"], DOMESTIC_MARKET_STAFF),
        ("Mọi đơn vị khác" if language == "vi" else "Every other unit", (PROVINCIAL_DESK, *EVERYWHERE_ELSE, MINISTER)),
        ("Quản trị" if language == "vi" else "Administration", (*ADMINISTRATORS, STEWARD)),
        (units[TAX_OFFICE], (CONTACT_OFFICER,)),
    ]
    spoken: Language = "vi" if language == "vi" else "en"
    return [(heading, [(p, p.title.in_(spoken), p.tax_code or "") for p in people]) for heading, people in groups]


def _page(provider: Provider, template: str, language: str, status: int = 200, **values: object) -> HTMLResponse:
    """A page that may load its style sheet and post to itself; Chromium also holds the redirect after it to `form-action`."""
    client = urlsplit(provider.redirect_uri)
    policy = f"default-src 'none'; style-src 'self'; form-action 'self' {client.scheme}://{client.netloc}; "
    headers = {
        "Content-Security-Policy": policy + "base-uri 'none'; frame-ancestors 'none'",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    path = urlsplit(provider.issuer).path
    body = _PAGES.get_template(template).render(base=path, lang=language, version=_style_version(), **values)
    return HTMLResponse(body, status, headers)


def _style_version() -> str:
    return sha256((_HERE / "templates" / "sign_in.css").read_bytes()).hexdigest()[:12]
