"""Ask the business for what is missing (form 02), at intake once and in review by the stage's rule; take what it supplies."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Supplement
from app.catalogue.procedure import Procedure
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, WrongState
from app.core.permissions import Role
from app.core.text import Text
from app.documents.models import Document
from app.documents.queries import papers_of
from app.dossiers.actions.filing import hand_in, problems_of
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.offices import head_of
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import my_task, renew_deadlines
from app.dossiers.clock import supplement_rule
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier, Submission
from app.dossiers.printed import officer, supplement_request
from app.dossiers.queries import events_of, procedure_of, visible_to
from app.dossiers.supplements import Item, problems_with
from app.identity import queries as identity
from app.issued import actions as issued
from app.notices import actions as notices
from app.notices.wording import Kind as Told
from app.worktime.queries import calendar as working_calendar

_INSTANT = timedelta(microseconds=1)
_SAY_WHY = Text("Hãy ghi rõ lý do yêu cầu bổ sung.", "Say why a supplement is asked for.")
_TOO_OFTEN = Text(
    "Đã yêu cầu bổ sung đủ số lần mà thủ tục cho phép ({rounds}). Hãy quyết định trên hồ sơ hiện có.",
    "A supplement has been asked for as often as the procedure allows ({rounds}). Decide on the dossier as it is.",
)
_NOTHING_CHANGED = Text(
    "Chưa có nội dung nào được sửa hay bổ sung. Hãy sửa các mục được yêu cầu rồi nộp lại.",
    "Nothing has been changed or added yet. Put the items asked for in order, then hand them in.",
)
_TOO_LATE = Text(
    "Đã hết thời hạn bổ sung nên không nộp bổ sung được nữa. Hãy nộp hồ sơ mới nếu vẫn có nhu cầu.",
    "The time to supply has run out. File a new dossier if you still need the result.",
)


async def ask_at_intake(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    items: Sequence[Item],
    *,
    reason: str,
    guidance: str = "",
    at: datetime,
) -> None:
    """Ask once, for everything, before the dossier is received (NĐ 61/2018 Đ.15.3). The clock has not started."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.ASK_INTAKE_SUPPLEMENT)
    procedure = await procedure_of(session, dossier)
    await _ask(
        session,
        actor,
        dossier,
        Act.ASK_INTAKE_SUPPLEMENT,
        procedure,
        items,
        rule=procedure.clock.intake,
        role=Role.INTAKE_OFFICER,
        reason=reason,
        guidance=guidance,
        at=at,
    )


async def ask(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    items: Sequence[Item],
    *,
    reason: str,
    guidance: str = "",
    at: datetime,
) -> None:
    """Ask during review: by whoever has the task in hand, as often as the stage allows. The clock pauses."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.ASK_SUPPLEMENT)
    task = await my_task(session, actor, dossier)
    procedure = await procedure_of(session, dossier)
    await _ask(
        session,
        actor,
        dossier,
        Act.ASK_SUPPLEMENT,
        procedure,
        items,
        rule=supplement_rule(procedure, dossier.stage),
        role=Role(task.role),
        reason=reason,
        guidance=guidance,
        at=at,
    )


async def _ask(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    act: Act,
    procedure: Procedure,
    items: Sequence[Item],
    *,
    rule: Supplement,
    role: Role,
    reason: str,
    guidance: str,
    at: datetime,
) -> None:
    said, advice = must_say(reason, _SAY_WHY), may_say(guidance, where="guidance")
    items = [replace(item, note=may_say(item.note, where="items")) for item in items]
    if problems := problems_with(items, procedure):
        raise Incomplete(problems)
    await _refuse_too_often(session, dossier, act, rule)
    calendar = await working_calendar(session)
    reply_by = calendar.answer_by(at, rule.reply_within.length, rule.reply_within.unit)
    last_day = day_in_vietnam(reply_by - _INSTANT)  # a deadline is the midnight that closes the last day

    dossier.open_items = [item.to_json() for item in items]
    payload = {
        "items": dossier.open_items,
        "reason": said,
        "guidance": advice,
        "answer_by": reply_by.isoformat(),
        "stage": dossier.stage,
    }
    form = supplement_request(
        await head_of(session, dossier, procedure, at_desk=True),
        [(item.name(procedure).vi, item.note) for item in items],
        reason=said,
        guidance=advice,
        number=dossier.round + 1,
        reply_by=last_day,
        by=officer(actor.name, role),
    )
    await issued.order(session, form, dossier_id=dossier.id, unit=dossier.desk, series="HDHS", at=at)
    await move(session, actor, dossier, act, procedure=procedure, payload=payload, answer_by=reply_by, at=at)
    told: dict[str, str | int] = {"reference": dossier.reference or "", "reply_by": last_day.isoformat()}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.SUPPLEMENT_ASKED, params=told, at=at)


async def _refuse_too_often(session: AsyncSession, dossier: Dossier, act: Act, rule: Supplement) -> None:
    asked = [e for e in await events_of(session, dossier.id) if e.act == act and e.payload.get("stage") == dossier.stage]
    if len(asked) >= rule.max_rounds:
        raise WrongState(_TOO_OFTEN.filled(rounds=rule.max_rounds), slug="too-many-rounds")


async def supply(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> None:
    """Hand in what was asked. The whole must be in order again; the clock goes on by the stage's policy."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.SUPPLY)
    if dossier.answer_by is not None and at >= dossier.answer_by:
        raise WrongState(_TOO_LATE, slug="too-late-to-supply")
    procedure = await procedure_of(session, dossier)
    enterprise = await identity.enterprise(session, dossier.tax_code)
    papers = await papers_of(session, dossier.id)
    if problems := await problems_of(session, dossier, procedure, enterprise, papers, at=at):
        raise Incomplete(problems)
    if not await _something_changed(session, dossier, papers):
        raise WrongState(_NOTHING_CHANGED, slug="nothing-changed")

    dossier.round += 1
    dossier.open_items = []
    await hand_in(session, actor, dossier, procedure, enterprise, papers, at=at)
    await move(session, actor, dossier, Act.SUPPLY, procedure=procedure, payload={"round": dossier.round}, at=at)
    if dossier.state == State.IN_REVIEW:
        await renew_deadlines(session, dossier, procedure, at=at)


async def _something_changed(session: AsyncSession, dossier: Dossier, papers: Sequence[Document]) -> bool:
    """Whether answers or files differ from what was handed in last: an empty supplement must not restart the clock."""
    last = await session.get_one(Submission, (dossier.id, dossier.round))
    same_files = len(papers) == len(last.papers) and all(document.filed_round is not None for document in papers)
    return not same_files or dossier.answers != last.answers
