"""A database built by the real migrations, files on disk, settings: what every test may ask for."""

import os
import secrets
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from psycopg import sql
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession
from starlette.datastructures import State

from app.core import embedded, migrate
from app.core.blobs import Blobs
from app.core.db import Sessions, engine_for, sessions_of
from app.core.settings import Settings
from app.main import create_app

SERVER = Path(__file__).parents[1] / "var" / "test-pg"


@dataclass(frozen=True)
class Database:
    """The test process's own database: the application's address, the owner's and the superuser's."""

    app_url: str
    owner_url: str
    admin_url: str


@pytest.fixture(scope="session")
def database() -> Iterator[Database]:
    """A fresh database, migrated up from empty; dropped at the end. Every process has its own."""
    name = f"test_{os.getpid()}_{secrets.token_hex(3)}"
    app_url, owner_url = embedded.addresses(SERVER, database=name)
    migrate.upgrade(owner_url, app_url)
    server = embedded.ensure(SERVER)
    with psycopg.connect(server, autocommit=True) as connection:  # what a crash of the machine would lose nobody misses here
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = off").format(sql.Identifier(name)))
    yield Database(app_url, owner_url, server.replace("@/postgres?", f"@/{name}?"))
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
async def engine(database: Database) -> AsyncIterator[AsyncEngine]:
    """One engine for the whole run, under the application's role: what it may not do, no test can."""
    made = engine_for(database.app_url)
    yield made
    await made.dispose()


@pytest.fixture(scope="session")
def _sweep(database: Database) -> Iterator[psycopg.Connection]:
    """A superuser's connection that empties tables, past the append-only guards."""
    with psycopg.connect(database.admin_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


@pytest.fixture
def sessions(engine: AsyncEngine, _sweep: psycopg.Connection) -> Iterator[Sessions]:
    """Sessions that really commit, for doors and jobs; every table is emptied afterwards."""
    yield sessions_of(engine)
    _sweep.execute(emptying(_sweep))


@pytest.fixture(scope="module")
def standing_sessions(engine: AsyncEngine, _sweep: psycopg.Connection) -> Iterator[Sessions]:
    """The same for a whole module whose tests do not disturb each other; do not ask for `sessions` beside it."""
    yield sessions_of(engine)
    _sweep.execute(emptying(_sweep))


@pytest.fixture
async def session(engine: AsyncEngine) -> AsyncIterator[AsyncSession]:
    """One open transaction, rolled back at the end: the cheapest isolation for an action or a query."""
    async with sessions_of(engine)() as opened:
        yield opened
        await opened.rollback()


@pytest.fixture
async def owner(database: Database) -> AsyncIterator[AsyncSession]:
    """A session that passes every guard (superuser, triggers off): to play the tamperer."""
    engine = engine_for(database.admin_url, pool_size=1)
    async with sessions_of(engine)() as opened:
        await opened.execute(text("SET session_replication_role = replica"))
        yield opened
    await engine.dispose()


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    """The demo's settings on the test database, with secrets of their own."""
    key = b64encode(secrets.token_bytes(32)).decode()
    return Settings(
        DATABASE_URL=database.app_url,
        MIGRATION_DATABASE_URL=database.owner_url,
        var=tmp_path / "var",
        secret_key=secrets.token_urlsafe(32),
        blob_key=key,
        gateway_secret=secrets.token_hex(16),
    )


@pytest.fixture
def blobs(tmp_path: Path) -> Blobs:
    """An empty store of files."""
    return Blobs(tmp_path / "blobs", secrets.token_bytes(32))


@pytest.fixture
async def main_app(settings: Settings, sessions: Sessions) -> AsyncIterator[FastAPI]:
    """The whole portal, opened in this process."""
    app = portal_for(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def visitor(main_app: FastAPI) -> AsyncIterator[AsyncClient]:
    """A client of the portal, without a socket between."""
    transport = ASGITransport(main_app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        yield client


_built: dict[str, FastAPI] = {}


def portal_for(settings: Settings) -> FastAPI:
    """The portal under these settings, with nothing remembered. Its routes are built once: they cost more than most tests.

    One at a time: whoever asks next takes it from whoever had it before.
    """
    app = _built.get(settings.public_url) or _built.setdefault(settings.public_url, create_app(settings))
    app.state = State({"settings": settings, "stopping": False})
    return app


def emptying(connection: psycopg.Connection) -> bytes:
    rows = connection.execute(
        "SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' "
        "AND relname <> 'alembic_version'"
    ).fetchall()
    return "; ".join(f"DELETE FROM {name}" for (name,) in rows).encode()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The whole stories first: a file that takes two minutes and begins last leaves the other worker idle."""
    items.sort(key=lambda item: "journeys" not in item.path.parts)


def pytest_configure() -> None:
    """Before workers are started, so that all share the seed."""
    os.environ.setdefault("MOTCUA_MUTATION_SEED", str(secrets.randbelow(1 << 32)))


def pytest_report_header() -> str:
    """Say in the log which clock and mode the run had, and which mutants."""
    return f"MOTCUA_CI={os.environ.get('MOTCUA_CI', '')} MOTCUA_MUTATION_SEED={os.environ['MOTCUA_MUTATION_SEED']}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Where MOTCUA_CI is set nothing may skip: a missing tool there is a broken build, not a smaller one."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("MOTCUA_CI"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and no test may skip here: {report.longrepr}"
    return report
