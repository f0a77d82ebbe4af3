"""Agreement versions from proposal to end. What they say never changes; how they stand does, and every step is kept."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, Incomplete, NotAllowed, NotFound, Problem, WrongState
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing.models import Agreement, AgreementGrant, AgreementStep
from app.sharing.rules import MINISTRY, Grant, Status, Terms, faults_of_terms

UNDER_WAY = frozenset({Status.PROPOSED, Status.SIGNED})
IN_FORCE = frozenset({Status.ACTIVE, Status.SUSPENDED})
_BY_TERM = "hết thời hạn"

_SAME_PERSON = Text(
    "Người đề xuất không được tự đưa thỏa thuận vào hiệu lực. Hãy để người khác xác nhận.",
    "Whoever proposed an agreement may not bring it into force. Let another person confirm it.",
)
_UNDER_WAY = Text(
    "Một phiên bản của thỏa thuận này đang chờ ký hoặc chờ hiệu lực. Hãy hoàn tất hoặc rút phiên bản đó trước.",
    "A version of this agreement is waiting to be signed or brought into force. Finish or withdraw that one first.",
)
_MOVED = Text(
    "Thỏa thuận không còn ở bước cho phép việc này. Hãy tải lại trang để xem tình trạng mới nhất.",
    "The agreement is no longer at a step that allows this. Reload the page to see where it stands.",
)
_TOO_LATE = Text(
    "Thời hạn của thỏa thuận đã qua. Hãy soạn phiên bản mới với thời hạn khác.",
    "The term of this agreement has passed. Draft a new version with another term.",
)
_REASON = Text("Hãy nêu lý do.", "Give the reason.")


@dataclass(frozen=True, slots=True)
class Proposed:
    """An agreement version ready to be signed; both sides sign `content_hash`."""

    code: str
    version: int
    content_hash: str


async def propose_agreement(session: AsyncSession, actor: Actor, terms: Terms, *, at: datetime) -> Proposed:
    """Write down the terms as the next version. Nothing of them changes afterwards."""
    actor.must(Permission.SHARING_MANAGE)
    if problems := faults_of_terms(terms):
        raise Incomplete(problems)
    if terms.valid_to < day_in_vietnam(at):
        raise Incomplete([Problem("valid_to", "agreement-terms", _TOO_LATE)])
    known = select(func.max(Agreement.version), func.bool_or(Agreement.status.in_(UNDER_WAY))).where(Agreement.code == terms.code)
    last, under_way = (await session.execute(known)).one()
    if under_way:
        raise WrongState(_UNDER_WAY, slug="version-under-way")
    version = (last or 0) + 1
    agreement = _agreement_row(terms, version, actor, at)
    session.add(agreement)
    await session.flush()
    session.add_all(_grant_row(grant, agreement) for grant in terms.grants)
    await session.flush()
    note(session, actor, Event.AGREEMENT_PROPOSED, agreement, at=at)
    return Proposed(terms.code, version, agreement.content_hash)


def _agreement_row(terms: Terms, version: int, actor: Actor, at: datetime) -> Agreement:
    return Agreement(
        code=terms.code,
        version=version,
        party=terms.party,
        title_vi=terms.title.vi,
        title_en=terms.title.en,
        purposes=[asdict(purpose) for purpose in terms.purposes],
        legal_basis=[asdict(basis) for basis in terms.legal_basis],
        items=dict(terms.items),
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
        delete_within_days=terms.delete_within_days,
        content=terms.content(version).decode(),
        content_hash=terms.content_hash(version),
        status=Status.PROPOSED,
        signatures=[],
        proposed_by=actor.ref,
        proposed_at=at,
    )


def _grant_row(grant: Grant, agreement: Agreement) -> AgreementGrant:
    return AgreementGrant(
        agreement=agreement.code,
        version=agreement.version,
        dataset=grant.dataset.value,
        actions=list(grant.actions),
        fields=list(grant.fields),
        row_filter=dict(grant.row_filter),
        rate=grant.rate,
        quota_day=grant.quota_day,
        signed_response=grant.signed_response,
        notify_subject=grant.notify_subject,
        hidden_days=grant.hidden_days,
        hidden_basis=grant.hidden_basis,
        field_basis={name: asdict(basis) for name, basis in grant.field_basis.items()},
    )


async def sign_agreement(
    session: AsyncSession, actor: Actor, *, code: str, version: int, party: str, signer: str, signature: str, at: datetime
) -> None:
    """Enter the checked signature of one side over the content hash; with both sides the version is signed.

    Whoever calls has looked at the signed file (`signed_papers`); `signature` is the SHA-256 of that file.
    """
    actor.must(Permission.SHARING_MANAGE)
    agreement = await standing_at(session, code, version, Status.PROPOSED)
    if party not in {MINISTRY, agreement.party} or any(one["party"] == party for one in agreement.signatures):
        raise Conflict
    line = {
        "party": party,
        "signer": signer,
        "signature": signature,
        "content_hash": agreement.content_hash,
        "at": at.isoformat(),
    }
    agreement.signatures = [*agreement.signatures, line]
    if {one["party"] for one in agreement.signatures} == {MINISTRY, agreement.party}:
        agreement.status = Status.SIGNED
    note(session, actor, Event.AGREEMENT_SIGNED, agreement, party=party, who=signer, at=at)


async def activate_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, at: datetime) -> None:
    """Bring a signed version into force, which ends the one before. Not by whoever proposed it."""
    actor.must(Permission.SHARING_MANAGE)
    agreement = await standing_at(session, code, version, Status.SIGNED)
    if agreement.proposed_by == actor.ref and actor is not SYSTEM:
        raise NotAllowed(_SAME_PERSON, slug="same-person")
    if agreement.valid_to < day_in_vietnam(at):
        raise WrongState(_TOO_LATE, slug="term-passed")
    before = select(Agreement).where(Agreement.code == code, Agreement.status.in_(IN_FORCE)).with_for_update()
    for earlier in await session.scalars(before):
        earlier.status, earlier.ended_at = Status.ENDED, at
        note(session, actor, Event.AGREEMENT_ENDED, earlier, why=f"phiên bản {version}", at=at)
    await session.flush()
    agreement.status, agreement.activated_at = Status.ACTIVE, at
    note(session, actor, Event.AGREEMENT_ACTIVATED, agreement, at=at)


async def suspend_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, reason: str, at: datetime) -> None:
    """Stop all reading under a version at once, tokens already out included; one person suffices."""
    agreement = await _to_change(session, actor, code, version, reason, Status.ACTIVE)
    agreement.status = Status.SUSPENDED
    note(session, actor, Event.AGREEMENT_SUSPENDED, agreement, why=reason, at=at)


async def resume_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, reason: str, at: datetime) -> None:
    """Let a suspended version read again."""
    agreement = await _to_change(session, actor, code, version, reason, Status.SUSPENDED)
    agreement.status = Status.ACTIVE
    note(session, actor, Event.AGREEMENT_RESUMED, agreement, why=reason, at=at)


async def end_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, reason: str = "", at: datetime) -> None:
    """End a version at once; tokens under it no longer read."""
    agreement = await _to_change(session, actor, code, version, reason, *IN_FORCE)
    agreement.status, agreement.ended_at = Status.ENDED, at
    note(session, actor, Event.AGREEMENT_ENDED, agreement, why=reason, at=at)


async def withdraw_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, reason: str, at: datetime) -> None:
    """Take a version back that is not in force yet; its number stays used."""
    agreement = await _to_change(session, actor, code, version, reason, *UNDER_WAY)
    agreement.status, agreement.ended_at = Status.WITHDRAWN, at
    note(session, actor, Event.AGREEMENT_WITHDRAWN, agreement, why=reason, at=at)


async def end_by_term(session: AsyncSession, *, at: datetime) -> int:
    """End every version whose last day has passed; the answer is how many. Reading stopped with the day itself."""
    over = select(Agreement).where(Agreement.valid_to < day_in_vietnam(at), Agreement.status.in_(IN_FORCE | UNDER_WAY))
    rows = (await session.scalars(over.with_for_update(skip_locked=True).limit(200))).all()
    for agreement in rows:
        agreement.status, agreement.ended_at = Status.ENDED, at
        note(session, SYSTEM, Event.AGREEMENT_ENDED, agreement, why=_BY_TERM, at=at)
    return len(rows)


async def _to_change(session: AsyncSession, actor: Actor, code: str, version: int, reason: str, *allowed: Status) -> Agreement:
    actor.must(Permission.SHARING_MANAGE)
    if not reason.strip() and actor is not SYSTEM:
        raise Incomplete([Problem("reason", "required", _REASON)])
    return await standing_at(session, code, version, *allowed)


async def standing_at(session: AsyncSession, code: str, version: int, *allowed: Status) -> Agreement:
    """The version, locked, if it stands at one of `allowed`. `NotFound`, `WrongState`."""
    chosen = select(Agreement).where(Agreement.code == code, Agreement.version == version)
    agreement = await session.scalar(chosen.with_for_update().execution_options(populate_existing=True))
    if agreement is None:
        raise NotFound
    if agreement.status not in _values(allowed):
        raise WrongState(_MOVED)
    return agreement


def _values(allowed: Iterable[Status]) -> set[str]:
    return {status.value for status in allowed}


def note(
    session: AsyncSession,
    actor: Actor,
    event: Event,
    agreement: Agreement,
    *,
    party: str = MINISTRY,
    who: str = "",
    why: str = "",
    at: datetime,
) -> None:
    """Remember a step: for the people of both sides, and in the audit log."""
    step = AgreementStep(
        id=uuid7(),
        agreement=agreement.code,
        version=agreement.version,
        act=event.value.removeprefix("sharing.agreement_"),
        party=party,
        actor=who or actor.name,
        note=why.strip(),
        at=at,
    )
    session.add(step)
    detail = {"version": agreement.version, "content_hash": agreement.content_hash}
    record(session, actor, event, subject_kind="agreement", subject_id=agreement.code, detail=detail, at=at)
