"""Worker processes that may be killed: one hostile file costs its own worker, and nobody else's time.

Threads cannot be stopped, and the standard pools cannot kill one job. So: a nursery process has the engine loaded and
forks workers; each worker holds one socket to us, takes a job, answers in JSON. Past its deadline it is killed and the
next one forked, within milliseconds.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from signing.codes import finding
from signing.evidence import Need
from signing.limits import MIB
from signing.model import Report
from signing.parcels import Sender
from signing.plain import from_plain
from signing.policy import Policy
from signing.trust import TrustSnapshot
from signing.validate import report

HEADER = 8
Job = tuple[str, Path | bytes, Policy | TrustSnapshot]
_MOST_PARTS = 2_000
"""Certificates and lists that a worker keeps before it makes way for a fresh one."""


@dataclass(frozen=True)
class Bounds:
    """Of one worker. `cpu_s` is what a file may burn; `deadline_s` is wall time, when the worker is killed."""

    cpu_s: int = 10
    deadline_s: float = 30.0
    memory: int = 1024 * MIB
    recycle: int = 500


class WorkerDied(Exception):
    """The worker is gone; `late` when it was killed for being too slow."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("deadline" if late else "worker died")
        self.late = late


class Pool:
    """`async with Pool(size=2) as pool: report = await pool.check(path, policy)`. Belongs to one event loop."""

    def __init__(self, size: int = 2, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._nursery: Nursery | None = None
        self._nursing = asyncio.Lock()
        self._seats = asyncio.Semaphore(size)
        self._idle: list[Worker] = []

    async def __aenter__(self) -> Self:
        self._nursery = await asyncio.to_thread(Nursery, self._bounds)  # workers are forked when first needed
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        while self._idle:
            await self._idle.pop().close()
        if self._nursery:
            await asyncio.to_thread(self._nursery.close)

    @property
    def idle(self) -> tuple[int, ...]:
        """Process numbers of the workers that wait."""
        return tuple(worker.pid for worker in self._idle)

    async def check(self, source: Path | bytes, policy: Policy) -> Report:
        """Like `signing.check`, in a worker. Raises OSError when the path cannot be read, and nothing else."""
        try:
            answer = await self._ask_twice("check", source, policy)
        except WorkerDied as died:
            data = source if isinstance(source, bytes) else await asyncio.to_thread(source.read_bytes)
            return report(data, policy, [finding("DOC_TIMEOUT" if died.late else "ENGINE_ERROR", str(died))])
        return replace(Report.from_json(answer["report"]), cpu_ms=answer["cpu_ms"])

    async def revocation_needs(self, source: Path | bytes, trust: TrustSnapshot) -> list[Need]:
        """Like `signing.revocation_needs`, in a worker."""
        try:
            answer = await self._ask_twice("needs", source, trust)
        except WorkerDied:
            return []
        return [from_plain(Need, need) for need in answer["needs"]]

    async def _ask_twice(self, what: str, source: Path | bytes, given: Policy | TrustSnapshot) -> dict[str, Any]:
        """A file that kills its worker kills two; a worker that died for another reason costs the file nothing."""
        job = (what, source, given)
        async with self._seats:
            try:
                return await self._ask(job)
            except WorkerDied as died:
                if died.late:
                    raise
                return await self._ask(job)

    async def _ask(self, job: Job) -> dict[str, Any]:
        worker = await self._worker()
        try:
            answer = await worker.ask(job, self._bounds)
        except BaseException:
            # late, dead or cancelled: what this worker would say next belongs to nobody
            await asyncio.shield(worker.kill())
            raise
        self._idle.append(worker)
        if "os_error" in answer:
            raise OSError(*answer["os_error"])
        return answer

    async def _worker(self) -> "Worker":
        while self._idle:
            worker = self._idle.pop()
            if worker.jobs < self._bounds.recycle and worker.parts < _MOST_PARTS:
                return worker
            await worker.close()
        return await Worker.fork(await self._living_nursery())

    async def _living_nursery(self) -> "Nursery":
        async with self._nursing:
            if self._nursery is None:
                raise RuntimeError("use the pool as a context manager")
            if not self._nursery.is_alive():
                await asyncio.to_thread(self._nursery.close)
                self._nursery = await asyncio.to_thread(Nursery, self._bounds)
            return self._nursery


class Worker:
    """One forked process and the socket to it."""

    def __init__(self, nursery: "Nursery", pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._nursery, self._reader, self._writer = nursery, reader, writer
        self.pid, self.jobs, self._sender = pid, 0, Sender()

    @classmethod
    async def fork(cls, nursery: "Nursery") -> "Worker":
        """A new one, ready. Raises WorkerDied."""
        ours, theirs = socket.socketpair()
        with theirs:
            nursery.fork(theirs)
        reader, writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 26)
        try:
            hello = await asyncio.wait_for(reader.readexactly(HEADER), timeout=30)
        except (TimeoutError, asyncio.IncompleteReadError, OSError) as failed:
            writer.close()
            raise WorkerDied(late=False) from failed
        return cls(nursery, int.from_bytes(hello), reader, writer)

    @property
    def parts(self) -> int:
        """How many certificates and lists it holds."""
        return len(self._sender)

    async def ask(self, job: Job, bounds: Bounds) -> dict[str, Any]:
        """Raises WorkerDied."""
        self.jobs += 1
        started = time.monotonic()
        try:
            async with asyncio.timeout(bounds.deadline_s):
                parcel = self._sender.pack(job)
                self._writer.write(len(parcel).to_bytes(HEADER) + parcel)
                await self._writer.drain()
                length = int.from_bytes(await self._reader.readexactly(HEADER))
                answer: dict[str, Any] = json.loads(await self._reader.readexactly(length))
                return answer
        except TimeoutError as late:
            raise WorkerDied(late=True) from late
        except (asyncio.IncompleteReadError, OSError) as gone:
            # the kernel kills a worker that ignored its processor limit
            raise WorkerDied(late=time.monotonic() - started >= bounds.cpu_s) from gone

    async def kill(self) -> None:
        """At once, whatever it is doing."""
        self._nursery.kill(self.pid)
        await self.close()

    async def close(self) -> None:
        """The worker ends when its socket does."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


class Nursery:
    """The process that forks and reaps workers; it ends when our end of its socket does, whatever happens to us."""

    def __init__(self, bounds: Bounds) -> None:
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "signing.nursery", str(theirs.fileno())]
            limits = [str(bounds.cpu_s), str(bounds.memory)]
            self._process = subprocess.Popen(
                command + limits,
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[1],
                env=_environment(),
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is for the server, which then closes us
            )

    def fork(self, theirs: socket.socket) -> None:
        """Raises WorkerDied when the nursery is gone."""
        try:
            socket.send_fds(self._control, [b"fork"], [theirs.fileno()])
        except OSError as gone:
            raise WorkerDied(late=False) from gone

    def kill(self, pid: int) -> None:
        """Through the nursery, which reaps: so the number cannot belong to a stranger by now."""
        with contextlib.suppress(OSError):
            self._control.send(b"kill %d" % pid)

    def is_alive(self) -> bool:
        """Whether it can still fork."""
        return self._process.poll() is None

    def close(self) -> None:
        """End it and all its workers; blocks for a moment."""
        self._control.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


def _environment() -> dict[str, str]:
    """Workers that read hostile files need no secrets: only what starts an interpreter."""
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "VIRTUAL_ENV", "PYTHONHASHSEED")
    return {name: os.environ[name] for name in kept if name in os.environ}
