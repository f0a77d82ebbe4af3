"""The command line: `motcua …`. Every command reads the settings, calls one function and says what came out."""

import argparse
import asyncio
import json
import sys
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from pydantic import ValidationError

from app import cli_sharing
from app.core import clock, logs
from app.core.db import Sessions, engine_for, sessions_of, transaction
from app.core.errors import Refusal
from app.core.settings import Settings

if TYPE_CHECKING:
    from signing import Policy

T = TypeVar("T")
Command = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; its number is the exit code."""
    parsed = _parser().parse_args(arguments)
    try:
        sys.exit(parsed.run(parsed))
    except Refusal as refusal:
        said = [refusal.text, *(problem.text for problem in getattr(refusal, "problems", ()))]
        print(*(line for text in said for line in (text.vi, text.en)), sep="\n", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def _parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="motcua", description="Một Cửa: the portal and its tools.")
    groups = root.add_subparsers(required=True, metavar="COMMAND")
    serve = _add(groups, "serve", _serve, "serve the portal")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=int, default=8000)
    _add(groups, "worker", _worker, "run the jobs and keep the schedule")
    _add(groups, "migrate", _migrate, "bring the database to the newest schema")
    _add(groups, "assets", _assets, "build the served style sheets, scripts and fonts")
    _add(groups, "openapi", _openapi, "write openapi/*.yaml").add_argument("--folder", type=Path, default=Path("openapi"))
    journey = _json(_add(groups, "journey", _journey, "drive both procedures through the running portal"))
    journey.add_argument("--url", default=None, help="address of the portal")

    admin = _group(groups, "admin", "administrators")
    create = _add(admin, "create", _admin_create, "name the first administrator")
    for name in ("issuer", "subject", "name", "email"):
        create.add_argument(f"--{name}", required=True)
    units = _add(admin, "units", _admin_units, "take a list of agencies: FILE, or the one that comes with the portal")
    units.add_argument("file", metavar="FILE", nargs="?", type=_file, help="CSV: code, name_vi, name_en, parent, kind, certainty")

    demo = _group(groups, "demo", "the demo world")
    _add(demo, "run", _demo_run, "start everything on this machine")
    _add(demo, "world-serve", _world_serve, "serve the outside world: sign-in, gateway, certificates, mail")
    sign = _add(demo, "sign", _demo_sign, "sign a PDF with a demo certificate")
    sign.add_argument("file", type=_file)
    sign.add_argument("--as", dest="who", required=True, help="tax code or persona")
    sign.add_argument("--to", type=Path, default=None, help="where to write (default: FILE-signed.pdf)")
    _add_procedures(groups)
    _signature_parsers(groups)
    _json(_add(_group(groups, "audit", "the log"), "verify", _audit_verify, "recompute the sealed logs"))
    cli_sharing.add(groups, _settings)
    return root


def _add_procedures(groups: Any) -> None:
    procedures = _group(groups, "procedures", "procedures as data")
    checked = _json(_add(procedures, "check", _procedures_check, "check procedure files: those named, or all that are shipped"))
    checked.add_argument("files", metavar="FILE", nargs="*", type=_file)
    due = _json(_add(procedures, "due", _procedures_due, "when a dossier is due, line by line, after a list of events"))
    due.add_argument("slug")
    due.add_argument("--at", metavar="TIME", required=True, help="seen from then (ISO 8601; Hà Nội time without a zone)")
    due.add_argument("--events", metavar="FILE", type=_file, help="JSON list of events (docs/clock-events.md)")
    _add(procedures, "schema", _procedures_schema, "write the JSON Schema of the format")


def _signature_parsers(groups: Any) -> None:
    signatures = _group(groups, "signature", "signatures")
    proof = _json(_add(signatures, "evidence", _signature_evidence, "prove a filed file from what was kept, and judge it again"))
    proof.add_argument("dossier", type=UUID)
    proof.add_argument("document", type=UUID)
    proof.add_argument("--at", metavar="TIME", help="prove as of then (ISO 8601; Hà Nội time without a zone)")
    proof.add_argument("--epoch", type=int, metavar="N", help="judge again by this epoch of the trust store, not by that of then")
    kept = _add(signatures, "trust-export", _trust_export, "print the trust store as a signed file")
    kept.add_argument("--epoch", type=int, metavar="N", help="an earlier one")
    kept.add_argument("--with-revocation", action="store_true", help="with the public revocation lists as they are now")
    signature = _json(_add(signatures, "check", _signature_check, "check the signatures of PDF files"))
    signature.add_argument("files", metavar="FILE", nargs="+")
    signature.add_argument("--tax-code", metavar="T", help="does a signature belong to this enterprise?")
    signature.add_argument("--trust", metavar="FILE", help="a trust store as JSON, instead of the portal's own")
    signature.add_argument("--trust-key", metavar="KEY", help="who must have signed it: a thumbprint, or a file with the key")
    signature.add_argument("--at", metavar="TIME", help="judge as of then (ISO 8601; Hà Nội time without a zone)")
    signature.add_argument("--integrity-only", action="store_true", help="for study: structure, integrity, algorithms alone")


def _group(parent: Any, name: str, text: str) -> Any:
    return parent.add_parser(name, help=text).add_subparsers(required=True, metavar="COMMAND")


def _add(parent: Any, name: str, run: Command, text: str) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = parent.add_parser(name, help=text, description=text)
    made.set_defaults(run=run)
    return made


def _json(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _read_settings() -> Settings:
    """The settings as the environment has them, or an end that says what is wrong with them and shows no value."""
    try:
        return Settings()
    except ValidationError as wrong:
        found = [error for error in wrong.errors(include_input=False) if error["type"] != "default_factory_not_called"]
        sys.exit("\n".join(": ".join([*map(str, error["loc"]), error["msg"]]) for error in found))


def _file(name: str) -> Path:
    """A file that is there; anything else is answered with the usage and exit code 2."""
    path = Path(name)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f"there is no file {name}")
    return path


def _settings() -> Settings:
    """The settings of this process; the demo adds its own secrets and its embedded database."""
    settings = _read_settings()
    if not settings.demo:
        return settings
    from app.demo import run

    return run.settled(settings)


def _with_sessions(settings: Settings, act: Callable[[Sessions], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        engine = engine_for(settings.database_url or "", pool_size=1)
        try:
            return await act(sessions_of(engine))
        finally:
            await engine.dispose()

    return asyncio.run(run())


def _serve(given: argparse.Namespace) -> int:
    from app.main import serve

    settings = _settings()
    logs.set_up(settings.log_level)
    serve(settings, host=given.host, port=given.port)
    return 0


def _worker(_: argparse.Namespace) -> int:
    from app.jobs import worker

    settings = _settings()
    logs.set_up(settings.log_level)
    worker.main(settings)
    return 0


def _migrate(_: argparse.Namespace) -> int:
    from app.core import migrate

    settings = _settings()
    app_url = settings.database_url or ""
    migrate.upgrade(settings.migration_database_url or app_url, app_url)
    print(f"The database is at {migrate.head()}.")
    return 0


def _assets(_: argparse.Namespace) -> int:
    from app.web import assets

    try:
        print("Assets built." if assets.build() else "Assets are up to date.")
    except assets.AssetsMissing as missing:
        print(missing, file=sys.stderr)
        return 1
    return 0


def _openapi(given: argparse.Namespace) -> int:
    from app.api import openapi
    from app.issued import schemas

    written = [*openapi.write(given.folder), schemas.write_report(given.folder), *schemas.write(given.folder / "documents")]
    print(*written, sep="\n")
    return 0


def _journey(given: argparse.Namespace) -> int:
    from app.demo import journey

    settings = _settings()
    told = journey.run(settings, given.url or settings.public_url)
    print(json.dumps(told, ensure_ascii=False) if given.json else journey.as_text(told))
    return 0 if told["ok"] else 1


def _admin_create(given: argparse.Namespace) -> int:
    from app.identity import actions

    settings = _settings()
    facts = {"issuer": given.issuer, "subject": given.subject, "name": given.name, "email": given.email}

    async def create(sessions: Sessions) -> None:
        async with transaction(sessions) as session:
            await actions.create_first_admin(session, **facts, unit=settings.agency_code, at=clock.now())

    _with_sessions(settings, create)
    print("The first administrator may sign in now.")
    return 0


def _admin_units(given: argparse.Namespace) -> int:
    from app.core.actor import SYSTEM
    from app.identity import actions, roster

    async def adopt(sessions: Sessions) -> int:
        async with transaction(sessions) as session:
            return await actions.adopt_list(session, SYSTEM, (given.file or roster.SHIPPED).read_bytes(), at=clock.now())

    print(f"{_with_sessions(_settings(), adopt)} agencies are new or different.")
    return 0


def _demo_run(_: argparse.Namespace) -> int:
    from app.demo import run

    return run.run(_read_settings())


def _world_serve(_: argparse.Namespace) -> int:
    from app.demo import outside

    settings = _settings()
    logs.set_up(settings.log_level)
    outside.serve(settings)
    return 0


def _demo_sign(given: argparse.Namespace) -> int:
    from app.demo import sign

    target = given.to or given.file.with_name(f"{given.file.stem}-signed.pdf")
    try:
        sign.sign_file(_settings(), given.file, target, given.who)
    except ValueError as refused:
        sys.exit(str(refused))
    print(target)
    return 0


def _procedures_due(given: argparse.Namespace) -> int:
    from app.dossiers import timeline
    from app.worktime.actions import shipped_calendar as shipped
    from signing import command

    try:
        told = timeline.rehearse(given.slug, given.events, at=command.moment(given.at), calendar=shipped())
    except ValueError as wrong:
        sys.exit(str(wrong))
    print(json.dumps(told, ensure_ascii=False) if given.json else "\n".join(line["vi"] for line in told["lines"]))
    return 0


def _procedures_schema(_: argparse.Namespace) -> int:
    from app.catalogue import file_schema

    print(file_schema.written(), end="")
    return 0


def _procedures_check(given: argparse.Namespace) -> int:
    from app.catalogue import check

    told = check.check_named({str(path): path.read_text("utf-8") for path in given.files}) if given.files else check.check_files()
    lines = [f"{error['file']}:{error['line']}: {error['text']}" for error in told["errors"]]
    print(json.dumps(told, ensure_ascii=False) if given.json else "\n".join(lines) or "All procedures are sound.")
    return 1 if told["errors"] else 0


def _signature_check(given: argparse.Namespace) -> int:
    """Exit 0: every file VALID (and bound to --tax-code); 1: not all; 2: an argument that cannot be used."""
    from signing import command

    try:
        files = [command.file(name) for name in given.files]
        code = None if given.tax_code is None else command.tax_code(given.tax_code)
        at, whom = _moment(given), {"trust_file": given.trust, "key": given.trust_key}
        policy = command.chosen_policy(at, integrity_only=given.integrity_only, **whom, portal=_portal_policy)
        reports = command.check_files(files, policy)
    except (command.Unusable, OSError) as unusable:
        print(unusable, file=sys.stderr)
        return 2
    told = command.as_json(files, reports, code)
    print(json.dumps(told, ensure_ascii=False) if given.json else command.as_lines(files, reports, code))
    return 0 if command.all_good(reports, code) else 1


def _signature_evidence(given: argparse.Namespace) -> int:
    """Exit 0: proven, and judged again as it was then; 1: not."""
    from app.core.blobs import blobs_of
    from app.documents import pool, proving
    from signing import command

    try:
        at = _moment(given)
    except command.Unusable as unusable:
        print(unusable, file=sys.stderr)
        return 2
    settings = _settings()

    async def prove(sessions: Sessions) -> proving.Proof:
        async with transaction(sessions) as session:
            found = await proving.material(session, given.dossier, given.document, epoch=given.epoch)
        async with pool.CheckingPool(size=1) as checking:
            return await proving.proof(found, check=checking.check, blobs=blobs_of(settings), at=at)

    proof = _with_sessions(settings, prove)
    print(json.dumps(proof.to_json(), ensure_ascii=False) if given.json else "\n".join(proof.lines()))
    return 0 if proof.proven and proof.same else 1


def _moment(given: argparse.Namespace) -> datetime:
    """The moment asked about, or now. Raises `Unusable`."""
    from signing import command

    return clock.now() if given.at is None else command.moment(given.at)


def _trust_export(given: argparse.Namespace) -> int:
    from app.trust import actions, overview

    settings = _settings()

    async def export(sessions: Sessions) -> dict[str, object]:
        async with transaction(sessions) as session:
            return await overview.exported(session, given.epoch, actions.store_key(settings), revocation=given.with_revocation)

    print(json.dumps(_with_sessions(settings, export), ensure_ascii=False))
    return 0


def _portal_policy(at: datetime) -> "Policy":
    from sqlalchemy.exc import SQLAlchemyError

    from app.trust import queries
    from signing import Policy, command

    async def policy(sessions: Sessions) -> Policy:
        async with transaction(sessions) as session:
            return Policy(at=at, trust=await queries.snapshot(session), evidence=await queries.evidence(session))

    try:
        found = _with_sessions(_settings(), policy)
    except (SQLAlchemyError, OSError):
        raise command.NO_STORE from None
    if not found.trust.anchors:
        raise command.NO_STORE
    return found


def _audit_verify(given: argparse.Namespace) -> int:
    from app.audit import seal, verify
    from app.sharing import queries as _access_log  # noqa: F401  (its table is one of the logs)
    from app.trust import actions, queries

    settings = _settings()

    async def check(sessions: Sessions) -> list[verify.LogReport]:
        async with transaction(sessions) as session:
            key = seal.checkpoint_key(settings).public_key()
            logs = await verify.verify(session, key, copies=settings.var / "audit", at=clock.now())
            store = verify.LogReport("trust", leaves=len(await queries.epochs(session)))
            for epoch in await queries.broken_epochs(session, actions.store_key(settings)):
                store.add(f"altered: epoch {epoch} of the trust store is not what the portal signed")
            return [*logs, store]

    reports = _with_sessions(settings, check)
    told = {"ok": not any(report.wrong for report in reports), "logs": [asdict(report) for report in reports]}
    lines = [f"{r.log}: {r.leaves} rows, {r.seals} checkpoints, {r.wrong} findings" for r in reports]
    print(json.dumps(told, ensure_ascii=False) if given.json else "\n".join(lines + [f for r in reports for f in r.findings]))
    return 0 if told["ok"] else 1
