"""The adapter: what is signed, what is believed, what is read from a raw query."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, quote_plus, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.fees.gateway import Order, Vnpay, canonical, is_signed, new_txn_ref, read, signature, signed_query

AT = datetime(2026, 11, 23, 17, 30, tzinfo=UTC)  # half past midnight of the 24th in Vietnam
GATEWAY = Vnpay("https://pay.example/vpcpay.html", "MOTCUA01", "s3cret")
UNTIL = AT + timedelta(minutes=15)
ORDER = Order("261124ABCDEF", 5_000_000, "Phí hồ sơ số 42", "https://portal.example/tra-ve", "192.0.2.1", "vi", AT, UNTIL)
NAMES = st.from_regex(r"vnp_[A-Za-z]{1,12}", fullmatch=True)
VALUES = st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=20)


def _sent() -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(GATEWAY.address(ORDER)).query).items()}


def test_an_address_asks_for_hundredths_of_a_dong_in_the_hours_of_vietnam():
    sent = _sent()
    assert sent["vnp_Amount"] == "500000000"
    assert (sent["vnp_CreateDate"], sent["vnp_ExpireDate"]) == ("20261124003000", "20261124004500")
    assert (sent["vnp_Version"], sent["vnp_Command"], sent["vnp_CurrCode"], sent["vnp_Locale"]) == ("2.1.0", "pay", "VND", "vn")
    assert sent["vnp_OrderInfo"] == "phi ho so so 42"


def test_the_signature_is_the_documented_one():
    # Worked out by hand from the rule: sorted, URL-encoded with + for a blank, joined, without the hash fields.
    fields = {
        "vnp_TxnRef": "1",
        "vnp_Amount": "10",
        "vnp_OrderInfo": "a b&c",
        "vnp_SecureHash": "x",
        "vnp_SecureHashType": "SHA512",
        "other": "9",
    }
    assert canonical(fields) == "vnp_Amount=10&vnp_OrderInfo=a+b%26c&vnp_TxnRef=1"
    assert signature("key", {"vnp_A": "1"}) == (
        "fdf31de076403f60684720ad5cff5e1b683f87ebf1b52364d26ca1a2e3d9f8a4"
        "d1dae4917d40fba399bcab8cd137b14eae238fa9a1f2598495bfd49d108698ed"
    )


def test_what_the_portal_signs_the_gateway_accepts():
    assert is_signed(GATEWAY.secret, _sent())


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(NAMES, VALUES, min_size=1, max_size=8))
def test_a_signed_query_reads_back_as_signed_and_any_change_breaks_it(fields: dict[str, str]):
    fields.pop("vnp_SecureHash", None)
    fields.pop("vnp_SecureHashType", None)
    back = read(signed_query("s", fields))
    assert {name: back[name] for name in fields} == fields
    assert is_signed("s", back)
    assert not is_signed("other", back)
    for name in fields:
        assert not is_signed("s", back | {name: back[name] + "1"})


def test_another_merchants_notice_is_not_ours():
    query = read(signed_query(GATEWAY.secret, {"vnp_TmnCode": "OTHER", "vnp_TxnRef": "1"}))
    assert not GATEWAY.authentic(query)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"vnp_TxnRef=1&vnp_TxnRef=2",
        b"vnp_TxnRef=%00",
        b"vnp_TxnRef=%ed%a0%80",
        b"vnp_TxnRef=%ff%fe",
        b"vnp_OrderInfo=%E2%80%AE",
        b"a=" + b"x" * 9000,
        b"&".join(b"f%d=1" % i for i in range(60)),
        b"\x00\xff\xfe",
    ],
)
def test_a_query_no_gateway_sends_is_read_as_nothing(raw: bytes):
    assert read(raw) == {}
    assert not GATEWAY.authentic({})


AMOUNTS = [("500000000", 5_000_000), ("100", 1), ("150", None), ("", None), ("-100", None), ("1e4", None), ("٣٠٠", None)]


@pytest.mark.parametrize("amount, dong", AMOUNTS)
def test_an_amount_is_whole_dong_or_nothing(amount: str, dong: int | None):
    assert GATEWAY.understand({"vnp_Amount": amount}).amount == dong


def test_the_time_of_payment_is_read_in_vietnams_hours():
    assert GATEWAY.understand({"vnp_PayDate": "20261124003000"}).paid_at == AT
    assert GATEWAY.understand({"vnp_PayDate": "20261399999999"}).paid_at is None


def test_references_never_repeat_and_carry_the_day():
    made = {new_txn_ref(AT) for _ in range(500)}
    assert len(made) == 500
    assert all(ref.startswith("261124") and quote_plus(ref) == ref for ref in made)
