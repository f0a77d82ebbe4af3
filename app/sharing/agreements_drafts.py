"""Agreements while they are written: drafts saved page by page, shown to the other side, remarked on, proposed as a version."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, Incomplete, NotFound, Problem, WrongState
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing.agreements import IN_FORCE, UNDER_WAY, Proposed, propose_agreement
from app.sharing.agreements_papers import order
from app.sharing.models import Agreement, AgreementDraft, AgreementRemark, Party
from app.sharing.rules import IDENTIFIER, ITEM_NAME, MINISTRY, Remark, Terms, terms_in, terms_of

_YEARS = 3
_CODE = Text(
    "Mã chưa hợp lệ hoặc đã dùng. Mã gồm chữ không dấu, số, dấu chấm, gạch; ví dụ TT-2026-05.",
    "The code is not valid or is taken. It has plain letters, digits, dots and dashes; for example TT-2026-05.",
)
_PARTY = Text("Hãy chọn bên khai thác.", "Choose the other side.")
_WORDS = Text("Hãy viết ý kiến.", "Write your remark.")
_UNDER_WAY = Text(
    "Thỏa thuận đang có bản nháp hoặc phiên bản chờ ký. Hãy hoàn tất bản đó trước.",
    "The agreement has a draft or a version waiting to be signed. Finish that one first.",
)
_OTHERS_CHANGED = Text(
    "Người khác vừa lưu bản nháp này. Phần bạn vừa nhập chưa được lưu; hãy tải lại trang rồi nhập lại.",
    "Someone else has just saved this draft. What you typed was not saved; reload the page and enter it again.",
)


async def begin(session: AsyncSession, actor: Actor, *, code: str, party: str, at: datetime) -> UUID:
    """Begin a new agreement with a party: everything else is filled in page by page."""
    actor.must(Permission.SHARING_MANAGE)
    problems = []
    if not IDENTIFIER.fullmatch(code) or await _is_taken(session, code):
        problems.append(Problem("code", "agreement-code", _CODE))
    if party == MINISTRY or await session.get(Party, party) is None:
        problems.append(Problem("party", "required", _PARTY))
    if problems:
        raise Incomplete(problems)
    return await _kept(session, actor, _empty(code, party, day_in_vietnam(at)), None, at)


async def _is_taken(session: AsyncSession, code: str) -> bool:
    versions = select(func.count()).where(Agreement.code == code)
    drafts = select(func.count()).where(AgreementDraft.code == code)
    return bool(await session.scalar(versions) or await session.scalar(drafts))


def _empty(code: str, party: str, today: date) -> Terms:
    return Terms(
        code=code,
        party=party,
        title=Text("", ""),
        purposes=(),
        legal_basis=(),
        items=dict.fromkeys(ITEM_NAME, ""),
        valid_from=today,
        valid_to=date(today.year + _YEARS, 12, 31),
        grants=(),
    )


async def amend(session: AsyncSession, actor: Actor, code: str, *, at: datetime) -> UUID:
    """Begin the next version from the one in force."""
    actor.must(Permission.SHARING_MANAGE)
    standing = await session.scalars(select(Agreement).where(Agreement.code == code).order_by(Agreement.version.desc()))
    versions = standing.all()
    in_force = next((one for one in versions if one.status in IN_FORCE), None)
    if in_force is None or in_force.content is None:
        raise NotFound
    under_way = any(one.status in UNDER_WAY for one in versions)
    if under_way or await session.scalar(select(func.count()).where(AgreementDraft.code == code)):
        raise WrongState(_UNDER_WAY, slug="version-under-way")
    return await _kept(session, actor, terms_in(in_force.content), in_force.version, at)


async def _kept(session: AsyncSession, actor: Actor, terms: Terms, amends: int | None, at: datetime) -> UUID:
    if actor.person_id is None:
        raise NotFound
    draft = AgreementDraft(
        id=uuid7(),
        code=terms.code,
        party=terms.party,
        amends=amends,
        terms=terms.plain(),
        revision=1,
        saved_by=actor.person_id,
        saved_at=at,
    )
    session.add(draft)
    await session.flush()
    _record(session, actor, Event.AGREEMENT_DRAFTED, draft, at)
    return draft.id


async def save(
    session: AsyncSession, actor: Actor, draft_id: UUID, revision: int, change: Callable[[Terms], Terms], *, at: datetime
) -> AgreementDraft:
    """Keep one page of the draft: `change` makes the new terms of the present ones. Code and party never change.

    Nothing is refused for being incomplete: that is the proposal's business. `Conflict` when someone saved meanwhile.
    """
    actor.must(Permission.SHARING_MANAGE)
    draft = await _draft(session, draft_id)
    if draft.revision != revision:
        raise Conflict(_OTHERS_CHANGED)
    after = replace(change(terms_of(draft.terms)), code=draft.code, party=draft.party)
    if after.plain() != draft.terms:
        draft.terms, draft.revision = after.plain(), draft.revision + 1
        draft.saved_by, draft.saved_at = actor.person_id or draft.saved_by, at
        _record(session, actor, Event.AGREEMENT_SAVED, draft, at)
    return draft


async def show(session: AsyncSession, actor: Actor, draft_id: UUID, *, at: datetime) -> None:
    """Let the other side's contact officer read the draft from now on."""
    actor.must(Permission.SHARING_MANAGE)
    draft = await _draft(session, draft_id)
    if draft.shown_at is None:
        draft.shown_at = at
        _record(session, actor, Event.AGREEMENT_SHOWN, draft, at)


async def discard(session: AsyncSession, actor: Actor, draft_id: UUID, *, at: datetime) -> None:
    """Throw the draft away; what was said of it stays."""
    actor.must(Permission.SHARING_MANAGE)
    draft = await _draft(session, draft_id)
    _record(session, actor, Event.AGREEMENT_DISCARDED, draft, at)
    await session.delete(draft)


async def remark(
    session: AsyncSession, actor: Actor, draft_id: UUID, *, kind: Remark, about: str, text: str, at: datetime
) -> None:
    """Say something of the draft: either side; the other side only once it is shown. Agreeing needs no words."""
    draft = await _draft(session, draft_id)
    ours = actor.may(Permission.SHARING_MANAGE)
    if not ours and (not actor.may(Permission.SHARING_AGREE) or actor.unit != draft.party or draft.shown_at is None):
        raise NotFound
    if actor.person_id is None or (ours and kind is not Remark.COMMENT):
        raise WrongState
    if not text.strip() and kind is not Remark.AGREED:
        raise Incomplete([Problem("text", "required", _WORDS)])
    said = {"kind": kind, "about": about, "text": text.strip(), "party": MINISTRY if ours else draft.party}
    row = AgreementRemark(id=uuid7(), code=draft.code, revision=draft.revision, person=actor.person_id, at=at, **said)
    session.add(row)
    _record(session, actor, Event.AGREEMENT_REMARKED, draft, at)


async def propose(session: AsyncSession, actor: Actor, draft_id: UUID, revision: int, *, at: datetime) -> Proposed:
    """Make the draft the next version: from here nothing of it changes, and the paper is printed for signing."""
    actor.must(Permission.SHARING_MANAGE)
    draft = await _draft(session, draft_id)
    if draft.revision != revision:
        raise Conflict(_OTHERS_CHANGED)
    made = await propose_agreement(session, actor, terms_of(draft.terms), at=at)
    await order(session, made.code, made.version, at=at)
    await session.delete(draft)
    return made


async def _draft(session: AsyncSession, draft_id: UUID) -> AgreementDraft:
    draft = await session.get(AgreementDraft, draft_id, with_for_update=True, populate_existing=True)
    if draft is None:
        raise NotFound
    return draft


def _record(session: AsyncSession, actor: Actor, event: Event, draft: AgreementDraft, at: datetime) -> None:
    detail = {"draft": str(draft.id), "revision": draft.revision}
    record(session, actor, event, subject_kind="agreement", subject_id=draft.code, detail=detail, at=at)
