"""The portal behind a real socket, and Debian's Chromium under the portal's own content policy."""

import asyncio
import os
import secrets
import shutil
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import psycopg
import pytest
import uvicorn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.db import Sessions, sessions_of
from app.core.settings import Settings
from app.web import assets
from tests import portal
from tests.conftest import Database, emptying, portal_for

AXE = assets.PACKAGES / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {1280: 900, 390: 844}
STARTS_IN_SECONDS = 20
PATIENCE = 60_000
PICTURES = bool(os.environ.get("MOTCUA_PICTURES"))
EVERYWHERE = PICTURES or bool(os.environ.get("MOTCUA_AUDIT"))


@dataclass(frozen=True)
class Portal:
    """A running portal: its address, its database, its settings."""

    url: str
    sessions: Sessions
    settings: Settings


@pytest.fixture(scope="session")
def _socket() -> Iterator[socket.socket]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound


@pytest.fixture(scope="module")
async def served(
    engine: AsyncEngine, database: Database, tmp_path_factory: pytest.TempPathFactory, _socket: socket.socket
) -> AsyncIterator[Portal]:
    """The portal with its people and procedures on a port of its own."""
    url = f"http://127.0.0.1:{_socket.getsockname()[1]}"
    settings = Settings(
        DATABASE_URL=database.app_url,
        MIGRATION_DATABASE_URL=database.owner_url,
        var=tmp_path_factory.mktemp("portal") / "var",
        public_url=url,
        secret_key=secrets.token_urlsafe(32),
        blob_key=b64encode(secrets.token_bytes(32)).decode(),
        gateway_secret=secrets.token_hex(16),
    )
    sessions = sessions_of(engine)
    await portal.seed(sessions, settings)
    server = uvicorn.Server(uvicorn.Config(portal_for(settings), log_config=None, access_log=False))
    running = asyncio.create_task(server.serve([_socket.dup()]))
    async with asyncio.timeout(STARTS_IN_SECONDS):  # uvicorn offers nothing to wait for
        while not server.started:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    yield Portal(url, sessions, settings)
    server.should_exit = True
    await running
    with psycopg.connect(database.admin_url, autocommit=True) as sweep:
        sweep.execute("SET session_replication_role = replica")
        sweep.execute(emptying(sweep))


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, best without its own windows, which takes half the time; Playwright's own download is never used."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is missing: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=SWITCHES)
        yield browser
        await browser.close()


@dataclass
class Visit:
    """One person's browser, under the portal's own content policy."""

    portal: Portal
    context: BrowserContext

    async def sign_in(self, subject: str) -> None:
        """A session without the trip to the identity provider."""
        cookie = await portal.session_of(self.portal.sessions, self.portal.settings, subject)
        await self.context.add_cookies([{"name": "motcua", "value": cookie, "url": self.portal.url}])

    async def open(self, path: str) -> Page:
        """The visitor's one page, now at `path`: a window for each address would cost more than looking at it."""
        page = self.context.pages[0] if self.context.pages else await self.context.new_page()
        await page.goto(path if path.startswith("http") else self.portal.url + path)
        return page


async def faults(page: Page, name: str) -> list[str]:
    """What is wrong with the page as it stands: anything wider than the window at each width, and axe's findings.

    Axe looks at one of the widths, drawn by the name; at both with MOTCUA_AUDIT or MOTCUA_PICTURES set (`make audit`).
    With MOTCUA_PICTURES, screenshots go to build/screenshots.
    """
    found: list[str] = []
    await page.evaluate(AXE.read_text())
    drawn = list(SIZES)[crc32(name.encode()) % len(SIZES)]
    for width, height in SIZES.items():
        await page.set_viewport_size({"width": width, "height": height})
        if PICTURES:
            await page.screenshot(path=_picture(f"{name}-{width}"), full_page=True)
        wrong = await _too_wide(page) + (await _violations(page) if EVERYWHERE or width == drawn else [])
        found += [f"{name} at {width}: {each}" for each in wrong]
    return found


async def _violations(page: Page) -> list[str]:
    result = await page.evaluate("tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", TAGS)
    return [f"{each['id']}: {node['html'][:160]}" for each in result["violations"] for node in each["nodes"]]


async def _too_wide(page: Page) -> list[str]:
    over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"{over} px too wide"] if over else []


@pytest.fixture
async def looked_at(chromium: Browser, served: Portal) -> AsyncIterator[Visit]:
    """A visit of someone who looks at every page with axe."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(PATIENCE)
    yield Visit(served, context)
    await context.close()


@pytest.fixture
async def visit(chromium: Browser, served: Portal) -> AsyncIterator[Visit]:
    """A visit under the portal's real policy; anything the browser complains of fails the test."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 900})
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    yield Visit(served, context)
    await context.close()
    expected = "the server responded with a status of 4"
    assert not [each for each in complaints if expected not in each]


@pytest.fixture
async def plain(chromium: Browser, served: Portal) -> AsyncIterator[Visit]:
    """A visit with scripts switched off."""
    context = await chromium.new_context(viewport={"width": 1280, "height": 900}, java_script_enabled=False)
    yield Visit(served, context)
    await context.close()


def _picture(name: str) -> Path:
    """Where a screenshot goes; `build/` is not kept in the repository."""
    folder = assets.ROOT / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.png"
