"""From rows to what doors are shown, and what each kind of reader is not shown."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from app.catalogue.procedure import PaperNeed, Procedure
from app.core.text import Text
from app.documents.models import Document, SignatureOverride
from app.documents.rules import Acceptance, judge, places_needed, signed_places
from app.dossiers.lifecycle import ACT_NAME, NATIONAL_CODE, SETTLED, STATE_NAME, Act, State
from app.dossiers.models import Dossier, DossierEvent
from app.dossiers.supplements import Opened
from app.dossiers.views import (
    BillView,
    Card,
    DocumentView,
    EventView,
    IssuedView,
    Milestone,
    OverrideView,
    PaperView,
    PlaceView,
    Progress,
    Proposal,
    TaskView,
)
from app.fees.models import Bill
from app.issued.models import IssuedDocument
from app.issued.rules import State as IssuedState
from app.tasks.models import Task

# What a business may read of an event's own record; internal notes, drafts and names of officials stay inside.
_OWNERS_PAYLOAD = frozenset(
    {
        "reference",
        "reason",
        "items",
        "guidance",
        "answer_by",
        "amount",
        "days",
        "round",
        "number",
        "proper_authority",
        "way",
        "then",
    }
)
_INTERNAL = frozenset(
    {
        Act.COMPLETE_STEP,
        Act.SEND_BACK,
        Act.ASSIGN,
        Act.REASSIGN,
        Act.ASK_OPINIONS,
        Act.GIVE_OPINION,
        Act.GO_WITHOUT_OPINION,
        Act.INSPECT,
        Act.DECIDE,
        Act.SIGN,
        Act.ISSUE,
        Act.ADVANCE,
    }
)


def card_of(dossier: Dossier, task: TaskView | None = None, *, at: datetime | None) -> Card:
    """The dossier in one line, with the open task if the list is about tasks."""
    state = State(dossier.state)
    return Card(
        id=dossier.id,
        reference=dossier.reference,
        number=dossier.number,
        procedure=dossier.procedure,
        version=dossier.version,
        title=Text(dossier.title_vi, dossier.title_en),
        enterprise_name=dossier.enterprise_name,
        tax_code=dossier.tax_code,
        state=state,
        national_code=NATIONAL_CODE[state],
        decision=dossier.decision,
        created_at=dossier.created_at,
        saved_at=dossier.saved_at,
        submitted_at=dossier.submitted_at,
        received_at=dossier.received_at,
        due_at=dossier.due_at,
        answer_by=dossier.answer_by,
        ended_at=dossier.ended_at,
        sort_at=dossier.sort_at,
        clock_paused=dossier.clock_paused,
        overdue=_overdue(dossier, at),
        officer_name=dossier.officer_name,
        task=task,
    )


def _overdue(dossier: Dossier, at: datetime | None) -> bool:
    return at is not None and dossier.due_at is not None and dossier.state not in SETTLED and dossier.due_at < at


def owners_card(card: Card) -> Card:
    """The card as the business sees it: no official by name, no decision before it is issued."""
    known = card.decision if card.state in SETTLED else None
    return replace(card, officer_name=None, task=None, decision=known, warned=())


def task_view(task: Task, procedure: Procedure) -> TaskView:
    """A task with the title of its step."""
    step = procedure.step(task.step)
    return TaskView(
        id=task.id,
        step=task.step,
        stage=task.stage,
        kind=task.kind,
        name=step.title if step else Text(task.step, task.step),
        role=task.role,
        unit=task.unit,
        assignee=task.assignee,
        assignee_name=task.assignee_name,
        state=task.state,
        opened_at=task.opened_at,
        due_at=task.due_at,
        done_at=task.done_at,
        done_by_name=task.done_by_name,
        note=task.note,
        outcome=task.outcome,
    )


def document_view(
    document: Document, procedure: Procedure, signed: Collection[tuple[str, int]], override: SignatureOverride | None
) -> DocumentView:
    """One file with what it is worth."""
    must_be_signed = (document.paper, document.place) in signed
    judgement = judge(document, must_be_signed=must_be_signed, overridden=override is not None)
    paper = procedure.paper(document.paper)
    return DocumentView(
        id=document.id,
        paper=document.paper,
        paper_name=paper.name if paper else Text(document.paper, document.paper),
        place=document.place,
        row=document.row,
        name=document.name,
        media_type=document.media_type,
        size=document.size,
        sha256=document.sha256,
        state=document.state,
        verdict=document.verdict,
        binding=document.binding,
        refusal=document.refusal,
        report=document.report,
        today=document.today,
        acceptance=judgement.acceptance,
        reason=judgement.reason,
        must_be_signed=must_be_signed,
        uploaded_at=document.uploaded_at,
        checked_at=document.checked_at,
        next_check_at=document.next_check_at,
        removed_at=document.removed_at,
        filed_round=document.filed_round,
        overridden=OverrideView(override.by_name, override.reason, override.at) if override else None,
    )


def paper_views(
    needs: Iterable[PaperNeed], views: Sequence[DocumentView], answers: Mapping[str, Any], opened: Opened | None
) -> tuple[PaperView, ...]:
    """Every paper these answers call for, place by place, with what is there. `opened` None: nothing may change."""
    needed = list(needs)
    signed = signed_places(needed)
    there = {(view.paper, view.place, view.row): view for view in views}
    return tuple(
        PaperView(
            id=need.paper.id,
            name=need.paper.name,
            help=need.paper.help,
            required=need.required,
            open=opened is not None and opened.paper(need.paper.id),
            places=tuple(
                PlaceView(
                    place=place,
                    row=row,
                    formats=need.paper.formats[place],
                    max_bytes=need.paper.max_mb * 1024 * 1024,
                    must_be_signed=(need.paper.id, place) in signed,
                    document=there.get((need.paper.id, place, row)),
                )
                for place, row in places_needed(need, answers)
            ),
        )
        for need in needed
    )


def whole(papers: Iterable[PaperView]) -> Acceptance:
    """What all files together are worth: the weakest counts; missing ones are the form's problem, not a verdict."""
    found = {place.document.acceptance for paper in papers for place in paper.places if place.document}
    order = (Acceptance.REFUSED, Acceptance.UNKNOWN)
    return next((acceptance for acceptance in order if acceptance in found), Acceptance.ACCEPTED)


def event_view(event: DossierEvent, offices: Mapping[str, Text], *, owner: bool) -> EventView:
    """An event for an official, or for the business (`owner`)."""
    act = Act(event.act)
    payload: Mapping[str, Any] = event.payload
    if owner:
        payload = {} if act in _INTERNAL else {k: v for k, v in event.payload.items() if k in _OWNERS_PAYLOAD}
    return EventView(
        seq=event.seq,
        act=act,
        name=ACT_NAME[act],
        actor_name="" if owner and event.unit else event.actor_name,
        unit=event.unit,
        office=offices.get(event.unit or ""),
        at=event.at,
        from_state=State(event.from_state),
        to_state=State(event.to_state),
        payload=payload,
    )


def proposal_in(events: Iterable[DossierEvent]) -> Proposal | None:
    """The latest draft of the outcome."""
    drafted = [event for event in events if "proposal" in event.payload]
    if not drafted:
        return None
    last = drafted[-1]
    made = last.payload["proposal"]
    return Proposal(made["outcome"], made["reasons"], made["facts"], last.actor_name, last.at)


def bill_view(bill: Bill) -> BillView:
    """A bill in plain values."""
    return BillView(
        id=bill.id,
        fee=bill.fee,
        title=Text(bill.title_vi, bill.title_en),
        amount=bill.amount,
        state=bill.state,
        due_at=bill.due_at,
        created_at=bill.created_at,
        paid_at=bill.paid_at,
    )


def issued_view(document: IssuedDocument) -> IssuedView:
    """A paper of the ministry in plain values."""
    return IssuedView(
        id=document.id,
        kind=document.kind,
        number=document.number,
        title=Text(document.title_vi, document.title_en),
        ready=document.state == IssuedState.READY,
        state=document.state,
        failing=document.error is not None and document.state != IssuedState.READY,
        asked_at=document.asked_at,
        ready_at=document.ready_at,
        sha256=document.sha256,
        size=document.size,
        secret=document.secret,
        file_key=document.file_key,
        replaces=document.replaces,
        revoked_at=document.revoked_at,
        revoked_reason=document.revoked_reason,
    )


_MILESTONES: tuple[tuple[Text, frozenset[Act]], ...] = (
    (Text("Đã nộp hồ sơ", "Submitted"), frozenset({Act.SUBMIT})),
    (Text("Đã tiếp nhận", "Received"), frozenset({Act.RECEIVE})),
    (Text("Đang thẩm định, xử lý", "In processing"), frozenset({Act.ASSIGN})),
    (Text("Đã có quyết định", "Decided"), frozenset({Act.PUBLISH})),
    (Text("Đã trả kết quả", "Result returned"), frozenset({Act.DELIVER})),
)


def progress_of(dossier: Dossier, acts: Collection[str]) -> Progress:
    """The degree of completion, from the acts that have happened. A dossier that has ended is complete."""
    milestones = tuple(Milestone(name, done=bool(wanted & set(acts))) for name, wanted in _MILESTONES)
    done = sum(milestone.done for milestone in milestones)
    ended = dossier.ended_at is not None and dossier.state != State.ISSUED
    state = State(dossier.state)
    return Progress(
        reference=dossier.reference or "",
        number=dossier.number,
        title=Text(dossier.title_vi, dossier.title_en),
        state_name=STATE_NAME[state],
        national_code=NATIONAL_CODE[state],
        milestones=milestones,
        percent=100 if ended else done * 100 // len(milestones),
        due_at=dossier.due_at,
    )
