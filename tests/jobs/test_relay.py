import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.core import clock, outbox
from app.core.db import transaction
from app.core.errors import NotFound
from app.jobs import worker
from app.jobs.relay import BATCH, relay


@pytest.fixture
async def queue(settings, sessions):
    made = worker.queue_of(settings)
    async with made.open_async():
        yield made


async def put(sessions, count, **payload):
    async with transaction(sessions) as session:
        return [outbox.put(session, "test.note", number=number, **payload) for number in range(count)]


async def jobs(sessions, columns="task_name, status::text, args"):
    async with transaction(sessions) as session:
        return (await session.execute(text(f"SELECT {columns} FROM procrastinate_jobs ORDER BY id"))).all()


async def left(sessions):
    async with transaction(sessions) as session:
        return await session.scalar(text("SELECT count(*) FROM outbox"))


async def test_a_message_becomes_one_job_that_carries_its_id(sessions, queue):
    [message_id] = await put(sessions, 1, dossier_id=(dossier := uuid4()))

    assert await relay(sessions, queue, at=clock.now()) == 1
    assert await relay(sessions, queue, at=clock.now()) == 0
    [(name, status, args)] = await jobs(sessions)
    assert (name, status) == ("test.note", "todo")
    assert args == {"number": 0, "dossier_id": str(dossier), "message_id": str(message_id)}


async def test_a_message_waits_for_its_time(sessions, queue):
    at = clock.now()
    async with transaction(sessions) as session:
        outbox.put(session, "test.note", not_before=at + timedelta(minutes=5))

    assert await relay(sessions, queue, at=at) == 0
    assert await relay(sessions, queue, at=at + timedelta(minutes=6)) == 1


async def test_relays_that_run_at_once_share_the_work(sessions, queue):
    await put(sessions, 2 * BATCH)

    moved = await asyncio.gather(*(relay(sessions, queue, at=clock.now()) for _ in range(4)))

    assert sum(moved) == 2 * BATCH
    numbers = [message for (message,) in await jobs(sessions, "args->>'message_id'")]
    assert len(numbers) == len(set(numbers)) == 2 * BATCH


async def test_a_message_of_a_transaction_that_failed_never_existed(sessions, queue):
    with pytest.raises(NotFound):
        async with transaction(sessions) as session:
            outbox.put(session, "test.note")
            await session.flush()
            raise NotFound

    assert await relay(sessions, queue, at=clock.now()) == 0


async def test_a_relay_killed_before_its_own_commit_delivers_again(sessions, queue, monkeypatch):
    await put(sessions, 1)

    async def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(outbox, "drop", killed)
        await relay(sessions, queue, at=clock.now())
    await relay(sessions, queue, at=clock.now())

    assert len(await jobs(sessions)) == 2
    assert await left(sessions) == 0


async def test_a_job_runs_with_the_payload_and_a_failing_one_is_told_and_comes_again(sessions, queue, caplog):
    seen = []

    async def note(_tools, payload, _at):
        seen.append(payload["number"])
        if payload["number"] == 1:
            raise RuntimeError

    worker.register(queue, None, {"test.note": note})
    await put(sessions, 2)
    await relay(sessions, queue, at=clock.now())
    await worker.run_jobs(queue, wait=False)

    assert sorted(seen) == [0, 1]
    [(status, attempts, later)] = await jobs(sessions, "status::text, attempts, scheduled_at > now()")
    assert (status, attempts, later) == ("todo", 1, True)
    assert "job failed: test.note" in caplog.messages


async def test_jobs_of_one_dossier_run_one_after_the_other(sessions, queue):
    running, most = 0, 0

    async def slow(_tools, _payload, _at):
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.05)
        running -= 1

    worker.register(queue, None, {"test.note": slow})
    await put(sessions, 4, dossier_id=uuid4())
    await relay(sessions, queue, at=clock.now())
    for _ in range(4):
        await worker.run_jobs(queue, wait=False)

    assert most == 1
    assert await jobs(sessions) == []


async def test_a_file_whose_job_fails_does_not_hold_up_its_dossier(sessions, queue):
    seen = []

    async def note(_tools, payload, _at):
        seen.append("document_id" in payload)
        if "document_id" in payload:
            raise OSError

    worker.register(queue, None, {"test.note": note})
    await put(sessions, 1, dossier_id=(dossier := uuid4()), document_id=uuid4())
    await put(sessions, 1, dossier_id=dossier)
    await relay(sessions, queue, at=clock.now())
    await worker.run_jobs(queue, wait=False)

    assert sorted(seen) == [False, True]


async def test_the_job_of_a_worker_that_died_is_put_back(sessions, queue, owner):
    await put(sessions, 1)
    await relay(sessions, queue, at=clock.now())
    await owner.execute(
        text("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '1 minute')"),
    )
    await owner.execute(
        text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = (SELECT max(id) FROM procrastinate_workers)"),
    )
    await owner.commit()

    await worker.revive(queue)

    assert [status for (status,) in await jobs(sessions, "status::text")] == ["todo"]
