"""What filing by machine says and hears, as JSON: the shapes of the bodies, and how the heart's views become them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from app.core.blobs import Stored
from app.core.text import Str, Text, file_name
from app.dossiers.views import BillView, Card, CaseFile, DocumentView, EventView, IssuedView, PaperView

Moment = Annotated[datetime, PlainSerializer(lambda at: at.isoformat().replace("+00:00", "Z"), return_type=str)]


class Heard(BaseModel):
    """A body we take: no member we do not know."""

    model_config = ConfigDict(extra="forbid", strict=False)


class Said(BaseModel):
    """A body we give."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


class Words(Said):
    """One sentence in both languages."""

    vi: str
    en: str

    @classmethod
    def of(cls, text: Text) -> Self:
        """The sentence as JSON."""
        return cls(vi=text.vi, en=text.en)


# ---------------------------------------------------------------- heard


class Start(Heard):
    """Begin a dossier."""

    procedure: Annotated[Str, Field(pattern=r"^[a-z][a-z0-9-]{2,79}$")]


class Answers(Heard):
    """All answers at once. `revision`: the last one you saw; another one since is a conflict; null to overwrite."""

    answers: dict[str, Any]
    revision: int | None = Field(None, ge=1)


class Reason(Heard):
    """Why, in the filer's words."""

    reason: Annotated[Str, Field(min_length=1, max_length=2000)]


class Pay(Heard):
    """Which bill; it must be open."""

    bill: UUID


@dataclass(frozen=True, slots=True)
class File:
    """A file that has come in and is stored: where it goes and what it is called."""

    id: UUID
    paper: str
    place: int
    row: int | None
    name: str
    stored: Stored

    def is_the_same_as(self, view: DocumentView) -> bool:
        """Whether `view` is this very file, in this place and under this name."""
        there = (view.paper, view.place, view.row, view.name, view.sha256)
        return there == (self.paper, self.place, self.row, file_name(self.name), self.stored.sha256)


# ---------------------------------------------------------------- said


class DossierLine(Said):
    """A dossier in a list. `due_at`: when the ministry owes its answer; `answer_by`: when you owe yours."""

    id: UUID
    reference: str | None
    number: str | None
    procedure: str
    version: int
    title: Words
    state: str
    state_name: Words
    national_status: int | None
    decision: str | None
    created_at: Moment
    saved_at: Moment
    submitted_at: Moment | None
    received_at: Moment | None
    due_at: Moment | None
    answer_by: Moment | None
    ended_at: Moment | None
    clock_paused: bool

    @classmethod
    def of(cls, card: Card) -> Self:
        """One line."""
        return cls(**_line(card))


def _line(card: Card) -> dict[str, Any]:
    named = {"title": Words.of(card.title), "state_name": Words.of(card.state_name), "national_status": card.national_code}
    return {name: getattr(card, name) for name in DossierLine.model_fields if name not in named} | named


class DossierLines(Said):
    """Some dossiers; `next` is the cursor for the rest."""

    items: list[DossierLine]
    next: str | None


class Document(Said):
    """A file in the dossier. `acceptance`: accepted, refused, or unknown (not yet checked, or not checkable now)."""

    id: UUID
    paper: str
    place: int
    row: int | None
    name: str
    media_type: str
    size: int
    sha256: str
    state: str
    verdict: str | None
    acceptance: str
    reason: Words
    checked_at: Moment | None
    next_check_at: Moment | None

    @classmethod
    def of(cls, view: DocumentView) -> Self:
        """One file."""
        same = {name: getattr(view, name) for name in cls.model_fields if name != "reason"}
        return cls(**same, reason=Words.of(view.reason))


class Documents(Said):
    """All files."""

    items: list[Document]


class Place(Said):
    """One file that a paper asks for, and what is there."""

    place: int
    row: int | None
    formats: list[str]
    max_bytes: int
    must_be_signed: bool
    document: Document | None


class Paper(Said):
    """A paper these answers call for. `required` null: hangs on an answer not given yet. `open`: its files may change now."""

    id: str
    name: Words
    required: bool | None
    open: bool
    places: list[Place]

    @classmethod
    def of(cls, view: PaperView) -> Self:
        """One paper with its places."""
        places = [
            Place(
                place=one.place,
                row=one.row,
                formats=list(one.formats),
                max_bytes=one.max_bytes,
                must_be_signed=one.must_be_signed,
                document=Document.of(one.document) if one.document else None,
            )
            for one in view.places
        ]
        return cls(id=view.id, name=Words.of(view.name), required=view.required, open=view.open, places=places)


class Bill(Said):
    """What is owed, in whole đồng."""

    id: UUID
    fee: str
    title: Words
    amount: int
    state: str
    due_at: Moment | None
    paid_at: Moment | None

    @classmethod
    def of(cls, view: BillView) -> Self:
        """One bill."""
        same = {name: getattr(view, name) for name in cls.model_fields if name != "title"}
        return cls(**same, title=Words.of(view.title))


class Issued(Said):
    """A paper of the ministry; its file can be fetched once it is `ready`. `revoked_at` not null: it is no longer in force."""

    id: UUID
    kind: str
    number: str | None
    title: Words
    ready: bool
    ready_at: Moment | None
    sha256: str | None
    size: int | None
    replaces: UUID | None
    revoked_at: Moment | None
    revoked_reason: str | None

    @classmethod
    def of(cls, view: IssuedView) -> Self:
        """One issued paper."""
        same = {name: getattr(view, name) for name in cls.model_fields if name != "title"}
        return cls(**same, title=Words.of(view.title))


class Event(Said):
    """Something that happened to the dossier."""

    seq: int
    act: str
    name: Words
    at: Moment
    to_state: str

    @classmethod
    def of(cls, view: EventView) -> Self:
        """One event, without who did it."""
        return cls(seq=view.seq, act=view.act, name=Words.of(view.name), at=view.at, to_state=view.to_state)


class ClockLine(Said):
    """One line of how the due moment was worked out, of `kind`: entry, day, skipped, promise, alert, inside, due."""

    kind: str
    at: Moment
    text: Words


class OpenItem(Said):
    """Something to put right in a supplement: a field or a paper."""

    kind: str
    target: str
    note: str


class Dossier(DossierLine):
    """Everything about one dossier that its filer may know."""

    revision: int
    round: int
    answers: dict[str, Any]
    open_items: list[OpenItem]
    papers: list[Paper]
    bills: list[Bill]
    issued: list[Issued]
    events: list[Event]
    clock: list[ClockLine]
    may: list[str]

    @classmethod
    def of_case(cls, case: CaseFile) -> Self:
        """The case file as its filer's machine sees it."""
        return cls(
            **_line(case.card),
            revision=case.revision,
            round=case.round,
            answers=dict(case.answers),
            open_items=[OpenItem(**item.to_json()) for item in case.open_items],
            papers=[Paper.of(paper) for paper in case.papers],
            bills=[Bill.of(bill) for bill in case.bills],
            issued=[Issued.of(view) for view in case.issued],
            events=[Event.of(event) for event in case.events],
            clock=[ClockLine(kind=line.kind, at=line.at, text=Words.of(line.text)) for line in case.clock],
            may=sorted(case.may),
        )


class Started(Said):
    """A new draft."""

    id: UUID


class Revised(Said):
    """The answers were kept under this revision."""

    revision: int


class Submitted(Said):
    """Handed in. Keep `secret`: with the reference it shows the degree of completion to anyone who has both."""

    id: UUID
    reference: str
    secret: str
    submitted_at: Moment


class Moved(Said):
    """Where the dossier stands after the act."""

    id: UUID
    state: str


class PaymentStarted(Said):
    """Where to send the person who pays. Only the gateway's own notice makes the bill paid."""

    url: str


class ProblemItem(Said):
    """One thing to put right."""

    where: str
    slug: str
    detail: str
    detail_vi: str


class ProblemDocument(Said):
    """RFC 9457."""

    type: str
    title: str
    title_vi: str
    status: int
    slug: str
    problems: list[ProblemItem] | None = None
