"""The agency stops processing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.permissions import Role
from app.core.text import Text
from app.dossiers.actions.ending import end_early, tell_end
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.saying import must_say
from app.dossiers.lifecycle import Act
from app.dossiers.printed import officer
from app.dossiers.queries import procedure_of, visible_to
from app.notices.wording import Kind as Told

_SAY_WHY = Text("Hãy ghi rõ lý do dừng xử lý.", "Say why processing stops.")


async def stop(session: AsyncSession, actor: Actor, dossier_id: UUID, *, reason: str, at: datetime) -> None:
    """A leader stops the dossier, with the reason on form 05. A refusal on the merits is a result instead: `decide`."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.STOP)
    said = must_say(reason, _SAY_WHY)
    procedure = await procedure_of(session, dossier)
    by = officer(actor.name, Role.UNIT_LEADER)
    await end_early(session, dossier, procedure, request="", decision=said, by=by, at=at)
    await move(session, actor, dossier, Act.STOP, procedure=procedure, payload={"reason": said}, at=at)
    await tell_end(session, dossier, procedure, Told.STOPPED, at=at)
