"""`motcua sharing …`: the log of reads checked as a whole, and handed out as a file that anybody can check."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core import clock, logs
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
    sandbox = group.add_parser("sandbox", help="bring a sandbox's own database up to date, load synthetic data, serve it")
    sandbox.add_argument("--host", default="127.0.0.1")
    sandbox.add_argument("--port", type=int, default=8002)
    sandbox.set_defaults(run=lambda given: _serve_sandbox(given, settings()))
    _add_codelists(group, settings)
    dictionary = group.add_parser("dictionary", help="print the data dictionary (docs/data-dictionary.md)")
    dictionary.set_defaults(run=lambda _: _dictionary())


def _add_codelists(group: Any, settings: Callable[[], Settings]) -> None:
    lists = group.add_parser("codelist", help="common code lists").add_subparsers(required=True, metavar="COMMAND")
    seed = lists.add_parser("seed", help="write the lists that come with the portal")
    seed.set_defaults(run=lambda _: _seed_codelists(settings()))
    taken = lists.add_parser("import", help="write a list from CSV: code,name_vi,name_en,parent,valid_from,valid_to,replaced_by")
    taken.add_argument("file", type=Path)
    taken.add_argument("--list", required=True, help="the name of the list, as in its address")
    taken.add_argument("--title-vi", required=True)
    taken.add_argument("--title-en", required=True)
    taken.add_argument("--source", required=True, help="the instrument or publisher the codes are from")
    taken.add_argument("--sample", action="store_true", help="only a few of the codes are in the file")
    taken.set_defaults(run=lambda given: _import_codelist(given, settings()))


def _with_sessions(settings: Settings, act: Callable[[Sessions], Coroutine[Any, Any, Any]]) -> Any:
    async def run() -> Any:
        engine = engine_for(settings.database_url or "", pool_size=1)
        try:
            return await act(sessions_of(engine))
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _serve_sandbox(given: argparse.Namespace, settings: Settings) -> int:
    """Exit 2 where the settings are not a sandbox's: synthetic records must never stand among real ones."""
    if not settings.sandbox or not settings.database_url:
        print("This is no sandbox: set MOTCUA_SANDBOX=true and a database of its own.", file=sys.stderr)
        return 2
    from app.core import migrate
    from app.main import serve
    from app.sharing import sandbox

    async def load(sessions: Sessions) -> None:
        async with transaction(sessions) as session:
            await sandbox.load(session, at=clock.now())

    migrate.upgrade(settings.migration_database_url or settings.database_url, settings.database_url)
    _with_sessions(settings, load)
    logs.set_up(settings.log_level)
    serve(settings, host=given.host, port=given.port)
    return 0


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


def _seed_codelists(settings: Settings) -> int:
    async def write(sessions: Sessions) -> int:
        from app.sharing import common_lists

        async with transaction(sessions) as session:
            return await common_lists.adopt_all(session, at=clock.now())

    print(f"{_with_sessions(settings, write)} codes are new or changed")
    return 0


def _import_codelist(given: argparse.Namespace, settings: Settings) -> int:
    """Exit 1: the file or a line of it cannot be; every problem is named, and nothing is written."""
    from app.core.errors import Incomplete
    from app.core.text import Text
    from app.registers import importing
    from app.registers.codelists import CodeList, adopt

    try:
        codes = importing.read(given.file.read_text("utf-8"), given.list)
    except (OSError, UnicodeDecodeError) as wrong:
        print(f"{given.file}: {type(wrong).__name__}", file=sys.stderr)
        return 1
    except Incomplete as wrong:
        print("\n".join(f"{one.text.vi} {one.text.en}" for one in wrong.problems), file=sys.stderr)
        return 1
    made = CodeList(given.list, Text(given.title_vi, given.title_en), codes, given.source, given.sample)

    async def write(sessions: Sessions) -> int:
        async with transaction(sessions) as session:
            return await adopt(session, made, at=clock.now())

    print(f"{given.list}: {len(codes)} codes, {_with_sessions(settings, write)} new or changed")
    return 0


def _dictionary() -> int:
    from app.registers import dictionary

    print(dictionary.page(), end="")
    return 0
