"""The catalogue's tables: published versions, as they were published, for ever; drafts; and the ends of procedures."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class ProcedureVersion(Base):
    """A published version. The table is append-only: a version ends by its own `valid_to` or when a later one begins."""

    __tablename__ = "procedure_version"
    __table_args__ = (Index(None, "valid_from"), {"info": {"append_only": True}})

    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[dict[str, Any]]
    sha256: Mapped[str]
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]
    decision: Mapped[str | None]
    published_at: Mapped[datetime]
    text: Mapped[str | None]  # the file as it was written in the workshop; a shipped version's file is shipped
    search_text: Mapped[str]  # folded: titles, sector and summary, as `core.text.fold` writes them


class ProcedureDraft(Base):
    """A version that somebody is writing: the file as it stands. `revision` guards against two people saving at once.

    While `approval_id` is set it has been proposed and waits: nobody changes it then.
    """

    __tablename__ = "procedure_draft"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    text: Mapped[str]
    revision: Mapped[int]
    saved_by: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    saved_at: Mapped[datetime]
    approval_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval.id"))


class ProcedureEnd(Base):
    """The procedure ends after `last_day`: this version and all before it. A later version begins it anew. Append-only."""

    __tablename__ = "procedure_end"
    __table_args__ = (
        ForeignKeyConstraint(["slug", "version"], ["procedure_version.slug", "procedure_version.version"]),
        {"info": {"append_only": True}},
    )

    slug: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last_day: Mapped[date]
    approval_id: Mapped[UUID] = mapped_column(ForeignKey("approval.id"))
    ended_at: Mapped[datetime]
