"""Submit and receive: how many a second the application does, beside pgbench with the same writes, in the same round.

Measured at the action, one transaction each, below HTTP. Reported, not gated: the application is written in the ORM first.
"""

import asyncio
import re
import secrets
import statistics
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from app.core import embedded, ids, migrate
from app.core.db import Sessions, engine_for, sessions_of, transaction
from app.dossiers.actions.receive import receive
from app.dossiers.actions.submit import submit
from app.tables import METADATA
from bench import machine, replay
from tests.dossiers.world import AT, PROMOTION, World, build

SERVER = Path("var/bench-pg")
CLIENTS, SECONDS, ROUNDS = 8, 4, 3
WIDTH = 6000  # clones that one pgbench client may use up
OWN_TABLES = ("dossier", "dossier_event", "document", "submission")

Act = Callable[[AsyncSession, UUID], Awaitable[Any]]


@dataclass
class Bench:
    """One database with its world, and the clones used so far."""

    engine: AsyncEngine
    sessions: Sessions
    admin: psycopg.Connection
    database: str
    world: World
    used: int = 1

    def clone(self, template: UUID, count: int) -> int:
        """Copy a dossier `count` times; the first copy's number."""
        first, self.used = self.used, self.used + count
        for table in OWN_TABLES:
            self.admin.execute(_copying(table), {"template": template, "first": first, "last": first + count - 1})
        for table in OWN_TABLES:
            self.admin.execute(f"ANALYZE {table}")
        return first


def run_submit() -> dict[str, Any]:
    """A business hands in a complete draft."""
    return asyncio.run(_measure("submit"))


def run_receive() -> dict[str, Any]:
    """The desk receives a dossier: number, clock, form 01."""
    return asyncio.run(_measure("receive"))


async def _measure(name: str) -> dict[str, Any]:
    async with _prepared() as bench:
        template, act = await _template(bench, name)
        sample = bench.clone(template, 1)
        born, sampled = ids.uuid7(), UUID(int=sample)
        with replay.caught(bench.engine) as sent:
            async with transaction(bench.sessions) as session:
                await act(session, sampled)
        plain = replay.script(sent.writes, sampled, _unique(bench, sampled), born)
        rounds = [await _round(bench, template, act, plain) for _ in range(ROUNDS)]
        return _told(rounds, sent) | _numbers(bench, name)


async def _template(bench: Bench, name: str) -> tuple[UUID, Act]:
    world = bench.world

    async def do_submit(session: AsyncSession, dossier_id: UUID) -> None:
        await submit(session, world.retailer, dossier_id, at=AT)

    async def do_receive(session: AsyncSession, dossier_id: UUID) -> None:
        await receive(session, world.desk, dossier_id, at=AT)

    async with transaction(bench.sessions) as session:
        world.session = session
        ready = world.ready if name == "submit" else world.submitted
        return await ready(PROMOTION, world.retailer), do_submit if name == "submit" else do_receive


async def _round(bench: Bench, template: UUID, act: Act, plain: str) -> dict[str, float]:
    postmaster = int((embedded._place(SERVER).data / "postmaster.pid").read_text().splitlines()[0])  # noqa: SLF001
    first = bench.clone(template, CLIENTS * 400)
    own, server, began = machine.own_cpu_ms(), machine.server_cpu_ms(postmaster), time.perf_counter()
    times = await _application(bench, act, first)
    seconds, done = time.perf_counter() - began, len(times)
    own, server = machine.own_cpu_ms() - own, machine.server_cpu_ms(postmaster) - server
    limit = await asyncio.to_thread(_pgbench, bench, template, plain)
    times.sort()
    return {
        "per_second": done / seconds,
        "pgbench_per_second": limit,
        "ratio": done / seconds / limit,
        "app_cpu_ms": own / done,
        "database_cpu_ms": server / done,
        "p50_ms": times[done // 2],
        "p99_ms": times[int(done * 0.99)],
    }


async def _application(bench: Bench, act: Act, first: int) -> list[float]:
    """Milliseconds of every act done by `CLIENTS` at once until the time is up."""
    waiting, ends, took = iter(range(first, first + CLIENTS * 400)), time.perf_counter() + SECONDS, []

    async def client() -> None:
        for number in waiting:
            began = time.perf_counter()
            if began > ends:
                return
            async with transaction(bench.sessions) as session:
                await act(session, UUID(int=number))
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return took


def _pgbench(bench: Bench, template: UUID, plain: str) -> float:
    base = bench.clone(template, CLIENTS * WIDTH)
    binary = embedded._binaries(embedded._place(SERVER)) / "pgbench"  # noqa: SLF001
    with tempfile.NamedTemporaryFile("w", suffix=".pgbench") as file:
        file.write(plain)
        file.flush()
        command = [binary, "-n", "-M", "prepared", "-c", CLIENTS, "-j", 1, "-T", SECONDS, "-f", file.name]
        values = ["-D", "i=0", "-D", f"base={base}", "-D", f"width={WIDTH}"]
        server = ["-h", embedded._place(SERVER).sock, "-p", embedded.PORT, "-U", embedded.APP, bench.database]  # noqa: SLF001
        done = subprocess.run([str(part) for part in [*command, *values, *server]], capture_output=True, text=True, check=False)
    if "tps = " not in done.stdout or "failed: 0 " not in done.stdout.replace("failed transactions: 0 ", "failed: 0 "):
        raise RuntimeError(f"pgbench could not replay the writes: {done.stderr[-600:]}")
    return float(re.findall(r"tps = ([\d.]+)", done.stdout)[-1])


def _told(rounds: list[dict[str, float]], sent: replay.Caught) -> dict[str, Any]:
    medians = {name: round(statistics.median(each[name] for each in rounds), 2) for name in rounds[0]}
    spread = [round(each["ratio"], 2) for each in rounds]
    return medians | {"ratio_of_rounds": spread, "round_trips": sent.statements + 2, "writes": len(sent.writes)}


def _numbers(bench: Bench, name: str) -> dict[str, int]:
    """How many numbers were given by the application, and how many are missing from the series (pgbench gives none)."""
    if name != "receive":
        return {}
    given = bench.admin.execute("SELECT number FROM dossier_number WHERE number ~ '^[^-]+-[0-9]+-[0-9]+$'").fetchall()
    last = [int(number.rsplit("-", 1)[1]) for (number,) in given]
    return {"numbers": len(last), "twice": len(last) - len(set(last))}


def _unique(bench: Bench, dossier_id: UUID) -> set[str]:
    """Texts that no second row may carry."""
    row = bench.admin.execute("SELECT reference, secret_hash, number FROM dossier WHERE id = %s", [dossier_id]).fetchone()
    secrets_of = bench.admin.execute("SELECT secret FROM issued_document WHERE dossier_id = %s", [dossier_id]).fetchall()
    return {str(each) for each in [*(row or ()), *(secret for (secret,) in secrets_of)] if each}


def _copying(table: str) -> str:
    """SQL that copies the template's rows; ids are the clone's number, unique texts carry it."""
    nth = "lpad(to_hex(n), 32, '0')::uuid"
    own = "id" if table == "dossier" else "dossier_id"
    changed = {own: nth, "reference": "reference || '-' || n", "number": "number || '-' || n"}
    columns = [column.name for column in METADATA.tables[table].columns]
    values = ", ".join(changed.get(name, f"t.{name}") for name in columns)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} t, "
        f"generate_series(%(first)s::bigint, %(last)s::bigint) n WHERE t.{own} = %(template)s"
    )


@asynccontextmanager
async def _prepared() -> AsyncIterator[Bench]:
    database = f"bench_{secrets.token_hex(3)}"
    app_url, owner_url = embedded.addresses(SERVER, database=database)
    migrate.upgrade(owner_url, app_url)
    engine = engine_for(app_url)
    server = embedded.ensure(SERVER)
    admin = psycopg.connect(server.replace("@/postgres?", f"@/{database}?"), autocommit=True)
    try:
        async with transaction(sessions_of(engine)) as session:
            world = await build(session)
        yield Bench(engine, sessions_of(engine), admin, database, world)
    finally:
        admin.close()
        await engine.dispose()
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {database} WITH (FORCE)")
