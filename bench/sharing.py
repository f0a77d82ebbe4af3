"""What a read of shared data costs the server: processor time, beside a bare FastAPI read of the same row in the same run."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg import sql

from app.core import embedded, migrate
from app.core.actor import SYSTEM
from app.core.clock import now
from app.core.db import engine_for, sessions_of, transaction
from app.registers.rules import Dataset
from app.sharing import actions
from app.sharing.rules import Grant
from bench.served import Served, request, serve
from bench.workload import SERVER
from tests.machines import CLIENT_KEY, ISSUER, Machine, agree, party, terms

ROWS = 2_000
ROUNDS, READS = 5, 1_000
FIELDS = ("number", "kind", "title", "status", "holder_tax_code", "holder_name", "issued_on", "valid_from", "valid_to")

_FILL = """
insert into shared_record (dataset, key, version, etag, doc, subject_ref, changed_at, deleted)
select 'licences', 'GP-' || i, 1, md5(i::text), jsonb_build_object('number', 'GP-' || i, 'kind', 'electricity-licence',
  'title', 'Giấy phép hoạt động điện lực', 'status', 'valid', 'holder_tax_code', '98' || lpad(i::text, 8, '0'),
  'holder_name', 'Công ty ' || i, 'holder_province', '01', 'issued_on', '2026-01-05', 'valid_from', '2026-01-05',
  'valid_to', '2031-01-04', 'signer', 'Nguyễn Văn A'), '98' || lpad(i::text, 8, '0'), now(), false
from generate_series({first}, {last}) i"""


@dataclass(frozen=True)
class Stage:
    """The portal and the bare read over one database, and a client of the portal."""

    portal: Served
    bare: Served
    reader: Machine
    owner_url: str


def run() -> dict[str, Any]:
    """Each figure with few rows, and its growth with a hundred times as many."""
    return asyncio.run(_run())


async def _run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, _database() as (app_url, owner_url):
        async with _stage(Path(folder), app_url, owner_url) as stage:
            _fill(stage.owner_url, 1, ROWS)
            few = await _figures(stage)
    return few


async def _figures(stage: Stage) -> dict[str, Any]:
    full, bare = [], []
    for _ in range(ROUNDS):
        bare.append(await stage.bare.answer([request(f"/licences/{key}", {}) for key in _keys()]))
        full.append(await stage.portal.answer(await _proved(stage.reader)))
    return {"full_path": _compared(min(full), min(bare))}


def _compared(cost: float, bare: float) -> dict[str, float]:
    return {"cpu_us": round(cost * 1e6), "bare_us": round(bare * 1e6), "ratio_to_bare": round(cost / bare, 2)}


def _keys() -> list[str]:
    return [f"GP-{n % ROWS + 1}" for n in range(READS)]


async def _proved(reader: Machine) -> list[bytes]:
    """Reads with a proof each, made before the clock starts."""
    await reader.get_token()
    made = []
    for key in _keys():
        path = f"/api/sharing/v1/licences/{key}"
        proof = reader.proof(htu=f"{ISSUER}{path}")
        made.append(request(path, {"authorization": f"DPoP {reader.token}", "dpop": proof, "case-ref": "HS-1"}))
    return made


@contextmanager
def _database() -> Any:
    name = f"bench_{os.getpid()}"
    app_url, owner_url = embedded.addresses(SERVER, database=name)
    migrate.upgrade(owner_url, app_url)
    server = embedded.ensure(SERVER)
    try:
        yield app_url, owner_url
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@asynccontextmanager
async def _stage(folder: Path, app_url: str, owner_url: str) -> AsyncIterator[Stage]:
    await _let_in(app_url)
    settings = {"DATABASE_URL": app_url, "MOTCUA_VAR": str(folder), "MOTCUA_SECRET_KEY": "x" * 40}
    settings |= {"MOTCUA_BLOB_KEY": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", "MOTCUA_GATEWAY_SECRET": "x" * 40}
    with (
        serve("app.main:from_environment", folder / "portal", settings, "--factory") as portal,
        serve("bench.bare:app", folder / "bare", settings) as bare,
    ):
        transport = httpx.AsyncHTTPTransport(uds=str(portal.socket))
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER) as http:
            yield Stage(portal, bare, Machine(http), owner_url)


async def _let_in(app_url: str) -> None:
    """The tax office with an agreement whose rate is never reached."""
    engine = engine_for(app_url)
    async with transaction(sessions_of(engine)) as session:
        for code in ("G02", "CT"):
            await party(session, code)
        said = {"client_id": "cuc-thue", "party": "CT", "name": "Thuế", "scopes": ["licences.read"]}
        await actions.register_client(session, SYSTEM, **said, jwks=[CLIENT_KEY.as_dict(private=False)], at=now())
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, rate=10**6, quota_day=10**8),)))
    await engine.dispose()


def _fill(owner_url: str, first: int, last: int) -> None:
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(_FILL.format(first=first, last=last))
        connection.execute("VACUUM ANALYZE shared_record")


if __name__ == "__main__":
    print(run())
