"""From a published trusted list to a change of the store, or to a refusal in words. Takes its time: call it in a thread."""

from datetime import datetime

from app.core.errors import Incomplete
from app.core.text import Text
from app.trust import certificates
from app.trust.certificates import refused
from app.trust.changes import Change, merge, refuse_older
from signing import Authority, Role, TrustSnapshot
from signing.apart import read_apart
from signing.trust import AdoptedList
from signing.trustlist import MOST_BYTES, ListRefused, refuse_overdue, sequence_number

__all__ = ["MOST_BYTES", "change"]

_NAMED = 5

_REASONS = {
    "too-large": Text("Danh sách lớn hơn mức cho phép.", "The list is larger than allowed."),
    "not-xml": Text(
        "Tệp này không phải danh sách tin cậy theo ETSI TS 119 612 (XML).",
        "This file is no trusted list of ETSI TS 119 612 (XML).",
    ),
    "dangerous-xml": Text(
        "Tệp XML này dùng thành phần bị cấm (DOCTYPE, ENTITY, mã hóa khác UTF-8 hoặc lồng quá sâu) nên không được đọc.",
        "This XML uses what is forbidden here (DOCTYPE, ENTITY, an encoding other than UTF-8, deep nesting): it was not read.",
    ),
    "signature": Text(
        "Chữ ký của danh sách không đúng với chứng thư của cơ quan vận hành đã khai. Không có gì được nhập.",
        "The list's signature does not verify with the operator's certificate that you gave. Nothing was imported.",
    ),
    "unnumbered": Text(
        "Danh sách không ghi đúng một số thứ tự (TSLSequenceNumber) nên không biết mới hay cũ.",
        "The list does not carry exactly one TSLSequenceNumber, so nobody can tell a new one from an old one.",
    ),
    "overdue": Text(
        "Danh sách đã quá hạn: cơ quan vận hành đã hẹn công bố số mới trước hôm nay. Hãy tải số mới nhất từ nơi công bố.",
        "The list is out of date: its operator promised a new issue before today. Get the latest from its publisher.",
    ),
    "too-slow": Text(
        "Đọc danh sách này mất quá nhiều thời gian nên hệ thống đã dừng. Không có gì được nhập.",
        "Reading this list took too long and was stopped. Nothing was imported.",
    ),
    "empty": Text(
        "Danh sách không có dịch vụ chứng thực (CA/QC) hay dấu thời gian (TSA/QTST) nào từng được công nhận.",
        "The list holds no certificate service (CA/QC) or time-stamping service (TSA/QTST) that was ever granted.",
    ),
}


def change(trust: TrustSnapshot, xml: bytes, operator: str, role: Role, at: datetime) -> Change:
    """What the list, signed by the `operator` (PEM), would change; what is not fit is left out and named.

    `Incomplete` says what is wrong.
    """
    try:
        pinned = certificates.read(operator.encode())
    except Incomplete as broken:
        raise refused(broken.text, broken.slug, where="operator") from broken
    try:
        listed = read_apart(xml, [pinned.der], role=role, at=at)
        refuse_overdue(xml, at)
        read = AdoptedList(pinned.sha256, sequence_number(xml))
    except ListRefused as wrong:
        raise refused(_REASONS[wrong.reason], wrong.reason) from wrong
    refuse_older(trust, read)
    fit = tuple(authority for authority in listed if _is_fit(authority))
    if not fit:
        raise refused(_REASONS["empty"], "empty")
    source = f"ETSI TS 119 612, {read.number}; {pinned.subject}; SHA-256 {pinned.sha256}"
    if left_out := {authority.service for authority in listed} - {authority.service for authority in fit}:
        source += f"; không nhập / left out: {', '.join(sorted(left_out)[:_NAMED])[:300]}"
    return merge(trust, fit, source, read)


def _is_fit(authority: Authority) -> bool:
    """What an administrator could enter by hand: a sound certificate that may issue others, or a time-stamping service's."""
    try:
        return certificates.read(authority.der).is_authority or Role.TSA in authority.roles
    except (Incomplete, ValueError):
        return False
