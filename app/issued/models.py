"""Tables of what the ministry issues: documents, their numbers, and the look-up by the secret of the QR code."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.issued.rules import State


class IssuedDocument(Base):
    """One document of a dossier. Its blob's key is `id`; `signed_key` holds the version with the personal signature only.

    `facts` is what is printed and attached. `error` is why the last try failed: state and number stay, a job tries again.
    """

    __tablename__ = "issued_document"
    __table_args__ = (Index(None, "dossier_id", "asked_at"),)

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    unit: Mapped[str]
    kind: Mapped[str]
    template: Mapped[str]
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
    asked_at: Mapped[datetime]
    signed_at: Mapped[datetime | None]
    seal_asked_at: Mapped[datetime | None]
    ready_at: Mapped[datetime | None]
    valid_until: Mapped[date | None]
    replaces: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None]


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
