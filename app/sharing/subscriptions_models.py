"""Tables of webhooks."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from app.core.db import Base


class Subscription(Base):
    """A client that wants to be told when records of a dataset change, under one agreement and for one case.

    `after_xid` and `after_key` are its place in the change feed; the secret is encrypted under the portal's own.
    """

    __tablename__ = "subscription"
    __table_args__ = (Index(None, "client_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    client_id: Mapped[str] = mapped_column(ForeignKey("oauth_client.client_id"))
    agreement: Mapped[str]
    purpose: Mapped[str]
    dataset: Mapped[str]
    url: Mapped[str]
    case_ref: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary)
    after_xid: Mapped[int] = mapped_column(BigInteger)
    after_key: Mapped[str]
    status: Mapped[str]
    created_at: Mapped[datetime]
    suspended_at: Mapped[datetime | None]
    reason: Mapped[str | None]


class WebhookDelivery(Base):
    """One event for one subscription. `next_at` is when it is tried next; empty when it arrived or was given up."""

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_next_at", "next_at", postgresql_where="next_at IS NOT NULL"),
        Index(None, "subscription_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subscription_id: Mapped[UUID] = mapped_column(ForeignKey("subscription.id", ondelete="CASCADE"))
    kind: Mapped[str]
    key: Mapped[str]
    version: Mapped[int]
    at: Mapped[datetime]
    attempts: Mapped[int]
    next_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
