"""What the access log costs: adding a leaf to the tree, and the whole sealer as it runs, a turn a second at 500 reads a second.

Processor time of this process and of its database backend, by the kernel's count; again with a hundred times as many rows.
"""

import asyncio
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg import sql
from sqlalchemy import text

from app.audit import seal
from app.audit.merkle import Frontier, leaf_hash
from app.core import embedded, migrate
from app.core.clock import now
from app.core.db import Sessions, engine_for, sessions_of, transaction
from app.sharing import queries as _access_log  # noqa: F401  (its table is the log)
from bench.workload import SERVER

FEW, TIMES = 10_000, 100
A_SECOND, TURNS = 500, 40

_FILL = """
insert into access_event (id, at, party, client_id, agreement, agreement_version, purpose, legal_basis, action, dataset, key,
  subject_ref, fields, rows, status, jti, jkt, proof, case_ref, request_id, response_digest, salt)
select (lpad(to_hex(ms), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(ms::text || i), 1, 15))::uuid,
  to_timestamp(ms / 1000.0), 'CT', 'cuc-thue', 'TT-01', 1, 'kiem-tra-thue',
  '[{"van_ban": "Nghị định 278/2025/NĐ-CP", "dieu_khoan": "Điều 7"}]', 'read', 'licences', 'GP-' || i,
  '98' || lpad(i::text, 8, '0'),
  '["number", "title", "status", "holder_name", "holder_tax_code"]', 1, 200, md5(i::text), md5(i::text), repeat('x', 500),
  'HS-' || i, md5(i::text), repeat(md5(i::text), 2), md5(random()::text)
from (select i, %s::bigint + i * 2 as ms from generate_series(%s::int, %s::int) i) rows"""


def run() -> dict[str, Any]:
    """µs of processor time a row."""
    return asyncio.run(_run())


async def _run() -> dict[str, Any]:
    name = f"bench_{os.getpid()}_seal"
    app_url, owner_url = embedded.addresses(SERVER, database=name)
    migrate.upgrade(owner_url, app_url)
    try:
        few, many = await _measured(app_url, owner_url)
    finally:
        with psycopg.connect(embedded.ensure(SERVER), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
    return {
        "rows_before": FEW,
        "append_us": appending(200_000),
        "sealer_us": few,
        "rows_before_again": FEW * TIMES,
        "append_us_again": appending(200_000, before=FEW * TIMES),
        "sealer_us_again": many,
        "growth": round(many / few, 2),
    }


def appending(count: int, *, before: int = 0) -> float:
    """Adding one leaf to a tree that holds `before` already."""
    frontier, rows = Frontier(), [os.urandom(200) for _ in range(count)]
    for number in range(before):
        frontier.append(leaf_hash(number.to_bytes(8)))
    started = time.process_time()
    for row in rows:
        frontier.append(leaf_hash(row))
    return round((time.process_time() - started) / count * 1e6, 2)


async def _measured(app_url: str, owner_url: str) -> tuple[float, float]:
    engine, key, began = engine_for(app_url, pool_size=1), Ed25519PrivateKey.generate(), now() - timedelta(hours=2)
    sessions = sessions_of(engine)
    try:
        log = _Log(owner_url, began)
        log.add(FEW)
        await _seal_all(sessions, key)
        few = await _turns(sessions, key, log)
        log.add(FEW * TIMES - log.rows)
        await _seal_all(sessions, key)
        return few, await _turns(sessions, key, log)
    finally:
        await engine.dispose()


class _Log:
    """The access log as readers fill it: so many rows a second, in the order of their ids."""

    def __init__(self, owner_url: str, began: datetime) -> None:
        self.owner_url, self.first, self.rows = owner_url, int(began.timestamp() * 1000), 0

    def add(self, count: int) -> None:
        """The next `count` reads, two milliseconds apart."""
        with psycopg.connect(self.owner_url, autocommit=True) as connection:
            connection.execute(_FILL, (self.first, self.rows + 1, self.rows + count))
        self.rows += count


async def _seal_all(sessions: Sessions, key: Ed25519PrivateKey) -> None:
    after: UUID | None = None
    while made := await _seal(sessions, key, after):
        after = made.last


async def _turns(sessions: Sessions, key: Ed25519PrivateKey, log: _Log) -> float:
    """The cost of a row when the sealer comes by every second."""
    spent = 0.0
    for _ in range(TURNS):
        log.add(A_SECOND)
        async with transaction(sessions) as session:
            backend = await session.scalar(text("SELECT pg_backend_pid()"))
        before = time.process_time() + _cpu_of(backend)
        await _seal(sessions, key, None)
        spent += time.process_time() + _cpu_of(backend) - before
    return round(spent / (TURNS * A_SECOND) * 1e6, 1)


async def _seal(sessions: Sessions, key: Ed25519PrivateKey, after: UUID | None) -> seal.Sealed | None:
    async with transaction(sessions) as session:
        return await seal.seal(session, "access", key, after=after, at=now())


def _cpu_of(process: int) -> float:
    return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9


if __name__ == "__main__":
    print(run())
