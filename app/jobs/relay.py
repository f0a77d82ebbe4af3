"""From our outbox to the job queue: read with SKIP LOCKED, deferred as one batch, removed. At least once, never lost."""

from datetime import datetime
from typing import Any

from procrastinate import App
from procrastinate.jobs import Job

from app.core import outbox
from app.core.db import Sessions, transaction

BATCH = 50


async def relay(sessions: Sessions, queue: App, *, at: datetime) -> int:
    """Hand one batch over; the number of messages.

    Killed between the queue's commit and ours, the batch comes again: handlers judge by what they find, not by their count.
    """
    async with transaction(sessions) as session:
        messages = await outbox.take(session, limit=BATCH, at=at)
        if not messages:
            return 0
        await queue.job_manager.batch_defer_jobs_async([_job(message) for message in messages])
        await outbox.drop(session, [message.id for message in messages])
    return len(messages)


def _job(message: outbox.OutboxMessage) -> Job:
    # The jobs of one dossier run one after the other; dossiers do not wait for each other. A file's check and its proof touch
    # nothing else: one that fails and waits for its next try must not hold up the dossier's decision.
    payload: dict[str, Any] = message.payload
    lock = payload.get("document_id") or payload.get("dossier_id") or payload.get("notice_id")
    return Job(
        queue="default",
        lock=str(lock) if lock else None,
        queueing_lock=None,
        task_name=message.topic,
        task_kwargs={**payload, "message_id": str(message.id)},
    )
