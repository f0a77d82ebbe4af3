"""The workshop of procedures: read, write, compare, try out, and publish by two persons."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import PlainTextResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.catalogue import actions, drafts, editing, queries
from app.catalogue.diff import differences
from app.catalogue.editing import SECTION_NAME, Section
from app.catalogue.forms import Form as EForm
from app.catalogue.procedure import Procedure
from app.catalogue.reading import Written, read
from app.catalogue.writing import written
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotFound, Problem, Refusal
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import queries as identity
from app.reports.simulate import simulate
from app.web import public
from app.web.deps import At, Form, Posted, Session, Visitor, csrf, official, record_view, who_uploads
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
_NO_DAY = Text("Hãy nhập ngày, tháng, năm có thật.", "Enter a real day, month and year.")
_NOT_UTF8 = Text("Tệp phải là văn bản YAML, mã UTF-8.", "The file must be YAML text in UTF-8.")
_TOO_LARGE = Text("Tệp lớn hơn 1 MB.", "The file is larger than 1 MB.")
_UNREADABLE = Text(
    "Bản nháp còn lỗi nên chưa xem trước hoặc chạy thử được. Hãy sửa các lỗi được liệt kê.",
    "The draft has faults and cannot be shown or tried out yet. Put right what is listed.",
)


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


@router.get("/ban-nhap/{draft_id}")
async def editor(request: Request, session: Session, at: At, draft_id: UUID) -> Response:
    """A draft: what is wrong with it, what it changes, and the file itself."""
    return await _editor(request, session, at, draft_id)


async def _editor(request: Request, session: AsyncSession, at: datetime, draft_id: UUID, **more: Any) -> Response:
    row = await drafts.one(session, draft_id)
    found = read(more.get("typed") or row.text)
    procedure = None if found.problems else Procedure.of(found.definition)
    before = await drafts.newest_or_none(session, row.slug)
    turn = await drafts.out_of_turn(session, procedure, day_in_vietnam(at)) if procedure else []
    shown: dict[str, Any] = {
        "draft": row,
        "title": procedure.title if procedure else before.title if before else None,
        "text": row.text,
        "faults": _placed(found, [*found.problems, *turn]),
        "before": before,
        "lines": differences(before, procedure) if before and procedure else [],
        "sections": SECTION_NAME if found.definition else {},
        "sound": procedure is not None,
        "unsure": drafts.unsure(found.definition),
    }
    return page(request, "admin/workshop-draft.html", **shown | more)


def _placed(found: Written, problems: list[Problem]) -> list[tuple[int, Problem]]:
    """Each fault with its line, in the order of the file."""
    placed = [(found.line_of(problem.where), problem) for problem in problems]
    return sorted(placed, key=lambda pair: pair[0])


@router.post("/ban-nhap/{draft_id}")
async def save(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, form: Form) -> Response:
    """Keep the file as it was typed."""
    typed = form.get("text")

    async def keep() -> None:
        await actions.save(session, actor, draft_id, _revision(form), f"{typed}\n", at=at)

    return await _on_draft(request, session, at, draft_id, keep, typed=typed)


@router.get("/ban-nhap/{draft_id}/phan/{section}")
async def part(request: Request, session: Session, draft_id: UUID, section: Section) -> Response:
    """The form for the common changes of one part."""
    row = await drafts.one(session, draft_id)
    shown = editing.things(read(row.text).definition, section)
    words: dict[str, Any] = {"section": section, "name": SECTION_NAME[section], "addable": section in editing.ADDABLE}
    return page(request, "admin/workshop-part.html", draft=row, things=shown, **words)


@router.post("/ban-nhap/{draft_id}/phan/{section}")
async def change(
    request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, section: Section, form: Form
) -> Response:
    """Take the changes of one part into the draft."""
    row = await drafts.one(session, draft_id)
    after = editing.changed(read(row.text).definition, section, {name: value.strip() for name, value in form.pairs})

    async def keep() -> None:
        await actions.save(session, actor, draft_id, _revision(form), written(after), at=at)

    return await _on_draft(request, session, at, draft_id, keep)


@router.get("/ban-nhap/{draft_id}/xem")
async def preview(request: Request, session: Session, at: At, draft_id: UUID) -> Response:
    """Every page of the form, as a business is asked, for looking at only."""
    found = await _sound(session, draft_id)
    if found is None:
        return await _refused(request, session, at, draft_id, _UNREADABLE)
    form = EForm(found)
    pages = [(each, form.views(each.id, {})) for each in found.pages]
    return page(request, "admin/workshop-preview.html", procedure=found, pages=pages, here=f"{HOME}/ban-nhap/{draft_id}")


@router.get("/ban-nhap/{draft_id}/trang-cong-khai")
async def public_page(request: Request, session: Session, at: At, draft_id: UUID) -> Response:
    """The public page as it would be."""
    found = await _sound(session, draft_id)
    if found is None:
        return await _refused(request, session, at, draft_id, _UNREADABLE)
    return await public.about(request, session, at, found, may_start=False)


@router.get("/ban-nhap/{draft_id}/thu", dependencies=[Depends(record_view("simulation"))])
async def try_out(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID) -> Response:
    """Replay past dossiers on the draft."""
    found = await _sound(session, draft_id)
    if found is None:
        return await _refused(request, session, at, draft_id, _UNREADABLE)
    told = await simulate(session, actor, found)
    return page(request, "admin/workshop-simulation.html", procedure=found, told=told, here=f"{HOME}/ban-nhap/{draft_id}")


async def _sound(session: AsyncSession, draft_id: UUID) -> Procedure | None:
    found = read((await drafts.one(session, draft_id)).text)
    return None if found.problems else Procedure.of(found.definition)


async def _refused(request: Request, session: AsyncSession, at: datetime, draft_id: UUID, why: Text) -> Response:
    return await _editor(request, session, at, draft_id, status=409, problems=(Problem("", "draft-unsound", why),))


@router.post("/ban-nhap/{draft_id}/de-nghi")
async def propose(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, form: Form) -> Response:
    """Propose the draft as the next version."""

    async def ask() -> None:
        await actions.propose(session, actor, draft_id, _revision(form), form.get("note"), at=at)

    return await _on_draft(request, session, at, draft_id, ask, to=HOME)


@router.post("/ban-nhap/{draft_id}/bo")
async def discard(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, form: Form) -> Response:
    """Throw the draft away."""

    async def throw() -> None:
        await actions.discard(session, actor, draft_id, _revision(form), at=at)

    return await _on_draft(request, session, at, draft_id, throw, to=HOME)


async def _on_draft(
    request: Request,
    session: AsyncSession,
    at: datetime,
    draft_id: UUID,
    deed: Callable[[], Awaitable[None]],
    *,
    to: str = "",
    **more: Any,
) -> Response:
    try:
        async with session.begin_nested():
            await deed()
    except NotFound:
        raise
    except Refusal as refusal:
        return await _editor(request, session, at, draft_id, status=409, problems=_problems(refusal), **more)
    return RedirectResponse(to or f"{HOME}/ban-nhap/{draft_id}", status_code=303)


def _problems(refusal: Refusal) -> tuple[Problem, ...]:
    return tuple(refusal.problems) if isinstance(refusal, Incomplete) else (Problem("", refusal.slug, refusal.text),)


def _revision(form: Posted) -> int:
    text = form.get("revision")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


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
    try:
        async with session.begin_nested():
            await actions.propose_end(session, actor, slug, _day(form, "last-day"), form.get("note"), at=at)
    except NotFound:
        raise
    except Refusal as refusal:
        more: dict[str, Any] = {"problems": _problems(refusal), "typed": dict(form.pairs), "status": 422}
        return await _version(request, session, at, slug, version, **more)
    return RedirectResponse(HOME, status_code=303)


def _day(form: Posted, name: str) -> date:
    try:
        year, month, day = (int(form.get(f"{name}-{part}")) for part in ("year", "month", "day"))
        return date(year, month, day)
    except (ValueError, OverflowError):
        raise Incomplete([Problem(name, "bad-day", _NO_DAY)]) from None


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


async def _decided(request: Request, session: AsyncSession, at: datetime, deed: Callable[[], Awaitable[object]]) -> Response:
    try:
        async with session.begin_nested():
            await deed()
    except NotFound:
        raise
    except Refusal as refusal:
        return await _home(request, session, at, status=409, problems=_problems(refusal))
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
