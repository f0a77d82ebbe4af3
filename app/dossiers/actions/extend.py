"""Apologise and name a new day (form 04): once, and at the latest the day before the answer is due (NĐ 61/2018 Đ.19.9)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, Problem, WrongState
from app.core.permissions import Role
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.offices import head_of
from app.dossiers.actions.saying import must_say
from app.dossiers.actions.steps import renew_deadlines
from app.dossiers.clock import Turn
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.printed import apology, officer
from app.dossiers.queries import ledger_of, procedure_of, visible_to
from app.issued import actions as issued
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.worktime.ledger import Kind

_MOST_DAYS = 60
_SAY_WHY = Text("Hãy ghi rõ lý do chưa trả kết quả đúng hẹn.", "Say why the answer is late.")
_DAYS = Text("Số ngày gia hạn phải từ 1 đến 60 ngày làm việc.", "The extension must be 1 to 60 working days.")
_NO_CLOCK = Text("Thời hạn đang không chạy nên không gia hạn được.", "The limit is not running, so it cannot be extended.")
_ONCE = Text(
    "Hồ sơ này đã được gia hạn một lần; không được hẹn lại lần nữa.", "This dossier was extended once; it may not be again."
)
_TOO_LATE = Text(
    "Chỉ được xin lỗi và gia hạn chậm nhất 01 ngày trước ngày hẹn trả.",
    "Apology and extension are possible at the latest one day before the due date.",
)


async def extend(session: AsyncSession, actor: Actor, dossier_id: UUID, *, days: int, reason: str, at: datetime) -> datetime:
    """Move the due date by `days` working days, apologise in writing, tell the business. Returns the new due moment."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.EXTEND)
    said = must_say(reason, _SAY_WHY)
    if not 1 <= days <= _MOST_DAYS:
        raise Incomplete([Problem("days", "out-of-range", _DAYS)])
    old_due = await _extendable(session, dossier, at)
    procedure = await procedure_of(session, dossier)
    payload = {"days": days, "reason": said, "old_due": old_due.isoformat()}
    await move(session, actor, dossier, Act.EXTEND, procedure=procedure, payload=payload, turn=Turn(days=days), at=at)
    new_due = dossier.due_at or old_due
    await renew_deadlines(session, dossier, procedure, at=at)
    form = apology(
        await head_of(session, dossier, procedure),
        received_at=dossier.received_at or at,
        old_due=old_due,
        new_due=new_due,
        days=days,
        reason=said,
        by=officer(actor.name, Role.UNIT_LEADER),
    )
    await issued.order(session, form, dossier_id=dossier.id, unit=dossier.unit, series="XLGH", at=at)
    told: dict[str, str | int] = {"number": dossier.number or "", "due": new_due.isoformat()}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.EXTENDED, params=told, at=at)
    return new_due


async def _extendable(session: AsyncSession, dossier: Dossier, at: datetime) -> datetime:
    if dossier.due_at is None:
        raise WrongState(_NO_CLOCK, slug="clock-not-running")
    if any(entry.kind is Kind.EXTEND for entry in await ledger_of(session, dossier)):
        raise WrongState(_ONCE, slug="extended-already")
    if day_in_vietnam(at) >= day_in_vietnam(dossier.due_at):
        raise WrongState(_TOO_LATE, slug="too-late-to-extend")
    return dossier.due_at
