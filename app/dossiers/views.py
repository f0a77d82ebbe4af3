"""What doors are shown of a dossier: plain values, ready to print. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from app.catalogue.procedure import PaperNeed, Procedure
from app.core.text import Text
from app.documents.rules import Acceptance
from app.dossiers.lifecycle import SETTLED, STATE_NAME, Act, State
from app.dossiers.minutes import MinutesView
from app.dossiers.supplements import Item
from app.dossiers.warnings import Warned
from app.worktime.explained import Line

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some of a list, and the cursor that gives the rest; None at the end."""

    items: tuple[T, ...]
    next: str | None = None


@dataclass(frozen=True, slots=True)
class TaskView:
    """A step to be done, or done. `name` is the step's title."""

    id: UUID
    step: str
    stage: str
    kind: str
    name: Text
    role: str
    unit: str
    assignee: UUID | None
    assignee_name: str | None
    state: str
    opened_at: datetime
    due_at: datetime
    done_at: datetime | None
    done_by_name: str | None
    note: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Card:
    """A dossier in one line of a list."""

    id: UUID
    reference: str | None
    number: str | None
    procedure: str
    version: int
    title: Text
    enterprise_name: str
    tax_code: str
    state: State
    national_code: int | None
    decision: str | None
    created_at: datetime
    saved_at: datetime
    submitted_at: datetime | None
    received_at: datetime | None
    due_at: datetime | None
    answer_by: datetime | None
    ended_at: datetime | None
    sort_at: datetime
    clock_paused: bool
    overdue: bool
    officer_name: str | None
    task: TaskView | None = None
    warned: tuple[Warned, ...] = ()

    @property
    def called(self) -> str:
        """Its number, before receipt its reference, in a draft nothing."""
        return self.number or self.reference or ""

    @property
    def state_name(self) -> Text:
        """Where it stands, in words."""
        return STATE_NAME[self.state]

    @property
    def settled(self) -> bool:
        """Nothing is owed to the business any more."""
        return self.state in SETTLED


@dataclass(frozen=True, slots=True)
class OverrideView:
    """Who accepted a signature that could not be verified, and why."""

    by_name: str
    reason: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DocumentView:
    """One file with its verdict. `report` is the engine's report as JSON; `reason` says what is wrong and what to do."""

    id: UUID
    paper: str
    paper_name: Text
    place: int
    row: int | None
    name: str
    media_type: str
    size: int
    sha256: str
    state: str
    verdict: str | None
    binding: str | None
    refusal: str | None
    report: Mapping[str, Any] | None
    today: Mapping[str, Any] | None
    acceptance: Acceptance
    reason: Text
    must_be_signed: bool
    uploaded_at: datetime
    checked_at: datetime | None
    next_check_at: datetime | None
    removed_at: datetime | None
    filed_round: int | None
    overridden: OverrideView | None


@dataclass(frozen=True, slots=True)
class PlaceView:
    """One file that a paper asks for: which formats it takes, and what is there."""

    place: int
    row: int | None
    formats: tuple[str, ...]
    max_bytes: int
    must_be_signed: bool
    document: DocumentView | None


@dataclass(frozen=True, slots=True)
class PaperView:
    """A paper these answers call for. `required` None: hangs on an answer not given yet. `open`: files may change now."""

    id: str
    name: Text
    help: Text | None
    required: bool | None
    open: bool
    places: tuple[PlaceView, ...]

    @property
    def acceptance(self) -> Acceptance | None:
        """The weakest of its files; None when a file that is required is not there."""
        there = [place.document.acceptance for place in self.places if place.document]
        if len(there) < len(self.places):
            return None
        order = (Acceptance.REFUSED, Acceptance.UNKNOWN, Acceptance.ACCEPTED)
        return min(there, key=order.index) if there else None


@dataclass(frozen=True, slots=True)
class EventView:
    """One thing that happened. A business sees which office acted, not which official, and no internal notes."""

    seq: int
    act: Act
    name: Text
    actor_name: str
    unit: str | None
    office: Text | None
    at: datetime
    from_state: State
    to_state: State
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Proposal:
    """What the case officer drafted."""

    outcome: str
    reasons: str
    facts: Mapping[str, Any]
    by_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class BillView:
    """What is owed. `state`: open, paid, lapsed, cancelled."""

    id: UUID
    fee: str
    title: Text
    amount: int
    state: str
    due_at: datetime | None
    created_at: datetime
    paid_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedView:
    """A paper of the ministry. `ready`: it can be downloaded. A result may stand in the place of another (`replaces`)."""

    id: UUID
    kind: str
    number: str | None
    title: Text
    ready: bool
    state: str
    failing: bool
    asked_at: datetime
    ready_at: datetime | None
    sha256: str | None
    size: int | None
    secret: str
    file_key: UUID
    replaces: UUID | None
    revoked_at: datetime | None
    revoked_reason: str | None


@dataclass(frozen=True, slots=True)
class HeldPaper:
    """A paper that is not asked for. `where`: None for the register, else the number of what holds it."""

    id: str
    name: Text
    where: str | None


@dataclass(frozen=True, slots=True)
class VersionMove:
    """What was decided when a newer version came into force, and what had no place in it."""

    before: int
    after: int
    stays: bool
    dropped: tuple[Text, ...]
    at: datetime
    by: str


@dataclass(frozen=True, slots=True)
class PhotoView:
    """A photograph of a site inspection."""

    id: UUID
    name: str
    taken_at: datetime | None
    place: str


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything about one dossier for one reader: only what that reader may know."""

    card: Card
    procedure: Procedure
    answers: Mapping[str, Any]
    answers_sha256: str | None
    revision: int
    round: int
    channel: str
    unit: str
    unit_name: Text
    desk: str
    stage: str | None
    open_items: tuple[Item, ...]
    needs: tuple[PaperNeed, ...]
    papers: tuple[PaperView, ...]
    acceptance: Acceptance
    events: tuple[EventView, ...]
    tasks: tuple[TaskView, ...]
    bills: tuple[BillView, ...]
    issued: tuple[IssuedView, ...]
    clock: tuple[Line, ...]
    may: frozenset[Act]
    my_task: TaskView | None
    proposal: Proposal | None
    held: tuple[HeldPaper, ...]
    flags: tuple[Text, ...]
    newer: Procedure | None
    moves: tuple[VersionMove, ...]
    must_correct: str | None
    minutes: tuple[MinutesView, ...]
    photos: tuple[PhotoView, ...]

    @property
    def result(self) -> IssuedView | None:
        """The result, once it exists."""
        return next((view for view in reversed(self.issued) if view.kind in ("result", "refusal")), None)

    @property
    def documents(self) -> tuple[DocumentView, ...]:
        """The files now in the dossier."""
        return tuple(place.document for paper in self.papers for place in paper.places if place.document)


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """What was handed in in one round (from 1)."""

    round: int
    at: datetime
    answers: Mapping[str, Any]
    answers_sha256: str
    papers: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Milestone:
    """One of the steps that the public sees."""

    name: Text
    done: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """What anyone with the reference and its secret may see: the degree of completion, nothing of the content."""

    reference: str
    number: str | None
    title: Text
    state_name: Text
    national_code: int | None
    milestones: tuple[Milestone, ...]
    percent: int
    due_at: datetime | None
