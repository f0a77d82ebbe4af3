"""Tables of fees: bills, attempts to pay them, and every authentic notice of the gateway (append-only)."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base
from app.fees.rules import AttemptState, BillState


class Bill(Base):
    """What a dossier owes: one fee, in whole đồng, payable until `due_at`."""

    __tablename__ = "bill"
    __table_args__ = (CheckConstraint("amount > 0", name="amount"), Index(None, "state", "due_at"))

    dossier_id: Mapped[UUID] = mapped_column(ForeignKey("dossier.id"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True)
    fee: Mapped[str]
    title_vi: Mapped[str]
    title_en: Mapped[str]
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default=BillState.OPEN)
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    paid_at: Mapped[datetime | None]
    paid_by: Mapped[str | None]


class PaymentAttempt(Base):
    """One visit to the gateway. `confirmed_at`: the gateway has said its last word; our own expiry does not set it."""

    __tablename__ = "payment_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["dossier_id", "bill_id"], ["bill.dossier_id", "bill.id"]),
        Index(None, "dossier_id", "bill_id"),
        Index(None, "state", "expires_at"),
    )

    txn_ref: Mapped[str] = mapped_column(primary_key=True)
    dossier_id: Mapped[UUID]
    bill_id: Mapped[UUID]
    amount: Mapped[int] = mapped_column(BigInteger)
    state: Mapped[str] = mapped_column(default=AttemptState.OPEN)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    gateway_no: Mapped[str | None]
    response_code: Mapped[str | None]
    paid_at: Mapped[datetime | None]
    confirmed_at: Mapped[datetime | None]
    mismatch: Mapped[str | None]


class GatewayNotice(Base):
    """A notice whose signature held, as it came, with what we answered."""

    __tablename__ = "gateway_notice"
    __table_args__ = (Index(None, "txn_ref"), {"info": {"append_only": True}})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    txn_ref: Mapped[str]
    at: Mapped[datetime]
    query: Mapped[dict[str, Any]]
    reply: Mapped[str]
