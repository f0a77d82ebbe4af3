"""What an agreement and a client's key must look like. Pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from app.core.errors import Problem
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.jwks import is_strong

# Nghị định 47/2020/NĐ-CP, Điều 38 (repealed by 278/2025; kept as the best list of what to agree on, to be confirmed).
ITEMS = (
    "parties",
    "content",
    "place",
    "duration",
    "method",
    "post_processing",
    "limits",
    "commitments",
    "security",
    "storage",
    "deletion",
    "other",
)

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Client ids, agreement and party codes, purposes: nothing that SQL, a header or a URL would mind."""

KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""A key's `kid`: often a thumbprint (RFC 7638), and one in 32 of those begins with - or _."""

TOKEN_ID = re.compile(r"[!-~]{1,128}")
"""A `jti` we are ready to remember."""

CASE_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,63}")
"""The consumer's own case number, and the pseudonym of its officer: ASCII, because they travel in headers."""

ACTIONS = frozenset({"read"})


class Status(StrEnum):
    """Where an agreement version stands."""

    DRAFT = "draft"
    SIGNED = "signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Purpose:
    """What the data are for."""

    code: str
    title: Text


@dataclass(frozen=True, slots=True)
class Basis:
    """One clause that allows the sharing: the instrument and the clause in it."""

    van_ban: str
    dieu_khoan: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What is allowed on one dataset. `row_filter` maps a field to the values it may have; `rate` is per hour."""

    dataset: Dataset
    fields: tuple[str, ...]
    actions: tuple[str, ...] = ("read",)
    row_filter: Mapping[str, list[str]] = field(default_factory=dict)
    rate: int = 5000
    quota_day: int = 20000
    signed_response: bool = False
    notify_subject: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """All that two parties agree on; nothing of it changes within a version."""

    code: str
    party: str
    title: Text
    purposes: tuple[Purpose, ...]
    legal_basis: tuple[Basis, ...]
    items: Mapping[str, str]
    valid_from: date
    valid_to: date
    grants: tuple[Grant, ...]

    def content_hash(self, version: int) -> str:
        """SHA-256 over the canonical JSON of the terms and their version.

        Keys are ASCII and numbers whole, so sorted keys without blanks are already the form of RFC 8785.
        """
        plain = asdict(self) | {"version": version, "valid_from": str(self.valid_from), "valid_to": str(self.valid_to)}
        return hashlib.sha256(json.dumps(plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def faults_of_terms(terms: Terms) -> list[Problem]:
    """Everything that keeps `terms` from becoming an agreement."""
    checks = [
        (not IDENTIFIER.fullmatch(terms.code), "code", "Mã thỏa thuận không hợp lệ.", "The code is not valid."),
        (not terms.purposes, "purposes", "Phải nêu ít nhất một mục đích.", "Name at least one purpose."),
        (not terms.legal_basis, "legal_basis", "Phải nêu căn cứ pháp lý.", "Name the legal basis."),
        (not terms.grants, "grants", "Phải nêu dữ liệu được chia sẻ.", "Name the data to be shared."),
        (terms.valid_to < terms.valid_from, "valid_to", "Ngày kết thúc trước ngày bắt đầu.", "It ends before it begins."),
        (
            set(terms.items) != set(ITEMS),
            "items",
            "Phải đủ 12 nội dung thống nhất và không có nội dung khác.",
            "All twelve items must be there, and no other.",
        ),
    ]
    problems = [Problem(where, "agreement-terms", Text(vi, en)) for bad, where, vi, en in checks if bad]
    return problems + [fault for grant in terms.grants for fault in _faults_of_grant(grant)]


def _faults_of_grant(grant: Grant) -> list[Problem]:
    known, where = SCHEMAS[grant.dataset].names, f"grants.{grant.dataset}"
    unknown = sorted((set(grant.fields) | set(grant.row_filter)) - known)
    problems = [
        Problem(where, "unknown-field", Text(f"Không có trường “{name}”.", f"There is no field “{name}”.")) for name in unknown
    ]
    if not grant.fields or set(grant.actions) - ACTIONS:
        problems.append(Problem(where, "agreement-terms", Text("Phải nêu trường và hành động.", "Name fields and actions.")))
    return problems


_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def fault_of_key(jwk: Mapping[str, Any]) -> Text | None:
    """Why `jwk` cannot be a client's public key; None when it can: a strong one with a `kid`."""
    if _PRIVATE & set(jwk):
        return Text("Khóa có phần bí mật; chỉ gửi khóa công khai.", "The key has a private part; give the public key only.")
    if not isinstance(jwk.get("kid"), str) or not KEY_ID.fullmatch(jwk["kid"]):
        return Text("Khóa phải có “kid” hợp lệ.", "The key needs a valid “kid”.")
    if is_strong(jwk):
        return None
    return Text("Chỉ nhận khóa P-256, Ed25519 hoặc RSA từ 2048 bit.", "Only P-256, Ed25519 or RSA keys of 2048 bits or more.")
