"""What every early end has in common: tasks dropped, bills cancelled, form 05 ordered. Private to the actions."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.text import Text
from app.dossiers.actions.offices import head_of
from app.dossiers.actions.sheets import keep_control_sheet
from app.dossiers.lifecycle import STATE_NAME, State
from app.dossiers.models import Dossier
from app.dossiers.printed import stop_notice
from app.fees import actions as fees
from app.fees.queries import bills_of
from app.issued import actions as issued
from app.issued.facts import Officer
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.tasks import actions as tasks

_NOTHING_PAID = "Chưa phát sinh khoản phí, lệ phí đã nộp."
_PAID = "Phí, lệ phí đã nộp được xử lý theo quy định về phí, lệ phí của thủ tục."


async def end_early(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, *, request: str, decision: str, by: Officer, at: datetime
) -> None:
    """Before the move: nothing is left to do or to pay, and the stop notice (form 05) says why."""
    paid = any(bill.paid_at is not None for bill in await bills_of(session, dossier.id))
    await tasks.cancel_open(session, dossier.id, at=at)
    await fees.cancel_open(session, dossier.id, at=at)
    form = stop_notice(
        await head_of(session, dossier, procedure, at_desk=True),
        request=request,
        stage=_stage(dossier, procedure),
        decision=decision,
        money=_PAID if paid else _NOTHING_PAID,
        by=by,
    )
    await issued.order(session, form, dossier_id=dossier.id, unit=dossier.desk, series="DGQ", at=at)


def _stage(dossier: Dossier, procedure: Procedure) -> str:
    stage = procedure.stage(dossier.stage) if dossier.stage else None
    now: Text = stage.title if stage else STATE_NAME[State(dossier.state)]
    return now.vi


async def tell_end(session: AsyncSession, dossier: Dossier, procedure: Procedure, kind: Told, *, at: datetime) -> None:
    """After the move: tell the business that its dossier has ended, and keep who had it in hand until then (form 06)."""
    await keep_control_sheet(session, dossier, procedure, at=at)
    told: dict[str, str | int] = {"reference": dossier.reference or ""}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=kind, params=told, at=at)
