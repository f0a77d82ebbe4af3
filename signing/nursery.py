"""The process behind the pool: loads the engine once, forks workers, reaps them. Run as `python -m signing.nursery`.

Arguments: the control socket's descriptor, bytes of address space. Each worker is told its processor seconds for a job.
"""

import ctypes
import gc
import logging
import os
import resource
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from signing import preflight
from signing.codes import finding
from signing.parcels import Known, unpack
from signing.plain import spelled
from signing.revocation import revocation_needs
from signing.validate import check, report, unreadable
from signing.workers import HEADER

_POLITE = 10
"""Whoever answers people goes first; checks take what is left."""
_LITTER = 2_000
"""Objects that small files may leave behind before they are collected: about ten files' worth. Large ones do not wait."""
_DIE_WITH_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


class _OutOfTime(BaseException):
    """Raised by the processor limit's signal; no `except Exception` in a parser may swallow it."""


def main() -> None:
    """Obey until the owner closes the control socket."""
    control = socket.socket(fileno=int(sys.argv[1]))
    memory = int(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable()  # parsers quote what they read; what matters is in the report
    gc.collect()
    gc.freeze()  # workers share these pages and never walk them
    children: set[int] = set()
    while True:
        readable, _, _ = select.select([control], [], [], 1.0)
        _reap(children)
        if readable and not _obey(control, children, partial(_work, memory=memory)):
            break
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _obey(control: socket.socket, children: set[int], work: Callable[..., NoReturn]) -> bool:
    """False when the owner has gone."""
    message, handles, _, _ = socket.recv_fds(control, 64, 1)
    if message.startswith((b"fork ", b"quick ")):
        pid = os.fork()
        if pid == 0:
            control.close()
            kind, cpu_s = message.split()
            work(socket.socket(fileno=handles[0]), cpu_s=int(cpu_s), quick=kind == b"quick")
        children.add(pid)
        os.close(handles[0])
    elif message.startswith(b"kill ") and (pid := int(message[5:])) in children:
        os.kill(pid, signal.SIGKILL)
    return bool(message)


def _reap(children: set[int]) -> None:
    while children:
        pid, _ = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        children.discard(pid)


def _work(connection: socket.socket, *, cpu_s: int, quick: bool, memory: int) -> NoReturn:
    """One worker's life: greet, then job after job until the other end closes."""
    try:
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGXCPU, _too_long)
        stay_inside()
        gc.disable()
        os.nice(_POLITE)
        connection.sendall(os.getpid().to_bytes(HEADER))
        known: Known = {}
        while parcel := _receive(connection):
            answer = spelled(_answer(unpack(parcel, known), cpu_s, quick=quick)).encode()
            connection.sendall(len(answer).to_bytes(HEADER) + answer)
            if not quick or gc.get_count()[0] > _LITTER:
                gc.collect(0 if quick else 2)
    except OSError:  # the owner has gone
        pass
    finally:
        os._exit(0)


_OUTWARD = frozenset({"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind", "subprocess.Popen", "os.exec"})


def stay_inside() -> None:
    """From now on this process calls nobody and starts nothing, whatever a file talks a parser into. Cannot be undone."""

    def refuse(event: str, _arguments: object) -> None:
        if event in _OUTWARD:
            raise PermissionError(f"a worker that reads files stays inside: {event}")

    sys.addaudithook(refuse)


def _answer(job: tuple[str, Any, Any], cpu_s: int, *, quick: bool) -> dict[str, Any]:
    """Never raises. An answer is plain JSON, because whoever writes it has read hostile files."""
    what, source, given = job
    started = time.thread_time()  # the clock of the process runs late where its time is limited
    try:
        _allow(cpu_s)
        if quick and not preflight.is_quick(source := _bytes(source)):
            return {"later": True}
        if what == "needs":
            return {"needs": revocation_needs(source, given)}
        made = check(source, given)
    except OSError as unread:
        return {"os_error": [unread.errno, unread.strerror]}
    except _OutOfTime:
        if quick:
            return {"later": True}
        if what == "needs":
            return {"needs": []}
        made = report(_bytes(source), given, [finding("DOC_TIMEOUT", f"{cpu_s} s of processor time")])
    except BaseException as error:  # noqa: BLE001  # whatever a file makes a parser raise
        if what == "needs":
            return {"needs": []}
        made = report(_bytes(source), given, [unreadable(error)])
    return {"report": made, "cpu_ms": (time.thread_time() - started) * 1000}


def _allow(cpu_s: int) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + cpu_s + 1
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def _too_long(_number: int, _frame: object) -> NoReturn:
    raise _OutOfTime


def _bytes(source: Any) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _receive(connection: socket.socket) -> bytes:
    """Empty at the end of the conversation."""
    header = _exactly(connection, HEADER)
    return _exactly(connection, int.from_bytes(header)) if header else b""


def _exactly(connection: socket.socket, length: int) -> bytes:
    received = bytearray()
    while len(received) < length:
        chunk = connection.recv(min(1 << 20, length - len(received)))
        if not chunk:
            return b""
        received += chunk
    return bytes(received)


if __name__ == "__main__":
    main()
