"""Hand in one round: checked as a whole, fixed with its fingerprints, acknowledged. Private to the actions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Problem
from app.core.text import Text
from app.documents.models import Document
from app.documents.rules import missing_papers, refused_files
from app.documents.stamping import await_stamp
from app.dossiers.actions.offices import head_of
from app.dossiers.clock import latest_arrival
from app.dossiers.code import fingerprint
from app.dossiers.lifecycle import State
from app.dossiers.models import Dossier, Submission
from app.dossiers.printed import receipt
from app.identity.models import Enterprise
from app.issued import actions as issued
from app.worktime.explained import length_text
from app.worktime.queries import calendar as working_calendar

_SUSPENDED = "tạm ngừng"
_NOT_ACTIVE = Text(
    "Doanh nghiệp đang tạm ngừng hoạt động theo dữ liệu đăng ký nên chưa thể nộp hồ sơ. "
    "Hãy làm thủ tục hoạt động trở lại với cơ quan đăng ký kinh doanh trước.",
    "The business register shows the enterprise as suspended, so it cannot file. "
    "Resume business with the registration office first.",
)
_TOO_SOON = Text(
    "Hồ sơ phải đến trước ngày này ít nhất {length}, chậm nhất ngày {last}. Hãy chọn ngày muộn hơn.",
    "The filing must arrive at least {length} before this date, on {last} at the latest. Choose a later date.",
)
_INSTANT = timedelta(microseconds=1)


async def problems_of(
    session: AsyncSession,
    dossier: Dossier,
    procedure: Procedure,
    enterprise: Enterprise,
    papers: Sequence[Document],
    *,
    at: datetime,
) -> list[Problem]:
    """Everything that keeps this round from being handed in, all at once."""
    today = day_in_vietnam(at)
    calendar = await working_calendar(session)
    needs = procedure.papers_needed(dossier.answers, today=today, held=dossier.held)
    standing = [Problem("", "enterprise-suspended", _NOT_ACTIVE)] if enterprise.status == _SUSPENDED else []
    return [
        *standing,
        *_too_late(dossier, procedure, latest_arrival(procedure, dossier.answers, calendar), at),
        *Form.of(procedure).problems(dossier.answers, today=today, calendar=calendar),
        *missing_papers(needs, papers, dossier.answers),
        *refused_files(needs, papers),
    ]


def _too_late(dossier: Dossier, procedure: Procedure, latest: datetime | None, at: datetime) -> list[Problem]:
    """What is announced must be filed its lead time before; what is only supplemented was filed in time."""
    lead = procedure.clock.lead_time
    if lead is None or latest is None or at < latest or dossier.state != State.DRAFT:
        return []
    length, last = length_text(lead.length, lead.unit), day_in_vietnam(latest - _INSTANT)
    vi, en = _TOO_SOON.vi.format(length=length.vi, last=f"{last:%d/%m/%Y}"), _TOO_SOON.en.format(length=length.en, last=f"{last}")
    return [Problem(lead.before, "too-late", Text(vi, en))]


async def hand_in(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    procedure: Procedure,
    enterprise: Enterprise,
    papers: Sequence[Document],
    *,
    secret: str = "",
    at: datetime,
) -> None:
    """Fix the round: submission row, files marked as filed, a receipt with every fingerprint ordered.

    `secret` is printed on the first receipt only: afterwards we know nothing but its hash.
    """
    dossier.answers_sha256 = fingerprint(dossier.answers)
    for document in papers:
        if document.filed_round is None:
            document.filed_round = dossier.round
            await_stamp(document, at=at)
    session.add(
        Submission(
            dossier_id=dossier.id,
            round=dossier.round,
            answers=dossier.answers,
            answers_sha256=dossier.answers_sha256,
            papers=[_listed(document) for document in papers],
            filed_by=actor.ref,
            at=at,
        )
    )
    facts = receipt(
        await head_of(session, dossier, procedure, enterprise, at_desk=True),
        papers,
        number=dossier.round + 1,
        answers_sha256=dossier.answers_sha256,
        filed_by=actor.name,
        secret=secret,
        at=at,
    )
    await issued.order(session, facts, dossier_id=dossier.id, unit=dossier.desk, at=at)


def _listed(document: Document) -> dict[str, str | int | None]:
    return {
        "document_id": str(document.id),
        "paper": document.paper,
        "place": document.place,
        "row": document.row,
        "name": document.name,
        "size": document.size,
        "sha256": document.sha256,
        "verdict": document.verdict,
    }
