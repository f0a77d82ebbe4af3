"""Worker processes that may be killed: one hostile file costs its own worker, and nobody else's time.

Two lanes with workers of their own, so that small files never wait behind large ones. Whether a file belongs in the fast one
is judged by its size, and then by its bytes, by the worker that has them at hand; one that takes longer than it looked goes to
wait among the large ones with what is left of its time.
"""

import asyncio
import os
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from signing.codes import finding
from signing.evidence import Need
from signing.limits import MIB
from signing.model import Report
from signing.plain import from_plain
from signing.policy import Policy
from signing.preflight import QUICK_BYTES
from signing.trust import TrustSnapshot
from signing.validate import report
from signing.workers import Bounds, Job, Nursery, Worker, WorkerDied

_MOST_PARTS = 2_000
"""Certificates and lists that a worker keeps before it makes way for a fresh one."""
_MOST_BYTES = MIB // 4
"""More than that travels as a file in memory, not through a socket."""


class Pool:
    """`async with Pool(size=2) as pool: report = await pool.check(path, policy)`. Belongs to one event loop.

    `size` workers for each lane, forked when first needed.
    """

    def __init__(self, size: int = 2, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._nursery: Nursery | None = None
        self._nursing = asyncio.Lock()
        left = replace(self._bounds, cpu_s=max(1, self._bounds.cpu_s - self._bounds.quick_cpu_s))
        self._slow = Lane(size, left, self._living_nursery)
        short = replace(self._bounds, cpu_s=self._bounds.quick_cpu_s, deadline_s=min(self._bounds.deadline_s, 10.0))
        self._quick = Lane(size, short, self._living_nursery, quick=True)

    async def __aenter__(self) -> Self:
        self._nursery = await asyncio.to_thread(Nursery, self._bounds)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._quick.close()
        await self._slow.close()
        if self._nursery:
            await asyncio.to_thread(self._nursery.close)

    @property
    def idle(self) -> tuple[int, ...]:
        """Process numbers of the workers that wait."""
        return self._quick.idle + self._slow.idle

    async def check(self, source: Path | bytes, policy: Policy) -> Report:
        """Like `signing.check`, in a worker. Raises OSError when the path cannot be read, and nothing else."""
        try:
            answer = await self._asked("check", source, policy)
        except WorkerDied as died:
            return await asyncio.to_thread(_gave_up, source, policy, died)
        return replace(from_plain(Report, answer["report"]), cpu_ms=answer["cpu_ms"])

    async def revocation_needs(self, source: Path | bytes, trust: TrustSnapshot) -> list[Need]:
        """Like `signing.revocation_needs`, in a worker."""
        try:
            answer = await self._asked("needs", source, trust)
        except WorkerDied:
            return []
        return [from_plain(Need, need) for need in answer["needs"]]

    async def _asked(self, what: str, source: Path | bytes, given: Policy | TrustSnapshot) -> dict[str, Any]:
        if isinstance(source, Path):
            # a worker stands in another folder
            return await self._answered((what, source if source.is_absolute() else Path.cwd() / source, given))
        if len(source) <= _MOST_BYTES:
            return await self._answered((what, source, given))
        path = await asyncio.to_thread(_put_aside, source)
        try:
            return await self._answered((what, path, given))
        finally:
            path.unlink(missing_ok=True)

    async def _answered(self, job: Job) -> dict[str, Any]:
        if _size(job[1]) <= QUICK_BYTES:
            answer = await self._tried_quickly(job)
            if answer is not None:
                return answer
        return await self._slow.ask_twice(job)

    async def _tried_quickly(self, job: Job) -> dict[str, Any] | None:
        """None when the file is none for the fast lane after all."""
        try:
            answer = await self._quick.ask_twice(job)
        except WorkerDied:
            return None
        return None if answer.get("later") else answer

    async def _living_nursery(self) -> Nursery:
        async with self._nursing:
            if self._nursery is None:
                raise RuntimeError("use the pool as a context manager")
            if not self._nursery.is_alive():
                await asyncio.to_thread(self._nursery.close)
                self._nursery = await asyncio.to_thread(Nursery, self._bounds)
            return self._nursery


class Lane:
    """Workers of one kind, and who waits for them."""

    def __init__(self, size: int, bounds: Bounds, nursery: Callable[[], Awaitable[Nursery]], *, quick: bool = False) -> None:
        self._bounds, self._nursery, self._is_quick = bounds, nursery, quick
        self._seats = asyncio.Semaphore(size)
        self._waiting: list[Worker] = []

    @property
    def idle(self) -> tuple[int, ...]:
        """Process numbers of the workers that wait."""
        return tuple(worker.pid for worker in self._waiting)

    async def ask_twice(self, job: Job) -> dict[str, Any]:
        """A file that kills its worker kills two; a worker that died for another reason costs the file nothing."""
        async with self._seats:
            try:
                return await self._ask(job)
            except WorkerDied as died:
                if died.late:
                    raise
                return await self._ask(job)

    async def close(self) -> None:
        """End the workers that wait."""
        while self._waiting:
            await self._waiting.pop().close()

    async def _ask(self, job: Job) -> dict[str, Any]:
        worker = await self._worker()
        try:
            answer = await worker.ask(job, self._bounds)
        except BaseException:
            # late, dead or cancelled: what this worker would say next belongs to nobody
            await asyncio.shield(worker.kill())
            raise
        self._waiting.append(worker)
        if "os_error" in answer:
            raise OSError(*answer["os_error"])
        return answer

    async def _worker(self) -> Worker:
        while self._waiting:
            worker = self._waiting.pop()
            if worker.jobs < self._bounds.recycle and worker.parts < _MOST_PARTS:
                return worker
            await worker.close()
        return await Worker.fork(await self._nursery(), cpu_s=self._bounds.cpu_s, quick=self._is_quick)


def _gave_up(source: Path | bytes, policy: Policy, died: WorkerDied) -> Report:
    data = source if isinstance(source, bytes) else source.read_bytes()
    return report(data, policy, [finding("DOC_TIMEOUT" if died.late else "ENGINE_ERROR", str(died))])


def _size(source: Path | bytes) -> int:
    """What cannot be looked at is for the worker to say."""
    if isinstance(source, bytes):
        return len(source)
    try:
        return source.stat().st_size
    except OSError:
        return 0


def _put_aside(content: bytes) -> Path:
    """In a file that lives in memory; the event loop never copies large content."""
    handle, name = tempfile.mkstemp(prefix="motcua-check-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    return Path(name)


_MEMORY = "/dev/shm"  # noqa: S108  # made with mkstemp: ours alone
