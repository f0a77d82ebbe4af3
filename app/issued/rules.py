"""Kinds and states of issued documents, what a verifier is told, and amounts in words. Pure."""

from datetime import date, datetime, timedelta
from enum import StrEnum

from app.core.text import Text


class Kind(StrEnum):
    """What a document is in law; its template may differ (a result is a certificate or a letter)."""

    RECEIPT = "receipt"
    FORM_01 = "form-01"
    FORM_02 = "form-02"
    FORM_03 = "form-03"
    FORM_04 = "form-04"
    FORM_05 = "form-05"
    FORM_06 = "form-06"
    FORM_07 = "form-07"
    CONSULTATION = "consultation-letter"
    MINUTES = "inspection-minutes"
    STEP_DOCUMENT = "step-document"
    FEE_NOTICE = "fee-notice"
    RESULT = "result"
    REFUSAL = "refusal"
    FEE_RECEIPT = "fee-receipt"


# Results of a procedure: personal signature, then seal; anyone may verify them by number.
RESULTS = frozenset({Kind.RESULT, Kind.REFUSAL})
# Papers between offices: kept with the dossier, not given to the business.
INTERNAL = frozenset({Kind.FORM_06, Kind.FORM_07, Kind.CONSULTATION})

ENTRIES_PER_VOLUME = 500
"""Entries of the register book (form 07) in one volume: one volume is one file, printed in a second."""


def volume_of(entry: int) -> int:
    """The volume in which the entry with this number of the year stands."""
    return (entry - 1) // ENTRIES_PER_VOLUME + 1


class State(StrEnum):
    """How far a document has come. A failed try changes nothing here: see `error`."""

    ORDERED = "ordered"
    WAITING = "waiting"  # for its signer: see `Way`
    SIGNED = "signed"  # the personal signature is on it, the seal is not
    READY = "ready"


class Way(StrEnum):
    """How a personal signature comes about."""

    AT_ONCE = "at-once"  # the decision itself suffices
    APPROVAL = "approval"  # the signer approves, one document or several at once
    UPLOAD = "upload"  # the signer signs with a program of his own and brings the file back


WHY_NOT = {
    "unreachable": Text(
        "Dịch vụ ký số hoặc thiết bị giữ khóa không trả lời. Hãy thử lại sau ít phút.",
        "The signing service or the device with the key did not answer. Try again in a few minutes.",
    ),
    "refused": Text(
        "Dịch vụ ký số từ chối yêu cầu. Hãy xem thông báo trên điện thoại của bạn hoặc hỏi nhà cung cấp.",
        "The signing service refused. See the message on your telephone, or ask the provider.",
    ),
    "wrong-pin": Text(
        "Mã PIN hoặc mã OTP không đúng. Hãy ký lại với mã đúng; nhập sai nhiều lần sẽ khóa chứng thư.",
        "The PIN or one-time code is wrong. Sign again with the right one; several wrong ones lock the certificate.",
    ),
    "too-many": Text(
        "Dịch vụ ký số không nhận nhiều văn bản như vậy trong một lần. Hãy chọn ít văn bản hơn.",
        "The signing service does not take as many documents at once. Choose fewer.",
    ),
    "unsuitable": Text(
        "Khóa ký được cấu hình chưa đúng. Hãy báo người quản trị hệ thống.",
        "The signing key is not set up correctly. Tell the system administrator.",
    ),
    "too-late": Text("Đã quá thời gian chờ phê duyệt. Hãy ký lại.", "The approval took too long. Sign again."),
    "other-bytes": Text(
        "Tệp tải lên không phải tệp đã lấy về để ký, hoặc phần mềm đã lưu lại toàn bộ tệp. Hãy lấy tệp về và ký lại.",
        "This is not the file that was given out to be signed, or the program saved it anew. Download it again and sign that.",
    ),
    "not-one": Text(
        "Tệp phải có đúng một chữ ký số: của bạn. Hãy lấy tệp về và ký một lần.",
        "The file must carry exactly one signature: yours. Download it and sign once.",
    ),
    "not-valid": Text(
        "Chữ ký trên tệp chưa hợp lệ. Hãy ký bằng chứng thư số chuyên dùng Chính phủ còn hiệu lực.",
        "The signature on the file is not valid. Sign with a government certificate that is in force.",
    ),
    "another-signer": Text(
        "Chữ ký là của người khác. Hãy ký bằng chứng thư số của chính bạn đã đăng ký.",
        "The signature is someone else's. Sign with your own registered certificate.",
    ),
    "certifies": Text(
        "Hãy dùng kiểu ký thông thường (phê duyệt), không dùng kiểu chứng thực tài liệu.",
        "Use an ordinary (approval) signature, not one that certifies the document.",
    ),
    "more-than-a-signature": Text(
        "Ngoài chữ ký, nội dung tệp đã bị thay đổi. Hãy lấy tệp về và chỉ ký.",
        "Something besides the signature was changed. Download the file and do nothing but sign.",
    ),
}
"""Why a signature has not come about, by the word that is kept: for the signer."""


class Standing(StrEnum):
    """What the public verification page says of a document."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    REPLACED = "replaced"


def standing(valid_until: date | None, revoked_at: datetime | None, today: date, *, replaced: bool = False) -> Standing:
    """Replaced wins over revoked, revoked over expired; the last day of validity still counts."""
    if revoked_at is not None:
        return Standing.REPLACED if replaced else Standing.REVOKED
    return Standing.EXPIRED if valid_until is not None and today > valid_until else Standing.VALID


def wait_after(attempts: int) -> timedelta:
    """How long to wait before try number `attempts + 1`: 5 s doubling up to 15 minutes."""
    return timedelta(seconds=min(5 * 2 ** min(attempts - 1, 10), 900))


_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ("", "nghìn", "triệu", "tỷ")


def in_words(amount: int) -> str:
    """`5250000` → `Năm triệu hai trăm năm mươi nghìn đồng`, as receipts print it."""
    words = _number(amount) if amount else "không"
    return words[0].upper() + words[1:] + " đồng"


def _number(value: int) -> str:
    billions, rest = divmod(value, 10**9)
    parts = [_number(billions) + " tỷ"] if billions else []
    for power in (2, 1, 0):
        group = rest // 1000**power % 1000
        if group:
            parts.append(f"{_group(group, leading=not parts)} {_SCALES[power]}".strip())
    return " ".join(parts)


def _group(value: int, *, leading: bool) -> str:
    hundreds, tens, ones = value // 100, value // 10 % 10, value % 10
    words = [] if leading and not hundreds else [_DIGITS[hundreds], "trăm"]
    if tens == 0 and ones and words:
        words.append("lẻ")
    elif tens:
        words += ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    return " ".join([*words, *_ones(tens, ones)])


def _ones(tens: int, ones: int) -> list[str]:
    if not ones:
        return []
    if ones == 1 and tens > 1:
        return ["mốt"]
    return ["lăm"] if ones == 5 and tens else [_DIGITS[ones]]
