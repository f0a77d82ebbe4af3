"""Tables of exports, and of the keys that sign what must be provable for years."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class ExportJob(Base):
    """All records that an agreement gives of a dataset, as one file; the file lies under `file_id`.

    `entry` is the access event of the request; `attempts` also tells which worker may finish it. `feed_xid` is the place in
    the change feed from which on everything is newer than the file.
    """

    __tablename__ = "export_job"
    __table_args__ = (
        Index(None, "client_id", "asked_at"),
        Index("ix_export_job_waiting", "asked_at", postgresql_where="status IN ('queued', 'making')"),
        Index("ix_export_job_expires_at", "expires_at", postgresql_where="status = 'ready'"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id"))
    agreement: Mapped[str]
    version: Mapped[int]
    purpose: Mapped[str]
    dataset: Mapped[str]
    fields: Mapped[list[str]]
    filter: Mapped[dict[str, Any]]
    format: Mapped[str]
    case_ref: Mapped[str]
    acting_user: Mapped[str | None]
    request_id: Mapped[str | None]
    jti: Mapped[str]
    bond: Mapped[str]
    entry: Mapped[UUID]
    asked_at: Mapped[datetime]
    status: Mapped[str]
    reason: Mapped[str | None]
    attempts: Mapped[int]
    claimed_until: Mapped[datetime | None]
    counted: Mapped[int]
    file_id: Mapped[UUID | None]
    rows: Mapped[int | None]
    bytes: Mapped[int | None] = mapped_column(BigInteger)
    sha256: Mapped[str | None]
    manifest: Mapped[str | None]
    feed_epoch: Mapped[str | None]
    feed_xid: Mapped[int | None] = mapped_column(BigInteger)
    made_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]


class EvidenceKey(Base):
    """An Ed25519 key for answers and manifests, encrypted under the portal's secret key; stays published when another signs."""

    __tablename__ = "evidence_key"

    kid: Mapped[str] = mapped_column(primary_key=True)
    public: Mapped[dict[str, Any]]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    active_from: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
