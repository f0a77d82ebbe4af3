"""How long the server works on a large form: 100 questions and a table of 50 rows, page by page, over the real application.

A page is posted as a browser posts it, straight into the application (no socket, no client in the figures); the database is a
real one. `save`: a page is stored and the next named. `keep`: a changed answer posts the page and what hangs on it comes
back. `again`: the page is drawn anew with an error beside what was typed.
"""

import asyncio
import os
import secrets
import statistics
import tempfile
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
from httpx import ASGITransport, AsyncClient
from psycopg import sql

from app.catalogue import actions as catalogue
from app.catalogue import files
from app.core import clock, embedded, migrate
from app.core.actor import SYSTEM
from app.core.db import engine_for, sessions_of, transaction
from app.core.settings import Settings
from app.demo.browsing import Browser, WebForm
from app.main import create_app
from bench.workload import SERVER
from tests import portal

FIELDS, ROWS, TIMES = 100, 50, 30
SLUG = "bench-large-form"
_HOME = "http://127.0.0.1:8000"


def definition() -> dict[str, Any]:
    """A procedure of 100 questions on four pages (every fifth hangs on another answer) and a table of seven columns."""
    made = dict(files.definitions()[f"{portal.PROMOTION}/1"])
    kinds = ("text", "date", "decimal", "bool", "country")
    fields = [_field(number, kinds[number % len(kinds)]) for number in range(FIELDS)]
    filer = next(field for field in made["fields"] if field["id"] == "filer")
    total = {"id": "total", "type": "money_vnd", "label": _said("Tổng"), "compute": "sum(goods.price * goods.count)"}
    ids = [field["id"] for field in fields]
    quarter = FIELDS // 4
    pages = [_page(f"trang-{n}", ids[n * quarter : (n + 1) * quarter]) for n in range(4)]
    pages[0]["fields"] = ["filer", *pages[0]["fields"]]
    return made | {
        "procedure": SLUG,
        "fields": [filer, *fields, _table(), total],
        "pages": [*pages, _page("bang", ["goods", "total"])],
        "checks": [],
        "share": [],
        "result": made["result"] | {"facts": [], "qr": {"claims": []}, "register": {"dataset": "licences", "fields": []}},
    }


def _said(text: str) -> dict[str, str]:
    return {"vi": text, "en": text}


def _field(number: int, kind: str) -> dict[str, Any]:
    field: dict[str, Any] = {"id": f"f{number}", "type": kind, "label": _said(f"Câu hỏi {number}"), "required": True}
    return field | ({"show_if": f"f{number - 1}"} if kind == "country" else {})


def _page(name: str, fields: list[str]) -> dict[str, Any]:
    return {"id": name, "title": _said(name), "fields": fields}


def _table() -> dict[str, Any]:
    kinds = {"name": "text", "kind": "text", "origin": "country", "price": "money_vnd", "count": "integer", "mass": "decimal"}
    columns = [{"id": name, "type": kind, "label": _said(name), "required": True} for name, kind in kinds.items()]
    columns.append({"id": "made", "type": "date", "label": _said("made"), "required": True})
    return {"id": "goods", "type": "rows", "label": _said("Hàng hóa"), "required": True, "max_rows": 200, "of": columns}


def run() -> dict[str, Any]:
    """Milliseconds of the server for each kind of post, CPU of the application and wall time with the database."""
    return asyncio.run(_measured())


async def _measured() -> dict[str, Any]:
    name = f"bench_{os.getpid()}"
    app_url, owner_url = embedded.addresses(SERVER, database=name)
    migrate.upgrade(owner_url, app_url)
    server = embedded.ensure(SERVER)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return await _in_portal(_settings(app_url, owner_url, Path(folder)))
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _settings(app_url: str, owner_url: str, folder: Path) -> Settings:
    return Settings(
        DATABASE_URL=app_url,
        MIGRATION_DATABASE_URL=owner_url,
        var=folder / "var",
        secret_key=secrets.token_urlsafe(32),
        blob_key=b64encode(secrets.token_bytes(32)).decode(),
        gateway_secret=secrets.token_hex(16),
    )


async def _in_portal(settings: Settings) -> dict[str, Any]:
    engine = engine_for(settings.database_url, pool_size=2)
    sessions = sessions_of(engine)
    await portal.seed(sessions, settings)
    async with transaction(sessions) as session:
        await catalogue.publish(session, SYSTEM, definition(), at=clock.now())
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        browser = Browser(_HOME)
        await browser.close()
        browser.http = AsyncClient(transport=ASGITransport(app), base_url=_HOME, follow_redirects=True)
        cookie = await portal.session_of(sessions, settings, portal.RETAILER)
        browser.http.cookies.set("motcua", cookie)
        found = await _posts(app, browser, cookie)
        await browser.close()
    await engine.dispose()
    return found


async def _posts(app: Any, browser: Browser, cookie: str) -> dict[str, Any]:
    start = await browser.get(f"/ho-so/moi/{SLUG}")
    draft = (await browser.send(start, start.form("/ho-so/moi"))).url
    told: dict[str, Any] = {"fields": FIELDS, "rows": ROWS}
    for title, page_id in (("fields", "trang-1"), ("rows", "bang")):
        pairs = _rows() if page_id == "bang" else _answers()
        wrong = [(name, "không phải số" if name in ("f27", "goods.7.price") else value) for name, value in pairs]
        path = f"{draft.removeprefix(_HOME)}/to-khai/{page_id}"
        for what, address, sent, status in (
            ("save", path, pairs, 303),
            ("keep", f"{path}/luu", pairs, 200),
            ("again", path, wrong, 422),
        ):
            form = (await browser.get(f"{draft}/to-khai/{page_id}")).form("/to-khai/")
            told[f"{what}_{title}"] = await _timed(_sender(app, cookie, form, address, sent, status))
    return told


def _answers() -> list[tuple[str, str]]:
    """Something fitting for every question of a page."""
    given = []
    for number in range(FIELDS // 4, FIELDS // 2):
        name, kind = f"f{number}", number % 5
        if kind == 1:
            given += [(f"{name}-day", "5"), (f"{name}-month", "6"), (f"{name}-year", "2026")]
        else:
            given.append((name, {0: f"Trả lời {number}", 2: "1.200,5", 3: "true", 4: "VN"}[kind]))
    return given


def _rows() -> list[tuple[str, str]]:
    cells = {"name": "Gạo", "kind": "Thực phẩm", "origin": "VN", "price": "20.000", "count": "7", "mass": "1,5"}
    cells |= {"made-day": "1", "made-month": "2", "made-year": "2026"}
    return [(f"goods.{row}.{name}", value) for row in range(ROWS) for name, value in cells.items()]


def _sender(
    app: Any, cookie: str, form: WebForm, path: str, pairs: list[tuple[str, str]], status: int
) -> Callable[[], Awaitable[None]]:
    """One post of a page, as a browser would send it; refuses to be measured when the answer is another than meant."""
    own = [(name, form.fields[name][0]) for name in ("csrf", "_revision")]

    async def send() -> None:
        body = urlencode([*own, *pairs]).encode()
        given, headers = [], {}

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def answer(message: dict[str, Any]) -> None:
            headers.setdefault("status", message.get("status"))
            given.append(message.get("body", b""))

        await app(_scope(path, cookie, len(body)), receive, answer)
        if headers["status"] != status:
            raise RuntimeError(f"{path} answered {headers['status']}, not {status}: {b''.join(given)[:300]!r}")

    return send


def _scope(path: str, cookie: str, length: int) -> dict[str, Any]:
    headers = {
        "host": "127.0.0.1:8000",
        "origin": _HOME,
        "cookie": f"motcua={cookie}",
        "content-type": "application/x-www-form-urlencoded",
        "content-length": str(length),
    }
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 50_000),
        "server": ("127.0.0.1", 8_000),
    }


async def _timed(send: Callable[[], Awaitable[None]]) -> dict[str, float]:
    cpu, wall = [], []
    for number in range(TIMES + 3):
        began, began_cpu = time.perf_counter(), time.process_time()
        await send()
        if number >= 3:  # the first ones fill caches
            wall.append((time.perf_counter() - began) * 1000)
            cpu.append((time.process_time() - began_cpu) * 1000)
    return {
        "cpu_ms": round(statistics.median(cpu), 1),
        "wall_ms": round(statistics.median(wall), 1),
        "wall_p95_ms": round(sorted(wall)[int(len(wall) * 0.95) - 1], 1),
    }


if __name__ == "__main__":
    print(run())
