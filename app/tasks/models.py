"""The tasks of the internal process."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

_IS_OPEN = text("state = 'open'")
_IS_UNCLAIMED = text("state = 'open' AND assignee IS NULL")


class Task(Base):
    """One step of the process for one dossier. Without an assignee it waits for anyone of `role` in `unit`."""

    __tablename__ = "task"
    __table_args__ = (
        Index("ix_task_mine", "assignee", "due_at", "dossier_id", postgresql_where=_IS_OPEN),
        Index("ix_task_team", "unit", "role", "due_at", "dossier_id", postgresql_where=_IS_UNCLAIMED),
    )

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    step: Mapped[str]
    stage: Mapped[str]
    kind: Mapped[str]
    role: Mapped[str]
    unit: Mapped[str]
    assignee: Mapped[UUID | None]
    assignee_name: Mapped[str | None]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]
    done_by: Mapped[UUID | None]
    done_by_name: Mapped[str | None]
    outcome: Mapped[str | None]
    note: Mapped[str]


class InspectionPhoto(Base):
    """A photograph taken on site, as it came; `taken_at` and `place` are what its camera wrote or the inspector said."""

    __tablename__ = "inspection_photo"
    __table_args__ = (ForeignKeyConstraint(["dossier_id", "task_id"], ["task.dossier_id", "task.id"]),)

    dossier_id: Mapped[UUID] = mapped_column(primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    task_id: Mapped[UUID]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str]
    taken_at: Mapped[datetime | None]
    place: Mapped[str]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
