"""Decide several dossiers as proposed, each for itself: one that cannot be decided does not hold up the others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import Conflict, Incomplete, Problem, Refusal, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.dossiers.actions.decide import decide
from app.dossiers.deciding import MOST
from app.dossiers.lifecycle import Act, State
from app.dossiers.queries import last_event, visible_to

_CHOOSE = Text("Hãy chọn ít nhất một và không quá {most} hồ sơ.", "Choose at least one and at most {most} dossiers.")
_ALREADY = Text("Hồ sơ này đã được quyết định; không ký lần thứ hai.", "This dossier is decided already; it is not signed twice.")
_NOT_DRAFTED = Text("Chưa có đề xuất nào để ký.", "There is no proposal to sign.")
_CHANGED = Text(
    "Đề xuất đã thay đổi sau khi bạn xem. Hãy tải lại danh sách rồi xem lại trước khi ký.",
    "The proposal has changed since you saw it. Reload the list and look again before you sign.",
)


@dataclass(frozen=True, slots=True)
class Decided:
    """What became of one: the document that is being signed, or why not. `called` is "" for what the actor may not see.

    `already`: it was decided before, as after a double click; nothing is wrong.
    """

    dossier_id: UUID
    called: str
    issued_id: UUID | None
    problem: Text | None = None
    already: bool = False


async def decide_each(
    session: AsyncSession, actor: Actor, chosen: Sequence[tuple[UUID, int]], *, at: datetime
) -> tuple[Decided, ...]:
    """`chosen` are dossiers with the event of the proposal that was seen. Asking twice decides once."""
    actor.must(Permission.DOSSIER_DECIDE)
    if not 0 < len(set(chosen)) <= MOST:
        text = _CHOOSE.filled(most=MOST)
        raise Incomplete([Problem("chosen", "number", text)], text)
    # One order for everybody, so that two leaders never lock crosswise.
    return tuple([await _one(session, actor, *each, at=at) for each in sorted(set(chosen))])


async def _one(session: AsyncSession, actor: Actor, dossier_id: UUID, seq: int, *, at: datetime) -> Decided:
    called = ""
    try:
        async with session.begin_nested():
            dossier = await visible_to(actor).one(session, dossier_id, lock=True)
            called = dossier.number or dossier.reference or ""
            if dossier.state == State.DECIDED:
                raise WrongState(_ALREADY, slug="already-decided")
            drafted = await last_event(session, dossier_id, Act.COMPLETE_STEP, "proposal")
            if drafted is None:
                raise WrongState(_NOT_DRAFTED, slug="not-drafted")
            if drafted.seq != seq:
                raise Conflict(_CHANGED, slug="proposal-changed")
            made = drafted.payload["proposal"]
            issued_id = await decide(session, actor, dossier_id, outcome=made["outcome"], reasons=made["reasons"], at=at)
    except Refusal as refusal:
        return Decided(dossier_id, called, None, refusal.text, already=refusal.slug == "already-decided")
    return Decided(dossier_id, called, issued_id)
