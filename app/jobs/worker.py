"""The worker: relays the outbox, runs the jobs, keeps the schedule. Kill it at any moment; nothing acknowledged is lost."""

import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import Any

from procrastinate import App, PsycopgConnector, RetryStrategy

from app.core import clock, ids, logs
from app.core.blobs import blobs_of
from app.core.db import engine_for, sessions_of
from app.core.settings import Settings
from app.documents.pool import CheckingPool
from app.issued.press import Press
from app.jobs.registry import JOBS, Job, Tools
from app.jobs.relay import BATCH, relay
from app.jobs.schedule import SCHEDULE, Every
from app.notices.channels import Mailer

log = logging.getLogger("motcua.worker")

POLL_SECONDS = 0.5
HEARTBEAT_SECONDS = 5.0
STALLED_SECONDS = 15.0
FINISH_SECONDS = 25.0
# Seconds apart at first, hours at the end, for about a day: another system's bad afternoon is not a failed job.
RETRY = RetryStrategy(max_attempts=10, exponential_wait=3)
CONCURRENCY = 4
AFTER_FAILURE_SECONDS = 5.0


def queue_of(settings: Settings) -> App:
    """The job queue in the portal's own database. Polls; listens to nothing."""
    address = (settings.database_url or "").replace("postgresql+asyncpg://", "postgresql://", 1)
    return App(connector=PsycopgConnector(conninfo=address, min_size=1, max_size=CONCURRENCY + 2))


def register(queue: App, tools: Tools, jobs: Mapping[str, Job] = JOBS) -> None:
    """Give the queue a task for every topic."""
    for topic, job in jobs.items():
        queue.task(name=topic, retry=RETRY)(_task(topic, job, tools))


def _task(topic: str, job: Job, tools: Tools) -> Callable[..., Awaitable[None]]:
    async def run(message_id: str, **payload: str) -> None:
        token = logs.request_id.set(message_id)
        try:
            await job(tools, payload, clock.now())
        except Exception:  # the queue itself says nothing before the last try
            log.warning("job failed: %s", topic, exc_info=True)
            raise
        finally:
            logs.request_id.reset(token)

    return run


@asynccontextmanager
async def tools_of(settings: Settings) -> AsyncIterator[Tools]:
    """Everything a job may use, opened and closed together."""
    if not settings.database_url:
        raise RuntimeError("no database: set DATABASE_URL, or start with `motcua demo run`")
    engine = engine_for(settings.database_url)
    sessions, blobs = sessions_of(engine), blobs_of(settings)
    async with CheckingPool(size=2) as pool:
        press = Press.of(settings, sessions=sessions, blobs=blobs, pool=pool)
        yield Tools(settings, sessions, blobs, pool, press, Mailer.of(settings))
    await engine.dispose()


async def work(settings: Settings) -> None:
    """Work until cancelled."""
    async with AsyncExitStack() as stack:
        tools = await stack.enter_async_context(tools_of(settings))
        queue = queue_of(settings)
        register(queue, tools)
        await stack.enter_async_context(queue.open_async())
        async with asyncio.TaskGroup() as together:
            together.create_task(_forever("relay", POLL_SECONDS, lambda: _relay_all(tools, queue)))
            together.create_task(_forever("revive", HEARTBEAT_SECONDS, lambda: revive(queue)))
            for every in SCHEDULE:
                together.create_task(_keep(every, tools))
            together.create_task(run_jobs(queue))


async def run_jobs(queue: App, *, wait: bool = True) -> None:
    """Run jobs until cancelled; without `wait`, until none is due."""
    await queue.run_worker_async(
        wait=wait,
        concurrency=CONCURRENCY,
        fetch_job_polling_interval=POLL_SECONDS,
        listen_notify=False,
        delete_jobs="successful",
        install_signal_handlers=False,
        shutdown_graceful_timeout=FINISH_SECONDS,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=STALLED_SECONDS,
    )


async def revive(queue: App) -> None:
    """Put back the jobs of workers that no longer give a sign of life."""
    for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await queue.job_manager.retry_job(job)


async def _relay_all(tools: Tools, queue: App) -> None:
    while await relay(tools.sessions, queue, at=clock.now()) == BATCH:
        pass


async def _keep(every: Every, tools: Tools) -> None:
    await _forever(every.name, every.seconds, lambda: every.chore(tools, clock.now()))


async def _forever(name: str, seconds: float, turn: Callable[[], Awaitable[Any]]) -> None:
    """Take a turn, rest, again; a turn that fails is told, tried again soon, and does not end the others."""
    while True:
        rest, token = seconds, logs.request_id.set(str(ids.uuid7()))
        try:
            await turn()
        except Exception:
            log.exception("turn failed: %s", name)
            rest = min(seconds, AFTER_FAILURE_SECONDS)
        finally:
            logs.request_id.reset(token)
        await asyncio.sleep(rest)


def main(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C."""

    async def until_told() -> None:
        running = asyncio.create_task(work(settings))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, running.cancel)
        with suppress(asyncio.CancelledError):
            await running

    asyncio.run(until_told())
