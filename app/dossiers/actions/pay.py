"""The fee: off to the gateway, and back with the gateway's word, which alone is the truth."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor
from app.core.permissions import Permission
from app.core.text import Language
from app.dossiers.actions.automatic import soon
from app.dossiers.actions.move import move
from app.dossiers.actions.offices import called, head_of
from app.dossiers.actions.steps import open_stage
from app.dossiers.clock import Turn, stage_after
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import Dossier
from app.dossiers.printed import fee_receipt
from app.dossiers.queries import procedure_of, visible_to
from app.fees import actions as fees
from app.fees.actions import Settlement
from app.fees.gateway import Gateway
from app.fees.models import Bill
from app.fees.queries import dossier_of, open_bill
from app.issued import actions as issued
from app.notices import actions as notices
from app.notices.wording import Kind as Told

_RECEIPT_SERIES = "BLP"


async def start(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    bill_id: UUID,
    *,
    gateway: Gateway,
    return_url: str,
    ip: str,
    language: Language = "vi",
    at: datetime,
) -> str:
    """The address of the gateway to send the payer to."""
    actor.must(Permission.DOSSIER_PAY)
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    detail = {"bill": str(bill_id)}
    record(
        session,
        actor,
        Event.PAYMENT_STARTED,
        subject_kind="bill",
        subject_id=bill_id,
        dossier_id=dossier.id,
        detail=detail,
        at=at,
    )
    return await fees.start_payment(
        session,
        dossier.id,
        bill_id,
        gateway=gateway,
        order_info=f"Nop phi ho so {called(dossier)}",
        return_url=return_url,
        ip=ip,
        language=language,
        at=at,
    )


async def settle(session: AsyncSession, query: Mapping[str, str], *, gateway: Gateway, at: datetime) -> Settlement:
    """The gateway's notice. A genuine payment of an open bill moves the dossier on; anything else changes nothing.

    Lock order: dossier, attempt, bill; the same as when a dossier is withdrawn.
    """
    dossier_id = await dossier_of(session, query.get("vnp_TxnRef"))
    dossier = await visible_to(SYSTEM).one(session, dossier_id, lock=True) if dossier_id else None
    settlement = await fees.settle(session, query, gateway=gateway, at=at)
    if dossier is None:
        return settlement
    if settlement.mismatch is not None:
        _record(session, dossier, Event.PAYMENT_MISMATCH, settlement, at)
    if settlement.paid is not None:
        _record(session, dossier, Event.PAYMENT_SETTLED, settlement, at)
        await _paid(session, dossier, settlement.paid, settlement.txn_ref or "", at)
    return settlement


def _record(session: AsyncSession, dossier: Dossier, event: Event, settlement: Settlement, at: datetime) -> None:
    detail = {"mismatch": settlement.mismatch}
    record(
        session,
        SYSTEM,
        event,
        subject_kind="payment",
        subject_id=settlement.txn_ref or "-",
        dossier_id=dossier.id,
        detail=detail,
        at=at,
    )


async def _paid(session: AsyncSession, dossier: Dossier, bill: Bill, txn_ref: str, at: datetime) -> None:
    """Acknowledge the money; when nothing more is owed, go on where the procedure waited for it."""
    procedure = await procedure_of(session, dossier)
    facts = fee_receipt(
        await head_of(session, dossier, procedure, at_desk=True),
        collector="Bộ Công Thương",
        fee_title=bill.title_vi,
        amount=bill.amount,
        paid_at=at,
        transaction=txn_ref,
    )
    await issued.order(session, facts, dossier_id=dossier.id, unit=dossier.desk, series=_RECEIPT_SERIES, at=at)
    told: dict[str, str | int] = {"number": called(dossier), "amount": bill.amount}
    await notices.tell(session, tax_code=dossier.tax_code, dossier_id=dossier.id, kind=Told.FEE_PAID, params=told, at=at)
    if await open_bill(session, dossier.id) is not None:
        return
    payload = {"bill": str(bill.id), "amount": bill.amount}
    stage = stage_after(procedure, dossier.stage) if dossier.stage and dossier.state == State.AWAITING_PAYMENT else None
    await move(session, SYSTEM, dossier, Act.SETTLE, procedure=procedure, payload=payload, turn=Turn(stage=stage), at=at)
    if stage is not None:
        await open_stage(session, dossier, procedure, stage, at=at)
    soon(session, dossier, procedure)
