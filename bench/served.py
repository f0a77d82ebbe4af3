"""A server process under load, and the processor time it takes: the load of the machine and the client's cost stay outside."""

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 8


@dataclass(frozen=True)
class Served:
    """One uvicorn worker behind a socket file."""

    process: subprocess.Popen[bytes]
    socket: Path

    def cpu_seconds(self) -> float:
        """What all threads of the process have spent so far, by the kernel's own count in nanoseconds."""
        threads = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(thread.read_text().split()[0]) for thread in threads) / 1e9

    async def answer(self, requests: Sequence[bytes]) -> float:
        """Send them over a few connections, each waiting for its answer; seconds of processor time for each request."""
        waiting = iter(requests)
        before = self.cpu_seconds()
        await asyncio.gather(*(_client(self.socket, waiting) for _ in range(CONNECTIONS)))
        return (self.cpu_seconds() - before) / len(requests)

    async def seconds(self, request: bytes) -> float:
        """From sending a request to the last byte of its answer."""
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        began = time.perf_counter()
        await _exchange(reader, writer, request)
        took = time.perf_counter() - began
        writer.close()
        await writer.wait_closed()
        return took


@contextmanager
def serve(application: str, socket: Path, settings: Mapping[str, str], *options: str) -> Iterator[Served]:
    """Run an application as production does, in one worker, until the block ends."""
    command = [sys.executable, "-m", "uvicorn", application, "--uds", str(socket), "--loop", "uvloop", "--http", "httptools"]
    command += ["--no-access-log", "--no-server-header", "--log-level", "warning", *options]
    with Path(f"{socket}.log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=log, stderr=log)
    try:
        _wait_for(process, socket)
        yield Served(process, socket)
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(process: subprocess.Popen[bytes], socket: Path) -> None:
    until = time.monotonic() + 60
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(Path(f"{socket}.log").read_text()[-2000:])
        time.sleep(0.05)


async def _client(socket: Path, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    for request in waiting:
        await _exchange(reader, writer, request)
    writer.close()
    await writer.wait_closed()


async def _exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in head[:16]:
        raise RuntimeError(head.decode())
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    await reader.readexactly(int(length.split(b":")[1]))


def request(path: str, headers: Mapping[str, str], body: bytes | None = None) -> bytes:
    """A request as bytes: GET, or POST of JSON."""
    lines = [f"{'GET' if body is None else 'POST'} {path} HTTP/1.1", "host: 127.0.0.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if body is not None:
        lines += ["content-type: application/json", f"content-length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")
