"""The worker's side of webhooks: changes become events, events are sent, and sent again when nobody takes them.

A claim, the call, and what came of it are three steps; no transaction is open while anybody is called. Killed in between, an
event comes again after its lease: receivers know it by its id.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.core import outbox
from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.core.text import Text
from app.notices.channels import Letter
from app.registers.rules import Dataset
from app.sharing.grants import grant_of
from app.sharing.models import Agreement, AgreementGrant, OauthClient, Party
from app.sharing.rules import Status as AgreementStatus
from app.sharing.statements_of_news import news
from app.sharing.subscriptions import Kind, Status, key_of, note
from app.sharing.subscriptions_models import Subscription, WebhookDelivery
from signing import FetchFailed, FetchRules, exchange

SUSPENDED = "sharing.webhook_suspended"
TYPES = {
    Kind.CHANGED: "vn.gov.moit.shared.changed",
    Kind.DELETED: "vn.gov.moit.shared.deleted",
    Kind.TEST: "vn.gov.moit.shared.test",
}
WAITS = tuple(timedelta(seconds=each) for each in (5, 60, 300, 1800, 7200, 18_000, 36_000))
"""After each failed try; when the last has failed too, about 18 hours later, the subscription is suspended."""
KEPT = timedelta(days=30)

_SCAN = 500
_AT_ONCE, _BATCH = 8, 40
_LEASE = timedelta(seconds=60)
_TIMEOUT_S = 10.0
_MOST_BYTES = 65_536
_GONE = 410

SUBJECT = Text("Đã ngừng gửi tin thay đổi dữ liệu", "Change notices were suspended")
BODY = Text(
    "Kính gửi Quý cơ quan. Địa chỉ nhận tin của ứng dụng {client} ({host}) nhiều lần liền không nhận tin, nên Cổng tạm ngừng "
    "gửi tin về tập dữ liệu {dataset}. Hãy sửa địa chỉ, rồi gọi POST …/subscriptions/{id}/replay với thời điểm {since}; "
    "không mất tin nào.",
    "The address of client {client} ({host}) has not taken our notices for a long time, so notices about the dataset "
    "{dataset} are suspended. Mend it, then call POST …/subscriptions/{id}/replay since {since}; nothing is lost.",
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way."""

    id: UUID
    subscription_id: UUID
    url: str
    body: bytes
    key: bytes
    attempts: int


async def gather(sessions: Sessions, *, at: datetime) -> bool:
    """Turn changes into events to send, a window for each subscription; whether there may be more at once."""
    async with transaction(sessions) as session:
        active = (await session.scalars(select(Subscription.id).where(Subscription.status == Status.ACTIVE))).all()
    more = False
    for subscription_id in active:
        async with transaction(sessions) as session:
            more |= await _gather_one(session, subscription_id, at)
    return more


async def _gather_one(session: AsyncSession, subscription_id: UUID, at: datetime) -> bool:
    subscription = await session.get(Subscription, subscription_id)
    if subscription is None:
        return False
    version = await session.scalar(_given().where(Subscription.id == subscription_id).limit(1))
    if version is None:
        return False
    statement, values = await _asked(session, subscription, version, at)
    connection: Any = (await (await session.connection()).get_raw_connection()).driver_connection
    row = await connection.fetchrow(statement.text, *statement.values(values))
    return bool(row["window_full"])


def _given() -> Select[int]:
    """The agreement version in force that lets a subscription's client follow its dataset for its purpose; none, no row."""
    same = (AgreementGrant.agreement == Agreement.code) & (AgreementGrant.version == Agreement.version)
    return (
        select(Agreement.version)
        .join(AgreementGrant, same)
        .join(OauthClient, OauthClient.party == Agreement.party)
        .where(OauthClient.client_id == Subscription.client_id, OauthClient.status == AgreementStatus.ACTIVE)
        .where(Agreement.code == Subscription.agreement, Agreement.status == AgreementStatus.ACTIVE)
        .where(Agreement.purposes.contains(func.jsonb_build_array(func.jsonb_build_object("code", Subscription.purpose))))
        .where(AgreementGrant.dataset == Subscription.dataset, AgreementGrant.actions.contains(["changes"]))
        .correlate(Subscription)
    )


async def _asked(session: AsyncSession, subscription: Subscription, version: int, at: datetime) -> tuple[Any, dict[str, Any]]:
    """The statement for a subscription under the version in force, and its values."""
    dataset = Dataset(subscription.dataset)
    grant = await grant_of(session, {"agreement": subscription.agreement, "agreement_version": version}, dataset)
    values: dict[str, Any] = {
        "subscription": subscription.id,
        "scan": _SCAN,
        "day": day_in_vietnam(at),
        "at": at,
        "id": uuid7(),
        "party": grant.party,
        "client_id": subscription.client_id,
        "agreement": subscription.agreement,
        "version": version,
        "purpose": subscription.purpose,
        "legal_basis": grant.legal_basis,
        "action": "notify",
        "dataset": dataset.value,
        "fields": "[]",
        "jti": "",
        "jkt": "",
        "proof": "",
        "case_ref": subscription.case_ref,
        "acting_user": None,
        "request_id": None,
        "asked": json.dumps({"subscription": str(subscription.id)}),
        "hidden_until": at + timedelta(days=grant.hidden_days) if grant.hidden_days else None,
        "hidden_basis": grant.hidden_basis,
        "salt": secrets.token_hex(16),
    }
    values |= {f"only_{name}": list(allowed) for name, allowed in grant.row_filter}
    return news(dataset, tuple(name for name, _ in grant.row_filter)), values


async def send(sessions: Sessions, *, issuer: str, secret: bytes, loopback: bool, at: datetime) -> int:
    """Send what is due; how many were tried."""
    async with transaction(sessions) as session:
        parcels = await _claim(session, issuer, secret, at)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def carry(parcel: Parcel) -> None:
        async with gate:
            status = await _call(parcel, loopback=loopback, at=at)
        async with transaction(sessions) as session:
            await _settle(session, parcel, status, at)

    await asyncio.gather(*(carry(parcel) for parcel in parcels))
    return len(parcels)


async def _claim(session: AsyncSession, issuer: str, secret: bytes, at: datetime) -> list[Parcel]:
    """The oldest due events, leased to us. What nobody may be told now, or wants to be told, waits."""
    due = (
        select(WebhookDelivery, Subscription)
        .join(Subscription, Subscription.id == WebhookDelivery.subscription_id)
        .where(WebhookDelivery.next_at <= at, Subscription.status == Status.ACTIVE, _given().exists())
        .order_by(WebhookDelivery.next_at)
        .limit(_BATCH)
        .with_for_update(of=WebhookDelivery, skip_locked=True)
    )
    parcels = []
    for delivery, subscription in (await session.execute(due)).all():
        delivery.next_at, delivery.attempts = at + _LEASE, delivery.attempts + 1
        body = _event(delivery, subscription, issuer)
        key = key_of(subscription, secret)
        parcels.append(Parcel(delivery.id, subscription.id, subscription.url, body, key, delivery.attempts))
    return parcels


def _event(delivery: WebhookDelivery, subscription: Subscription, issuer: str) -> bytes:
    """A CloudEvent 1.0 in its structured form."""
    told = {
        "specversion": "1.0",
        "id": str(delivery.id),
        "type": TYPES[Kind(delivery.kind)],
        "source": f"{issuer}/api/sharing/v1/{subscription.dataset}",
        "time": delivery.at.isoformat(),
        "datacontenttype": "application/json",
        "data": {"dataset": subscription.dataset, "key": delivery.key, "version": delivery.version},
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def signed_headers(parcel: Parcel, at: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    moment = str(int(at.timestamp()))
    tag = hmac.digest(parcel.key, f"{parcel.id}.{moment}.".encode() + parcel.body, hashlib.sha256)
    signature = f"v1,{base64.b64encode(tag).decode()}"
    return {"webhook-id": str(parcel.id), "webhook-timestamp": moment, "webhook-signature": signature}


async def _call(parcel: Parcel, *, loopback: bool, at: datetime) -> str:
    """Call the client's address; the status, or why there was none. Addresses are looked at after the name is resolved."""
    hosts = frozenset({urlsplit(parcel.url).hostname or ""})
    rules = FetchRules(hosts, allow_loopback=loopback, max_bytes=_MOST_BYTES, timeout_s=_TIMEOUT_S)
    headers = signed_headers(parcel, at)
    try:
        await exchange(parcel.url, rules, body=parcel.body, kind="application/cloudevents+json", headers=headers)
    except FetchFailed as failed:
        return str(failed.status) if failed.status else failed.reason
    return "200"


async def _settle(session: AsyncSession, parcel: Parcel, status: str, at: datetime) -> None:
    """Note what came of it: arrived, to be tried again, or the end of the subscription's service."""
    if status.isdecimal() and 200 <= int(status) < 300:
        fresh: dict[str, Any] = {"next_at": None, "delivered_at": at}
    elif parcel.attempts <= len(WAITS) and status != str(_GONE):
        fresh = {"next_at": at + WAITS[parcel.attempts - 1]}
    else:
        fresh = {"next_at": None}
        await _suspend(session, parcel.subscription_id, status, at)
    here = WebhookDelivery.id == parcel.id
    await session.execute(update(WebhookDelivery).where(here).values(outcome=status, **fresh))


async def _suspend(session: AsyncSession, subscription_id: UUID, status: str, at: datetime) -> None:
    subscription = await session.get(Subscription, subscription_id, with_for_update=True)
    if subscription is None or subscription.status != Status.ACTIVE:
        return
    subscription.status, subscription.suspended_at, subscription.reason = Status.SUSPENDED, at, status
    note(session, SYSTEM, Event.SUBSCRIPTION_SUSPENDED, subscription, at)
    outbox.put(session, SUSPENDED, subscription_id=subscription_id)


async def letter(session: AsyncSession, subscription_id: UUID) -> tuple[str, Letter] | None:
    """What the contact of the party is told, and where; None when the subscription is gone or served again."""
    found = (
        await session.execute(
            select(Subscription, OauthClient.name, Party.email)
            .join(OauthClient, OauthClient.client_id == Subscription.client_id)
            .join(Party, Party.code == OauthClient.party)
            .where(Subscription.id == subscription_id, Subscription.status == Status.SUSPENDED)
        )
    ).one_or_none()
    if found is None:
        return None
    subscription, client, address = found
    suspended_at = subscription.suspended_at or subscription.created_at
    oldest = select(WebhookDelivery.at).where(WebhookDelivery.subscription_id == subscription.id)
    since = await session.scalar(oldest.where(WebhookDelivery.delivered_at.is_(None)).order_by(WebhookDelivery.at).limit(1))
    body = BODY.filled(
        client=client,
        host=urlsplit(subscription.url).hostname or "",
        dataset=subscription.dataset,
        id=subscription.id,
        since=(since or suspended_at).isoformat(timespec="seconds"),
    )
    return address, Letter(f"{subscription.id}.{int(suspended_at.timestamp())}", SUBJECT, body, suspended_at)


async def forget(session: AsyncSession, *, at: datetime) -> None:
    """Forget events older than a month: by then a consumer takes an export."""
    await session.execute(delete(WebhookDelivery).where(WebhookDelivery.at < at - KEPT, WebhookDelivery.next_at.is_(None)))
