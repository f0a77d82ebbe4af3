"""What happens to shared records as time passes: licences expire, procedures come into force and end, the feed lives on."""

from datetime import datetime

from app.catalogue import shared
from app.core.db import transaction
from app.jobs.registry import Tools
from app.registers import actions as registers


async def expire_licences(tools: Tools, at: datetime) -> None:
    """Say of licences whose last day is over that they have expired, a batch in a transaction."""
    while True:
        async with transaction(tools.sessions) as session:
            if not await registers.expire(session, at=at):
                return


async def share_procedures(tools: Tools, at: datetime) -> None:
    """Share the versions of procedures that have come into force, and say which have ended."""
    async with transaction(tools.sessions) as session:
        await shared.share_all(session, at=at)


async def keep_feed(tools: Tools, at: datetime) -> None:
    """Begin a new life of the change feed after the database was restored or moved."""
    async with transaction(tools.sessions) as session:
        await registers.begin_feed(session, at=at)
