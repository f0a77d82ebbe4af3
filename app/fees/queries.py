"""What is owed, what was tried, and what the accountant must look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.fees.gateway import Gateway, is_txn_ref
from app.fees.models import Bill, PaymentAttempt
from app.fees.rules import AttemptState, BillState, outcome


@dataclass(frozen=True, slots=True)
class Returned:
    """A browser back from the gateway: what it carries (`claims`) and what we know (`state`). For showing only."""

    dossier_id: UUID
    txn_ref: str
    claims: AttemptState
    state: AttemptState
    bill: Bill


async def bills_of(session: AsyncSession, dossier_id: UUID) -> Sequence[Bill]:
    """Every bill of the dossier, oldest first."""
    return (await session.scalars(select(Bill).where(Bill.dossier_id == dossier_id).order_by(Bill.created_at, Bill.id))).all()


async def open_bill(session: AsyncSession, dossier_id: UUID) -> Bill | None:
    """The bill to pay now; a procedure asks for one at a time."""
    found = select(Bill).where(Bill.dossier_id == dossier_id, Bill.state == BillState.OPEN).order_by(Bill.created_at).limit(1)
    return await session.scalar(found)


async def open_bills(session: AsyncSession, dossier_id: UUID) -> Sequence[Bill]:
    """Every bill that is still to be paid, oldest first."""
    found = select(Bill).where(Bill.dossier_id == dossier_id, Bill.state == BillState.OPEN).order_by(Bill.created_at, Bill.id)
    return (await session.scalars(found)).all()


async def attempts_of(session: AsyncSession, dossier_id: UUID) -> Sequence[PaymentAttempt]:
    """Every attempt to pay a bill of the dossier, oldest first."""
    found = select(PaymentAttempt).where(PaymentAttempt.dossier_id == dossier_id).order_by(PaymentAttempt.created_at)
    return (await session.scalars(found)).all()


async def dossier_of(session: AsyncSession, txn_ref: str | None) -> UUID | None:
    """The dossier an attempt belongs to: the heart locks it before `settle` locks attempt and bill."""
    if not txn_ref or not is_txn_ref(txn_ref):
        return None
    return await session.scalar(select(PaymentAttempt.dossier_id).where(PaymentAttempt.txn_ref == txn_ref))


async def overdue(session: AsyncSession, *, at: datetime, limit: int = 100) -> Sequence[Bill]:
    """Bills still open past their deadline, for the job that closes dossiers."""
    found = select(Bill).where(Bill.state == BillState.OPEN, Bill.due_at < at).order_by(Bill.due_at).limit(limit)
    return (await session.scalars(found)).all()


async def to_reconcile(session: AsyncSession) -> Sequence[PaymentAttempt]:
    """Money that arrived and settled nothing: the accountant's queue."""
    found = select(PaymentAttempt).where(PaymentAttempt.mismatch.is_not(None)).order_by(PaymentAttempt.confirmed_at)
    return (await session.scalars(found)).all()


async def returned(session: AsyncSession, query: Mapping[str, str], *, gateway: Gateway) -> Returned | None:
    """What to show a browser that comes back from the gateway; None when the query is not the gateway's or not ours."""
    if not gateway.authentic(query):
        return None
    answer = gateway.understand(query)
    if not is_txn_ref(answer.txn_ref) or (attempt := await session.get(PaymentAttempt, answer.txn_ref)) is None:
        return None
    bill = await session.get_one(Bill, (attempt.dossier_id, attempt.bill_id))
    # The browser's query carries the response code only; its word is shown, never believed.
    claims = outcome(answer.response_code, answer.transaction_status or answer.response_code)
    return Returned(attempt.dossier_id, attempt.txn_ref, claims, AttemptState(attempt.state), bill)
