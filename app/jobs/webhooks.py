"""Telling clients of changes: gathered from the change feed, sent, and forgotten after a month."""

from datetime import datetime

from app.core import clock
from app.core.db import transaction
from app.jobs.registry import Tools
from app.sharing import webhooks


async def send_webhooks(tools: Tools, at: datetime) -> None:
    """Gather what is new and send what is due, until nothing is left to do."""
    if tools.settings.secret_key is None:
        return
    secret = tools.settings.secret_key.get_secret_value().encode()
    more = True
    while more:
        more = await webhooks.gather(tools.sessions, at=at)
    issuer, loopback = tools.settings.issuer, tools.settings.fetch_loopback
    while await webhooks.send(tools.sessions, issuer=issuer, secret=secret, loopback=loopback, at=clock.now()):
        pass


async def forget_webhooks(tools: Tools, at: datetime) -> None:
    """Forget old deliveries."""
    async with transaction(tools.sessions) as session:
        await webhooks.forget(session, at=at)
