"""The log's rows, their places in a Merkle tree, and the signed checkpoints over it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.core.ids import uuid7


class AuditRow(Base):
    """One act, refusal or view. `salt` keeps a published leaf hash from being guessed back into its row."""

    __tablename__ = "audit_row"
    __table_args__ = (
        Index("ix_audit_row_dossier_id", "dossier_id", postgresql_where="dossier_id IS NOT NULL"),
        {"info": {"append_only": True}},
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    at: Mapped[datetime]
    actor: Mapped[str]
    action: Mapped[str]
    subject_kind: Mapped[str]
    subject_id: Mapped[str]
    dossier_id: Mapped[UUID | None]
    detail: Mapped[dict[str, Any]]
    salt: Mapped[str]


class LogLeaf(Base):
    """The place of one row (`event_id`) in the tree of `log`, with the hash it had when it was sealed."""

    __tablename__ = "log_leaf"
    __table_args__ = (
        Index("uq_log_leaf_event", "log", "event_id", unique=True),
        {"info": {"append_only": True}},
    )

    log: Mapped[str] = mapped_column(primary_key=True)
    leaf_index: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event_id: Mapped[UUID]
    leaf_hash: Mapped[bytes]


class LogSeal(Base):
    """A checkpoint: the tree of `log` had `size` leaves and this root, signed with the key `key_id` (Ed25519)."""

    __tablename__ = "log_seal"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    log: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    root: Mapped[bytes]
    frontier: Mapped[list[Any]]
    at: Mapped[datetime]
    signature: Mapped[bytes]
    key_id: Mapped[str]


class LogNode(Base):
    """The root of a complete subtree of 256^`level` leaves: what proofs are made of without reading the whole tree."""

    __tablename__ = "log_node"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    log: Mapped[str] = mapped_column(primary_key=True)
    level: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hash: Mapped[bytes]


class LogHead(Base):
    """The newest checkpoint of `log`, signed again from time to time though nothing was added: a log that lives says so."""

    __tablename__ = "log_head"

    log: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    root: Mapped[bytes]
    at: Mapped[datetime]
    signature: Mapped[bytes]
    key_id: Mapped[str]


class LogStamp(Base):
    """An RFC 3161 time stamp over a checkpoint: nobody, we included, can have made that state of the log later than this."""

    __tablename__ = "log_stamp"
    __table_args__ = {"info": {"append_only": True}}  # noqa: RUF012  (SQLAlchemy reads it once)

    log: Mapped[str] = mapped_column(primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    at: Mapped[datetime]
    note: Mapped[str]
    token: Mapped[bytes]
    tsa: Mapped[str]
    ends_at: Mapped[datetime]
