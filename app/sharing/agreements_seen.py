"""What pages show of agreements: to the ministry, to the other side, to everybody."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import queries as identity
from app.sharing.agreements_diff import Line, differences
from app.sharing.agreements_papers import may_be_signed_by_partner
from app.sharing.models import Agreement, AgreementDraft, AgreementPaper, AgreementRemark, AgreementStep, Party
from app.sharing.rules import MINISTRY, Status, Terms, terms_in, terms_of

_MOST = 500


@dataclass(frozen=True, slots=True)
class Card:
    """One agreement version in a list."""

    code: str
    version: int
    title: Text
    party: Text
    status: Status
    terms: Terms | None
    waits_for: str


@dataclass(frozen=True, slots=True)
class DraftCard:
    """One draft in a list."""

    id: UUID
    code: str
    title: Text
    party: Text
    amends: int | None
    saved_at: datetime
    shown_at: datetime | None


@dataclass(frozen=True, slots=True)
class Said:
    """A remark of either side, with the name of who made it."""

    name: str
    party: Text
    ours: bool
    kind: str
    about: str
    text: str
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with everything said of it; `lines` is what it changes of the version in force."""

    id: UUID
    code: str
    party: Party
    amends: int | None
    terms: Terms
    revision: int
    shown_at: datetime | None
    saved_by: str
    saved_at: datetime
    remarks: tuple[Said, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """An agreement version with its way so far. `terms` is None for one older than its canonical content."""

    row: Agreement
    party: Party
    status: Status
    terms: Terms | None
    paper: AgreementPaper | None
    steps: tuple[AgreementStep, ...]
    versions: tuple[Agreement, ...]
    lines: tuple[Line, ...]
    before: int | None
    proposer: str

    @property
    def may_be_signed_by_partner(self) -> bool:
        """Whether the other side's signed file is awaited."""
        return self.paper is not None and may_be_signed_by_partner(self.row, self.paper)

    @property
    def may_be_signed_by_ministry(self) -> bool:
        """Whether the ministry's person may agree to sign."""
        paper = self.paper
        return (
            self.status is Status.PROPOSED and paper is not None and paper.signer is None and paper.countersigned_key is not None
        )

    @property
    def purposes(self) -> list[str]:
        """Codes of the purposes, as tokens name them."""
        return [purpose["code"] for purpose in self.row.purposes]


def sees(actor: Actor, party: str) -> bool:
    """Whether an official may read the agreements with `party`: the ministry's, or the party's own contact officer."""
    if any(map(actor.may, (Permission.SHARING_MANAGE, Permission.SHARING_SIGN, Permission.AUDIT_READ))):
        return True
    return actor.may(Permission.SHARING_AGREE) and actor.unit == party


async def versions(session: AsyncSession, *, party: str | None = None, status: Sequence[Status] = ()) -> list[Card]:
    """Agreement versions, the newest of each first; of one party, or standing at one of `status`."""
    wanted = select(Agreement, Party, AgreementPaper).join(Party, Party.code == Agreement.party)
    wanted = wanted.outerjoin(
        AgreementPaper, (AgreementPaper.agreement == Agreement.code) & (AgreementPaper.version == Agreement.version)
    )
    if party:
        wanted = wanted.where(Agreement.party == party)
    if status:
        wanted = wanted.where(Agreement.status.in_([one.value for one in status]))
    rows = await session.execute(wanted.order_by(Agreement.code, Agreement.version.desc()).limit(_MOST))
    return [_card(*row) for row in rows]


def _card(row: Agreement, party: Party, paper: AgreementPaper | None) -> Card:
    terms = terms_in(row.content) if row.content else None
    title, name, status = Text(row.title_vi, row.title_en), Text(party.name_vi, party.name_en), Status(row.status)
    return Card(row.code, row.version, title, name, status, terms, waits_for(row, paper))


def waits_for(row: Agreement, paper: AgreementPaper | None) -> str:
    """Whose turn it is: print, partner, check, ministry, signing, activation; "" when nobody's."""
    if row.status == Status.SIGNED:
        return "activation"
    if row.status != Status.PROPOSED or paper is None:
        return ""
    if paper.prepared_key is None:
        return "print"
    if paper.countersigned_key is None:
        return "check" if paper.upload_key else "partner"
    return "signing" if paper.signer else "ministry"


async def in_force(session: AsyncSession, *, at: datetime) -> list[Card]:
    """Who gets what today under which article: for everybody."""
    today = day_in_vietnam(at)
    found = await versions(session, status=[Status.ACTIVE])
    return [card for card in found if card.terms and card.terms.valid_from <= today <= card.terms.valid_to]


async def drafts(session: AsyncSession, *, shown_to: str | None = None) -> list[DraftCard]:
    """Drafts, the last saved first; `shown_to`: only those that this party may read."""
    wanted = select(AgreementDraft, Party).join(Party, Party.code == AgreementDraft.party)
    if shown_to:
        wanted = wanted.where(AgreementDraft.party == shown_to, AgreementDraft.shown_at.is_not(None))
    rows = await session.execute(wanted.order_by(AgreementDraft.saved_at.desc()).limit(_MOST))
    return [_draft_card(draft, party) for draft, party in rows]


def _draft_card(draft: AgreementDraft, party: Party) -> DraftCard:
    name, title = Text(party.name_vi, party.name_en), Text(**draft.terms["title"])
    return DraftCard(draft.id, draft.code, title, name, draft.amends, draft.saved_at, draft.shown_at)


async def draft(session: AsyncSession, actor: Actor, draft_id: UUID) -> Draft:
    """One draft. `NotFound` for whoever may not read it, and for the other side until it is shown."""
    row = await session.get(AgreementDraft, draft_id)
    if row is None or not sees(actor, row.party) or (not actor.may(Permission.SHARING_MANAGE) and row.shown_at is None):
        raise NotFound
    party, terms = await session.get_one(Party, row.party), terms_of(row.terms)
    before = await session.get(Agreement, (row.code, row.amends)) if row.amends else None
    lines = differences(terms_in(before.content), terms) if before and before.content else []
    saver = await identity.person(session, row.saved_by)
    return Draft(
        id=row.id,
        code=row.code,
        party=party,
        amends=row.amends,
        terms=terms,
        revision=row.revision,
        shown_at=row.shown_at,
        saved_by=saver.name,
        saved_at=row.saved_at,
        remarks=tuple(await _remarks(session, row.code, party)),
        lines=tuple(lines),
    )


async def _remarks(session: AsyncSession, code: str, party: Party) -> list[Said]:
    wanted = select(AgreementRemark).where(AgreementRemark.code == code).order_by(AgreementRemark.at.desc()).limit(_MOST)
    rows = (await session.scalars(wanted)).all()
    names = await identity.persons(session, [row.person for row in rows])
    theirs, ours = Text(party.name_vi, party.name_en), Text("Bộ Công Thương", "Ministry of Industry and Trade")
    return [
        Said(
            name=names[row.person].name,
            party=ours if row.party == MINISTRY else theirs,
            ours=row.party == MINISTRY,
            kind=row.kind,
            about=row.about,
            text=row.text,
            revision=row.revision,
            at=row.at,
        )
        for row in rows
    ]


async def version(session: AsyncSession, code: str, number: int, *, by: Actor | None = None) -> Version:
    """One version. `by`: who looks, `NotFound` when they may not; without it, only what is or was in force."""
    every = (await session.scalars(select(Agreement).where(Agreement.code == code).order_by(Agreement.version.desc()))).all()
    row = next((one for one in every if one.version == number), None)
    if row is None or (by and not sees(by, row.party)) or (by is None and row.activated_at is None):
        raise NotFound
    party = await session.get_one(Party, row.party)
    paper = await session.get(AgreementPaper, (code, number))
    chosen = select(AgreementStep).where(AgreementStep.agreement == code, AgreementStep.version == number)
    before = next((one for one in every if one.version < number and one.activated_at is not None), None)
    terms = terms_in(row.content) if row.content else None
    lines = differences(terms_in(before.content), terms) if terms and before and before.content else []
    return Version(
        row=row,
        party=party,
        status=Status(row.status),
        terms=terms,
        paper=paper,
        steps=tuple((await session.scalars(chosen.order_by(AgreementStep.at, AgreementStep.id))).all()),
        versions=tuple(every),
        lines=tuple(lines),
        before=before.version if before else None,
        proposer=row.proposed_by,
    )


async def current(session: AsyncSession, code: str) -> int:
    """The version of an agreement that is in force, or the last that was. `NotFound` when none ever was."""
    chosen = select(Agreement.version).where(Agreement.code == code, Agreement.activated_at.is_not(None))
    found = await session.scalar(chosen.order_by(Agreement.version.desc()).limit(1))
    if found is None:
        raise NotFound
    return found


async def parties(session: AsyncSession) -> Sequence[Party]:
    """Agencies one could agree with: every party but the ministry and companies, by name."""
    wanted = select(Party).where(Party.code != MINISTRY, Party.code.not_like("DN-%")).order_by(Party.name_vi)
    return (await session.scalars(wanted)).all()
