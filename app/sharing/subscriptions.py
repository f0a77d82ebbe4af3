"""Webhooks: a client is told which records changed, never how. Thin CloudEvents under Standard Webhooks signatures.

What is told is what the agreement's change feed would tell, with an entry in the access log of its own.
"""

import base64
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import func, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import Actor
from app.core.errors import Incomplete, NotFound, Problem, WrongState
from app.core.ids import uuid7
from app.core.text import Text
from app.registers.rules import Dataset
from app.sharing.grants import NotGranted, detail_for
from app.sharing.models import Agreement, OauthClient
from app.sharing.rules import Status as AgreementStatus
from app.sharing.subscriptions_models import Subscription, WebhookDelivery
from signing import FetchRules, may_connect

MOST_OF_A_CLIENT = 10
MOST_REPLAYED = 10_000
LONGEST_URL = 500
_SHOWN = 50


class Status(StrEnum):
    """Whether a subscription is served."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class Kind(StrEnum):
    """What an event says."""

    CHANGED = "changed"
    DELETED = "deleted"
    TEST = "test"


TOO_MANY = Text(
    "Mỗi ứng dụng có tối đa 10 đăng ký nhận tin. Hãy xóa một đăng ký không còn dùng.",
    "A client has at most 10 subscriptions. Delete one that is no longer used.",
)
BAD_URL = Text(
    "Địa chỉ nhận tin phải là https trên máy chủ công khai, không kèm tên đăng nhập, tối đa 500 ký tự.",
    "The address must be https on a public host, without a user name, at most 500 characters.",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client asks for."""

    dataset: Dataset
    url: str
    case_ref: str


async def subscribe(
    session: AsyncSession, claims: Mapping[str, Any], wish: Wish, *, secret: bytes, loopback: bool, at: datetime
) -> tuple[Subscription, str]:
    """Begin to tell a client of changes from now on; the row, and the key of its signatures, which is shown this once."""
    detail = detail_for(claims, wish.dataset, "changes")
    await _must_be_in_force(session, detail)
    must_be_address(wish.url, loopback=loopback)
    client_id = claims["client_id"]
    # One at a time for each client, or two requests at once would each see room for one more.
    await session.execute(select(OauthClient.client_id).where(OauthClient.client_id == client_id).with_for_update())
    held = await session.scalar(select(func.count()).select_from(Subscription).where(Subscription.client_id == client_id))
    if (held or 0) >= MOST_OF_A_CLIENT:
        raise WrongState(TOO_MANY, slug="too-many-subscriptions")
    made, key = uuid7(), secrets.token_bytes(32)
    row = Subscription(
        id=made,
        client_id=client_id,
        agreement=detail["agreement"],
        purpose=detail["purpose"],
        dataset=wish.dataset.value,
        url=wish.url,
        case_ref=wish.case_ref,
        secret=_sealed(key, made, secret),
        after_xid=await session.scalar(text("select pg_snapshot_xmin(pg_current_snapshot())::text::bigint")),
        after_key="",
        status=Status.ACTIVE,
        created_at=at,
        suspended_at=None,
        reason=None,
    )
    session.add(row)
    await session.flush()
    return row, f"whsec_{base64.b64encode(key).decode()}"


async def _must_be_in_force(session: AsyncSession, detail: Mapping[str, Any]) -> None:
    """A token outlives its agreement by minutes; a subscription would by years."""
    said = (Agreement.code == detail["agreement"], Agreement.version == detail["agreement_version"])
    if await session.scalar(select(Agreement.status).where(*said)) != AgreementStatus.ACTIVE:
        raise NotGranted


def must_be_address(url: str, *, loopback: bool) -> None:
    """Refuse an address that we would never call. Where it leads is looked at again whenever we call. Raises `Incomplete`."""
    try:
        parts = urlsplit(url)
        host, port, user = parts.hostname, parts.port, parts.username
    except ValueError:
        host, port, user, parts = None, None, None, urlsplit("")
    ours = loopback and host in {"127.0.0.1", "localhost"}
    plain = all("!" <= sign <= "~" for sign in url) and "\\" not in url and not parts.fragment
    good = host and user is None and plain and len(url) <= LONGEST_URL and (ours or not _is_inside(host))
    if not good or not (ours or (parts.scheme == "https" and port in {None, 443})):
        raise Incomplete([Problem("url", "webhook-url", BAD_URL)])


def _is_inside(host: str) -> bool:
    """Whether a host is a bare address that no public receiver has; what a name leads to is seen when it is called."""
    try:
        return not may_connect(host, FetchRules(frozenset()))
    except ValueError:
        return "." not in host


async def own(session: AsyncSession, client_id: str) -> Sequence[Subscription]:
    """A client's subscriptions, the oldest first."""
    return (
        await session.scalars(select(Subscription).where(Subscription.client_id == client_id).order_by(Subscription.id))
    ).all()


async def one(session: AsyncSession, client_id: str, subscription_id: UUID) -> Subscription:
    """A client's own subscription, locked. Raises `NotFound`, for another client's too."""
    mine = (Subscription.id == subscription_id, Subscription.client_id == client_id)
    row = await session.scalar(select(Subscription).where(*mine).with_for_update())
    if row is None:
        raise NotFound
    return row


async def last_deliveries(session: AsyncSession, subscription_id: UUID) -> Sequence[WebhookDelivery]:
    """The latest deliveries, the newest first."""
    mine = WebhookDelivery.subscription_id == subscription_id
    newest = select(WebhookDelivery).where(mine).order_by(WebhookDelivery.at.desc(), WebhookDelivery.id).limit(_SHOWN)
    return (await session.scalars(newest)).all()


async def unsubscribe(session: AsyncSession, client_id: str, subscription_id: UUID) -> None:
    """End a subscription with all that waits for it."""
    await session.delete(await one(session, client_id, subscription_id))
    await session.flush()


async def try_out(session: AsyncSession, client_id: str, subscription_id: UUID, *, at: datetime) -> WebhookDelivery:
    """Send an event that is about nothing."""
    subscription = await one(session, client_id, subscription_id)
    if subscription.status != Status.ACTIVE:
        raise WrongState
    row = WebhookDelivery(
        id=uuid7(),
        subscription_id=subscription_id,
        kind=Kind.TEST,
        key="",
        version=0,
        at=at,
        attempts=0,
        next_at=at,
        delivered_at=None,
        outcome=None,
    )
    session.add(row)
    await session.flush()
    return row


async def replay(session: AsyncSession, client_id: str, subscription_id: UUID, *, since: datetime, at: datetime) -> int:
    """Send again what was to be sent since, and serve a suspended subscription again; how many events."""
    subscription = await one(session, client_id, subscription_id)
    subscription.status, subscription.suspended_at, subscription.reason = Status.ACTIVE, None, None
    wanted = (
        select(WebhookDelivery.id)
        .where(WebhookDelivery.subscription_id == subscription_id, WebhookDelivery.at >= since)
        .order_by(WebhookDelivery.at, WebhookDelivery.id)
        .limit(MOST_REPLAYED)
    )
    again = update(WebhookDelivery).where(WebhookDelivery.id.in_(wanted)).values(next_at=at, attempts=0)
    return len((await session.execute(again.returning(WebhookDelivery.id))).all())


def told(row: Subscription) -> dict[str, Any]:
    """A subscription as its client sees it."""
    return {
        "id": str(row.id),
        "dataset": row.dataset,
        "url": row.url,
        "agreement": row.agreement,
        "purpose": row.purpose,
        "case_ref": row.case_ref,
        "status": row.status,
        "reason": row.reason,
        "created_at": row.created_at.isoformat(),
        "suspended_at": _moment(row.suspended_at),
    }


def told_of(row: WebhookDelivery) -> dict[str, Any]:
    """A delivery as its client sees it."""
    return {
        "id": str(row.id),
        "kind": row.kind,
        "key": row.key,
        "version": row.version,
        "at": row.at.isoformat(),
        "attempts": row.attempts,
        "outcome": row.outcome,
        "next_at": _moment(row.next_at),
        "delivered_at": _moment(row.delivered_at),
    }


def _moment(at: datetime | None) -> str | None:
    return at.isoformat() if at else None


def key_of(subscription: Subscription, secret: bytes) -> bytes:
    """The key of a subscription's signatures."""
    sealed = subscription.secret
    return AESGCM(_wrapping(secret)).decrypt(sealed[:12], sealed[12:], subscription.id.bytes)


def _sealed(key: bytes, subscription_id: UUID, secret: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(_wrapping(secret)).encrypt(nonce, key, subscription_id.bytes)


def _wrapping(secret: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=b"mot-cua webhook-key").derive(secret)


def note(session: AsyncSession, actor: Actor, event: Event, subscription: Subscription, at: datetime) -> None:
    """Enter what was done with a subscription into the audit log; its address is the client's own affair."""
    detail = {"dataset": subscription.dataset, "client": subscription.client_id}
    record(session, actor, event, subject_kind="subscription", subject_id=str(subscription.id), detail=detail, at=at)
