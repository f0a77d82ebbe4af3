"""Tell an enterprise or an official something, and see that it gets there."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import outbox
from app.core.errors import Unreachable
from app.core.ids import uuid7
from app.identity import queries as identity
from app.notices import wording
from app.notices.channels import Mailer
from app.notices.models import Delivery, Notice
from app.notices.queries import shown

DELIVER = "notices.deliver"
EMAIL = "email"
WAITING, SENT, FAILED = "waiting", "sent", "failed"

# About two days of trying: 1, 2, 4 … minutes, at most 6 hours apart.
MOST_ATTEMPTS = 16
LONGEST_WAIT = timedelta(hours=6)


async def tell(
    session: AsyncSession,
    *,
    tax_code: str,
    dossier_id: UUID | None,
    kind: wording.Kind,
    params: Mapping[str, str | int],
    at: datetime,
) -> Notice:
    """Put a notice into the enterprise's list and on its way by mail. Raises `ValueError` for a missing parameter."""
    notice = Notice(id=uuid7(), tax_code=tax_code, dossier_id=dossier_id, kind=kind, params=dict(params), at=at)
    addresses = await identity.mail_addresses(session, tax_code)
    return await _put(session, notice, addresses[0] if addresses else None)


async def tell_official(
    session: AsyncSession,
    *,
    person_id: UUID,
    dossier_id: UUID,
    kind: wording.Kind,
    params: Mapping[str, str | int],
    at: datetime,
) -> Notice:
    """Put a notice into an official's own list and on its way by mail. Raises `ValueError` for a missing parameter."""
    notice = Notice(id=uuid7(), person_id=person_id, dossier_id=dossier_id, kind=kind, params=dict(params), at=at)
    return await _put(session, notice, (await identity.person(session, person_id)).email)


async def _put(session: AsyncSession, notice: Notice, address: str | None) -> Notice:
    if missing := wording.parameters(wording.Kind(notice.kind)) - notice.params.keys():
        raise ValueError(f"notice {notice.kind} needs {', '.join(sorted(missing))}")
    session.add(notice)
    await session.flush()
    if address:
        delivery = Delivery(notice_id=notice.id, channel=EMAIL, address=address, state=WAITING, attempts=0, next_at=notice.at)
        session.add(delivery)
        outbox.put(session, DELIVER, notice_id=notice.id)
    return notice


async def deliver(session: AsyncSession, notice_id: UUID, *, mailer: Mailer, at: datetime) -> None:
    """Job: send what still waits. A failure is noted and tried again later; what was sent is not sent twice."""
    waiting = select(Delivery).where(Delivery.notice_id == notice_id, Delivery.state == WAITING).with_for_update()
    delivery = await session.scalar(waiting)
    if delivery is None:
        return
    notice = await session.get_one(Notice, notice_id)
    delivery.attempts += 1
    try:
        await mailer.send(shown(notice), delivery.address)
    except Unreachable as error:
        _put_off(session, delivery, error.slug, at=at)
        return
    delivery.state, delivery.sent_at, delivery.error = SENT, at, None


async def mark_read(session: AsyncSession, tax_code: str, *, at: datetime) -> None:
    """The enterprise has opened its list."""
    await session.execute(update(Notice).where(Notice.tax_code == tax_code, Notice.read_at.is_(None)).values(read_at=at))


async def mark_read_by(session: AsyncSession, person_id: UUID, *, at: datetime) -> None:
    """The official has opened the list."""
    await session.execute(update(Notice).where(Notice.person_id == person_id, Notice.read_at.is_(None)).values(read_at=at))


def _put_off(session: AsyncSession, delivery: Delivery, reason: str, *, at: datetime) -> None:
    delivery.error = reason
    if delivery.attempts >= MOST_ATTEMPTS:
        delivery.state = FAILED
        return
    delivery.next_at = at + min(timedelta(minutes=2 ** (delivery.attempts - 1)), LONGEST_WAIT)
    outbox.put(session, DELIVER, not_before=delivery.next_at, notice_id=delivery.notice_id)
