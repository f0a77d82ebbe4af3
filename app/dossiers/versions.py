"""Which version of its procedure a dossier could go by instead."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries as catalogue
from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.core.errors import NotFound
from app.dossiers.lifecycle import State
from app.dossiers.models import Dossier
from app.dossiers.visibility import visible_to


async def newer_for(session: AsyncSession, dossier: Dossier, *, at: datetime) -> Procedure | None:
    """The newer version in force that somebody is to be asked about; None once that was decided, or when it lets all stay."""
    if State(dossier.state) not in (State.DRAFT, State.SUBMITTED):
        return None
    try:
        now = await catalogue.published(session, dossier.procedure, on=day_in_vietnam(at))
    except NotFound:
        return None
    decided = any(told["to"] >= now.version for told in dossier.moves)
    asked = now.migration == "ask" or (now.migration == "move" and dossier.state == State.DRAFT)
    return now if now.version > dossier.version and asked and not decided else None


async def drafts_under(session: AsyncSession, newer: Procedure, *, limit: int) -> list[Dossier]:
    """Drafts of earlier versions, locked; those somebody is writing right now are left to the next turn."""
    wanted = (
        visible_to(SYSTEM)
        .select()
        .where(Dossier.state == State.DRAFT, Dossier.procedure == newer.slug, Dossier.version < newer.version)
        .limit(limit)
        .with_for_update(of=Dossier, skip_locked=True)
    )
    return list(await session.scalars(wanted))
