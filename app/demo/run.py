"""`motcua demo run`: everything on one machine, watched over. What dies is started again; Ctrl-C ends all of it."""

import asyncio
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import urlopen

from app.core import clock, embedded, migrate
from app.core.db import engine_for, sessions_of
from app.core.settings import Settings
from app.demo import papers, sandbox, world

# Set for children: they end when the pipe on their standard input closes, so a killed supervisor leaves no one behind.
FOLLOW = "MOTCUA_FOLLOW_PARENT"
_ELSEWHERE = "set MOTCUA_PUBLIC_URL, MOTCUA_DEMO_URL and MOTCUA_SMTP_PORT to other ports"
_TURN_SECONDS = 0.5
_REST_SECONDS = 2.0
_FINISH_SECONDS = 8.0


def settled(settings: Settings) -> Settings:
    """The demo's settings made whole: its generated secrets, its embedded database (started when it is not running)."""
    if os.environ.pop(FOLLOW, None):
        _end_with_parent()
    for name, value in world.env(settings).items():
        os.environ.setdefault(name, value)
    if not settings.database_url:
        app_url, owner_url = embedded.addresses(settings.var / "pg")
        os.environ["DATABASE_URL"], os.environ["MIGRATION_DATABASE_URL"] = app_url, owner_url
    return Settings()


def run(settings: Settings) -> int:
    """Prepare, start, say where to go, watch. Returns the exit code."""
    if settings.production:
        return _say("The demo does not run in production. Use `motcua serve` and `motcua worker`.", code=2)
    with _alone(settings.var) as alone:
        if not alone:
            return _say(f"The portal is already running from {settings.var.resolve()}.", code=2)
        if taken := [port for port in _ports(settings) if not _free(port)]:
            return _say(f"Port {taken[0]} is taken by another program. Stop it, or {_ELSEWHERE}.", code=2)
        world.prepare(settings)
        embedded_here = settings.database_url is None
        ready = settled(settings)
        prepare(ready)
        _watch(ready, embedded_root=settings.var / "pg" if embedded_here else None)
    return 0


def prepare(settings: Settings) -> None:
    """Schema, rows and files of the demo world; harmless when they are there."""
    app_url = settings.database_url or ""
    migrate.upgrade(settings.migration_database_url or app_url, app_url)
    asyncio.run(_load(settings))
    papers.make_files(settings)


async def _load(settings: Settings) -> None:
    engine = engine_for(settings.database_url or "", pool_size=2)
    try:
        await world.load(sessions_of(engine), settings, at=clock.now())
    finally:
        await engine.dispose()


@dataclass
class Child:
    """One process that is kept running."""

    name: str
    command: list[str]
    needs: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = field(default=None)
    started: float = 0.0

    def keep(self) -> None:
        """Start it when it is not running; at most every two seconds, the first time when what it `needs` answers."""
        if self.process and self.process.poll() is None:
            return
        if time.monotonic() - self.started < _REST_SECONDS:
            return
        if self.needs and not self.process and not _answers(self.needs):
            return
        if self.process:
            print(f"{self.name} ended ({self.process.returncode}); starting it again", file=sys.stderr, flush=True)
        self.started = time.monotonic()
        # A session of its own: Ctrl-C reaches the supervisor alone, which ends its children in order.
        self.process = subprocess.Popen(
            [sys.executable, "-m", "app", *self.command],
            stdin=subprocess.PIPE,
            env={**os.environ, **self.environment, FOLLOW: "1"},
            start_new_session=True,
        )

    def ask_to_end(self) -> None:
        """Ask it to finish what it does and end."""
        if self.process:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait until it has ended; make it, when it has not by `deadline` (on the monotonic clock)."""
        if not self.process:
            return
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _watch(settings: Settings, *, embedded_root: Path | None) -> None:
    web_port = str(_ports(settings)[0])
    children = [
        Child("outside world", ["demo", "world-serve"]),
        Child("web", ["serve", "--port", web_port]),
        Child("worker", ["worker"], needs=f"{settings.oidc_issuer}/.well-known/openid-configuration"),
    ]
    if embedded_root and settings.sandbox_url:
        children += _sandbox(settings, embedded_root)
    # A plain list: setting a threading.Event in a handler locks up when the signal falls into its wait().
    told, asked_to_stop = False, list[int]()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: asked_to_stop.append(number))
    try:
        while not asked_to_stop:
            if embedded_root:
                embedded.ensure(embedded_root)
            for child in children:
                child.keep()
            if not told and all(_answers(settings.public_url + path) for path in ("/readyz", "/dang-nhap")):
                print(world.who_is_who(settings), flush=True)
                told = True
            time.sleep(_TURN_SECONDS)
    finally:
        _end(children)
        if embedded_root:
            embedded.stop(embedded_root)


def _sandbox(settings: Settings, embedded_root: Path) -> list[Child]:
    """The sandbox's processes. They start when the portal answers, so that nobody waits for them."""
    own = sandbox.environment(settings, embedded_root)
    port = str(urlsplit(settings.sandbox_url).port or 80)
    return [
        Child("sandbox", ["sharing", "sandbox", "--port", port], needs=f"{settings.public_url}/readyz", environment=own),
        Child("sandbox worker", ["worker"], needs=f"{settings.sandbox_url}/readyz", environment=own),
    ]


def _end(children: list[Child]) -> None:
    """All at once, in one span of time: whoever pressed Ctrl-C is waiting. The outside world goes last."""
    world, *portal = children
    deadline = time.monotonic() + _FINISH_SECONDS
    for child in portal:
        child.ask_to_end()
    for child in portal:
        child.end(deadline)
    world.ask_to_end()
    world.end(time.monotonic() + _REST_SECONDS)


def _end_with_parent() -> None:
    def wait() -> None:
        os.read(0, 1)  # not sys.stdin: its lock would be held at the interpreter's end
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


@contextmanager
def _alone(var: Path) -> Iterator[bool]:
    """Whether no other supervisor works in `var`."""
    var.mkdir(parents=True, exist_ok=True)
    with (var / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def _ports(settings: Settings) -> list[int]:
    """Of the portal, of the outside world, of the sandbox when there is one, of the mail server."""
    addresses = (settings.public_url, settings.demo_url, *filter(None, [settings.sandbox_url]))
    return [*(urlsplit(url).port or 80 for url in addresses), settings.smtp_port]


def _free(port: int, *, seconds: float = 15.0) -> bool:
    """Whether `port` can be had; the last run's processes may still be on their way out."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                time.sleep(0.5)
                continue
            return True
    return False


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=2) as answer:  # noqa: S310  (our own address)
            return bool(answer.status == 200)
    except OSError:
        return False


def _say(sentence: str, *, code: int) -> int:
    print(sentence, file=sys.stderr)
    return code
