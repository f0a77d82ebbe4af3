"""The catalogue's table: published versions of procedures, as they were published, for ever."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index
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
    search_text: Mapped[str]  # folded: titles, sector and summary, as `core.text.fold` writes them
