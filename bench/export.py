"""What an export costs: seconds from its beginning to the file in the store, and the most memory the process ever held."""

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from app.core.blobs import Blobs
from app.core.clock import now
from app.core.db import engine_for, sessions_of, transaction
from app.sharing import evidence
from app.sharing import exports_making as making

ROWS = 1_000_000
_SECRET, _KEY = b"x" * 40, b"x" * 32


def run() -> dict[str, Any]:
    """A million records in each form."""
    from bench import sharing  # noqa: PLC0415  (not in the measured process)

    with sharing.database() as (app_url, owner_url), tempfile.TemporaryDirectory() as folder:
        asyncio.run(sharing.let_in(app_url))
        sharing.fill(owner_url, 1, ROWS)
        return {form: export_rows(app_url, Path(folder), form) for form in ("ndjson", "csv")}


def export_rows(app_url: str, folder: Path, form: str) -> dict[str, Any]:
    """Export all licences there are, in a process of its own; `cuc-thue` must be allowed to."""
    asyncio.run(_ask(app_url, form))
    command = [sys.executable, "-m", "bench.export", app_url, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    found: dict[str, Any] = json.loads(done.stdout)
    return found


async def _ask(app_url: str, form: str) -> None:
    """An export that waits, as the door leaves it."""
    from app.core.ids import uuid7  # noqa: PLC0415  (not in the measured process)
    from app.sharing.exports_models import ExportJob  # noqa: PLC0415
    from bench.sharing import FIELDS  # noqa: PLC0415

    engine = engine_for(app_url)
    async with transaction(sessions_of(engine)) as session:
        said = {"client_id": "cuc-thue", "agreement": "TT-01", "version": 1, "purpose": "kiem-tra-thue", "case_ref": "HS-1"}
        asked = {"dataset": "licences", "fields": list(FIELDS), "filter": {}, "format": form, "asked_at": now(), "entry": uuid7()}
        told = {"id": uuid7(), "jti": "", "bond": "", "status": "queued", "attempts": 0, "counted": 0}
        session.add(ExportJob(**said, **asked, **told))
    await engine.dispose()


async def _made(app_url: str, folder: Path) -> dict[str, Any]:
    engine = engine_for(app_url)
    sessions, blobs, began = sessions_of(engine), Blobs(folder / "blobs", _KEY), time.perf_counter()
    async with transaction(sessions) as session:
        order = await making.claim(session, at=now())
    if order is None:
        raise RuntimeError("no export waits")
    made = await making.make(sessions, blobs, order, now=now)
    async with transaction(sessions) as session:
        signs = await evidence.load(session, _SECRET, at=now())
        await making.keep(session, order, made, signs, issuer="https://example.vn", at=now())
    took = time.perf_counter() - began
    await engine.dispose()
    cpu = time.process_time()
    return {"rows": made.rows, "seconds": round(took, 1), "cpu_s": round(cpu, 1), "peak_mb": _peak_mb()}


def _peak_mb() -> int:
    """Of this process alone; what `getrusage` says includes the one it was forked from."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) // 1024 for line in status if line.startswith("VmHWM"))


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_made(sys.argv[1], Path(sys.argv[2])))))
