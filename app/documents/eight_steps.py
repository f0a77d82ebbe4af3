"""The eight mandatory steps of checking a signature, read off a report. Pure.

Thông tư 15/2025/TT-BKHCN; the wording is ours, the annex to be confirmed.

Three-valued, and closed: a step is good only where the report shows it, never because nothing speaks against it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from app.core.clock import in_vietnam
from app.core.text import Text
from app.documents import terms
from signing.model import Indication, Revoked, Signature


class Standing(StrEnum):
    """What a step came to."""

    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what is asked, what was found, what it rests on."""

    number: int
    name: Text
    standing: Standing
    said: Text


STANDING = {
    Standing.GOOD: Text("Đạt", "Passed"),
    Standing.BAD: Text("Không đạt", "Failed"),
    Standing.UNKNOWN: Text("Chưa xác định", "Not known"),
}
# Whoever cannot read the signature can say nothing about it.
_UNREAD = {"SIG_FORMAT", "SIG_BYTERANGE_BAD", "SIG_SUBFILTER_UNSUPPORTED", "ENGINE_ERROR"}
_NOT_JUDGED = Text("Chế độ chỉ kiểm tra toàn vẹn: bước này không được xét.", "Integrity only: this step was not judged.")
_NOT_READ = Text("Không đọc được chữ ký.", "The signature could not be read.")


@dataclass(frozen=True)
class _Rule:
    """A step is BAD on the first set of codes, UNKNOWN on the second or where `shown` finds nothing positive."""

    name: Text
    bad: frozenset[str]
    unknown: frozenset[str]
    shown: Callable[[Signature], bool]
    said: Callable[[Signature], Text]
    of_trust: bool = True


def steps_of(row: Signature, *, integrity_only: bool) -> tuple[Step, ...]:
    """All eight for one signature."""
    return tuple(_step(number, rule, row, integrity_only=integrity_only) for number, rule in enumerate(_RULES, start=1))


def _step(number: int, rule: _Rule, row: Signature, *, integrity_only: bool) -> Step:
    codes = {found.code for found in row.findings}
    if codes & rule.bad:
        return Step(number, rule.name, Standing.BAD, rule.said(row))
    if integrity_only and rule.of_trust:
        return Step(number, rule.name, Standing.UNKNOWN, _NOT_JUDGED)
    if row.indication is not Indication.TOTAL_PASSED and codes & _UNREAD:
        return Step(number, rule.name, Standing.UNKNOWN, _NOT_READ)
    good = not codes & rule.unknown and rule.shown(row)
    return Step(number, rule.name, Standing.GOOD if good else Standing.UNKNOWN, rule.said(row))


def _inside(row: Signature) -> bool:
    """The time the verdict rests on lies in the certificate's own period."""
    signer, time = row.signer, row.signing_time
    if not (signer and time and signer.valid_from and signer.valid_until):
        return row.indication is Indication.TOTAL_PASSED
    return signer.valid_from <= time.value <= signer.valid_until


def _passed_or_chained(row: Signature) -> bool:
    return row.indication is Indication.TOTAL_PASSED or (row.role is not None and row.signer is not None)


def _said_time(row: Signature) -> Text:
    if row.signing_time is None:
        return Text("Không có thời điểm ký.", "There is no signing time.")
    when = f"{in_vietnam(row.signing_time.value):%d/%m/%Y %H:%M:%S}"
    source = terms.TIME_SOURCE[row.signing_time.source]
    revoked = terms.REVOKED[row.revocation.status]
    return Text(f"{when} ({source.vi}); {revoked.vi.lower()}", f"{when} ({source.en}); {revoked.en.lower()}")


def _said_revocation(row: Signature) -> Text:
    status = terms.REVOKED[row.revocation.status]
    if not row.revocation.source:
        return status
    told = row.revocation.source.upper()
    when = f", {in_vietnam(row.revocation.this_update):%d/%m/%Y %H:%M}" if row.revocation.this_update else ""
    return Text(f"{status.vi} ({told}{when})", f"{status.en} ({told}{when})")


def _said_algorithms(row: Signature) -> Text:
    used = row.algorithms
    if used is None:
        return Text(row.algorithm or "–", row.algorithm or "–")
    key = f"{used.key} {used.key_bits} bit" if used.key_bits else ""
    told = " · ".join(part for part in (used.digest, used.signature, key) if part)
    return Text(told, told)


def _said_use(row: Signature) -> Text:
    if row.role is None:
        return Text("Không thuộc hệ thống được tin cậy.", "Not of a trusted system.")
    return terms.LABEL[row.label]


def _said_signer(row: Signature) -> Text:
    if row.signer is None:
        return Text("Không đọc được người ký.", "The signer could not be read.")
    name = row.signer.o or row.signer.cn
    code = "-".join(part for part in (row.signer.mst, row.signer.branch) if part)
    return Text(f"{name}, mã số thuế {code}", f"{name}, tax code {code}") if code else Text(name, name)


def _said_key(row: Signature) -> Text:
    codes = {found.code for found in row.findings}
    if "SIG_CRYPTO_INVALID" in codes:
        return Text("Giá trị chữ ký không khớp khóa trong chứng thư.", "The signature does not fit the certificate's key.")
    if "SIG_HASH_MISMATCH" in codes:
        return Text("Không xét được vì nội dung đã khác.", "Not to be told: the content differs.")
    return Text("Giá trị chữ ký khớp khóa trong chứng thư.", "The signature fits the certificate's key.")


def _said_period(row: Signature) -> Text:
    if not (row.signer and row.signer.valid_from and row.signer.valid_until):
        return Text("Không đọc được thời hạn chứng thư.", "The certificate's period could not be read.")
    told = f"{in_vietnam(row.signer.valid_from):%d/%m/%Y} – {in_vietnam(row.signer.valid_until):%d/%m/%Y}"
    return Text(f"Chứng thư có hiệu lực {told}", f"Certificate in force {told}")


def _said_digest(row: Signature) -> Text:
    if any(found.code == "SIG_HASH_MISMATCH" for found in row.findings):
        return Text("Mã băm của nội dung khác mã băm đã ký.", "The digest of the content differs from the signed one.")
    return terms.MODIFICATION[row.modification]


_NO_CHAIN = frozenset({"CERT_UNTRUSTED"})
_REVOKED = frozenset({"CERT_REVOKED"})
_OUTSIDE = frozenset({"CERT_EXPIRED", "CERT_NOT_YET_VALID"})
_CHANGED = frozenset({"SIG_HASH_MISMATCH", "SIG_MODIFIED_AFTER", "SIG_FORM_FILLED_AFTER", "SIG_DOCMDP_VIOLATED"})
_UNLEARNT = frozenset({"REV_UNKNOWN", "REV_STALE"}) | _NO_CHAIN

_RULES = (
    _Rule(
        Text(
            "Thời điểm ký nằm trong thời hạn chứng thư; khi đó chứng thư không bị thu hồi, tạm dừng",
            "Signed while the certificate was in force, and not revoked or suspended then",
        ),
        bad=_REVOKED | _OUTSIDE | {"CERT_ON_HOLD"},
        unknown=_UNLEARNT,
        shown=lambda row: _inside(row) and row.revocation.status is Revoked.GOOD,
        said=_said_time,
    ),
    _Rule(
        Text("Tình trạng thu hồi theo CRL, OCSP mới nhất", "Revocation status from the newest CRL or OCSP"),
        bad=_REVOKED | {"CERT_ON_HOLD"},
        unknown=_UNLEARNT,
        shown=lambda row: row.revocation.status is Revoked.GOOD,
        said=_said_revocation,
    ),
    _Rule(
        Text("Thuật toán và độ dài khóa được phép", "Algorithms and key length are allowed"),
        bad=frozenset({"ALG_SHA1", "ALG_WEAK_KEY", "ALG_NOT_ALLOWED"}),
        unknown=frozenset(),
        shown=lambda row: row.algorithms is not None or row.indication is Indication.TOTAL_PASSED,
        said=_said_algorithms,
        of_trust=False,
    ),
    _Rule(
        Text("Chứng thư được dùng đúng phạm vi", "The certificate is used within its scope"),
        bad=frozenset({"CERT_KEY_USAGE", "ROLE_NOT_ALLOWED"}),
        unknown=_NO_CHAIN,
        shown=_passed_or_chained,
        said=_said_use,
    ),
    _Rule(
        Text("Xác định được người ký", "The signer is identified"),
        bad=frozenset(),
        unknown=_NO_CHAIN,
        shown=_passed_or_chained,
        said=_said_signer,
    ),
    _Rule(
        Text("Chữ ký được tạo bằng khóa ứng với chứng thư", "Made with the key that belongs to the certificate"),
        bad=frozenset({"SIG_CRYPTO_INVALID"}),
        unknown=frozenset({"SIG_HASH_MISMATCH"}),
        shown=lambda row: row.signer is not None,
        said=_said_key,
        of_trust=False,
    ),
    _Rule(
        Text("Chứng thư có hiệu lực tại thời điểm ký", "The certificate was in force when it was signed"),
        bad=_OUTSIDE,
        unknown=_NO_CHAIN,
        shown=_inside,
        said=_said_period,
    ),
    _Rule(
        Text("Nội dung toàn vẹn: mã băm khớp, không bị sửa sau khi ký", "Content is intact: digests agree, no later change"),
        bad=_CHANGED,
        unknown=frozenset({"SIG_LATER_REVISION_UNCLEAR"}),
        shown=lambda row: row.covers_document,
        said=_said_digest,
        of_trust=False,
    ),
)
