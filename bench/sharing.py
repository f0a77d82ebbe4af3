"""What a read of shared data costs the server: processor time, beside a bare FastAPI read of the same row in the same run."""

import asyncio
import base64
import os
import statistics
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
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
from tests.machines import ASSERTION_TYPE, CLIENT_KEY, ISSUER, TOKEN_URL, Machine, agree, party, terms

ROWS, TIMES = 2_000, 100
ROUNDS, READS = 16, 250
FIELDS = ("number", "kind", "title", "status", "holder_tax_code", "holder_name", "issued_on", "valid_from", "valid_to")

PATH = "/api/sharing/v1/licences"

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
    certified: Machine
    owner_url: str


def run() -> dict[str, Any]:
    """Each figure with few rows, and its growth with a hundred times as many."""
    return asyncio.run(_run())


async def _run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder, database() as (app_url, owner_url):
        async with _stage(Path(folder), app_url, owner_url) as stage:
            fill(stage.owner_url, 1, ROWS)
            few = await _figures(stage, ROWS)
            fill(stage.owner_url, ROWS + 1, ROWS * TIMES)
            many = await _figures(stage, ROWS * TIMES)
    return few | {"with_rows_times_100": many, "growth": {name: _growth(few[name], many[name]) for name in few}}


def _growth(few: Any, many: Any) -> float:
    """How much more it costs with many rows; of processor time by its ratio to the bare read, so that the hour does not count."""
    return round(many["ratio_to_bare"] / few["ratio_to_bare"] if isinstance(few, dict) else many / few, 2)


async def _figures(stage: Stage, rows: int) -> dict[str, Any]:
    keys = [f"GP-{1 + n * rows // READS}" for n in range(READS)]
    bare, full, cached = [], [], []
    for _ in range(ROUNDS):
        bare.append(await stage.bare.answer([request(f"/licences/{key}", {}) for key in keys]))
        full.append(await stage.portal.answer(await _proved(stage.reader, keys)))
        cached.append(await stage.portal.answer(await _certified(stage.certified, keys)))
    found: dict[str, Any] = {"full_path": _compared(min(full), min(bare)), "cached_token": _compared(min(cached), min(bare))}
    return found | {"changes_1000_ms": await _changes(stage)}


async def _changes(stage: Stage) -> float:
    """From asking to the last byte of a thousand changes, with a row of the log for each subject; the median of twenty."""
    (one,) = await _certified(stage.certified, ["changes?limit=1000"])
    took = [await stage.portal.seconds(one) for _ in range(20)]
    return round(statistics.median(took) * 1000, 1)


def _compared(cost: float, bare: float) -> dict[str, float]:
    return {"cpu_us": round(cost * 1e6), "bare_us": round(bare * 1e6), "ratio_to_bare": round(cost / bare, 2)}


async def _proved(reader: Machine, keys: list[str]) -> list[bytes]:
    """Reads with a proof each, made before the clock starts."""
    await reader.get_token()
    made = []
    for key in keys:
        proof = reader.proof(htu=f"{ISSUER}{PATH}/{key}")
        headers = {"authorization": f"DPoP {reader.token}", "dpop": proof, "case-ref": "HS-1"}
        made.append(request(f"{PATH}/{key}", headers))
    return made


async def _certified(reader: Machine, keys: list[str]) -> list[bytes]:
    """Reads through the TLS front, with a token that is bound to the client's certificate."""
    form = {
        "grant_type": "client_credentials",
        "scope": "licences.read",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": reader.assertion(),
        "authorization_details": reader.details(),
    }
    answer = await reader.http.post(TOKEN_URL, data=form, headers=FRONT)
    token = answer.raise_for_status().json()["access_token"]
    headers = {"authorization": f"Bearer {token}", "case-ref": "HS-1", **FRONT}
    return [request(f"{PATH}/{key}", headers) for key in keys]


def _certificate() -> str:
    """As the front writes it (RFC 9440)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "thue.example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now(), now() + timedelta(days=1))
    der = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
    return f":{base64.b64encode(der).decode()}:"


@contextmanager
def database() -> Any:
    """A database of its own, gone afterwards: the addresses for the application and for its owner."""
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
    await let_in(app_url)
    settings = {"DATABASE_URL": app_url, "MOTCUA_VAR": str(folder), "MOTCUA_SECRET_KEY": "x" * 40}
    settings |= {"MOTCUA_MTLS_URL": "https://m.example.vn", "MOTCUA_FRONT_SECRET": FRONT["front-secret"]}
    settings |= {"MOTCUA_BLOB_KEY": "eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", "MOTCUA_GATEWAY_SECRET": "x" * 40}
    with (
        serve("app.main:from_environment", folder / "portal", settings, "--factory") as portal,
        serve("bench.bare:app", folder / "bare", settings) as bare,
    ):
        transport = httpx.AsyncHTTPTransport(uds=str(portal.socket))
        async with httpx.AsyncClient(transport=transport, base_url=ISSUER, timeout=60) as http:
            yield Stage(portal, bare, Machine(http), Machine(http, client_id="cuc-thue-m"), owner_url)


async def let_in(app_url: str) -> None:
    """The tax office with an agreement whose rate is never reached."""
    engine = engine_for(app_url)
    async with transaction(sessions_of(engine)) as session:
        for code in ("G02", "CT"):
            await party(session, code)
        said = {"party": "CT", "name": "Thuế", "scopes": ["licences.read"], "jwks": [CLIENT_KEY.as_dict(private=False)]}
        for client_id, bound in (("cuc-thue", "dpop"), ("cuc-thue-m", "mtls")):
            await actions.register_client(session, SYSTEM, client_id=client_id, sender_constraint=bound, **said, at=now())
        await agree(
            session,
            terms(grants=(Grant(Dataset.LICENCES, FIELDS, actions=("read", "changes", "export"), rate=10**6, quota_day=10**8),)),
        )
    await engine.dispose()


def fill(owner_url: str, first: int, last: int) -> None:
    """Licences with these numbers."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(_FILL.format(first=first, last=last))
        connection.execute("VACUUM ANALYZE shared_record")


FRONT = {"client-cert": _certificate(), "front-secret": "x" * 40}


if __name__ == "__main__":
    print(run())
