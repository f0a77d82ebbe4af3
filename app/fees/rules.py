"""What a bill and an attempt to pay may be, and what the gateway's words mean. Pure."""

from enum import StrEnum


class BillState(StrEnum):
    """A bill is owed, paid, no longer payable because its time ran out, or called off."""

    OPEN = "open"
    PAID = "paid"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"


class AttemptState(StrEnum):
    """One visit to the gateway. The project's state names of `vnpay.md` stand beside."""

    OPEN = "open"  # CHO_THANH_TOAN
    PROCESSING = "processing"  # DANG_XU_LY
    PAID = "paid"  # DA_THANH_TOAN
    FAILED = "failed"  # THAT_BAI
    CANCELLED = "cancelled"  # HUY
    EXPIRED = "expired"  # HET_HAN
    SUSPECTED = "suspected"  # NGHI_NGO


class Mismatch(StrEnum):
    """Money that arrived and cannot be used for its bill: the accountant decides (a refund needs a decision)."""

    LATE = "late"  # the bill had lapsed or was cancelled
    DUPLICATE = "duplicate"  # another attempt had already paid the bill


# The gateway may still say more about these; every other answer of its is its last word.
UNSETTLED = frozenset({AttemptState.OPEN, AttemptState.PROCESSING, AttemptState.SUSPECTED})

SUCCESS = "00"

_BY_STATUS = {"01": AttemptState.PROCESSING, "07": AttemptState.SUSPECTED}
_BY_CODE = {"07": AttemptState.SUSPECTED, "11": AttemptState.EXPIRED, "24": AttemptState.CANCELLED}


def outcome(response_code: str, transaction_status: str) -> AttemptState:
    """What a notice says. Only success in both codes is money; an unknown pair counts as failed."""
    if response_code == transaction_status == SUCCESS:
        return AttemptState.PAID
    return _BY_STATUS.get(transaction_status) or _BY_CODE.get(response_code, AttemptState.FAILED)


def mismatch(bill: BillState) -> Mismatch | None:
    """Why money for a bill in this state cannot settle it, or None when it does."""
    if bill is BillState.OPEN:
        return None
    return Mismatch.DUPLICATE if bill is BillState.PAID else Mismatch.LATE
