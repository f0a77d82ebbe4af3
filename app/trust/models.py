"""The trust store, epoch by epoch, and what certificate authorities last said."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class TrustEpoch(Base):
    """One version of the trust store, never changed once adopted; `signature` is a compact JWS over its hash."""

    __tablename__ = "trust_epoch"

    epoch: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    note: Mapped[str]
    adopted_at: Mapped[datetime]
    approval_id: Mapped[UUID | None] = mapped_column(ForeignKey("approval.id"))
    signature: Mapped[str]


class RevocationEvidence(Base):
    """The latest answer to one question (`key` of `signing.Need`), as it came. `request` is set for OCSP."""

    __tablename__ = "revocation_evidence"
    __table_args__ = (Index("ix_revocation_evidence_next_update", "next_update"),)

    key: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    url: Mapped[str]
    issuer_sha256: Mapped[str]
    serial: Mapped[str | None]
    request: Mapped[bytes | None] = mapped_column(LargeBinary)
    der: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]
    this_update: Mapped[datetime]
    next_update: Mapped[datetime | None]
    fetched_at: Mapped[datetime]


class KeptAnswer(Base):
    """An answer that a filing or a time stamp rests on, by its SHA-256: kept for as long as they are, whatever is said later."""

    __tablename__ = "kept_answer"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    url: Mapped[str]
    der: Mapped[bytes] = mapped_column(LargeBinary)
    this_update: Mapped[datetime]
    next_update: Mapped[datetime | None]
    kept_at: Mapped[datetime]
