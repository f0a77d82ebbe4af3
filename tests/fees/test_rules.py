"""What the gateway's codes mean."""

import pytest

from app.fees.rules import AttemptState, BillState, Mismatch, mismatch, outcome


@pytest.mark.parametrize(
    "code, status, state",
    [
        ("00", "00", AttemptState.PAID),
        ("00", "01", AttemptState.PROCESSING),
        ("00", "02", AttemptState.FAILED),
        ("00", "04", AttemptState.FAILED),
        ("00", "07", AttemptState.SUSPECTED),
        ("07", "00", AttemptState.SUSPECTED),
        ("24", "02", AttemptState.CANCELLED),
        ("11", "02", AttemptState.EXPIRED),
        ("51", "02", AttemptState.FAILED),
        ("99", "99", AttemptState.FAILED),
        ("00", "", AttemptState.FAILED),
        ("", "00", AttemptState.FAILED),
        ("", "", AttemptState.FAILED),
    ],
)
def test_only_success_in_both_codes_is_money(code: str, status: str, state: AttemptState):
    assert outcome(code, status) is state


@pytest.mark.parametrize(
    "bill, why",
    [
        (BillState.OPEN, None),
        (BillState.PAID, Mismatch.DUPLICATE),
        (BillState.LAPSED, Mismatch.LATE),
        (BillState.CANCELLED, Mismatch.LATE),
    ],
)
def test_money_settles_an_open_bill_only(bill: BillState, why: Mismatch | None):
    assert mismatch(bill) is why
