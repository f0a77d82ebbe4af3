"""The papers of a dossier and the recorded overrides of checks that could not be completed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Document(Base):
    """One file of a paper. The blob's key is `id`; `sha256` is hexadecimal and is what the receipt lists.

    `place` tells which of the files that the paper asks for (0 the first format group), `row` which row of a table it
    belongs to. `binding` is what the filer's own signature is worth (`rules.Own`), `refusal` the code that keeps the file
    out; both are read off `report` when it is stored. A file that was ever filed (`filed_round`) is never erased, only
    marked `removed_at`.
    """

    __tablename__ = "document"
    __table_args__ = (Index("ix_document_next_check", "next_check_at", postgresql_where=text("next_check_at IS NOT NULL")),)

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
    trust_epoch: Mapped[int | None]
    tax_code: Mapped[str]
    uploaded_by: Mapped[str]
    uploaded_at: Mapped[datetime]
    checked_at: Mapped[datetime | None]
    next_check_at: Mapped[datetime | None]
    checks: Mapped[int]
    removed_at: Mapped[datetime | None]
    filed_round: Mapped[int | None]


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
