"""Webhooks: Standard Webhooks signatures (v1) over thin CloudEvents. What is delivered says which record changed, never how."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

_TOLERANCE_S = 300


class WebhookInvalid(Exception):
    """The delivery is not the portal's, or too old to be believed."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event. `id` is the same at every attempt: whoever keeps it notices a repeated delivery."""

    id: str
    type: str
    at: datetime
    dataset: str
    key: str
    version: int


def read_webhook(body: bytes, headers: Mapping[str, str], secret: str, *, now: float | None = None) -> Delivery:
    """The event in a delivery whose signature is good. Raises `WebhookInvalid`.

    `body` as it came, byte for byte; `secret` as shown once at the subscription (`whsec_…`).
    """
    given = {name.lower(): value for name, value in headers.items()}
    message, moment = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not message or not moment.isdecimal():
        raise WebhookInvalid("webhook-id or webhook-timestamp is missing")
    if abs((time.time() if now is None else now) - int(moment)) > _TOLERANCE_S:
        raise WebhookInvalid("the delivery is older or newer than five minutes")
    wanted = _signature(secret, f"{message}.{moment}.".encode() + body)
    offered = [each.removeprefix("v1,") for each in given.get("webhook-signature", "").split() if each.startswith("v1,")]
    if not any(hmac.compare_digest(wanted, each.encode()) for each in offered):
        raise WebhookInvalid("no signature of ours fits")
    return _read(body)


def _signature(secret: str, signed: bytes) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error as error:
        raise WebhookInvalid("the secret is not the one that was shown") from error
    return base64.b64encode(hmac.digest(key, signed, hashlib.sha256))


def _read(body: bytes) -> Delivery:
    try:
        told = json.loads(body)
        about = told["data"]
        return Delivery(
            id=told["id"],
            type=told["type"],
            at=datetime.fromisoformat(told["time"]),
            dataset=about["dataset"],
            key=about["key"],
            version=about["version"],
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WebhookInvalid("the event is not one of this version") from error
