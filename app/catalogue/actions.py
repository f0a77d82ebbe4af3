"""Publish versions of procedures: from the files that are shipped, or from a definition somebody wrote."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.catalogue import files
from app.catalogue.lint import lint
from app.catalogue.models import ProcedureVersion
from app.catalogue.procedure import Procedure
from app.core.actor import SYSTEM, Actor
from app.core.errors import Conflict, Incomplete
from app.core.permissions import Permission
from app.core.text import Text, fold

TAKEN = Text(
    "Phiên bản này đã được công bố với nội dung khác; phiên bản đã công bố không thay đổi được. Hãy tạo phiên bản mới.",
    "This version was already published with another content, and a published version never changes. Make a new version.",
)


async def publish(session: AsyncSession, actor: Actor, definition: Mapping[str, Any], *, at: datetime) -> Procedure:
    """Publish a version, for ever. `Incomplete` with everything the linter finds; `Conflict` for another content."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    if problems := lint(definition):
        raise Incomplete(problems)
    procedure, sha256 = Procedure.of(definition), files.sha256(definition)
    kept = await _fingerprint(session, procedure.slug, procedure.version)
    if kept and kept != sha256:
        raise Conflict(TAKEN, slug="version-published")
    if kept is None:
        await _keep(session, actor, procedure, definition, sha256, at)
    return procedure


async def seed(session: AsyncSession, *, at: datetime) -> int:
    """Publish every version that is shipped and not yet there; how many are shipped."""
    shipped = files.definitions()
    for definition in shipped.values():
        if await _fingerprint(session, definition["procedure"], definition["version"]) != files.sha256(definition):
            await publish(session, SYSTEM, definition, at=at)
    return len(shipped)


async def _fingerprint(session: AsyncSession, slug: str, version: int) -> str | None:
    chosen = (ProcedureVersion.slug == slug, ProcedureVersion.version == version)
    return await session.scalar(select(ProcedureVersion.sha256).where(*chosen))


async def _keep(
    session: AsyncSession, actor: Actor, procedure: Procedure, definition: Mapping[str, Any], sha256: str, at: datetime
) -> None:
    row = ProcedureVersion(
        slug=procedure.slug,
        version=procedure.version,
        content=files.plain(definition),
        sha256=sha256,
        valid_from=procedure.valid_from,
        valid_to=procedure.valid_to,
        decision=procedure.decision,
        published_at=at,
        search_text=search_text(procedure),
    )
    session.add(row)
    named = f"{procedure.slug}/{procedure.version}"
    record(
        session, actor, Event.PROCEDURE_PUBLISHED, subject_kind="procedure", subject_id=named, detail={"sha256": sha256}, at=at
    )
    await session.flush()


def search_text(procedure: Procedure) -> str:
    """What the search looks through, folded."""
    texts = (procedure.title, procedure.sector, procedure.summary)
    words = [word for text in texts for word in (text.vi, text.en)]
    return fold(" ".join([*words, procedure.slug, procedure.code.national or ""]))
