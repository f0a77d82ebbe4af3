"""`motcua sharing …`: the log of reads checked as a whole, and handed out as a file that anybody can check."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core import clock
from app.core.db import Sessions, engine_for, sessions_of, transaction
from app.core.settings import Settings

if TYPE_CHECKING:
    from app.audit.verify import LogReport

LOGS = ("access", "audit")


def add(groups: Any, settings: Callable[[], Settings]) -> None:
    """The group's commands; `settings` reads the environment when one of them runs."""
    group = groups.add_parser("sharing", help="shared data").add_subparsers(required=True, metavar="COMMAND")
    verify = group.add_parser("verify-log", help="recompute the whole log of reads: rows, checkpoints, time stamps, kept copies")
    verify.add_argument("--json", action="store_true", help="print JSON")
    verify.set_defaults(run=lambda given: _verify_log(given, settings()))
    export = group.add_parser("export-log", help="write a log as a file that clients/verifier/verify_log.py checks alone")
    export.add_argument("--log", choices=LOGS, default="access")
    export.add_argument("--to", type=Path, help="where to write (default: standard output)")
    export.set_defaults(run=lambda given: _export_log(given, settings()))


def _with_sessions(settings: Settings, act: Callable[[Sessions], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        engine = engine_for(settings.database_url or "", pool_size=1)
        try:
            return await act(sessions_of(engine))
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _verify_log(given: argparse.Namespace, settings: Settings) -> int:
    """Exit 0: everything holds; 1: not."""

    async def check(sessions: Sessions) -> tuple["LogReport", int]:
        from app.audit import seal, verify
        from app.sharing import subjects, witnessing

        at, key = clock.now(), seal.checkpoint_key(settings).public_key()
        async with transaction(sessions) as session:
            report = await verify.verify_log(session, "access", key, copies=settings.var / "audit", at=at)
            for event in await subjects.broken(session):
                report.add(f"subjects: those of {event} are not the ones it was sealed with")
            stamps = await witnessing.verify_stamps(session, "access", at=at)
            for finding in stamps.findings:
                report.add(finding)
            return report, stamps.stamps

    report, stamps = _with_sessions(settings, check)
    told = {"ok": not report.wrong, "stamps": stamps, **asdict(report)}
    line = f"{report.log}: {report.leaves} rows, {report.seals} checkpoints, {stamps} time stamps, {report.wrong} findings"
    print(json.dumps(told, ensure_ascii=False) if given.json else "\n".join([line, *report.findings]))
    return 0 if told["ok"] else 1


def _export_log(given: argparse.Namespace, settings: Settings) -> int:
    async def write(sessions: Sessions) -> None:
        from app.audit import export, seal
        from app.sharing import queries as _access_log  # noqa: F401  (its table is one of the logs)

        key = seal.checkpoint_key(settings).public_key()
        with given.to.open("wb") if given.to else sys.stdout.buffer as file:
            async with transaction(sessions) as session:
                async for line in export.lines(session, given.log, key, at=clock.now()):
                    file.write(line)

    _with_sessions(settings, write)
    return 0
