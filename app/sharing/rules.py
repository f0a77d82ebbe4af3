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
from app.registers.rules import SCHEMAS, Dataset, Field, FieldClass
from app.sharing.canonical import canonical
from app.sharing.jwks import is_strong

MINISTRY = "G02"
"""Whose data these are: the providing party of every agreement."""

# Nghị định 47/2020/NĐ-CP, Điều 38 (repealed by 278/2025; kept as the best list of what to agree on, to be confirmed).
ITEM_NAME = {
    "parties": Text("Các bên", "Parties"),
    "content": Text("Nội dung dữ liệu chia sẻ", "Data to be shared"),
    "place": Text("Nơi thực hiện", "Place"),
    "duration": Text("Thời hạn", "Duration"),
    "method": Text("Phương thức chia sẻ", "Method"),
    "post_processing": Text("Xử lý dữ liệu sau khi khai thác", "Processing after reading"),
    "limits": Text("Giới hạn sử dụng", "Limits of use"),
    "commitments": Text("Cam kết của các bên", "Commitments"),
    "security": Text("An toàn, bảo mật", "Security"),
    "storage": Text("Lưu trữ", "Storage"),
    "deletion": Text("Xóa dữ liệu", "Deletion"),
    "other": Text("Nội dung khác", "Other"),
}
ITEMS = tuple(ITEM_NAME)

IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Client ids, agreement and party codes, purposes: nothing that SQL, a header or a URL would mind."""

KEY_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""A key's `kid`: often a thumbprint (RFC 7638), and one in 32 of those begins with - or _."""

TOKEN_ID = re.compile(r"[!-~]{1,128}")
"""A `jti` we are ready to remember."""

CASE_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,63}")
"""The consumer's own case number, and the pseudonym of its officer: ASCII, because they travel in headers."""

ACTIONS = frozenset({"read", "lookup", "list", "changes", "export"})
"""In how large portions a dataset may be read: one record, some known keys, page by page, its changes, all at once."""


class Status(StrEnum):
    """Where an agreement version stands. What is still being written is no version: see `AgreementDraft`."""

    PROPOSED = "proposed"
    SIGNED = "signed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    WITHDRAWN = "withdrawn"


class Remark(StrEnum):
    """What a side says of a draft: a remark, that something must change, that it is content."""

    COMMENT = "comment"
    CHANGE = "change"
    AGREED = "agreed"


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
    """What is allowed on one dataset. `row_filter` maps a field to the values it may have; `rate` is per hour.

    A personal or sensitive field stands in `field_basis` with the article that allows it. Reads are hidden from the subject
    for `hidden_days`, where the law `hidden_basis` says so.
    """

    dataset: Dataset
    fields: tuple[str, ...]
    actions: tuple[str, ...] = ("read",)
    row_filter: Mapping[str, list[str]] = field(default_factory=dict)
    rate: int = 5000
    quota_day: int = 20000
    signed_response: bool = False
    notify_subject: bool = False
    hidden_days: int | None = None
    hidden_basis: str | None = None
    field_basis: Mapping[str, Basis] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Terms:
    """All that two parties agree on; nothing of it changes within a version. `delete_within_days`: after its use ends."""

    code: str
    party: str
    title: Text
    purposes: tuple[Purpose, ...]
    legal_basis: tuple[Basis, ...]
    items: Mapping[str, str]
    valid_from: date
    valid_to: date
    grants: tuple[Grant, ...]
    delete_within_days: int = 30

    def plain(self) -> dict[str, Any]:
        """The terms as JSON holds them."""
        return asdict(self) | {"valid_from": str(self.valid_from), "valid_to": str(self.valid_to)}

    def content(self, version: int) -> bytes:
        """The canonical JSON (RFC 8785) that both sides sign: terms, version, and whose data they are."""
        return canonical(self.plain() | {"version": version, "provider": MINISTRY})

    def content_hash(self, version: int) -> str:
        """SHA-256 (hex) of `content`."""
        return hashlib.sha256(self.content(version)).hexdigest()

    def grant(self, dataset: Dataset) -> Grant | None:
        """What is given of `dataset`."""
        return next((grant for grant in self.grants if grant.dataset == dataset), None)


def terms_in(content: str) -> Terms:
    """The terms that the canonical JSON of a version says."""
    return terms_of(json.loads(content))


def terms_of(plain: Mapping[str, Any]) -> Terms:
    """The reverse of `Terms.plain`; members that belong to a version are passed over."""
    return Terms(
        code=plain["code"],
        party=plain["party"],
        title=Text(**plain["title"]),
        purposes=tuple(Purpose(one["code"], Text(**one["title"])) for one in plain["purposes"]),
        legal_basis=tuple(Basis(**one) for one in plain["legal_basis"]),
        items=dict(plain["items"]),
        valid_from=date.fromisoformat(plain["valid_from"]),
        valid_to=date.fromisoformat(plain["valid_to"]),
        grants=tuple(map(_grant_of, plain["grants"])),
        delete_within_days=plain["delete_within_days"],
    )


def _grant_of(plain: Mapping[str, Any]) -> Grant:
    known = dict(plain) | {
        "dataset": Dataset(plain["dataset"]),
        "fields": tuple(plain["fields"]),
        "actions": tuple(plain["actions"]),
        "field_basis": {name: Basis(**one) for name, one in plain["field_basis"].items()},
    }
    return Grant(**known)


def faults_of_terms(terms: Terms) -> list[Problem]:
    """Everything that keeps `terms` from becoming an agreement. `where` is the page of the draft that puts it right."""
    codes = [purpose.code for purpose in terms.purposes]
    named = all(map(IDENTIFIER.fullmatch, codes)) and len(set(codes)) == len(codes)
    checks = [
        (not IDENTIFIER.fullmatch(terms.code), "code", "Mã thỏa thuận không hợp lệ.", "The code is not valid."),
        (not (terms.title.vi and terms.title.en), "title", "Phải có tên bằng hai thứ tiếng.", "Name it in both languages."),
        (
            not terms.purposes or not named,
            "purposes",
            "Phải nêu ít nhất một mục đích có mã.",
            "Name at least one purpose by code.",
        ),
        (
            not terms.legal_basis or any(not (one.van_ban and one.dieu_khoan) for one in terms.legal_basis),
            "legal_basis",
            "Phải nêu căn cứ pháp lý đến điều, khoản.",
            "Name the legal basis down to its article.",
        ),
        (not terms.grants, "grants", "Phải nêu dữ liệu được chia sẻ.", "Name the data to be shared."),
        (terms.valid_to < terms.valid_from, "valid_to", "Ngày kết thúc trước ngày bắt đầu.", "It ends before it begins."),
        (not 0 < terms.delete_within_days <= 3650, "deletion", "Phải nêu hạn xóa dữ liệu.", "Say when data must be deleted."),
        (
            set(terms.items) != set(ITEMS) or not all(text.strip() for text in terms.items.values()),
            "items",
            "Phải đủ 12 nội dung thống nhất và không có nội dung khác.",
            "All twelve items must be there, and no other.",
        ),
    ]
    problems = [Problem(where, "agreement-terms", Text(vi, en)) for bad, where, vi, en in checks if bad]
    return problems + [fault for grant in terms.grants for fault in _faults_of_grant(grant)]


def _faults_of_grant(grant: Grant) -> list[Problem]:
    known, where = SCHEMAS[grant.dataset].names, f"grants.{grant.dataset}"
    unknown = sorted((set(grant.fields) | set(grant.row_filter) | set(grant.field_basis)) - known)
    problems = [
        Problem(where, "unknown-field", Text(f"Không có trường “{name}”.", f"There is no field “{name}”.")) for name in unknown
    ]
    if loose := sorted(set(grant.row_filter) & known - set(SCHEMAS[grant.dataset].filterable)):
        shown = ", ".join(loose)
        text = Text(f"Không lọc được theo trường: {shown}.", f"Records cannot be filtered by: {shown}.")
        problems.append(Problem(where, "row-filter", text))
    if not grant.fields or not grant.actions or set(grant.actions) - ACTIONS:
        problems.append(Problem(where, "agreement-terms", Text("Phải nêu trường và hành động.", "Name fields and actions.")))
    if not (0 < grant.rate <= 10**6 and 0 < grant.quota_day <= 10**8):
        problems.append(Problem(where, "agreement-terms", Text("Phải nêu giới hạn truy cập.", "Say rate and daily quota.")))
    if (grant.hidden_days is None) != (not grant.hidden_basis) or (grant.hidden_days or 1) < 1:
        hidden = Text("Việc tạm ẩn phải có số ngày và căn cứ.", "Hidden reads need a number of days and a legal basis.")
        problems.append(Problem(where, "hidden-basis", hidden))
    return problems + [Problem(where, "field-basis", _needs_article(name)) for name in without_article(grant)]


def is_guarded(one: Field) -> bool:
    """Whether a field is given only with an article of its own: personal, sensitive, and whatever class comes later."""
    return one.classed not in (FieldClass.PUBLIC, FieldClass.INTERNAL)


def without_article(grant: Grant) -> list[str]:
    """The personal and sensitive fields that no article of their own allows."""
    guarded = [one.name for one in SCHEMAS[grant.dataset].fields if one.name in grant.fields and is_guarded(one)]
    given = {name for name, basis in grant.field_basis.items() if basis.van_ban and basis.dieu_khoan}
    return [name for name in guarded if name not in given]


def _needs_article(name: str) -> Text:
    return Text(
        f"Trường “{name}” là dữ liệu cá nhân hoặc nhạy cảm: phải nêu điều khoản riêng cho phép.",
        f"The field “{name}” is personal or sensitive: name the article that allows it.",
    )


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
