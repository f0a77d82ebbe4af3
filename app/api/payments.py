"""The gateway's door: the IPN, the only place where money becomes true."""

import logging

from fastapi import APIRouter, Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import JSONResponse, Response

from app.audit.record import refused
from app.core import clock, limits
from app.core.actor import ANYONE
from app.core.db import Sessions, transaction
from app.core.entry import anyone
from app.core.errors import Refusal, TooMany
from app.dossiers.actions import pay
from app.fees.actions import FORGED, UNKNOWN
from app.fees.gateway import read

log = logging.getLogger("motcua.payments")

router = APIRouter(prefix="/api/payments", dependencies=[Depends(anyone)], include_in_schema=False)


@router.get("/vnpay/ipn")
async def ipn(request: Request) -> Response:
    """Take a notice and answer in the gateway's own codes, always with 200: whoever calls is known by the signature alone."""
    state = request.app.state
    query = read(request.scope["query_string"])
    try:
        async with transaction(state.sessions) as session:
            settlement = await pay.settle(session, query, gateway=state.gateway, at=clock.now())
            reply = settlement.reply
    except (Refusal, SQLAlchemyError, OSError):
        # Not committed, so not confirmed: 99 makes the gateway come again.
        log.exception("a payment notice could not be taken")
        reply = UNKNOWN
    if reply is FORGED:
        await _remember_forgery(state.sessions)
    log.info("payment notice", extra={"reply": reply.code})
    return JSONResponse(reply.json(), headers={"cache-control": "no-store"})


async def _remember_forgery(sessions: Sessions) -> None:
    """An audit row for forged notices, at most one a minute after a few: the address is open to everyone, the log is for ever."""
    at = clock.now()
    try:
        async with transaction(sessions) as session:
            await limits.take(session, "forged-payment-notice", rate=1, per_seconds=60, burst=10, at=at)
    except TooMany:
        return
    await refused(sessions, ANYONE, "fees.settle", "forged", subject_kind="payment", subject_id="-", at=at)
