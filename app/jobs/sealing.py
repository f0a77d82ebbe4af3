"""What the worker does for the logs: seals them, has their checkpoints stamped, and sends these to whoever shares our data."""

from datetime import datetime, timedelta
from uuid import UUID

from app.audit import seal
from app.audit.logs import sealed_logs
from app.core.db import transaction
from app.jobs.registry import Tools
from app.sharing import asking_back, witnessing


async def seal_logs(tools: Tools, at: datetime) -> None:
    """Seal what has been written since the last turn, and keep each checkpoint outside the database too."""
    await _seal(tools, seal.REACH, at)


async def seal_late(tools: Tools, at: datetime) -> None:
    """Seal what a long transaction committed after its turn had passed."""
    await _seal(tools, seal.HORIZON, at)


async def _seal(tools: Tools, reach: timedelta, at: datetime) -> None:
    key, copies = seal.checkpoint_key(tools.settings), tools.settings.var / "audit"
    for log in sealed_logs():
        after: UUID | None = None
        while True:
            async with transaction(tools.sessions) as session:
                made = await seal.seal(session, log, key, after=after, reach=reach, at=at)
            if made is None:
                break
            seal.keep_copy(copies, made.note)
            if not made.more:
                break
            after = made.last
        async with transaction(tools.sessions) as session:
            await seal.beat(session, log, key, at=at)


async def stamp_logs(tools: Tools, at: datetime) -> None:
    """Have the state of every log stamped. An authority that does not answer is asked again in the next turn."""
    for log in sealed_logs():
        await witnessing.stamp_log(tools.sessions, tools.settings, log, at=at)


async def call_witnesses(tools: Tools, at: datetime) -> None:
    """Send the week's checkpoints to the parties, where that was not done yet."""
    async with transaction(tools.sessions) as session:
        await witnessing.call_witnesses(session, at=at)


async def reveal_reads(tools: Tools, at: datetime) -> None:
    """Tell enterprises of readings that were hidden until now."""
    async with transaction(tools.sessions) as session:
        await asking_back.reveal(session, at=at)
