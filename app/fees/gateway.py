"""The gateway port and its VNPAY-2.1.0-shaped adapter: signed payment addresses out, signed notices in. No network here.

Protocol: `vnpay.md` [HMAC-SHA512, IPN, RspCode found; lists of fields from knowledge: check against the merchant's documents].
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, Self
from urllib.parse import parse_qsl, quote_plus

from app.core.clock import VIETNAM, in_vietnam
from app.core.ids import reference
from app.core.settings import Settings
from app.core.text import Language, fold, has_unwanted

VERSION = "2.1.0"
TIME = "%Y%m%d%H%M%S"  # GMT+7
HASH_FIELDS = frozenset({"vnp_SecureHash", "vnp_SecureHashType"})

# How long a payment page stays open; a notice may still come for a while after.
ATTEMPT_LIFE = timedelta(minutes=15)
NOTICE_GRACE = timedelta(minutes=15)

_TXN_REF = re.compile(r"[0-9A-Z]{6,40}")
_MOST_FIELDS = 40
_LONGEST_QUERY = 8_192


@dataclass(frozen=True, slots=True)
class Order:
    """What one attempt asks of the gateway."""

    txn_ref: str
    amount: int
    info: str
    return_url: str
    ip: str
    language: Language
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class GatewayAnswer:
    """What an authentic query says: amount in whole đồng, None when it is no whole number of them."""

    txn_ref: str
    amount: int | None
    response_code: str
    transaction_status: str
    gateway_no: str
    paid_at: datetime | None


class Gateway(Protocol):
    """Somewhere a person pays. The adapter signs and checks; it never decides what a payment does to a bill."""

    def address(self, order: Order) -> str:
        """Where to send the payer's browser."""
        ...

    def authentic(self, query: Mapping[str, str]) -> bool:
        """Whether the gateway made this query, compared in constant time."""
        ...

    def understand(self, query: Mapping[str, str]) -> GatewayAnswer:
        """The answer in an authentic query."""
        ...


def new_txn_ref(at: datetime) -> str:
    """A reference unique per attempt: the day in Vietnam and 12 random signs."""
    return f"{in_vietnam(at):%y%m%d}{reference().replace('-', '')}"


def is_txn_ref(text: str) -> bool:
    """Whether `text` could be a reference of ours, before any table is asked."""
    return _TXN_REF.fullmatch(text) is not None


def read(raw_query: str | bytes) -> dict[str, str]:
    """The fields of a raw query; {} for one that no gateway sends (a field twice, too long, not UTF-8, hidden characters)."""
    raw = raw_query.decode("latin-1") if isinstance(raw_query, bytes) else raw_query
    if len(raw) > _LONGEST_QUERY:
        return {}
    try:
        pairs = parse_qsl(raw, keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except ValueError:
        return {}
    fields = dict(pairs)
    odd = len(fields) != len(pairs) or any(has_unwanted(name) or has_unwanted(value) for name, value in pairs)
    return {} if odd else fields


def canonical(fields: Mapping[str, str]) -> str:
    """The signed form: `vnp_` fields without the hash, sorted by name, URL-encoded, joined by `&`."""
    signed = sorted((name, value) for name, value in fields.items() if name.startswith("vnp_") and name not in HASH_FIELDS)
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in signed)


def signature(secret: str, fields: Mapping[str, str]) -> str:
    """HMAC-SHA512 of the canonical form, in lower-case hex."""
    return hmac.new(secret.encode(), canonical(fields).encode(), hashlib.sha512).hexdigest()


def signed_query(secret: str, fields: Mapping[str, str]) -> str:
    """The query string of `fields` with its `vnp_SecureHash`."""
    return f"{canonical(fields)}&vnp_SecureHash={signature(secret, fields)}"


def is_signed(secret: str, query: Mapping[str, str]) -> bool:
    """Whether `vnp_SecureHash` belongs to the other fields; upper-case hex counts too."""
    given = query.get("vnp_SecureHash", "").lower().encode("utf-8", "replace")
    return hmac.compare_digest(given, signature(secret, query).encode())


@dataclass(frozen=True, slots=True)
class Vnpay:
    """VNPAY 2.1.0: redirect with a signed query, amount in hundredths of a đồng, notices by IPN."""

    url: str
    terminal: str
    secret: str

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """The gateway these settings name."""
        if settings.gateway_secret is None:
            raise ValueError("set MOTCUA_GATEWAY_SECRET: payments cannot be signed without it")
        return cls(settings.gateway_url, settings.gateway_terminal, settings.gateway_secret.get_secret_value())

    def address(self, order: Order) -> str:
        """The signed payment address."""
        fields = {
            "vnp_Version": VERSION,
            "vnp_Command": "pay",
            "vnp_TmnCode": self.terminal,
            "vnp_Amount": str(order.amount * 100),
            "vnp_CurrCode": "VND",
            "vnp_TxnRef": order.txn_ref,
            "vnp_OrderInfo": fold(order.info),  # the gateway takes neither accents nor signs
            "vnp_OrderType": "other",
            "vnp_Locale": "en" if order.language == "en" else "vn",
            "vnp_ReturnUrl": order.return_url,
            "vnp_IpAddr": order.ip,
            "vnp_CreateDate": in_vietnam(order.created_at).strftime(TIME),
            "vnp_ExpireDate": in_vietnam(order.expires_at).strftime(TIME),
        }
        return f"{self.url}?{signed_query(self.secret, fields)}"

    def authentic(self, query: Mapping[str, str]) -> bool:
        """Signed with our secret, and for our terminal: the same secret must not settle another merchant's bills."""
        return is_signed(self.secret, query) and query.get("vnp_TmnCode") == self.terminal

    def understand(self, query: Mapping[str, str]) -> GatewayAnswer:
        """The fields of a notice or a return, as values."""
        return GatewayAnswer(
            txn_ref=query.get("vnp_TxnRef", ""),
            amount=_dong(query.get("vnp_Amount", "")),
            response_code=query.get("vnp_ResponseCode", ""),
            transaction_status=query.get("vnp_TransactionStatus", ""),
            gateway_no=query.get("vnp_TransactionNo", ""),
            paid_at=_time(query.get("vnp_PayDate", "")),
        )


def _dong(hundredths: str) -> int | None:
    if not re.fullmatch(r"[0-9]{1,15}", hundredths) or int(hundredths) % 100:
        return None
    return int(hundredths) // 100


def _time(text: str) -> datetime | None:
    if not re.fullmatch(r"[0-9]{14}", text):
        return None
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=VIETNAM)
    except ValueError:
        return None
