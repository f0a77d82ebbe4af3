"""Exports: made one after another beside the other jobs, kept for a week, removed."""

from datetime import datetime

from app.core import clock
from app.core.db import transaction
from app.jobs.registry import Tools
from app.sharing import evidence
from app.sharing import exports_making as making


async def make_exports(tools: Tools, at: datetime) -> None:
    """Make what was asked for, the oldest first."""
    if tools.settings.secret_key is None:
        return
    while True:
        async with transaction(tools.sessions) as session:
            order = await making.claim(session, at=max(at, clock.now()))
        if order is None:
            return
        await _make(tools, order)


async def _make(tools: Tools, order: making.Order) -> None:
    try:
        made = await making.make(tools.sessions, tools.blobs, order, now=clock.now)
    except making.QuotaTooSmall:
        async with transaction(tools.sessions) as session:
            await making.give_up(session, order, "quota-spent")
        return
    except Exception:
        async with transaction(tools.sessions) as session:
            await making.put_back(session, order, at=clock.now())
        raise
    await _keep(tools, order, made)


async def _keep(tools: Tools, order: making.Order, made: making.Made) -> None:
    secret = tools.settings.secret_key
    if secret is None:
        return
    async with transaction(tools.sessions) as session:
        at = clock.now()
        signs = await evidence.load(session, secret.get_secret_value().encode(), at=at)
        wanted = await making.keep(session, order, made, signs, issuer=tools.settings.issuer, at=at)
    if not wanted:
        await tools.blobs.erase(order.file_id)


async def remove_exports(tools: Tools, at: datetime) -> None:
    """Remove the files whose time is over."""
    more = True
    while more:
        async with transaction(tools.sessions) as session:
            more = bool(await making.remove(session, tools.blobs, at=at))
