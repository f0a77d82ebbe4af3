"""One dossier for one reader: the case file, its files, its rounds, and the public degree of completion."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.forms import Form
from app.catalogue.procedure import PaperNeed, Procedure
from app.core.actor import Actor, ActorKind
from app.core.clock import day_in_vietnam
from app.core.errors import NotFound
from app.core.permissions import Permission, Role
from app.core.text import Text
from app.documents import queries as documents
from app.documents.rules import signed_places
from app.dossiers.clock import explained
from app.dossiers.code import opens
from app.dossiers.lifecycle import EDITABLE, Act, State, acts_in
from app.dossiers.minutes import minutes_in
from app.dossiers.models import Dossier, DossierEvent
from app.dossiers.records import events_of, ledger_of, procedure_of, submissions_of
from app.dossiers.shown import (
    bill_view,
    card_of,
    document_view,
    event_view,
    issued_view,
    owners_card,
    paper_views,
    progress_of,
    proposal_in,
    task_view,
    whole,
)
from app.dossiers.supplements import items_of, opened_in
from app.dossiers.told import correction_in, held_papers, moves_of
from app.dossiers.versions import newer_for
from app.dossiers.views import Card, CaseFile, DocumentView, IssuedView, PhotoView, Progress, SubmissionView
from app.dossiers.visibility import visible_to
from app.dossiers.warned import reached, with_warnings
from app.fees.queries import bills_of
from app.identity import queries as identity
from app.issued import queries as issued
from app.issued.rules import INTERNAL, RESULTS
from app.tasks import queries as task_queries
from app.tasks.models import Task
from app.tasks.rules import OPINION, Assignee
from app.worktime.explained import Line
from app.worktime.queries import calendar as working_calendar


async def case_file(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> CaseFile:
    """Everything that `actor` may know about the dossier; `NotFound` when that is nothing."""
    dossier = await visible_to(actor).one(session, dossier_id)
    procedure = await procedure_of(session, dossier)
    owner = actor.kind is not ActorKind.OFFICIAL
    needs = procedure.papers_needed(dossier.answers, today=day_in_vietnam(at), held=dossier.held)
    views = await _documents(session, dossier, procedure, needs)
    opened = opened_in(dossier) if owner and State(dossier.state) in EDITABLE else None
    papers = paper_views(needs, views, dossier.answers, opened)
    events = await events_of(session, dossier.id)
    tasks = [] if owner else _for_eyes(await task_queries.of_dossier(session, dossier.id), dossier, actor)
    card = await _card(session, dossier, procedure, tasks, at)
    offices = {unit.code: Text(unit.name_vi, unit.name_en) for unit in await identity.units(session)}
    mine = _my_task(tasks, actor)
    issued_papers = await _issued(session, dossier, owner=owner)
    newer = await newer_for(session, dossier, at=at)
    return CaseFile(
        card=owners_card(card) if owner else card,
        procedure=procedure,
        answers=dossier.answers,
        answers_sha256=dossier.answers_sha256,
        revision=dossier.revision,
        round=dossier.round,
        channel=dossier.channel,
        unit=dossier.unit,
        unit_name=offices.get(dossier.unit, Text(dossier.unit, dossier.unit)),
        desk=dossier.desk,
        stage=dossier.stage,
        open_items=items_of(dossier.open_items),
        needs=tuple(needs),
        papers=papers,
        acceptance=whole(papers),
        events=tuple(event_view(event, offices, owner=owner) for event in events),
        tasks=tuple(task_view(task, procedure) for task in tasks),
        bills=tuple(bill_view(bill) for bill in await bills_of(session, dossier.id)),
        issued=issued_papers,
        clock=await _clock(session, dossier, procedure),
        may=_may(dossier, actor, procedure, mine, issued_papers, tasks, newer, at),
        my_task=task_view(mine, procedure) if mine else None,
        proposal=None if owner else proposal_in(events),
        **await _course(session, dossier, procedure, events, at, owner=owner),
        newer=newer,
    )


async def _card(session: AsyncSession, dossier: Dossier, procedure: Procedure, tasks: Sequence[Task], at: datetime) -> Card:
    """The dossier in one line, with the warnings of its clock."""
    found = await reached(session, [dossier.id], at=at)
    return with_warnings(card_of(dossier, at=at), found, procedure, [task.step for task in tasks if task.state == "open"])


async def _course(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, events: Sequence[DossierEvent], at: datetime, *, owner: bool
) -> dict[str, Any]:
    """What came of the procedure's finer rules: held papers, flags for the officials, changes of version, a correction."""
    return {
        "held": held_papers(procedure, dossier.held),
        "flags": () if owner else await _flags(session, dossier, procedure, at),
        "moves": moves_of(dossier.moves),
        "minutes": minutes_in(await issued.of_dossier(session, dossier.id), events) if _is_inspected(procedure) else (),
        "photos": () if owner or not _is_inspected(procedure) else await _photos(session, dossier.id),
        "must_correct": correction_in(events) if dossier.state == State.AWAITING_CORRECTION else None,
    }


async def _photos(session: AsyncSession, dossier_id: UUID) -> tuple[PhotoView, ...]:
    found = await task_queries.photos_of(session, dossier_id)
    return tuple(PhotoView(one.id, one.name, one.taken_at, one.place) for one in found)


def _is_inspected(procedure: Procedure) -> bool:
    return any(step.minutes and "applicant" in step.minutes.sign for step in procedure.process)


async def _flags(session: AsyncSession, dossier: Dossier, procedure: Procedure, at: datetime) -> tuple[Text, ...]:
    """What does not hold and yet let the dossier through."""
    calendar = await working_calendar(session)
    found = Form.of(procedure).flags(dossier.answers, today=day_in_vietnam(dossier.submitted_at or at), calendar=calendar)
    return tuple(problem.text for problem in found)


def _for_eyes(tasks: Sequence[Task], dossier: Dossier, actor: Actor) -> list[Task]:
    """A unit that was asked for its opinion does not see the others' (they would agree with each other)."""
    in_charge = (dossier.unit, dossier.desk, dossier.unit.partition(".")[0])
    inside = actor.unit in in_charge or actor.may(Permission.DOSSIER_READ_ALL)
    return [task for task in tasks if inside or task.kind != OPINION or task.unit == actor.unit]


async def _documents(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, needs: Sequence[PaperNeed]
) -> list[DocumentView]:
    signed = signed_places(needs)
    overrides = await documents.overrides_of(session, dossier.id)
    files = await documents.papers_of(session, dossier.id)
    return [document_view(file, procedure, signed, overrides.get(file.id)) for file in files]


async def _issued(session: AsyncSession, dossier: Dossier, *, owner: bool) -> tuple[IssuedView, ...]:
    """A business sees its result once it is issued, not while it or its replacement is being signed; nothing between offices."""
    there = [issued_view(document) for document in await issued.of_dossier(session, dossier.id)]
    if not owner:
        return tuple(there)
    answered = dossier.state in (State.ISSUED, State.RETURNED)
    shown = [view for view in there if view.kind not in INTERNAL]
    return tuple(view for view in shown if view.kind not in RESULTS or (answered and view.ready))


async def _clock(session: AsyncSession, dossier: Dossier, procedure: Procedure) -> tuple[Line, ...]:
    entries = await ledger_of(session, dossier)
    if not entries:
        return ()
    calendar = await working_calendar(session)
    inside = any(stage.sub_limits for stage in procedure.clock.stages)
    opened = task_queries.first_opened(await task_queries.of_dossier(session, dossier.id)) if inside else {}
    return tuple(explained(entries, procedure, opened, calendar))


def _my_task(tasks: Sequence[Task], actor: Actor) -> Task | None:
    return next((task for task in tasks if task.state == "open" and task_queries.is_for(task, actor)), None)


def _may(
    dossier: Dossier,
    actor: Actor,
    procedure: Procedure,
    mine: Task | None,
    papers: Sequence[IssuedView],
    tasks: Sequence[Task],
    newer: Procedure | None,
    at: datetime,
) -> frozenset[Act]:
    """What the actor may do now. The business's and the desk's acts hang on the state, a step's on having the task in hand."""
    allowed = acts_in(State(dossier.state), actor.permissions)
    step = procedure.step(mine.step) if mine else None
    visits = step is not None and step.kind == "site_inspection"
    silent = [task for task in tasks if task.kind == OPINION and task.state == "open" and task.due_at <= at]
    fitting = {
        Act.ASSIGN: step is not None and step.kind == "assign",
        Act.COMPLETE_STEP: step is not None and step.kind == "work" and not step.decides,
        Act.SEND_BACK: step is not None and step.kind == "work" and procedure.step_before(step.id) is not None,
        Act.ASK_SUPPLEMENT: step is not None and step.kind in ("work", "site_inspection"),
        Act.DECIDE: step is not None and step.decides,
        Act.GIVE_OPINION: mine is not None and mine.kind == OPINION,
        Act.GO_WITHOUT_OPINION: bool(silent) and actor.unit == dossier.unit,
        Act.INSPECT: visits,
        Act.ORDER_CORRECTION: visits and step is not None and step.correct is not None,
        Act.MOVE_VERSION: newer is not None,
        Act.ISSUE: step is not None and step.kind == "issue",
        Act.CORRECT: any(paper.kind in RESULTS and paper.ready and paper.revoked_at is None for paper in papers),
    }
    return frozenset(act for act in allowed if fitting.get(act, True))


async def assignees(session: AsyncSession, actor: Actor, dossier_id: UUID, *, at: datetime) -> list[Assignee]:
    """Who may be given the dossier (to be assigned) or its open step (to be handed on); nobody when no step is open."""
    dossier = await visible_to(actor).one(session, dossier_id)
    open_tasks = await task_queries.open_of(session, dossier.id)
    if not open_tasks:
        return []
    to_assign = open_tasks[0].kind == "assign"
    role = Role.CASE_OFFICER if to_assign else Role(open_tasks[0].role)
    unit = dossier.unit if to_assign else open_tasks[0].unit
    return [Assignee(person.id, person.name) for person in await identity.officials(session, unit, role, at=at)]


async def document(session: AsyncSession, actor: Actor, dossier_id: UUID, document_id: UUID) -> DocumentView:
    """One file of a dossier the actor may see, judged as on the day of the last change."""
    dossier = await visible_to(actor).one(session, dossier_id)
    procedure = await procedure_of(session, dossier)
    needs = procedure.papers_needed(dossier.answers, today=day_in_vietnam(dossier.saved_at), held=dossier.held)
    file = await documents.one(session, dossier.id, document_id)
    overrides = await documents.overrides_of(session, dossier.id)
    return document_view(file, procedure, signed_places(needs), overrides.get(file.id))


async def issued_paper(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID) -> IssuedView:
    """One paper of the ministry, ready to be downloaded by the actor; `NotFound` otherwise."""
    dossier = await visible_to(actor).one(session, dossier_id)
    owner = actor.kind is not ActorKind.OFFICIAL
    ready = [view for view in await _issued(session, dossier, owner=owner) if view.id == issued_id and view.ready]
    if not ready:
        raise NotFound
    return ready[0]


async def submissions(session: AsyncSession, actor: Actor, dossier_id: UUID) -> tuple[SubmissionView, ...]:
    """What was handed in, round by round (from 1)."""
    dossier = await visible_to(actor).one(session, dossier_id)
    rows = await submissions_of(session, dossier.id)
    return tuple(SubmissionView(r.round + 1, r.at, r.answers, r.answers_sha256, tuple(r.papers)) for r in rows)


async def progress(session: AsyncSession, key: str, secret: str) -> Progress:
    """The degree of completion for whoever has the reference or number and the secret. A wrong one of either is `NotFound`."""
    wanted = key.strip().upper()
    found = select(Dossier).where(or_(Dossier.reference == wanted, Dossier.number == wanted))
    dossier = await session.scalar(found) if "\x00" not in wanted else None
    if dossier is None or not opens(secret.strip(), dossier.secret_hash):
        raise NotFound
    acts = await session.scalars(select(DossierEvent.act).where(DossierEvent.dossier_id == dossier.id))
    return progress_of(dossier, set(acts))
