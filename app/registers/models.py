"""Tables of the shared records."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, Index, false, text
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base

# xid8 as a plain number: the change feed compares it with the snapshot's oldest running transaction.
CURRENT_XID = text("(pg_current_xact_id()::text)::bigint")

CLUSTER = """((select system_identifier::text from pg_control_system()) || '-' ||
      (select timeline_id::text from pg_control_checkpoint()))"""
"""Where the numbers of transactions were given out: another cluster, or a life of it after a restore, gives out others."""

EMPTY = text("'[]'::jsonb")

# Aliases, because a column of `CodeEntry` is called list.
Codes = list[str]
Periods = list[Any]


class SharedRecord(Base):
    """What other agencies may read about one thing, as of the last act that touched it.

    `ends_on` is the last day of a licence that is valid now: by it the job finds what expires. `former` holds every value
    that a filterable field had before: by it the change feed tells a consumer that a record has left its filter.
    """

    __tablename__ = "shared_record"
    __table_args__ = (
        Index(None, "dataset", "changed_xid", "key"),
        Index(None, "subject_ref"),
        Index("ix_shared_record_ends_on", "ends_on", postgresql_where="ends_on IS NOT NULL"),
    )

    dataset: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    etag: Mapped[str]
    doc: Mapped[dict[str, Any]]
    subject_ref: Mapped[str | None]
    changed_xid: Mapped[int] = mapped_column(BigInteger, server_default=CURRENT_XID)
    changed_at: Mapped[datetime]
    deleted: Mapped[bool]
    ends_on: Mapped[date | None]
    former: Mapped[dict[str, Any] | None]


class FeedEpoch(Base):
    """The life of the numbers that the change feed goes by; `cluster` is the database cluster they were given out in."""

    __tablename__ = "feed_epoch"

    epoch: Mapped[str] = mapped_column(primary_key=True)
    cluster: Mapped[str]
    began_at: Mapped[datetime]


class CodeEntry(Base):
    """One code of a common list, as it is now; `periods` are its earlier names, the oldest first.

    `certainty` says how well its source is known; a `sample` stands for a list that is not here in full.
    """

    __tablename__ = "code_entry"

    list: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    certainty: Mapped[str]
    parent: Mapped[str | None]
    replaced_by: Mapped[Codes] = mapped_column(server_default=EMPTY)
    periods: Mapped[Periods] = mapped_column(server_default=EMPTY)
    sample: Mapped[bool] = mapped_column(server_default=false())
    source: Mapped[str | None]
