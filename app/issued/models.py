"""Tables of what the ministry issues: documents, their numbers, and the look-up by the secret of the QR code."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.issued.rules import State


def _own_id(context: Any) -> UUID:
    """A document is given out under its own id until its first extension."""
    key: UUID = context.get_current_parameters()["id"]
    return key


class IssuedDocument(Base):
    """One document of a dossier. `file_key` is the blob given out, `signed_key` the one with the personal signature only.

    While its signer is awaited, `way` says how: `prepared_key` is the file without his signature, `pending` what to remember of
    it, `signature` what his key gave, `upload_key` the file he signed himself. `stamped_until` is when the certificate of the
    last document time stamp ends: before, the file is extended.

    `facts` is what is printed and attached, by the `edition` of the template that was in force when it was asked for. `error` is
    why the last try failed: state and number stay, a job tries again.
    """

    __tablename__ = "issued_document"
    __table_args__ = (
        Index(None, "dossier_id", "asked_at"),
        Index("ix_issued_document_stamped_until", "stamped_until", postgresql_where=text("stamped_until IS NOT NULL")),
        Index("ix_issued_document_waiting", "personal_signer", postgresql_where=text("state = 'waiting'")),
    )

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit: Mapped[str]
    kind: Mapped[str]
    template: Mapped[str]
    edition: Mapped[int] = mapped_column(server_default="1")
    series: Mapped[str | None]
    number: Mapped[str | None]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    facts: Mapped[dict[str, Any]]
    secret: Mapped[str]
    state: Mapped[str] = mapped_column(default=State.ORDERED)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    sha256: Mapped[str | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    personal_signer: Mapped[UUID | None]
    signed_key: Mapped[UUID | None]
    file_key: Mapped[UUID] = mapped_column(default=_own_id)
    way: Mapped[str | None]
    approval_id: Mapped[UUID | None] = mapped_column(ForeignKey("issued_approval.id"))
    prepared_key: Mapped[UUID | None]
    pending: Mapped[dict[str, Any] | None]
    signature: Mapped[bytes | None]
    upload_key: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    seal_asked_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    stamped_until: Mapped[datetime | None]
    valid_until: Mapped[date | None]
    replaces: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


class IssuedVersion(Base):
    """An earlier file of a document: byte for byte the beginning of the present one, and still genuine in its holder's hands."""

    __tablename__ = "issued_version"
    __table_args__ = (
        ForeignKeyConstraint(["dossier_id", "issued_id"], ["issued_document.dossier_id", "issued_document.id"]),
        {"info": {"append_only": True}},
    )

    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    issued_id: Mapped[UUID] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    replaced_at: Mapped[datetime]


class IssuedApproval(Base):
    """One approval by a signer of several documents. `secret` is what he gave for it, sealed; gone when used or too late."""

    __tablename__ = "issued_approval"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    person_id: Mapped[UUID]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    secret: Mapped[bytes | None]
    total: Mapped[int]
    done_at: Mapped[datetime | None]
    error: Mapped[str | None]


class IssuedSecret(Base):
    """From the secret in the QR code to the document."""

    __tablename__ = "issued_secret"
    __table_args__ = (ForeignKeyConstraint(["dossier_id", "issued_id"], ["issued_document.dossier_id", "issued_document.id"]),)

    secret: Mapped[str] = mapped_column(primary_key=True)
    dossier_id: Mapped[UUID]
    issued_id: Mapped[UUID]


class NumberSeries(Base):
    """How far a series has come this year: no sequence of the database, which would leave gaps."""

    __tablename__ = "number_series"

    series: Mapped[str] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int]


class IssuedNumber(Base):
    """A number given to a document. A void number stays, with its reason."""

    __tablename__ = "issued_number"
    __table_args__ = (
        UniqueConstraint("series", "year", "n"),
        ForeignKeyConstraint(["dossier_id", "issued_id"], ["issued_document.dossier_id", "issued_document.id"]),
    )

    number: Mapped[str] = mapped_column(primary_key=True)
    series: Mapped[str]
    year: Mapped[int]
    n: Mapped[int]
    dossier_id: Mapped[UUID]
    issued_id: Mapped[UUID]
    reserved_at: Mapped[datetime]
    voided_at: Mapped[datetime | None]
    void_reason: Mapped[str | None]
