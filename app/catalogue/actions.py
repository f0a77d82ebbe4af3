"""Publish versions of procedures: from the files that are shipped, or from a draft that one person wrote and another confirms."""

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy import text as sql
from sqlalchemy.ext.asyncio import AsyncSession

from app.approvals import actions as approvals
from app.audit.events import Event
from app.audit.record import record
from app.catalogue import drafts, files, places
from app.catalogue.faults import fault
from app.catalogue.lint import lint
from app.catalogue.models import ProcedureDraft, ProcedureEnd, ProcedureVersion
from app.catalogue.procedure import SLUG, Procedure
from app.catalogue.reading import MAX_SIGNS, Written, read
from app.catalogue.relaid import relaid
from app.catalogue.shared import share_procedure
from app.core.actor import SYSTEM, Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, Incomplete, Problem
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import Text, fold, has_unwanted, nfc

VERSION_CHANGE, RETIREMENT = "catalogue.version", "catalogue.retirement"
_LONGEST = 1_000
SAY_WHY = Text("Hãy ghi lý do và căn cứ, không quá 1.000 ký tự.", "Say why and on what ground, in 1,000 characters at most.")
WAITS = Text(
    "Bản nháp này đang chờ người thứ hai xác nhận nên chưa sửa được.",
    "This draft waits for a second person and cannot be changed now.",
)
SAVED_BY_ANOTHER = Text(
    "Bản nháp vừa được lưu ở nơi khác. Nội dung bạn gõ còn ở dưới; hãy mở lại bản nháp để xem bản mới rồi lưu lại.",
    "The draft has just been saved elsewhere. What you typed is still below; open the draft again to see the newer one.",
)
TOO_LONG = Text("Tệp dài hơn mức cho phép (400.000 ký tự).", "The file is longer than allowed (400,000 characters).")
HIDDEN = Text("Tệp có ký tự điều khiển hoặc ký tự ẩn.", "The file holds control or hidden characters.")
LAST_DAY = Text("Ngày cuối phải từ hôm nay trở đi.", "The last day is today or later.")
TAKEN = Text(
    "Phiên bản này đã được công bố với nội dung khác; phiên bản đã công bố không thay đổi được. Hãy tạo phiên bản mới.",
    "This version was already published with another content, and a published version never changes. Make a new version.",
)


async def publish(
    session: AsyncSession, actor: Actor, definition: Mapping[str, Any], *, text: str | None = None, at: datetime
) -> Procedure:
    """Publish a version with its file, for ever. `Incomplete` with what the linter finds; `Conflict` for another content."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    if problems := lint(definition):
        raise Incomplete(problems)
    procedure, sha256 = Procedure.of(definition), files.sha256(definition)
    kept = await _fingerprint(session, procedure.slug, procedure.version)
    if kept and kept != sha256:
        raise Conflict(TAKEN, slug="version-published")
    if kept is None:
        await _keep(session, actor, procedure, definition, sha256, text, at)
        await share_procedure(session, procedure.slug, at=at)
    return procedure


async def seed(session: AsyncSession, *, at: datetime) -> int:
    """Publish every version that is shipped and not yet there; how many are shipped.

    A number that the ministry's own workshop has taken stays the ministry's. At most starts nothing is new, so nothing is read.
    """
    shipped = files.texts()
    kept = await session.execute(select(ProcedureVersion.slug, ProcedureVersion.version))
    there = {f"{slug}/{version}" for slug, version in kept}
    for name, written_text in shipped.items():
        if name not in there:
            await publish(session, SYSTEM, files.definition(written_text), at=at)
    return len(shipped)


async def _fingerprint(session: AsyncSession, slug: str, version: int) -> str | None:
    chosen = (ProcedureVersion.slug == slug, ProcedureVersion.version == version)
    return await session.scalar(select(ProcedureVersion.sha256).where(*chosen))


async def _keep(
    session: AsyncSession,
    actor: Actor,
    procedure: Procedure,
    definition: Mapping[str, Any],
    sha256: str,
    text: str | None,
    at: datetime,
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
        text=text if text and files.sha256_of(text) == sha256 else None,
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


async def draft(session: AsyncSession, actor: Actor, slug: str, *, puts: Mapping[str, Any] | None = None, at: datetime) -> UUID:
    """Begin the next version with the content of the newest, and other values at the places of `puts`. `NotFound`."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    newest = await drafts.newest(session, slug)
    begins = max(day_in_vietnam(at), newest.valid_from) + timedelta(days=1)
    content = {**newest.content, "version": newest.version + 1, "valid_from": begins.isoformat(), "decision": None}
    content.pop("valid_to", None)
    content = files.plain(content)
    for place, value in (puts or {}).items():
        places.put(content, place, value)
    return _begin(session, actor, slug, relaid(await drafts.text_of(session, slug, newest.version), content), at)


async def take_in(session: AsyncSession, actor: Actor, written_text: str, *, at: datetime) -> UUID:
    """Keep a file from elsewhere as a draft, word for word. `Incomplete` when it is no definition at all."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    kept = _clean(written_text)
    found = read(kept)
    if not found.definition:
        raise Incomplete(found.problems)
    slug = _slug_of(found)
    if slug is None:
        said = "thiếu hoặc sai mã định danh của thủ tục", "the procedure's slug is missing or wrong"
        raise Incomplete([fault("procedure", "no-slug", *said)])
    return _begin(session, actor, slug, kept, at)


def _slug_of(found: Written) -> str | None:
    """The name that a file gives its procedure, if it can be one: an escape in YAML can hide any character in it."""
    slug = found.definition.get("procedure")
    return slug if isinstance(slug, str) and re.fullmatch(SLUG, slug) else None


def _begin(session: AsyncSession, actor: Actor, slug: str, kept: str, at: datetime) -> UUID:
    row = ProcedureDraft(id=uuid7(), slug=slug, text=kept, revision=1, saved_by=actor.person_id, saved_at=at, approval_id=None)
    session.add(row)
    record(session, actor, Event.PROCEDURE_DRAFTED, subject_kind="procedure_draft", subject_id=row.id, at=at)
    return row.id


async def save(session: AsyncSession, actor: Actor, draft_id: UUID, revision: int, written_text: str, *, at: datetime) -> None:
    """Keep what was written, right or wrong. `Conflict` when somebody saved since `revision` or it waits."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    row = await _mine(session, draft_id, revision)
    row.text = _clean(written_text)
    row.slug = _slug_of(read(row.text)) or row.slug
    row.revision, row.saved_by, row.saved_at = revision + 1, actor.person_id or row.saved_by, at
    detail = {"revision": row.revision}
    record(session, actor, Event.PROCEDURE_SAVED, subject_kind="procedure_draft", subject_id=row.id, detail=detail, at=at)


async def discard(session: AsyncSession, actor: Actor, draft_id: UUID, revision: int, *, at: datetime) -> None:
    """Throw a draft away."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    await session.delete(await _mine(session, draft_id, revision))
    record(session, actor, Event.PROCEDURE_DISCARDED, subject_kind="procedure_draft", subject_id=draft_id, at=at)


async def _mine(session: AsyncSession, draft_id: UUID, revision: int) -> ProcedureDraft:
    row = await drafts.one(session, draft_id, lock=True)
    if row.approval_id is not None:
        raise Conflict(WAITS, slug="draft-waits")
    if row.revision != revision:
        raise Conflict(SAVED_BY_ANOTHER, slug="draft-saved")
    return row


def _clean(written_text: str) -> str:
    kept = nfc(written_text.replace("\r\n", "\n").replace("\ufeff", ""))
    if len(kept) > MAX_SIGNS:
        raise Incomplete([Problem("text", "too-large", TOO_LONG)])
    if has_unwanted(kept):
        raise Incomplete([Problem("text", "hidden-characters", HIDDEN)])
    return kept


async def propose(session: AsyncSession, actor: Actor, draft_id: UUID, revision: int, note: str, *, at: datetime) -> UUID:
    """Propose a draft as the next version; another person publishes it. `Incomplete` with everything that is wrong."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    row = await _mine(session, draft_id, revision)
    said = _reason(note)
    content = files.plain(await _ready(session, read(row.text), day_in_vietnam(at)))
    payload = {"draft": str(row.id), "content": content, "sha256": files.sha256(content), "note": said}
    approval_id = await approvals.ask(session, actor, VERSION_CHANGE, payload, at=at)
    await session.flush()  # the draft points to it
    row.approval_id = approval_id
    record(session, actor, Event.PROCEDURE_PROPOSED, subject_kind="approval", subject_id=approval_id, at=at)
    return approval_id


async def _ready(session: AsyncSession, found: Written, today: date) -> dict[str, Any]:
    """The definition, if it may be published as the next version of its procedure."""
    if found.problems:
        raise Incomplete(found.problems)
    if wrong := await drafts.out_of_turn(session, Procedure.of(found.definition), today):
        raise Incomplete(wrong)
    return found.definition


def _reason(note: str) -> str:
    said = nfc(note.strip())
    if not said or len(said) > _LONGEST or has_unwanted(said):
        raise Incomplete([Problem("note", "required", SAY_WHY)])
    return said


async def confirm(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> Procedure:
    """Publish what another person proposed, exactly that content, from its day on. The draft is gone then."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    asked = await approvals.confirm(session, actor, approval_id, VERSION_CHANGE, at=at)
    await session.execute(sql("SELECT pg_advisory_xact_lock(hashtext('procedure versions'))"))
    if wrong := await drafts.out_of_turn(session, Procedure.of(asked["content"]), day_in_vietnam(at)):
        raise Incomplete(wrong)
    row = await session.get(ProcedureDraft, UUID(asked["draft"]))
    procedure = await publish(session, actor, asked["content"], text=row.text if row else None, at=at)
    if row is not None:
        await session.delete(row)
    return procedure


async def reject(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """Turn a proposed version or retirement down; a draft may be changed again."""
    await approvals.reject(session, actor, approval_id, await _released(session, actor, approval_id), at=at)
    record(session, actor, Event.PROCEDURE_REJECTED, subject_kind="approval", subject_id=approval_id, at=at)


async def withdraw(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """Take back what one has proposed oneself; a draft may be changed again."""
    await approvals.withdraw(session, actor, approval_id, await _released(session, actor, approval_id), at=at)
    record(session, actor, Event.PROCEDURE_WITHDRAWN, subject_kind="approval", subject_id=approval_id, at=at)


async def _released(session: AsyncSession, actor: Actor, approval_id: UUID) -> str:
    """The draft of a proposal, if it has one, waits no longer; what kind of proposal that is."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    row = await session.scalar(select(ProcedureDraft).where(ProcedureDraft.approval_id == approval_id).with_for_update())
    if row is None:
        return RETIREMENT
    row.approval_id = None
    return VERSION_CHANGE


async def propose_end(session: AsyncSession, actor: Actor, slug: str, last_day: date, note: str, *, at: datetime) -> UUID:
    """Propose that a procedure ends after a day; open dossiers go on under their version. Another person confirms."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    newest = await drafts.newest(session, slug)
    said = _reason(note)
    if last_day < day_in_vietnam(at):
        raise Incomplete([Problem("last-day", "in-the-past", LAST_DAY)])
    payload = {"slug": slug, "version": newest.version, "last_day": last_day.isoformat(), "note": said}
    approval_id = await approvals.ask(session, actor, RETIREMENT, payload, at=at)
    record(session, actor, Event.PROCEDURE_PROPOSED, subject_kind="approval", subject_id=approval_id, at=at)
    return approval_id


async def confirm_end(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """End the procedure as another person proposed. `Conflict` when it has ended or a later version was published since."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    asked = await approvals.confirm(session, actor, approval_id, RETIREMENT, at=at)
    await session.execute(sql("SELECT pg_advisory_xact_lock(hashtext('procedure versions'))"))
    newest = await drafts.newest(session, asked["slug"])
    if newest.version != asked["version"] or await session.get(ProcedureEnd, (newest.slug, newest.version)):
        raise Conflict
    last_day = date.fromisoformat(asked["last_day"])
    row = ProcedureEnd(slug=newest.slug, version=newest.version, last_day=last_day, approval_id=approval_id, ended_at=at)
    session.add(row)
    await session.flush()
    await share_procedure(session, newest.slug, at=at)
    named, detail = f"{newest.slug}/{newest.version}", {"last_day": asked["last_day"]}
    record(session, actor, Event.PROCEDURE_RETIRED, subject_kind="procedure", subject_id=named, detail=detail, at=at)
