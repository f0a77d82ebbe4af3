"""The identity provider's own way to us: it says that a person has signed out there."""

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import JSONResponse

from app.api.deps import At
from app.api.oauth import Pairs
from app.audit.events import Event
from app.audit.record import refused
from app.core import limits
from app.core.actor import ANYONE
from app.core.db import transaction
from app.core.entry import anyone
from app.identity import logout, oidc
from app.identity.rules import SignInRefused

router = APIRouter(dependencies=[Depends(anyone)], include_in_schema=False)
_KEPT_NOWHERE = {"Cache-Control": "no-store"}


@router.post("/oidc/backchannel-logout")
async def backchannel_logout(request: Request, pairs: Pairs, at: At) -> Response:
    """OpenID Connect Back-Channel Logout 1.0: 200 when the sessions have ended, 400 when the token is not good."""
    state = request.app.state
    address = request.client.host if request.client else "-"
    async with transaction(state.sessions) as session:
        await limits.take(session, f"backchannel:{address}", rate=600, per_seconds=60, burst=100, at=at)
    tokens = [value for name, value in pairs or [] if name == "logout_token"]
    token = tokens[0] if len(tokens) == 1 else ""
    try:
        async with transaction(state.sessions) as session:
            await logout.leave_everywhere(session, oidc.client_of(state.settings), token, at=at)
    except SignInRefused as refusal:
        where = {"subject_kind": "sign-in", "subject_id": "-"}
        await refused(state.sessions, ANYONE, Event.SIGN_IN_REFUSED, refusal.reason, **where, at=at)
        return JSONResponse({"error": "invalid_request"}, 400, headers=_KEPT_NOWHERE)
    return Response(status_code=200, headers=_KEPT_NOWHERE)
