"""The workshop of procedures: every version, what waits for a second person, what comes from a file."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.catalogue import actions, drafts, queries
from app.catalogue.diff import differences
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, Problem
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import queries as identity
from app.web.acts import day, refused
from app.web.deps import At, Form, Session, Visitor, csrf, official, who_uploads
from app.web.deps import moment as now
from app.web.pages import page
from app.web.uploads import Upload

HOME = "/quan-tri/xuong"
MOST_BYTES = 1_048_576
writer = official(Permission.PROCEDURE_PUBLISH)
router = APIRouter(prefix=HOME, dependencies=[Depends(writer), Depends(csrf)])
uploads = APIRouter(prefix=HOME)
routers = (router, uploads)
Writer = Annotated[Actor, Depends(writer)]
STANDING_NAME = {
    drafts.Standing.TO_COME: (Text("Đã công bố, chưa đến ngày", "Published, to come"), "blue"),
    drafts.Standing.IN_FORCE: (Text("Đang áp dụng", "In force"), "green"),
    drafts.Standing.SUPERSEDED: (Text("Đã được thay thế", "Superseded"), "grey"),
    drafts.Standing.ENDED: (Text("Hết hiệu lực", "Ended"), "grey"),
    drafts.Standing.RETIRED: (Text("Đã bãi bỏ", "Retired"), "red"),
}
_NOT_UTF8 = Text("Tệp phải là văn bản YAML, mã UTF-8.", "The file must be YAML text in UTF-8.")
_TOO_LARGE = Text("Tệp lớn hơn 1 MB.", "The file is larger than 1 MB.")


@router.get("")
async def home(request: Request, session: Session, at: At) -> Response:
    """Every version with its standing, the drafts, and what waits for a second person."""
    return await _home(request, session, at)


async def _home(request: Request, session: AsyncSession, at: datetime, **more: Any) -> Response:
    waiting = await drafts.proposals(session, [actions.VERSION_CHANGE, actions.RETIREMENT])
    found = await drafts.listing(session)
    shown: dict[str, Any] = {
        "versions": await drafts.versions(session, on=day_in_vietnam(at)),
        "drafts": found,
        "waiting": waiting,
        "people": await identity.persons(session, [each.asked_by for each in waiting] + [each.saved_by for each in found]),
        "standings": STANDING_NAME,
    }
    return page(request, "admin/workshop.html", **shown | more)


@router.get("/{slug}/{version}.yaml")
async def export(session: Session, slug: str, version: int) -> Response:
    """A published version as a file: importing it again gives the same content."""
    text = await drafts.text_of(session, slug, version)
    headers = {"content-disposition": f'attachment; filename="{slug}-{version}.yaml"', "cache-control": "no-store"}
    return PlainTextResponse(text, media_type="application/yaml", headers=headers)


@router.get("/{slug}/{version}")
async def one_version(request: Request, session: Session, at: At, slug: str, version: int) -> Response:
    """A published version: its standing, what it changed, what of it is to be confirmed, the file."""
    return await _version(request, session, at, slug, version)


async def _version(request: Request, session: AsyncSession, at: datetime, slug: str, number: int, **more: Any) -> Response:
    found = await queries.get(session, slug, number)
    known = await drafts.versions(session, slug=slug, on=day_in_vietnam(at))
    before = await queries.get(session, slug, number - 1) if any(each.version == number - 1 for each in known) else None
    shown: dict[str, Any] = {
        "procedure": found,
        "version": next(each for each in known if each.version == number),
        "versions": known,
        "before": before,
        "lines": differences(before, found) if before else [],
        "standings": STANDING_NAME,
        "text": await drafts.text_of(session, slug, number),
        "typed": {},
    }
    return page(request, "admin/workshop-version.html", **shown | more)


@router.post("/{slug}/soan")
async def begin(session: Session, at: At, actor: Writer, slug: str) -> Response:
    """Begin the next version."""
    draft_id = await actions.draft(session, actor, slug, at=at)
    return RedirectResponse(f"{HOME}/ban-nhap/{draft_id}", status_code=303)


@router.post("/{slug}/{version}/bai-bo")
async def retire(request: Request, session: Session, at: At, actor: Writer, slug: str, version: int, form: Form) -> Response:
    """Propose that the procedure ends."""

    async def ask() -> None:
        await actions.propose_end(session, actor, slug, day(form, "last-day"), form.get("note"), at=at)

    if told := await refused(session, ask):
        return await _version(request, session, at, slug, version, typed=dict(form.pairs), **told)
    return RedirectResponse(HOME, status_code=303)


@router.post("/cong-bo/{approval_id}")
async def publish(request: Request, session: Session, at: At, actor: Writer, approval_id: UUID) -> Response:
    """Publish what another person proposed."""
    return await _decided(request, session, at, lambda: actions.confirm(session, actor, approval_id, at=at))


@router.post("/xac-nhan-bai-bo/{approval_id}")
async def confirm_end(request: Request, session: Session, at: At, actor: Writer, approval_id: UUID) -> Response:
    """End the procedure as another person proposed."""
    return await _decided(request, session, at, lambda: actions.confirm_end(session, actor, approval_id, at=at))


@router.post("/tu-choi/{approval_id}")
async def reject(request: Request, session: Session, at: At, actor: Writer, approval_id: UUID) -> Response:
    """Turn it down."""
    return await _decided(request, session, at, lambda: actions.reject(session, actor, approval_id, at=at))


@router.post("/rut/{approval_id}")
async def withdraw(request: Request, session: Session, at: At, actor: Writer, approval_id: UUID) -> Response:
    """Take back what one has proposed oneself."""
    return await _decided(request, session, at, lambda: actions.withdraw(session, actor, approval_id, at=at))


async def _decided(request: Request, session: AsyncSession, at: datetime, deed: Callable[[], Awaitable[object]]) -> Response:
    if told := await refused(session, deed):
        return await _home(request, session, at, **told)
    return RedirectResponse(HOME, status_code=303)


@admits(f"official:{Permission.PROCEDURE_PUBLISH}")
async def uploader(request: Request) -> Visitor:
    """Who uploads, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    await writer(who)
    return who


@uploads.post("/tai-len")
async def take_in(request: Request, who: Annotated[Visitor, Depends(uploader)]) -> Response:
    """Keep a file from elsewhere as a draft."""
    incoming = Upload(request, who.csrf)
    try:
        content = await received(incoming)
        async with transaction(request.app.state.sessions) as session:
            draft_id = await actions.take_in(session, who.actor, _text(content), at=now())
    except Incomplete as refusal:
        await incoming.drain()
        async with transaction(request.app.state.sessions) as session:
            return await _home(request, session, now(), status=422, problems=refusal.problems)
    return RedirectResponse(f"{HOME}/ban-nhap/{draft_id}", status_code=303)


async def received(incoming: Upload) -> bytes:
    """The whole file, if it is no larger than allowed."""
    await incoming.begin()
    content = bytearray()
    async for chunk in incoming.chunks():
        content += chunk
        if len(content) > MOST_BYTES:
            raise Incomplete([Problem("file", "too-large", _TOO_LARGE)])
    return bytes(content)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Incomplete([Problem("file", "not-utf8", _NOT_UTF8)]) from None
