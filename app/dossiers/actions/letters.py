"""Letters and minutes of the internal process: what the ministry prints while it works on a dossier. Private to the actions."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.text import Text
from app.dossiers.actions.offices import head_of
from app.dossiers.models import Dossier
from app.dossiers.printed import consultation, grounds_of, officer
from app.identity import queries as identity
from app.issued import actions as issued

_SERIES = "LYK"
_QUESTION = Text(
    "Đề nghị quý cơ quan cho ý kiến về nội dung hồ sơ thuộc phạm vi quản lý.",
    "Please give your opinion on what in the dossier is within your remit.",
)


async def letter_to(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, step: Step, unit: str, due: datetime, *, at: datetime
) -> None:
    """Order the letter that asks a unit for its opinion."""
    asked = await identity.unit(session, unit)
    letter = consultation(
        await head_of(session, dossier, procedure),
        to=asked.name_vi,
        question=(step.question or _QUESTION).vi,
        grounds=grounds_of(procedure),
        reply_by=due,
        by=officer(dossier.officer_name or "", step.role),
    )
    await issued.order(session, letter, dossier_id=dossier.id, unit=dossier.unit, series=_SERIES, at=at)
