"""The dossier's own tables. Events, ledger and submissions are the truth; the `dossier` row is their projection."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

# Literals, because an index is compared with the database's own text: the open states of the lifecycle.
_OPEN = text(
    "state IN ('submitted', 'awaiting_intake_supplement', 'awaiting_filing_fee', 'received', 'in_review', "
    "'awaiting_supplement', 'awaiting_correction', 'awaiting_payment', 'decided')"
)


class Dossier(Base):
    """One request of one business. `revision` guards against two people editing at once.

    `due_at` is what the ledger says the ministry owes; `answer_by` what the business owes (supplement, payment);
    `sort_at` the moment that matters next, by which worklists run. `open_items` are the marked items of a supplement.
    `left_out` are the stages and steps it does not go through, settled at receipt; `held` the papers not asked for, and why;
    `moves` what was decided when another version of the procedure came into force.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        Index("ix_dossier_mine", "tax_code", "saved_at", "id"),
        Index("ix_dossier_unit_open", "unit", "sort_at", "id", postgresql_where=_OPEN),
        Index("ix_dossier_all_open", "sort_at", "id", postgresql_where=_OPEN),
        Index("ix_dossier_draft", "procedure", "version", postgresql_where=text("state = 'draft'")),
        Index("ix_dossier_unit_state", "unit", "state", "sort_at", "id"),
        Index("ix_dossier_desk_state", "desk", "state", "sort_at", "id"),
        Index("ix_dossier_book", "desk", "received_at", "id", postgresql_where=text("received_at IS NOT NULL")),
        Index("ix_dossier_answer_by", "answer_by", "id", postgresql_where=text("answer_by IS NOT NULL")),
        Index("ix_dossier_search", func.to_tsvector(text("'simple'"), text("search_text")), postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    reference: Mapped[str | None] = mapped_column(unique=True)
    secret_hash: Mapped[str | None]
    number: Mapped[str | None] = mapped_column(unique=True)
    procedure: Mapped[str]
    version: Mapped[int]
    tax_code: Mapped[str]
    enterprise_name: Mapped[str]
    filed_by: Mapped[UUID | None]
    channel: Mapped[str]
    unit: Mapped[str]
    desk: Mapped[str]
    state: Mapped[str]
    stage: Mapped[str | None]
    answers: Mapped[dict[str, Any]]
    answers_sha256: Mapped[str | None]
    revision: Mapped[int]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    search_text: Mapped[str]
    created_at: Mapped[datetime]
    saved_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    received_at: Mapped[datetime | None]
    due_at: Mapped[datetime | None]
    answer_by: Mapped[datetime | None]
    sort_at: Mapped[datetime]
    clock_paused: Mapped[bool]
    officer: Mapped[UUID | None]
    officer_name: Mapped[str | None]
    decision: Mapped[str | None]
    result_id: Mapped[UUID | None]
    round: Mapped[int]
    open_items: Mapped[list[Any]]
    left_out: Mapped[list[Any]] = mapped_column(server_default="[]")
    held: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    moves: Mapped[list[Any]] = mapped_column(server_default="[]")
    events: Mapped[int]
    entries: Mapped[int]
    ended_at: Mapped[datetime | None]


class DossierEvent(Base):
    """One act on a dossier, never changed: who did what when, and what it led to. Append-only."""

    __tablename__ = "dossier_event"
    __table_args__ = (
        Index("ix_dossier_event_recount", text("(payload ->> 'calendar')"), "at", postgresql_where=text("act = 'recount'")),
        {"info": {"append_only": True}},
    )

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    id: Mapped[UUID]
    act: Mapped[str]
    from_state: Mapped[str]
    to_state: Mapped[str]
    actor: Mapped[str]
    actor_name: Mapped[str]
    unit: Mapped[str | None]
    at: Mapped[datetime]
    payload: Mapped[dict[str, Any]]


class LedgerEntry(Base):
    """One entry of the legal clock. Due dates are computed from these, never stored as truth. Append-only."""

    __tablename__ = "ledger_entry"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str]
    stage: Mapped[str]
    at: Mapped[datetime]
    length: Mapped[Decimal | None]
    unit: Mapped[str | None]
    ground: Mapped[str]
    calendar_version: Mapped[str]
    note: Mapped[str]


class ClockWarning(Base):
    """A moment at which the officials of a dossier should look at its clock, in the run that is open now: a projection.

    `inside`: the limit inside the stage that it is about, empty for the stage itself. `run` tells one claim on time from the
    next: a restart or an extension warns again. `told_at`: when the officials were told.
    """

    __tablename__ = "clock_warning"
    __table_args__ = (Index("ix_clock_warning_untold", "at", "dossier_id", postgresql_where=text("told_at IS NULL")),)

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    inside: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    run: Mapped[int]
    at: Mapped[datetime]
    told_at: Mapped[datetime | None]


class Submission(Base):
    """What was handed over in one round (0 the filing, then each supplement): answers and papers with hashes. Append-only."""

    __tablename__ = "submission"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    round: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answers: Mapped[dict[str, Any]]
    answers_sha256: Mapped[str]
    papers: Mapped[list[Any]]
    filed_by: Mapped[str]
    at: Mapped[datetime]


class DossierNumber(Base):
    """Finds a dossier by its legal number, and proves that no number was given twice."""

    __tablename__ = "dossier_number"

    number: Mapped[str] = mapped_column(primary_key=True)
    dossier_id: Mapped[UUID]


class DossierCounter(Base):
    """The last running number of an agency on a day. Raised last in the transaction that uses it: no gap, no number twice."""

    __tablename__ = "dossier_counter"

    unit: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    n: Mapped[int]


class ClosedBook(Base):
    """One volume of a desk's register book of a year that is over, as it was closed: a sealed file and its lines. Append-only."""

    __tablename__ = "closed_book"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    desk: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    volume: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    volumes: Mapped[int]
    file_key: Mapped[UUID]
    entries: Mapped[int]
    facts: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    closed_at: Mapped[datetime]
    closed_by: Mapped[str]


class IdempotencyKey(Base):
    """The answer that a machine's POST got under a key, so that a repeated POST gets the same one."""

    __tablename__ = "idempotency_key"

    owner: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_sha256: Mapped[str]
    status: Mapped[int | None]
    body: Mapped[dict[str, Any] | None]
    dossier_id: Mapped[UUID | None]
    at: Mapped[datetime]
