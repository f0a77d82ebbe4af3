"""The processes behind the pool, seen from our side: one that forks, and those that check.

Threads cannot be stopped, and the standard pools cannot kill one job. So a nursery process has the engine loaded and forks
workers; each worker holds one socket to us, takes a job, answers in JSON. Past its deadline it is killed.
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
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signing.limits import MIB
from signing.parcels import Sender, is_heavy
from signing.policy import Policy
from signing.trust import TrustSnapshot

HEADER = 8
Job = tuple[str, Path | bytes, Policy | TrustSnapshot]
_LONG = 1 << 16
"""Longer answers are read in a thread: the event loop has others to serve."""


@dataclass(frozen=True)
class Bounds:
    """Of one worker. `cpu_s` is what a file may burn; `deadline_s` is wall time, when the worker is killed.

    `quick_cpu_s` is what it may burn in the fast lane, before it is sent to wait among the large ones.
    """

    cpu_s: int = 10
    deadline_s: float = 30.0
    memory: int = 1024 * MIB
    recycle: int = 500
    quick_cpu_s: int = 1


class WorkerDied(Exception):
    """The worker is gone; `late` when it was killed for being too slow."""

    def __init__(self, *, late: bool) -> None:
        super().__init__("deadline" if late else "worker died")
        self.late = late


class Worker:
    """One forked process and the socket to it."""

    def __init__(self, nursery: "Nursery", pid: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._nursery, self._reader, self._writer = nursery, reader, writer
        self.pid, self.jobs, self._sender = pid, 0, Sender()

    @classmethod
    async def fork(cls, nursery: "Nursery", *, cpu_s: int, quick: bool) -> "Worker":
        """A new one, ready. Raises WorkerDied."""
        ours, theirs = socket.socketpair()
        with theirs:
            nursery.fork(theirs, cpu_s=cpu_s, quick=quick)
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
                parcel = await asyncio.to_thread(self._sender.pack, job) if is_heavy(job[2]) else self._sender.pack(job)
                self._writer.write(len(parcel).to_bytes(HEADER) + parcel)
                await self._writer.drain()
                length = int.from_bytes(await self._reader.readexactly(HEADER))
                return await _read(await self._reader.readexactly(length))
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
            self._process = subprocess.Popen(
                [*command, str(bounds.memory)],
                pass_fds=[theirs.fileno()],
                cwd=Path(__file__).parents[1],
                env=bare_environment(),
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C in the terminal is for the server, which then closes us
            )

    def fork(self, theirs: socket.socket, *, cpu_s: int, quick: bool) -> None:
        """Raises WorkerDied when the nursery is gone."""
        try:
            socket.send_fds(self._control, [b"%s %d" % (b"quick" if quick else b"fork", cpu_s)], [theirs.fileno()])
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


def bare_environment() -> dict[str, str]:
    """Workers that read hostile files need no secrets: only what starts an interpreter."""
    kept = ("PATH", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "VIRTUAL_ENV", "PYTHONHASHSEED")
    return {name: os.environ[name] for name in kept if name in os.environ}


async def _read(answer: bytes) -> dict[str, Any]:
    read: dict[str, Any] = await asyncio.to_thread(json.loads, answer) if len(answer) > _LONG else json.loads(answer)
    return read
