"""The business takes its dossier back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import in_vietnam
from app.core.permissions import Role
from app.dossiers.actions.ending import end_early, tell_end
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.saying import may_say
from app.dossiers.lifecycle import Act
from app.dossiers.printed import officer
from app.dossiers.queries import procedure_of, visible_to
from app.notices.wording import Kind as Told


async def withdraw(session: AsyncSession, actor: Actor, dossier_id: UUID, *, reason: str, at: datetime) -> None:
    """Withdraw until the decision is made (form 05). A bill not yet paid is no longer owed."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.WITHDRAW)
    said = may_say(reason, where="reason")
    procedure = await procedure_of(session, dossier)
    request = f"Đề nghị rút hồ sơ gửi trực tuyến lúc {in_vietnam(at):%H:%M ngày %d/%m/%Y}"
    await end_early(
        session,
        dossier,
        procedure,
        request=f"{request}: {said}" if said else request,
        decision="Dừng giải quyết hồ sơ theo đề nghị của doanh nghiệp.",
        by=officer("Hệ thống", Role.INTAKE_OFFICER),
        at=at,
    )
    await move(session, actor, dossier, Act.WITHDRAW, procedure=procedure, payload={"reason": said}, at=at)
    await tell_end(session, dossier, procedure, Told.WITHDRAWN, at=at)
