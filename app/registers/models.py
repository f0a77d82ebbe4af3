"""Tables of the shared records."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

# xid8 as a plain number: the change feed compares it with the snapshot's oldest running transaction.
CURRENT_XID = text("(pg_current_xact_id()::text)::bigint")


class SharedRecord(Base):
    """What other agencies may read about one thing, as of the last act that touched it."""

    __tablename__ = "shared_record"
    __table_args__ = (Index(None, "dataset", "changed_xid", "key"), Index(None, "subject_ref"))

    dataset: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    etag: Mapped[str]
    doc: Mapped[dict[str, Any]]
    subject_ref: Mapped[str | None]
    changed_xid: Mapped[int] = mapped_column(BigInteger, server_default=CURRENT_XID)
    changed_at: Mapped[datetime]
    deleted: Mapped[bool]


class CodeEntry(Base):
    """One code of a common list; `certainty` says how well its source is known."""

    __tablename__ = "code_entry"

    list: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    certainty: Mapped[str]
