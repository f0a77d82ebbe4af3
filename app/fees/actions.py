"""Bill, start a payment, settle it by the gateway's notice, let it lapse."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotFound, WrongState
from app.core.ids import uuid7
from app.core.text import Language, Text
from app.fees.gateway import ATTEMPT_LIFE, NOTICE_GRACE, Gateway, GatewayAnswer, Order, is_txn_ref, new_txn_ref
from app.fees.models import Bill, GatewayNotice, PaymentAttempt
from app.fees.rules import UNSETTLED, AttemptState, BillState, Mismatch, mismatch, outcome

BILL_CLOSED = Text(
    "Khoản phí này không còn ở trạng thái chờ thanh toán. Hãy tải lại trang hồ sơ để xem tình trạng mới nhất.",
    "This fee is no longer waiting for payment. Reload the dossier's page to see where it stands.",
)


@dataclass(frozen=True, slots=True)
class Reply:
    """What the gateway hears: it repeats its notice until it hears 00 or 02."""

    code: str
    message: str

    def json(self) -> dict[str, str]:
        """The body of the answer."""
        return {"RspCode": self.code, "Message": self.message}


CONFIRMED = Reply("00", "Confirm Success")
NO_ORDER = Reply("01", "Order not found")
ALREADY = Reply("02", "Order already confirmed")
WRONG_AMOUNT = Reply("04", "Invalid amount")
FORGED = Reply("97", "Invalid checksum")
UNKNOWN = Reply("99", "Unknown error")


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a notice did. `paid`: this notice paid that bill (once per bill). `mismatch`: money the accountant must decide on."""

    reply: Reply
    txn_ref: str = ""
    dossier_id: UUID | None = None
    paid: Bill | None = None
    mismatch: Mismatch | None = None


def bill(
    session: AsyncSession, *, dossier_id: UUID, fee: str, title: Text, amount: int, due_at: datetime | None, at: datetime
) -> Bill:
    """Ask for one fee. The caller has computed amount (whole đồng) and deadline from the procedure."""
    asked = Bill(
        dossier_id=dossier_id,
        id=uuid7(),
        fee=fee,
        title_vi=title.vi,
        title_en=title.en,
        amount=amount,
        state=BillState.OPEN,
        due_at=due_at,
        created_at=at,
    )
    session.add(asked)
    return asked


async def start_payment(
    session: AsyncSession,
    dossier_id: UUID,
    bill_id: UUID,
    *,
    gateway: Gateway,
    order_info: str,
    return_url: str,
    ip: str,
    language: Language = "vi",
    at: datetime,
) -> str:
    """Open a new attempt and return the address to send the payer to. The bill's own deadline shortens the attempt."""
    owed = await _lock_bill(session, dossier_id, bill_id)
    if owed.state != BillState.OPEN or (owed.due_at is not None and owed.due_at <= at):
        raise WrongState(BILL_CLOSED, slug="bill-closed")
    expires_at = min(at + ATTEMPT_LIFE, owed.due_at) if owed.due_at else at + ATTEMPT_LIFE
    attempt = PaymentAttempt(
        txn_ref=new_txn_ref(at),
        dossier_id=dossier_id,
        bill_id=bill_id,
        amount=owed.amount,
        state=AttemptState.OPEN,
        created_at=at,
        expires_at=expires_at,
    )
    session.add(attempt)
    return gateway.address(Order(attempt.txn_ref, owed.amount, order_info, return_url, ip, language, at, expires_at))


async def settle(session: AsyncSession, query: Mapping[str, str], *, gateway: Gateway, at: datetime) -> Settlement:
    """Take a notice of the gateway, the only truth about money. Checks in the documented order: 97, 01, 04, 02, then 00.

    A forged notice leaves no row: whoever can reach the address could otherwise fill the table.
    The caller holds the dossier's lock (`queries.dossier_of`), so a notice and a lapse never meet half-way.
    """
    if not gateway.authentic(query):
        return Settlement(FORGED)
    answer = gateway.understand(query)
    settlement = await _judge(session, answer, at=at)
    session.add(GatewayNotice(id=uuid7(), txn_ref=answer.txn_ref, at=at, query=dict(query), reply=settlement.reply.code))
    return settlement


async def _judge(session: AsyncSession, answer: GatewayAnswer, *, at: datetime) -> Settlement:
    attempt = await _lock_attempt(session, answer.txn_ref)
    if attempt is None:
        return Settlement(NO_ORDER, answer.txn_ref)
    if answer.amount != attempt.amount:
        return Settlement(WRONG_AMOUNT, attempt.txn_ref, attempt.dossier_id)
    if attempt.confirmed_at is not None:
        return Settlement(ALREADY, attempt.txn_ref, attempt.dossier_id)
    return await _confirm(session, attempt, answer, at=at)


async def _confirm(session: AsyncSession, attempt: PaymentAttempt, answer: GatewayAnswer, *, at: datetime) -> Settlement:
    state = outcome(answer.response_code, answer.transaction_status)
    attempt.state = state
    attempt.response_code = answer.response_code
    attempt.gateway_no = answer.gateway_no
    attempt.confirmed_at = None if state in UNSETTLED else at
    if state is not AttemptState.PAID:
        return Settlement(CONFIRMED, attempt.txn_ref, attempt.dossier_id)
    attempt.paid_at = answer.paid_at or at
    return await _credit(session, attempt, at=at)


async def _credit(session: AsyncSession, attempt: PaymentAttempt, *, at: datetime) -> Settlement:
    """Money is here: it pays the bill, or waits for the accountant. It is never lost and never pays twice."""
    owed = await _lock_bill(session, attempt.dossier_id, attempt.bill_id)
    unusable = mismatch(BillState(owed.state))
    if unusable:
        attempt.mismatch = unusable
        return Settlement(CONFIRMED, attempt.txn_ref, attempt.dossier_id, mismatch=unusable)
    owed.state = BillState.PAID
    owed.paid_at = attempt.paid_at
    owed.closed_at = at
    owed.paid_by = attempt.txn_ref
    return Settlement(CONFIRMED, attempt.txn_ref, attempt.dossier_id, paid=owed)


async def lapse(session: AsyncSession, dossier_id: UUID, bill_id: UUID, *, at: datetime) -> Bill:
    """The bill's time is over. Money that still comes goes to the accountant."""
    owed = await _lock_bill(session, dossier_id, bill_id)
    if owed.state != BillState.OPEN:
        raise WrongState(BILL_CLOSED, slug="bill-closed")
    owed.state = BillState.LAPSED
    owed.closed_at = at
    return owed


async def cancel_open(session: AsyncSession, dossier_id: UUID, *, at: datetime) -> int:
    """Nothing more is owed: the dossier was withdrawn or stopped. Returns how many bills were open."""
    closing = update(Bill).where(Bill.dossier_id == dossier_id, Bill.state == BillState.OPEN)
    result = await session.execute(closing.values(state=BillState.CANCELLED, closed_at=at))
    return cast("CursorResult[object]", result).rowcount


async def expire(session: AsyncSession, *, at: datetime) -> int:
    """Close attempts the gateway never spoke of. Not final: a late notice is still heard. Returns how many."""
    silent = update(PaymentAttempt).where(
        PaymentAttempt.state == AttemptState.OPEN, PaymentAttempt.expires_at < at - NOTICE_GRACE
    )
    result = await session.execute(silent.values(state=AttemptState.EXPIRED))
    return cast("CursorResult[object]", result).rowcount


async def _lock_bill(session: AsyncSession, dossier_id: UUID, bill_id: UUID) -> Bill:
    found = select(Bill).where(Bill.dossier_id == dossier_id, Bill.id == bill_id)
    locked = await session.scalar(found.with_for_update().execution_options(populate_existing=True))
    if locked is None:
        raise NotFound
    return locked


async def _lock_attempt(session: AsyncSession, txn_ref: str) -> PaymentAttempt | None:
    if not is_txn_ref(txn_ref):
        return None
    found = select(PaymentAttempt).where(PaymentAttempt.txn_ref == txn_ref)
    return await session.scalar(found.with_for_update().execution_options(populate_existing=True))
