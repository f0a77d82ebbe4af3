"""What becomes of a file's check, and the official's word where a check could not be completed."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.permissions import Permission
from app.core.text import Text
from app.documents import actions as documents
from app.documents.examine import Findings
from app.documents.models import Document
from app.documents.queries import one as document_of
from app.documents.rules import Acceptance, judge, signed_places
from app.dossiers.actions.automatic import soon
from app.dossiers.actions.offices import called
from app.dossiers.actions.saying import must_say
from app.dossiers.lifecycle import OPEN, State
from app.dossiers.queries import procedure_of, visible_to
from app.notices import actions as notices
from app.notices.wording import Kind as Told

PATIENCE = timedelta(hours=1)
"""A doubt that an authority's next answer ends is no news."""
_SAY_WHY = Text(
    "Hãy ghi rõ lý do chấp nhận chữ ký chưa xác minh được.",
    "Say why the signature that could not be verified is accepted.",
)


async def checked(session: AsyncSession, dossier_id: UUID, document_id: UUID, findings: Findings, *, at: datetime) -> None:
    """Job: keep what the check found. Whoever has already filed is told when a file turns out to be refused."""
    document = await documents.keep_findings(session, dossier_id, document_id, findings, at=at)
    if document is None:
        return
    detail = {"verdict": document.verdict, "refusal": document.refusal, "epoch": document.trust_epoch}
    record(
        session,
        SYSTEM,
        Event.PAPER_CHECKED,
        subject_kind="document",
        subject_id=document_id,
        dossier_id=dossier_id,
        detail=detail,
        at=at,
    )
    dossier = await visible_to(SYSTEM).one(session, dossier_id)
    if document.filed_round is None or State(dossier.state) not in OPEN:
        return
    procedure = await procedure_of(session, dossier)
    soon(session, dossier, procedure)
    needs = procedure.papers_needed(dossier.answers, today=day_in_vietnam(at), held=dossier.held)
    must_be_signed = (document.paper, document.place) in signed_places(needs)
    kind = _news(document, judge(document, must_be_signed=must_be_signed).acceptance, at)
    if kind is not None:
        paper = procedure.paper(document.paper)
        told: dict[str, str | int] = {"reference": called(dossier), "paper": paper.name.vi if paper else document.name}
        await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=kind, params=told, at=at)


def _news(document: Document, acceptance: Acceptance, at: datetime) -> Told | None:
    """What the filer should hear: a refusal; a doubt that lasts, once; and that such a doubt is over."""
    if acceptance is Acceptance.REFUSED:
        return Told.PAPER_REFUSED
    if acceptance is Acceptance.UNKNOWN:
        lasts = document.unknown_since is not None and at - document.unknown_since >= PATIENCE
        if not lasts or document.doubt_told_at is not None:
            return None
        document.doubt_told_at = at
        return Told.PAPER_UNKNOWN
    if document.doubt_told_at is None:
        return None
    document.doubt_told_at = None
    return Told.PAPER_KNOWN


async def override(
    session: AsyncSession, actor: Actor, dossier_id: UUID, document_id: UUID, *, reason: str, at: datetime
) -> None:
    """Accept, with reasons, a signature of the filer whose status cannot be learnt."""
    actor.must(Permission.DOSSIER_OVERRIDE_SIGNATURE)
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    document = await document_of(session, dossier.id, document_id)
    accepted = documents.override(session, actor, document, reason=must_say(reason, _SAY_WHY), at=at)
    record(
        session,
        actor,
        Event.SIGNATURE_OVERRIDDEN,
        subject_kind="document",
        subject_id=document.id,
        dossier_id=dossier.id,
        detail={"override": str(accepted.id), "codes": document.binding},
        at=at,
    )
