"""Tables of notices: what was told to whom, and how each channel fared."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Notice(Base):
    """One thing told to an enterprise or to an official, kept as kind and parameters: the words are made when they are read."""

    __tablename__ = "notice"
    __table_args__ = (
        Index(None, "tax_code", "at"),
        Index(None, "dossier_id"),
        Index("ix_notice_person", "person_id", "at", postgresql_where=text("person_id IS NOT NULL")),
        CheckConstraint("num_nonnulls(tax_code, person_id) = 1", name="addressee"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    tax_code: Mapped[str | None]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    dossier_id: Mapped[UUID | None] = mapped_column(ForeignKey("dossier.id"))
    kind: Mapped[str]
    params: Mapped[dict[str, Any]]
    at: Mapped[datetime]
    read_at: Mapped[datetime | None]


class Delivery(Base):
    """One notice on its way through one channel."""

    __tablename__ = "delivery"
    __table_args__ = (Index(None, "state", "next_at"),)

    notice_id: Mapped[UUID] = mapped_column(ForeignKey("notice.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    address: Mapped[str]
    state: Mapped[str] = mapped_column(default="waiting")
    attempts: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
