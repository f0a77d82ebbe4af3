"""The papers of a dossier and the recorded overrides of checks that could not be completed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Document(Base):
    """One file of a paper. The blob's key is `id`; `sha256` is hexadecimal and is what the receipt lists.

    `place` tells which of the files that the paper asks for (0 the first format group), `row` which row of a table it
    belongs to. `binding` is what the filer's own signature is worth (`rules.Own`), `refusal` the code that keeps the file
    out; both are read off `report` when it is stored. A file that was ever filed (`filed_round`) is never erased, only
    marked `removed_at`. `stamp_due_at` is set while the receipt's time stamp is to come, `unknown_since` while the check
    cannot tell, `doubt_told_at` once the filer was told so. `today` is set where the report judges as of the filing: what the
    same check says today (`verdict`, `codes`), and of when the report is (`as_of`).
    """

    __tablename__ = "document"
    __table_args__ = (
        Index("ix_document_next_check", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),
        Index("ix_document_stamp_due", "stamp_due_at", postgresql_where=text("stamp_due_at IS NOT NULL")),
    )

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    paper: Mapped[str]
    place: Mapped[int]
    row: Mapped[int | None]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    state: Mapped[str]
    verdict: Mapped[str | None]
    binding: Mapped[str | None]
    refusal: Mapped[str | None]
    report: Mapped[dict[str, Any] | None]
    today: Mapped[dict[str, Any] | None]
    trust_epoch: Mapped[int | None]
    tax_code: Mapped[str]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int]
    removed_at: Mapped[datetime | None]
    filed_round: Mapped[int | None]
    stamp_due_at: Mapped[datetime | None]
    unknown_since: Mapped[datetime | None]
    doubt_told_at: Mapped[datetime | None]


class ReceiptEvidence(Base):
    """What proves a filed file and its check: our own time stamp over both, and what authorities said at that moment.

    `number` 1 is made at filing; another follows when a later check says something else. `statement` is the text that `token`
    (RFC 3161) covers; `evidence` and `stamp_evidence` name answers in `kept_answer`; `ends_at` is when the first certificate
    behind the token ends, by when it must have been renewed. `sha256` is of the file, `trust_epoch` judged it.
    """

    __tablename__ = "receipt_evidence"
    __table_args__ = (Index(None, "ends_at"), {"info": {"append_only": True}})

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    sha256: Mapped[str]
    verdict: Mapped[str]
    report: Mapped[dict[str, Any]]
    trust_epoch: Mapped[int]
    evidence: Mapped[list[str]]
    statement: Mapped[str]
    token: Mapped[bytes] = mapped_column(LargeBinary)
    tsa: Mapped[str]
    stamp_evidence: Mapped[list[str]]
    ends_at: Mapped[datetime]


class EvidenceRenewal(Base):
    """One time stamp over many whose certificates will end: a Merkle tree, its leaves in `leaves` (32 bytes each).

    The leaves of earlier renewals (`renews`) come first, then those of receipts. `evidence` is what was heard of the
    authorities behind everything renewed, `stamp_evidence` of those behind this token.
    """

    __tablename__ = "evidence_renewal"
    __table_args__ = (Index(None, "ends_at"), {"info": {"append_only": True}})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    renews: Mapped[list[str]]
    evidence: Mapped[list[str]]
    trust_epoch: Mapped[int]
    statement: Mapped[str]
    token: Mapped[bytes] = mapped_column(LargeBinary)
    tsa: Mapped[str]
    stamp_evidence: Mapped[list[str]]
    ends_at: Mapped[datetime]


class ReceiptRenewal(Base):
    """Where a receipt's time stamp was renewed: the leaf of a tree."""

    __tablename__ = "receipt_renewal"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    document_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    renewal_id: Mapped[UUID] = mapped_column(ForeignKey("evidence_renewal.id"))
    leaf_index: Mapped[int]


class SignatureOverride(Base):
    """An authorised official's reasoned word on a signature whose status could not be known."""

    __tablename__ = "signature_override"

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    document_id: Mapped[UUID]
    by: Mapped[str]
    by_name: Mapped[str]
    reason: Mapped[str]
    at: Mapped[datetime]
