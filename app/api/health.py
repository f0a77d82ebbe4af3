"""For the operator's machines: alive, ready, measured."""

import shutil
from ipaddress import ip_address
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import PlainTextResponse, Response

from app.audit import proofs
from app.audit import queries as audit
from app.core import clock, metrics, migrate, outbox
from app.core.db import transaction
from app.core.entry import admits, anyone
from app.core.errors import NotFound

# Below this share of free disk no new file is taken.
MIN_FREE = 0.10
OLDEST_CHECKPOINT_SECONDS = 60

router = APIRouter(include_in_schema=False)


@admits("operator")
async def operator(request: Request) -> None:
    """Someone on the inside: uvicorn has put the visitor's address in place of the proxy's."""
    host = request.client.host if request.client else ""
    try:
        inside = ip_address(host).is_private
    except ValueError:
        inside = False
    if not inside:
        raise NotFound


@router.get("/livez", dependencies=[Depends(anyone)])
async def livez() -> Response:
    """The process answers."""
    return PlainTextResponse("ok")


@router.get("/readyz", dependencies=[Depends(anyone)])
async def readyz(request: Request) -> Response:
    """Whether this process can take requests; 503 with the names of what is not ready.

    An alarm wakes the operator and takes no process out of service: a log that is sealed late loses nothing.
    """
    checks = await _checks(request.app.state)
    ready = all(checks.values())
    told = {"ready": ready, "checks": checks, "alarms": await _alarms(request.app.state) if checks["database"] else []}
    return Response(orjson.dumps(told), 200 if ready else 503, media_type="application/json")


@router.get("/metrics", dependencies=[Depends(operator)])
async def numbers(request: Request) -> Response:
    """Prometheus' text format, with the ages of what waits in the database."""
    async with transaction(request.app.state.sessions) as session:
        now = clock.now()
        metrics.OUTBOX_AGE.set(await outbox.age_seconds(session, at=now))
        metrics.AUDIT_TAIL_AGE.set(await audit.tail_age_seconds(session, at=now))
        for log, age in (await proofs.ages(session, at=now)).items():
            metrics.CHECKPOINT_AGE.labels(log).set(age)
        for state, count in await _jobs(session):
            metrics.JOBS.labels(state).set(count)
    return Response(metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")


async def _checks(state: Any) -> dict[str, bool]:
    usage = shutil.disk_usage(state.settings.var)
    return {
        "not_stopping": not state.stopping,
        **await _database(state),
        "store": await state.blobs.writable(),
        "disk": usage.free / usage.total > MIN_FREE,
    }


async def _database(state: Any) -> dict[str, bool]:
    try:
        async with transaction(state.sessions) as session:
            writable = not await session.scalar(
                text("SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::bool")
            )
            return {"database": writable, "migrations": await migrate.current(session) == migrate.head()}
    except (OSError, SQLAlchemyError):
        return {"database": False, "migrations": False}


async def _alarms(state: Any) -> list[str]:
    """The logs whose newest checkpoint has grown old: nobody seals them."""
    try:
        async with transaction(state.sessions) as session:
            ages = await proofs.ages(session, at=clock.now())
    except (OSError, SQLAlchemyError):
        return []
    return sorted(f"checkpoint:{log}" for log, age in ages.items() if age > OLDEST_CHECKPOINT_SECONDS)


async def _jobs(session: Any) -> list[tuple[str, int]]:
    rows = await session.execute(text("SELECT status::text, count(*) FROM procrastinate_jobs GROUP BY status"))
    return [(state, count) for state, count in rows]
