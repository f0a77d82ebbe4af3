"""People before the portal's pages, without a socket: cookies and forms as a browser without scripts handles them.

One world a module: pages are read far more often than people are changed, and every test begins its own draft.
"""

import secrets
from base64 import b64encode
from collections.abc import AsyncIterator

import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.db import Sessions, sessions_of
from app.core.settings import Settings
from app.demo.browsing import Browser
from tests import portal
from tests.conftest import Database, emptying, portal_for

HOME = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def settings(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """The demo's settings on the test database."""
    return Settings(
        DATABASE_URL=database.app_url,
        MIGRATION_DATABASE_URL=database.owner_url,
        var=tmp_path_factory.mktemp("portal") / "var",
        secret_key=secrets.token_urlsafe(32),
        blob_key=b64encode(secrets.token_bytes(32)).decode(),
        gateway_secret=secrets.token_hex(16),
    )


@pytest.fixture(scope="module")
async def sessions(engine: AsyncEngine, settings: Settings, database: Database) -> AsyncIterator[Sessions]:
    """Sessions that commit, with the demo's people and procedures; emptied when the module is done."""
    made = sessions_of(engine)
    await portal.seed(made, settings)
    yield made
    with psycopg.connect(database.admin_url, autocommit=True) as sweep:
        sweep.execute("SET session_replication_role = replica")
        sweep.execute(emptying(sweep))


@pytest.fixture(scope="module")
async def world(settings: Settings, sessions: Sessions) -> AsyncIterator[FastAPI]:
    """The whole portal in this process."""
    app = portal_for(settings)
    async with app.router.lifespan_context(app):
        yield app


async def browser_of(app: FastAPI, subject: str | None = None) -> Browser:
    """The browser of one demo person, signed in; of nobody when none is named."""
    transport = ASGITransport(app, raise_app_exceptions=False)
    browser = Browser(HOME, AsyncClient(transport=transport, base_url=HOME, follow_redirects=True))
    if subject:
        state = app.state
        browser.http.cookies.set("motcua", await portal.session_of(state.sessions, state.settings, subject))
    return browser


@pytest.fixture
async def guest(world: FastAPI) -> AsyncIterator[Browser]:
    """Nobody in particular."""
    browser = await browser_of(world)
    yield browser
    await browser.close()


@pytest.fixture
async def seller(world: FastAPI) -> AsyncIterator[Browser]:
    """The business that applies for the licence."""
    browser = await browser_of(world, portal.SELLER)
    yield browser
    await browser.close()


@pytest.fixture
async def retailer(world: FastAPI) -> AsyncIterator[Browser]:
    """Another business."""
    browser = await browser_of(world, portal.RETAILER)
    yield browser
    await browser.close()


@pytest.fixture
async def clerk(world: FastAPI) -> AsyncIterator[Browser]:
    """An official at the desk."""
    browser = await browser_of(world, "mc-1")
    yield browser
    await browser.close()


@pytest.fixture
async def draft(seller: Browser) -> str:
    """The address of a fresh draft of the licence."""
    start = await seller.get(f"/ho-so/moi/{portal.LICENCE}")
    made = await seller.send(start, start.form("/ho-so/moi/"))
    return made.url
