"""What nobody answered in time ends by itself, as the procedure says."""

import logging
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.core.permissions import Role
from app.dossiers.actions.ending import end_early, tell_end
from app.dossiers.actions.inspect import time_is_up
from app.dossiers.actions.move import move
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.printed import officer
from app.dossiers.queries import procedure_of, waiting_past
from app.fees import actions as fees
from app.fees.queries import open_bill
from app.notices.wording import Kind as Told

log = logging.getLogger(__name__)

_UNPAID = "Trả lại hồ sơ: quá thời hạn nộp phí, lệ phí mà chưa nộp."
_UNANSWERED = "Trả lại hồ sơ: quá thời hạn bổ sung mà chưa nhận được hồ sơ bổ sung."


async def lapse_overdue(session: AsyncSession, at: datetime, *, limit: int = 100) -> int:
    """Job: close dossiers whose business let the time to pay or to supply run out. Returns how many."""
    return sum([await _tried(session, dossier, at) for dossier in await waiting_past(session, at=at, limit=limit)])


async def _tried(session: AsyncSession, dossier: Dossier, at: datetime) -> bool:
    """One that cannot be closed must not keep the others open: it is logged, and tried again next time."""
    dossier_id = dossier.id
    try:
        async with session.begin_nested():
            await _lapse(session, dossier, at)
    except Exception:
        log.exception("dossier %s could not be lapsed", dossier_id)
        return False
    return True


async def _lapse(session: AsyncSession, dossier: Dossier, at: datetime) -> None:
    if dossier.state == State.AWAITING_CORRECTION:
        await time_is_up(session, dossier, at=at)
        return
    procedure = await procedure_of(session, dossier)
    bill = await open_bill(session, dossier.id)
    fee = procedure.fee(bill.fee) if bill else None
    if bill is not None:
        await fees.lapse(session, dossier.id, bill.id, at=at)
    payload = {"waited_for": dossier.state, "then": fee.unpaid_after.then if fee else "return"}
    decision = _UNPAID if bill else _UNANSWERED
    by = officer("Hệ thống", Role.INTAKE_OFFICER)
    await end_early(session, dossier, procedure, request="", decision=decision, by=by, at=at)
    await move(session, SYSTEM, dossier, Act.LAPSE, procedure=procedure, payload=payload, at=at)
    kind = Told.REFUSED_AT_INTAKE if dossier.state == State.REFUSED_AT_INTAKE else Told.STOPPED
    await tell_end(session, dossier, procedure, kind, at=at)
