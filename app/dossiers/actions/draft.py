"""Write a dossier: begin it, fill it page by page, attach papers, drop it. In a supplement only the marked items open."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event, of_act
from app.audit.record import record
from app.catalogue import queries as catalogue
from app.catalogue.communes import placed
from app.catalogue.forms import Form, prefill
from app.catalogue.paging import Typed
from app.catalogue.procedure import Procedure
from app.catalogue.references import filled
from app.core.actor import Actor
from app.core.blobs import Stored
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, NotAllowed, NotFound, Problem, WrongState
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import fold
from app.documents import actions as documents
from app.documents.queries import one as document_of
from app.documents.queries import papers_of
from app.dossiers.known import communes_of, papers_held, records_of
from app.dossiers.lifecycle import State
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of
from app.dossiers.writing import NOT_OPEN, slot_in, writable
from app.identity import queries as identity
from app.worktime.queries import calendar as working_calendar


@dataclass(frozen=True, slots=True)
class Saved:
    """The revision to send with the next save, what is still wrong on what was saved, and what there is now."""

    revision: int
    problems: tuple[Problem, ...] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)
    typed: Typed = field(default_factory=dict)
    at: datetime | None = None


async def start(
    session: AsyncSession, actor: Actor, slug: str, *, channel: Literal["online", "api"] = "online", at: datetime
) -> UUID:
    """Begin a dossier under the version in force today, filled with what the business register knows."""
    actor.must(Permission.DOSSIER_DRAFT)
    if actor.tax_code is None:
        raise NotAllowed
    procedure = await catalogue.published(session, slug, on=day_in_vietnam(at))
    enterprise = await identity.enterprise(session, actor.tax_code)
    known = await identity.prefill(session, actor.tax_code)
    records = await records_of(session, actor.tax_code, procedure, at=at)
    words = (enterprise.name_vi, enterprise.tax_code, procedure.title.vi, procedure.title.en)
    dossier = Dossier(
        id=uuid7(),
        procedure=procedure.slug,
        version=procedure.version,
        tax_code=enterprise.tax_code,
        enterprise_name=enterprise.name_vi,
        filed_by=actor.person_id,
        channel=channel,
        unit=procedure.authority.unit,
        desk=procedure.authority.receives,
        state=State.DRAFT,
        answers=filled(procedure.fields, prefill(procedure, known), records),
        held=await papers_held(session, actor.tax_code, procedure, records, at=at),
        revision=1,
        title_vi=procedure.title.vi,
        title_en=procedure.title.en,
        search_text=fold(" ".join(words)),
        created_at=at,
        saved_at=at,
        sort_at=at,
        clock_paused=False,
        round=0,
        open_items=[],
        events=0,
        entries=0,
    )
    session.add(dossier)
    _record(session, actor, dossier, "start", at)
    await session.flush()
    return dossier.id


async def save_page(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    page: str,
    pairs: Sequence[tuple[str, str]],
    *,
    revision: int,
    at: datetime,
) -> Saved:
    """Keep one page of the form. What could be read is kept even when problems are left, so that nothing typed right is lost.

    `Conflict` when someone saved after `revision`, unless that changed nothing of what is now sent: a page that saved itself
    a moment before its button was pressed is no second editor.
    """
    dossier, opened = await writable(session, actor, dossier_id)
    procedure = await procedure_of(session, dossier)
    calendar = await working_calendar(session)
    records = await records_of(session, dossier.tax_code, procedure, at=at)
    today = day_in_vietnam(at)
    read = Form.of(procedure).read_page(page, pairs, dossier.answers, today=today, calendar=calendar, records=records)
    answers = await _placed(session, procedure, read.answers, dossier.answers, at)
    merged = opened.merge(dossier.answers, answers)
    if revision != dossier.revision and merged != dossier.answers:
        raise Conflict
    _keep(session, actor, dossier, merged, at)
    return Saved(dossier.revision, tuple(opened.among(read.problems)), merged, read.typed, at)


async def save_json(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    answers: Mapping[str, Any],
    *,
    revision: int | None,
    at: datetime,
) -> Saved:
    """Keep all answers at once, from a machine. Kept only when nothing is wrong with them; unknown fields are problems."""
    dossier, opened = await writable(session, actor, dossier_id, revision=revision)
    procedure = await procedure_of(session, dossier)
    calendar = await working_calendar(session)
    form = Form.of(procedure)
    records = await records_of(session, dossier.tax_code, procedure, at=at)
    today = day_in_vietnam(at)
    read, problems = form.read_json(answers, today=today, calendar=calendar, before=dossier.answers, records=records)
    read = await _placed(session, procedure, read, dossier.answers, at)
    closed = [Problem(field, "not-open", NOT_OPEN) for field in opened.closed_changes(dossier.answers, read)]
    if problems or closed:
        return Saved(dossier.revision, (*problems, *closed))
    _keep(session, actor, dossier, read, at)
    return Saved(dossier.revision)


async def _placed(
    session: AsyncSession, procedure: Procedure, answers: Mapping[str, Any], before: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    """The answers with the communes of their addresses known by code, as far as the list goes."""
    return placed(procedure.fields, answers, await communes_of(session, procedure, answers, at=at), before)


async def attach(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    *,
    paper: str,
    place: int,
    row: int | None,
    name: str,
    stored: Stored,
    document_id: UUID,
    at: datetime,
) -> None:
    """Put an uploaded file into its place. The blob of `document_id` is stored already; its check is asked for."""
    dossier, slot = await slot_in(session, actor, dossier_id, paper, place=place, row=row, lock=True)
    await documents.attach(
        session,
        actor,
        dossier.id,
        slot,
        tax_code=dossier.tax_code,
        name=name,
        stored=stored,
        document_id=document_id,
        at=at,
    )
    dossier.saved_at = at
    _record_paper(session, actor, dossier, document_id, Event.PAPER_ATTACHED, at)


async def detach(session: AsyncSession, actor: Actor, dossier_id: UUID, document_id: UUID, *, at: datetime) -> None:
    """Take a file out again."""
    dossier, opened = await writable(session, actor, dossier_id)
    document = await document_of(session, dossier.id, document_id)
    if document.removed_at is not None:
        raise NotFound
    if not opened.paper(document.paper):
        raise WrongState(NOT_OPEN, slug="not-open")
    await documents.put_away(session, document, at=at)
    dossier.saved_at = at
    _record_paper(session, actor, dossier, document_id, Event.PAPER_DETACHED, at)


async def discard(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> None:
    """Throw a draft away, with its files. Nothing that was ever filed can be discarded."""
    dossier, _ = await writable(session, actor, dossier_id)
    if dossier.state != State.DRAFT:
        raise WrongState
    for document in await papers_of(session, dossier.id):
        await documents.put_away(session, document, at=at)
    _record(session, actor, dossier, "discard", at)
    await session.flush()
    await session.execute(delete(Dossier).where(Dossier.id == dossier.id))


def _keep(session: AsyncSession, actor: Actor, dossier: Dossier, answers: Mapping[str, Any], at: datetime) -> None:
    dossier.answers = dict(answers)
    dossier.revision += 1
    dossier.saved_at = at
    _record(session, actor, dossier, "save", at)


def _record(session: AsyncSession, actor: Actor, dossier: Dossier, act: str, at: datetime) -> None:
    record(session, actor, of_act(act), subject_kind="dossier", subject_id=dossier.id, dossier_id=dossier.id, at=at)


def _record_paper(session: AsyncSession, actor: Actor, dossier: Dossier, document_id: UUID, event: Event, at: datetime) -> None:
    record(session, actor, event, subject_kind="document", subject_id=document_id, dossier_id=dossier.id, at=at)
