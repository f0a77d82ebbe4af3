"""A whole portal of its own: `motcua demo run` with its database, worker and outside world, made to be killed."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.core import embedded
from app.core.settings import Settings
from app.demo import pki
from app.demo.run import FOLLOW

ROOT = Path(__file__).parents[2]
KEYS = ROOT / "var" / "test-keys"  # kept from run to run: making RSA keys takes seconds
READY_SECONDS = 240  # alone it takes twenty; beside other work much longer
BACK_SECONDS = 120
PARTS = {"web": b"serve", "worker": b"worker"}


@dataclass(frozen=True)
class Instance:
    """A running portal: where it lives, where it answers, who watches over it."""

    settings: Settings
    environment: dict[str, str]
    supervisor: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return self.settings.public_url

    @property
    def database(self) -> str:
        """The superuser's address of the portal's database."""
        return embedded.url_of(_postgres(self.settings).sock, database=embedded.DATABASE)

    async def kill(self, part: str) -> None:
        """`kill -9` the web process, the worker or the database, as soon as there is one."""
        os.kill(await until(lambda: self._pid(part)), signal.SIGKILL)

    async def ready(self, seconds: float = BACK_SECONDS) -> None:
        """Until the portal says that it is ready."""
        async with httpx.AsyncClient(timeout=2) as http:

            async def answers() -> bool:
                try:
                    return (await http.get(f"{self.url}/readyz")).is_success
                except httpx.TransportError:
                    return False

            ends = time.monotonic() + seconds
            while not await answers():
                assert self.supervisor.poll() is None, (self.settings.var / "log").read_text()[-4000:]
                assert time.monotonic() < ends, f"not ready after {seconds} s"
                await asyncio.sleep(0.2)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """A `motcua` command on this instance."""
        full = [sys.executable, "-m", "app", *command]
        return subprocess.run(full, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=60, check=False)

    def _pid(self, part: str) -> int | None:
        if part == "database":
            try:
                return int((_postgres(self.settings).data / "postmaster.pid").read_text().splitlines()[0])
            except (OSError, IndexError, ValueError):
                return None
        return next((pid for pid, words in _children(self.supervisor.pid) if PARTS[part] in words), None)


async def until(found: Callable[[], int | None], seconds: float = BACK_SECONDS) -> int:
    """What `found` finds at last."""
    ends = time.monotonic() + seconds
    while (it := found()) is None:
        assert time.monotonic() < ends
        await asyncio.sleep(0.05)
    return it


def _children(parent: int) -> list[tuple[int, list[bytes]]]:
    """Process id and command line of every child of `parent`."""
    mine = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == parent and fields[0] != "Z":
                mine.append((int(folder.name), (folder / "cmdline").read_bytes().split(b"\0")))
        except OSError:
            continue
    return mine


def _postgres(settings: Settings) -> embedded.Place:
    return embedded._place(settings.var / "pg")


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has at this moment."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


@asynccontextmanager
async def instance() -> AsyncIterator[Instance]:
    """A new portal below var/, ready; gone without a trace at the end."""
    made = _started()
    try:
        await made.ready(READY_SECONDS)
        yield made
    finally:
        _end(made.supervisor)
        shutil.rmtree(_postgres(made.settings).base, ignore_errors=True)
        shutil.rmtree(made.settings.var, ignore_errors=True)


def _started() -> Instance:
    (ROOT / "var").mkdir(exist_ok=True)
    var = Path(tempfile.mkdtemp(prefix="test-whole-", dir=ROOT / "var"))
    var.chmod(0o755)  # the database's own user enters it
    web, world, mail = free_ports(3)
    settings = Settings(var=var, public_url=f"http://127.0.0.1:{web}", demo_url=f"http://127.0.0.1:{world}", smtp_port=mail)
    pki.make_keys(KEYS)
    shutil.copytree(KEYS, var / "demo" / "pki")
    environment = _environment(settings)
    with (var / "log").open("wb") as log:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "app", "demo", "run"],
            cwd=ROOT,
            env=environment | {FOLLOW: "1"},  # ends with the tests, however they end
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    return Instance(settings, environment, supervisor)


def _environment(settings: Settings) -> dict[str, str]:
    """Ours without what belongs to another portal, and the address of this one."""
    foreign = ("MOTCUA_", "DATABASE_URL", "MIGRATION_DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(foreign)} | {
        "MOTCUA_VAR": str(settings.var),
        "MOTCUA_PUBLIC_URL": settings.public_url,
        "MOTCUA_DEMO_URL": settings.demo_url,
        "MOTCUA_SMTP_PORT": str(settings.smtp_port),
    }


def _end(supervisor: subprocess.Popen[bytes]) -> None:
    supervisor.terminate()
    try:
        supervisor.wait(30)
    except subprocess.TimeoutExpired:
        supervisor.kill()
        supervisor.wait()
    if supervisor.stdin:
        supervisor.stdin.close()
