"""Bill, pay, settle: what each notice does, in every order."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from itertools import permutations
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Sessions, transaction
from app.core.errors import NotFound, WrongState
from app.core.ids import uuid7
from app.core.text import Text
from app.fees import actions, queries
from app.fees.gateway import NOTICE_GRACE, Vnpay, read, signed_query
from app.fees.models import Bill, GatewayNotice, PaymentAttempt
from app.fees.rules import AttemptState, BillState, Mismatch
from tests.rows import AT, a_dossier

GATEWAY = Vnpay("https://pay.example/vpcpay.html", "MOTCUA01", "s3cret")
FEE = 5_000_000
DUE = AT + timedelta(days=40)


@pytest.fixture
async def owed(session: AsyncSession) -> Bill:
    dossier = a_dossier()
    session.add(dossier)
    await session.flush()
    asked = actions.bill(
        session,
        dossier_id=dossier.id,
        fee="appraisal",
        title=Text("Phí thẩm định", "Appraisal fee"),
        amount=FEE,
        due_at=DUE,
        at=AT,
    )
    await session.flush()
    return asked


async def _start(session: AsyncSession, owed: Bill, at=AT) -> str:
    url = await actions.start_payment(
        session,
        owed.dossier_id,
        owed.id,
        gateway=GATEWAY,
        order_info="Phí hồ sơ 42",
        return_url="https://p.example/r",
        ip="::1",
        at=at,
    )
    await session.flush()
    return parse_qs(urlsplit(url).query)["vnp_TxnRef"][0]


def notice(
    txn_ref: str, *, amount: int = FEE, code: str = "00", status: str = "00", secret: str = GATEWAY.secret
) -> dict[str, str]:
    fields = {
        "vnp_Amount": str(amount * 100),
        "vnp_PayDate": "20261123092000",
        "vnp_ResponseCode": code,
        "vnp_TmnCode": GATEWAY.terminal,
        "vnp_TransactionNo": "14123456",
        "vnp_TransactionStatus": status,
        "vnp_TxnRef": txn_ref,
    }
    return read(signed_query(secret, fields))


async def _hear(session: AsyncSession, query: dict[str, str], at=AT) -> actions.Settlement:
    settlement = await actions.settle(session, query, gateway=GATEWAY, at=at)
    await session.flush()
    return settlement


async def _seen(session: AsyncSession, owed: Bill) -> tuple[str, list[tuple[str, str | None]]]:
    await session.refresh(owed)
    attempts: Sequence[PaymentAttempt] = await queries.attempts_of(session, owed.dossier_id)
    return owed.state, [(attempt.state, attempt.mismatch) for attempt in attempts]


async def test_a_success_notice_pays_the_bill_once(session: AsyncSession, owed: Bill):
    ref = await _start(session, owed)
    first, again = await _hear(session, notice(ref)), await _hear(session, notice(ref))

    assert (first.reply.code, first.paid) == ("00", owed)
    assert (again.reply.code, again.paid, again.mismatch) == ("02", None, None)
    assert owed.state == BillState.PAID
    assert owed.paid_by == ref
    assert owed.paid_at == AT + timedelta(minutes=5)  # when the bank says, not when we heard
    assert first.reply.json() == {"RspCode": "00", "Message": "Confirm Success"}


@pytest.mark.parametrize(
    "change, reply",
    [
        ({"secret": "wrong"}, "97"),
        ({"txn_ref": "261123UNKNOWN23"}, "01"),
        ({"txn_ref": "not a reference\x00"}, "97"),
        ({"txn_ref": "' OR 1=1"}, "01"),
        ({"amount": FEE - 1}, "04"),
        ({"amount": 0}, "04"),
    ],
)
async def test_a_notice_that_does_not_hold_changes_nothing(session: AsyncSession, owed: Bill, change: dict, reply: str):
    ref = await _start(session, owed)
    before = await _seen(session, owed)
    settlement = await _hear(session, notice(**({"txn_ref": ref} | change)))

    assert settlement.reply.code == reply
    assert settlement.paid is None
    assert await _seen(session, owed) == before == ("open", [("open", None)])


async def test_a_forged_notice_leaves_no_row_and_an_authentic_one_is_kept_with_our_reply(session: AsyncSession, owed: Bill):
    ref = await _start(session, owed)
    await _hear(session, notice(ref, secret="forged"))
    assert await session.scalar(select(func.count()).select_from(GatewayNotice)) == 0
    await _hear(session, notice(ref, amount=1))
    kept = (await session.scalars(select(GatewayNotice))).one()
    assert (kept.txn_ref, kept.reply, kept.query["vnp_Amount"]) == (ref, "04", "100")


async def test_what_the_gateway_said_cannot_be_rewritten(session: AsyncSession, owed: Bill):
    await _hear(session, notice(await _start(session, owed)))
    kept = (await session.scalars(select(GatewayNotice))).one()
    kept.reply = "99"
    with pytest.raises(DBAPIError):
        await session.flush()


async def test_a_failed_payment_leaves_the_bill_open_for_another_try(session: AsyncSession, owed: Bill):
    first = await _start(session, owed)
    assert (await _hear(session, notice(first, code="51", status="02"))).reply.code == "00"
    assert (await _hear(session, notice(first))).reply.code == "02"  # its last word was spoken
    second = await _start(session, owed)
    assert second != first
    assert (await _hear(session, notice(second))).paid is owed


@pytest.mark.parametrize("code, status, state", [("00", "01", "processing"), ("07", "00", "suspected")])
async def test_a_payment_the_bank_still_looks_at_can_yet_succeed(session: AsyncSession, owed: Bill, code, status, state):
    ref = await _start(session, owed)
    assert (await _hear(session, notice(ref, code=code, status=status))).reply.code == "00"
    assert await _seen(session, owed) == ("open", [(state, None)])
    assert (await _hear(session, notice(ref))).paid is owed


async def test_success_after_our_expiry_still_pays_an_open_bill(session: AsyncSession, owed: Bill):
    ref = await _start(session, owed)
    later = AT + timedelta(minutes=31)
    assert await actions.expire(session, at=later) == 1
    assert (await _hear(session, notice(ref), at=later)).paid is owed


async def test_an_attempt_is_not_expired_while_its_notice_may_come(session: AsyncSession, owed: Bill):
    await _start(session, owed)
    assert await actions.expire(session, at=AT + timedelta(minutes=15) + NOTICE_GRACE) == 0


@pytest.mark.parametrize("close", ["lapse", "cancel"])
async def test_money_for_a_closed_bill_is_kept_for_the_accountant(session: AsyncSession, owed: Bill, close: str):
    ref = await _start(session, owed)
    if close == "lapse":
        await actions.lapse(session, owed.dossier_id, owed.id, at=DUE)
    else:
        assert await actions.cancel_open(session, owed.dossier_id, at=DUE) == 1
    settlement = await _hear(session, notice(ref), at=DUE + timedelta(hours=1))

    assert (settlement.reply.code, settlement.paid, settlement.mismatch) == ("00", None, Mismatch.LATE)
    await session.refresh(owed)
    assert owed.state in {BillState.LAPSED, BillState.CANCELLED}
    assert [attempt.txn_ref for attempt in await queries.to_reconcile(session)] == [ref]


async def test_of_two_paid_attempts_the_second_is_flagged(session: AsyncSession, owed: Bill):
    one, two = await _start(session, owed), await _start(session, owed)
    assert (await _hear(session, notice(two))).paid is owed
    second = await _hear(session, notice(one))
    assert (second.reply.code, second.paid, second.mismatch) == ("00", None, Mismatch.DUPLICATE)
    assert owed.paid_by == two


EVENTS = ("pay-one", "pay-two", "pay-one-again", "forged", "wrong-amount", "fail-three")


@pytest.mark.parametrize("order", list(permutations(EVENTS))[::37], ids=",".join)
async def test_in_every_order_the_bill_is_paid_once_and_every_payment_is_accounted_for(session: AsyncSession, owed: Bill, order):
    refs = [await _start(session, owed) for _ in range(3)]
    said = {
        "pay-one": notice(refs[0]),
        "pay-two": notice(refs[1]),
        "pay-one-again": notice(refs[0]),
        "forged": notice(refs[2], secret="forged"),
        "wrong-amount": notice(refs[2], amount=1),
        "fail-three": notice(refs[2], code="24", status="02"),
    }
    heard = [await _hear(session, said[event]) for event in order]

    assert [settlement.paid for settlement in heard if settlement.paid] == [owed]
    state, attempts = await _seen(session, owed)
    assert state == BillState.PAID
    assert sorted(attempts, key=str) == sorted([("paid", None), ("paid", "duplicate"), ("cancelled", None)], key=str)


async def test_notices_that_come_at_the_same_moment_pay_once(sessions: Sessions):
    async with transaction(sessions) as session:
        dossier = a_dossier()
        session.add(dossier)
        await session.flush()
        title = Text("Phí thẩm định", "Appraisal fee")
        owed = actions.bill(session, dossier_id=dossier.id, fee="f", title=title, amount=FEE, due_at=DUE, at=AT)
        await session.flush()
        refs = [await _start(session, owed) for _ in range(2)]

    async def hear(ref: str) -> actions.Settlement:
        async with transaction(sessions) as session:
            return await actions.settle(session, notice(ref), gateway=GATEWAY, at=AT)

    heard = await asyncio.gather(*(hear(ref) for ref in refs * 3))
    assert sorted(settlement.reply.code for settlement in heard) == ["00", "00", "02", "02", "02", "02"]
    assert sum(settlement.paid is not None for settlement in heard) == 1
    assert [settlement.mismatch for settlement in heard if settlement.mismatch] == [Mismatch.DUPLICATE]


async def test_a_closed_or_overdue_bill_starts_no_payment(session: AsyncSession, owed: Bill):
    with pytest.raises(WrongState) as late:
        await _start(session, owed, at=DUE)
    assert late.value.slug == "bill-closed"
    await actions.lapse(session, owed.dossier_id, owed.id, at=DUE)
    with pytest.raises(WrongState):
        await _start(session, owed)
    with pytest.raises(WrongState):
        await actions.lapse(session, owed.dossier_id, owed.id, at=DUE)


@pytest.mark.parametrize("other", ["dossier", "bill"])
async def test_a_bill_of_another_dossier_is_not_found(session: AsyncSession, owed: Bill, other: str):
    where: tuple[UUID, UUID] = (uuid7(), owed.id) if other == "dossier" else (owed.dossier_id, uuid7())
    with pytest.raises(NotFound):
        await actions.start_payment(session, *where, gateway=GATEWAY, order_info="", return_url="", ip="", at=AT)


async def test_the_return_address_shows_and_never_settles(session: AsyncSession, owed: Bill):
    ref = await _start(session, owed)
    shown = await queries.returned(session, notice(ref), gateway=GATEWAY)
    assert shown is not None
    assert (shown.claims, shown.state) == (AttemptState.PAID, AttemptState.OPEN)
    assert await _seen(session, owed) == ("open", [("open", None)])
    assert await queries.returned(session, notice(ref, secret="by hand"), gateway=GATEWAY) is None
    assert await queries.returned(session, {}, gateway=GATEWAY) is None


async def test_overdue_bills_and_the_dossier_of_a_reference_are_found(session: AsyncSession, owed: Bill):
    ref = await _start(session, owed)
    assert await queries.dossier_of(session, ref) == owed.dossier_id
    assert await queries.dossier_of(session, "\x00") is None
    assert await queries.dossier_of(session, None) is None
    assert await queries.overdue(session, at=DUE) == []
    assert await queries.overdue(session, at=DUE + timedelta(seconds=1)) == [owed]
    assert await queries.open_bill(session, owed.dossier_id) is owed
    assert await queries.bills_of(session, owed.dossier_id) == [owed]
