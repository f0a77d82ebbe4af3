"""Sheets that go out or are kept in passing: the fee notice, and form 06 when a dossier has ended. Private to the actions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import FeeDue, Procedure
from app.core.clock import day_in_vietnam
from app.dossiers.actions.offices import head_of
from app.dossiers.control import sheet_of
from app.dossiers.models import Dossier
from app.dossiers.sheets import fee_notice
from app.issued import actions as issued

_FEE_SERIES, _CONTROL_SERIES = "TBP", "PKS"
_INSTANT = timedelta(microseconds=1)  # a deadline is the midnight that closes its last day


async def send_fee_notice(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, due: Sequence[FeeDue], *, until: datetime, at: datetime
) -> None:
    """Order the notice of the fees that have fallen due."""
    head = await head_of(session, dossier, procedure, at_desk=True)
    notice = fee_notice(head, due, pay_by=day_in_vietnam(until - _INSTANT))
    await issued.order(session, notice, dossier_id=dossier.id, unit=dossier.desk, series=_FEE_SERIES, at=at)


async def keep_control_sheet(session: AsyncSession, dossier: Dossier, procedure: Procedure, *, at: datetime) -> None:
    """Order form 06 as it stands now that nothing more is owed; a dossier never received changed no hands."""
    if dossier.received_at is None:
        return
    await session.flush()
    sheet = await sheet_of(session, dossier, procedure)
    await issued.order(session, sheet, dossier_id=dossier.id, unit=dossier.desk, series=_CONTROL_SERIES, at=at)
