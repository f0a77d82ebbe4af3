"""The way in and out: to the identity provider, back with a code, and signing out."""

import secrets
from datetime import datetime

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.audit.events import Event
from app.audit.record import refused
from app.core.actor import ANYONE
from app.core.db import transaction
from app.core.entry import anyone
from app.core.errors import Refusal, Unreachable
from app.identity import actions, oidc
from app.identity.claims import read_claims
from app.identity.rules import ABSOLUTE, SignInRefused, browser_cookie, safe_return, session_cookie
from app.web.deps import At, MaybeVisitor, Session, csrf, limited
from app.web.pages import language_of, page

BROWSER_LIFE_SECONDS = 90 * 86400
# What a provider may answer instead of a code (RFC 6749, 4.1.2.1; OpenID Connect Core, 3.1.2.6); the rest is someone's invention.
PROVIDER_ERRORS = frozenset(
    {
        "access_denied",
        "account_selection_required",
        "consent_required",
        "interaction_required",
        "invalid_request",
        "invalid_scope",
        "login_required",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unmet_authentication_requirements",
    }
)
router = APIRouter(dependencies=[Depends(anyone)])


@router.get("/dang-nhap", dependencies=[Depends(limited("sign-in", rate=60, per_seconds=60, burst=30))])
async def begin(request: Request, session: Session, at: At, who: MaybeVisitor, tiep: str = "/") -> Response:
    """Off to the identity provider, remembering where to come back to."""
    if who:
        return RedirectResponse(safe_return(tiep), 303)
    browser = request.cookies.get(_browser_name(request)) or secrets.token_urlsafe(32)
    client, language = _client(request), language_of(request)
    url = await actions.begin_sign_in(session, client, browser=browser, return_to=tiep, language=language, at=at)
    response = RedirectResponse(url, 303)
    _set_cookie(request, response, _browser_name(request), browser, BROWSER_LIFE_SECONDS)
    return response


@router.get("/dang-nhap/tra-ve", dependencies=[Depends(limited("sign-in-return", rate=60, per_seconds=60, burst=30))])
async def come_back(request: Request, at: At) -> Response:
    """Back from the identity provider. Several steps, because no transaction stays open while the provider is asked."""
    try:
        cookie, return_to = await _finish(request, at)
    except (SignInRefused, Unreachable) as refusal:
        return await _refused(request, refusal, at)
    response = RedirectResponse(return_to, 303)
    _set_cookie(request, response, _session_name(request), cookie, int(ABSOLUTE.total_seconds()))
    return response


@router.post("/dang-xuat", dependencies=[Depends(csrf)])
async def leave(request: Request, session: Session, at: At, who: MaybeVisitor) -> Response:
    """Sign out: on the server first, then in the browser."""
    name = _session_name(request)
    if who:
        await actions.sign_out(session, who.actor, request.cookies[name], at=at)
    response = RedirectResponse("/", 303)
    response.delete_cookie(name, secure=_https(request), httponly=True, samesite="lax")
    return response


async def _finish(request: Request, at: datetime) -> tuple[str, str]:
    """The new session's cookie and where to go on."""
    client, sessions = _client(request), request.app.state.sessions
    callback = oidc.read_callback(client, request.url.query)
    async with transaction(sessions) as session:  # an attempt is spent even when what follows fails
        browser = request.cookies.get(_browser_name(request))
        attempt, provider = await actions.take_attempt(session, client, callback.state, browser=browser, at=at)
    if callback.code is None:
        raise SignInRefused(f"provider:{callback.error if callback.error in PROVIDER_ERRORS else 'other'}")
    claims = await oidc.redeem(client, provider, callback.code, verifier=attempt.verifier, nonce=attempt.nonce, at=at)
    told, old = read_claims(claims), request.cookies.get(_session_name(request))
    async with transaction(sessions) as session:  # kept even when the person may not enter
        person_id = await actions.meet(session, told)
    async with transaction(sessions) as session:
        return await actions.sign_in(session, person_id, told, replaces=old, at=at), attempt.return_to


async def _refused(request: Request, refusal: Refusal, at: datetime) -> Response:
    reason = refusal.reason if isinstance(refusal, SignInRefused) else refusal.slug
    where = {"subject_kind": "sign-in", "subject_id": "-"}
    await refused(request.app.state.sessions, ANYONE, Event.SIGN_IN_REFUSED, reason, **where, at=at)
    status = 503 if isinstance(refusal, Unreachable) else 403
    return page(request, "public/sign_in_refused.html", status=status, problem=refusal.text)


def _client(request: Request) -> oidc.Client:
    """The portal's registration, read from its key file once per process."""
    state = request.app.state
    if not hasattr(state, "oidc_client"):
        state.oidc_client = oidc.client_of(state.settings)
    client: oidc.Client = state.oidc_client
    return client


def _https(request: Request) -> bool:
    https: bool = request.app.state.settings.https
    return https


def _session_name(request: Request) -> str:
    return session_cookie(https=_https(request))


def _browser_name(request: Request) -> str:
    return browser_cookie(https=_https(request))


def _set_cookie(request: Request, response: Response, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, path="/", secure=_https(request), httponly=True, samesite="lax")
