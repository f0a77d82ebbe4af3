"""The gateway's door: always an answer in the gateway's words, never a crash, never a change without a signature."""

from collections.abc import AsyncIterator
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from app.api import payments
from app.audit.models import AuditRow
from app.core import clock
from app.core.db import Sessions, transaction
from app.core.text import Text
from app.fees import actions
from app.fees.gateway import Vnpay, signed_query
from app.fees.models import Bill, PaymentAttempt
from tests.rows import a_dossier

GATEWAY = Vnpay("https://pay.example/vpcpay.html", "MOTCUA01", "s3cret")
FEE = 5_000_000


@pytest.fixture
async def door(sessions: Sessions) -> AsyncIterator[httpx.AsyncClient]:
    app = FastAPI()
    app.include_router(payments.router)
    app.state.sessions, app.state.gateway = sessions, GATEWAY
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        yield client


@pytest.fixture
async def txn_ref(sessions: Sessions) -> str:
    """An attempt on a bill that has been cancelled meanwhile: its money is the accountant's."""
    at = clock.now()
    async with transaction(sessions) as session:
        dossier = a_dossier(state="withdrawn")
        session.add(dossier)
        await session.flush()
        due = {"amount": FEE, "due_at": at + timedelta(days=1), "at": at}
        owed = actions.bill(session, dossier_id=dossier.id, fee="f", title=Text("Phí", "Fee"), **due)
        await session.flush()
        asked = {"order_info": "x", "return_url": "https://p/r", "ip": "::1", "at": at}
        url = await actions.start_payment(session, dossier.id, owed.id, gateway=GATEWAY, **asked)
        await actions.cancel_open(session, dossier.id, at=at)
    return parse_qs(urlsplit(url).query)["vnp_TxnRef"][0]


def notice(txn_ref: str, *, amount: int = FEE, code: str = "00", secret: str = GATEWAY.secret) -> str:
    fields = {
        "vnp_Amount": str(amount * 100),
        "vnp_ResponseCode": code,
        "vnp_TmnCode": GATEWAY.terminal,
        "vnp_TransactionNo": "14123456",
        "vnp_TransactionStatus": code,
        "vnp_TxnRef": txn_ref,
    }
    return signed_query(secret, fields)


async def hear(door: httpx.AsyncClient, query: str | bytes) -> tuple[int, dict]:
    raw = query.encode() if isinstance(query, str) else query
    answer = await door.get(httpx.URL("http://portal/api/payments/vnpay/ipn", query=raw))
    return answer.status_code, answer.json()


async def seen(sessions: Sessions) -> list[tuple[str, str, str | None]]:
    async with transaction(sessions) as session:
        found = select(Bill.state, PaymentAttempt.state, PaymentAttempt.mismatch).join(
            PaymentAttempt, PaymentAttempt.bill_id == Bill.id
        )
        return [tuple(row) for row in await session.execute(found)]


async def test_a_notice_is_confirmed_after_its_commit_and_once(door, sessions, txn_ref):
    assert await hear(door, notice(txn_ref)) == (200, {"RspCode": "00", "Message": "Confirm Success"})
    assert await seen(sessions) == [("cancelled", "paid", "late")]
    assert (await hear(door, notice(txn_ref)))[1]["RspCode"] == "02"


@pytest.mark.parametrize(
    "change, code",
    [({"secret": "forged"}, "97"), ({"txn_ref": "261123NEVERSEEN"}, "01"), ({"amount": 1}, "04")],
)
async def test_what_does_not_hold_is_answered_in_the_gateways_codes(door, sessions, txn_ref, change, code):
    before = await seen(sessions)
    status, said = await hear(door, notice(**({"txn_ref": txn_ref} | change)))
    assert (status, said["RspCode"]) == (200, code)
    assert await seen(sessions) == before


@pytest.mark.parametrize(
    "odd",
    [
        b"",
        b"vnp_TxnRef=%00&vnp_SecureHash=%00",
        b"vnp_TxnRef=%ed%a0%80",
        b"vnp_TxnRef=a&vnp_TxnRef=b",
        b"vnp_TxnRef=%ff",
        b"&&&===%%%",
        b"vnp_SecureHash=" + b"a" * 20_000,
        signed_query(GATEWAY.secret, {"vnp_TmnCode": GATEWAY.terminal, "vnp_TxnRef": "\x00", "vnp_Amount": "1"}).encode(),
        signed_query(GATEWAY.secret, {"vnp_TmnCode": GATEWAY.terminal}).encode(),
        signed_query(GATEWAY.secret, {"vnp_TmnCode": GATEWAY.terminal, "vnp_TxnRef": "A" * 500, "vnp_Amount": "9" * 99}).encode(),
    ],
)
async def test_odd_input_is_answered_and_changes_nothing(door, sessions, txn_ref, odd: bytes):
    before = await seen(sessions)
    status, said = await hear(door, odd)
    assert status == 200
    assert said["RspCode"] in {"97", "01"}
    assert await seen(sessions) == before


async def test_a_database_that_cannot_commit_makes_the_gateway_come_again(door, sessions, txn_ref):
    async with transaction(sessions) as session:
        held = select(PaymentAttempt).where(PaymentAttempt.txn_ref == txn_ref).with_for_update()
        await session.execute(held)
        assert (await hear(door, notice(txn_ref)))[1]["RspCode"] == "99"  # the lock was not given in time
    assert (await hear(door, notice(txn_ref)))[1]["RspCode"] == "00"


async def test_forged_notices_are_remembered_a_few_times_and_not_without_end(door, sessions, txn_ref):
    for _ in range(14):
        await hear(door, notice(txn_ref, secret="forged"))
    async with transaction(sessions) as session:
        rows = (await session.scalars(select(AuditRow.detail))).all()
    assert rows == [{"action": "fees.settle", "slug": "forged"}] * 10
