"""The table of two-person acts."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Decision(StrEnum):
    """What the second person said; or whoever asked thought better of it."""

    CONFIRMED = "confirmed"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Approval(Base):
    """One request: `payload` is what will be done, read by the domain that owns `kind`."""

    __tablename__ = "approval"
    __table_args__ = (
        CheckConstraint("decided_by IS NULL OR (decided_by = asked_by) = (decision = 'withdrawn')", name="two_persons"),
        CheckConstraint("(decided_by IS NULL) = (decision IS NULL)", name="decided_whole"),
        Index("ix_approval_waiting", "kind", "asked_at", postgresql_where=text("decision IS NULL")),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    asked_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime]
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None]
    decision: Mapped[str | None]
