"""Changing the authorization server's own keys: in good time by itself, at once when one may have been stolen."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor
from app.core.errors import NotFound, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing import keys
from app.sharing.actions import rotate_server_key
from app.sharing.models import ServerKey

KEY_LIFE = timedelta(days=90)


class NextKeyWaits(WrongState):
    """A key is published that does not sign yet."""

    slug = "next-key-waits"
    text = Text(
        "Khóa tiếp theo đã được công bố và chưa đến giờ dùng. Hãy chờ đến khi khóa đó ký.",
        "The next key is published and does not sign yet. Wait until it does.",
    )


@dataclass(frozen=True, slots=True)
class ServerKeyCard:
    """A key of the server. `state`: next (published, does not sign yet), active, past, withdrawn."""

    kid: str
    state: str
    created_at: datetime
    active_from: datetime


async def server_keys(session: AsyncSession, *, at: datetime) -> list[ServerKeyCard]:
    """The server's keys, the newest first."""
    rows = list(await session.scalars(select(ServerKey).order_by(ServerKey.active_from.desc()).limit(20)))
    signing = next((row.kid for row in rows if row.retired_at is None and row.active_from <= at), None)
    return [ServerKeyCard(row.kid, _state(row, signing, at), row.created_at, row.active_from) for row in rows]


def _state(row: ServerKey, signing: str | None, at: datetime) -> str:
    if row.retired_at is not None:
        return "withdrawn"
    if row.kid == signing:
        return "active"
    return "next" if row.active_from > at else "past"


async def rotate_when_due(session: AsyncSession, *, secret: bytes, at: datetime) -> str | None:
    """Publish the next key when the newest has served its time; its `kid`. Safe in several workers at once."""
    newest = await _newest(session)
    if newest is None or newest + KEY_LIFE - keys.PUBLISHED_AHEAD > at:
        return None
    return await rotate_server_key(session, SYSTEM, secret=secret, at=at)


async def rotate_now(session: AsyncSession, actor: Actor, *, secret: bytes, at: datetime) -> str:
    """Publish the next key before its time; its `kid`. `NextKeyWaits` while the one before has not begun to sign."""
    newest = await _newest(session)
    if newest is not None and newest > at:
        raise NextKeyWaits
    return await rotate_server_key(session, actor, secret=secret, at=at)


async def _newest(session: AsyncSession) -> datetime | None:
    """From when the newest key signs; whoever asks is the only one to add a key until the transaction ends."""
    await keys.one_at_a_time(session)
    standing = select(ServerKey.active_from).where(ServerKey.retired_at.is_(None))
    return await session.scalar(standing.order_by(ServerKey.active_from.desc()).limit(1))


async def withdraw_server_key(session: AsyncSession, actor: Actor, *, kid: str, secret: bytes, at: datetime) -> None:
    """Believe no token signed with a key any more; every process knows within a minute.

    When it is the one that signs, a new key takes over at once, without the time in which it would be known beforehand: a
    consumer that verifies tokens itself must ask for the keys again.
    """
    actor.must(Permission.SHARING_MANAGE)
    await keys.one_at_a_time(session)
    row = await session.get(ServerKey, kid)
    if row is None or row.retired_at is not None:
        raise NotFound
    row.retired_at = at
    await session.flush()
    standing = select(ServerKey.kid).where(ServerKey.retired_at.is_(None), ServerKey.active_from <= at).limit(1)
    if await session.scalar(standing) is None:
        keys.add_key(session, secret, active_from=at, at=at)
    record(session, actor, Event.SERVER_KEY_WITHDRAWN, subject_kind="server_key", subject_id=kid, at=at)
