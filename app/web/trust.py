"""The administrators' pages of the trust store: whose signatures count, since when, and how two persons change it."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.core.actor import Actor
from app.core.clock import VIETNAM
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotFound, Problem
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import queries as identity
from app.trust import actions, certificates, changes, importing, overview, queries
from app.trust.certificates import refused
from app.trust.changes import Change
from app.web import acts
from app.web.deps import At, Form, Posted, Session, Visitor, csrf, official, who_uploads
from app.web.deps import moment as now
from app.web.pages import page
from app.web.uploads import Upload

HOME = "/quan-tri/tin-cay"
manager = official(Permission.TRUST_MANAGE)
router = APIRouter(prefix=HOME, dependencies=[Depends(manager), Depends(csrf)])
uploads = APIRouter(prefix=HOME)
routers = (router, uploads)
Manager = Annotated[Actor, Depends(manager)]
_SAY_WHY = Text("Hãy ghi lý do và căn cứ của thay đổi.", "Say why, and on what ground.")
_NO_DAY = Text("Hãy nhập ngày, tháng, năm có thật.", "Enter a real day, month and year.")
_NO_CHOICE = Text("Hãy chọn một mục trong danh sách.", "Choose one of the list.")
_TOO_LARGE = Text("Tệp lớn hơn mức cho phép ({most}).", "The file is larger than allowed ({most}).")
MOST_CARRIED = 1_800_000
_TOO_MUCH = Text(
    "Danh sách này có quá nhiều dịch vụ để xem trước trên một trang. Hãy nhập từng phần.",
    "This list holds too many services to preview on one page. Import it in parts.",
)


@admits(f"official:{Permission.TRUST_MANAGE}")
async def uploader(request: Request) -> Visitor:
    """The administrator who uploads, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    await manager(who)
    return who


@router.get("")
async def store(request: Request, session: Session, at: At) -> Response:
    """The services, what waits for a second administrator, and every epoch."""
    return await _store(request, session, at)


async def _store(request: Request, session: AsyncSession, at: datetime, **more: Any) -> Response:
    waiting = await overview.proposals(session)
    key = actions.store_key(request.app.state.settings)
    shown: dict[str, Any] = {
        "services": await overview.services(session, at=at),
        "waiting": waiting,
        "people": await identity.persons(session, [one.asked_by for one in waiting]),
        "epochs": await overview.epochs(session, key),
        **_words(),
    }
    return page(request, "admin/trust.html", **shown | more)


def _words() -> dict[str, Any]:
    return {"role_names": changes.ROLE_NAME, "status_names": changes.STATUS_NAME}


@router.get("/dot/{epoch}.json")
async def export(request: Request, session: Session, epoch: int, lists: Annotated[str, Query(alias="thu-hoi")] = "") -> Response:
    """One epoch as a signed file, for checking elsewhere; with the public revocation lists when they are asked for."""
    key = actions.store_key(request.app.state.settings)
    headers = {"content-disposition": f'attachment; filename="motcua-trust-{epoch}.json"'}
    return JSONResponse(await overview.exported(session, epoch, key, revocation=bool(lists)), headers=headers)


@router.get("/dich-vu")
async def one_service(request: Request, session: Session, at: At, ten: str = "") -> Response:
    """One service: its certificates, its history, and what can be changed."""
    return page(request, "admin/trust-service.html", service=await overview.service(session, ten, at=at), **_words())


@router.get("/them")
async def adding(request: Request) -> Response:
    """Where a certificate or a published list is entered."""
    return page(request, "admin/trust-add.html", typed={}, **_words())


@router.post("/trang-thai")
async def restate(request: Request, session: Session, at: At, form: Form) -> Response:
    """Preview another status from a day on."""

    async def change() -> Change:
        status = next((each for each in changes.STATUS_NAME if each == form.get("status")), None)
        if status is None:
            raise refused(_NO_CHOICE, "no-status", where="status")
        return changes.restate(await queries.snapshot(session), form.get("service"), status, _day(form.get, "since"))

    return await _on_service(request, session, at, form, change)


@router.post("/dia-chi")
async def readdress(request: Request, session: Session, at: At, form: Form) -> Response:
    """Preview other addresses of revocation data."""

    async def change() -> Change:
        return changes.readdress(await queries.snapshot(session), form.get("service"), form.get("crl"), form.get("ocsp"))

    return await _on_service(request, session, at, form, change)


async def _on_service(
    request: Request, session: AsyncSession, at: datetime, form: Posted, make: Callable[[], Awaitable[Change]]
) -> Response:
    try:
        return await _preview(request, session, await make())
    except Incomplete as refusal:
        found = await overview.service(session, form.get("service"), at=at)
        told: dict[str, Any] = {"problems": refusal.problems, "typed": dict(form.pairs), "service": found}
        return page(request, "admin/trust-service.html", status=422, **told, **_words())


async def _preview(request: Request, session: AsyncSession, change: Change, **more: Any) -> Response:
    """What the change would do; nothing is kept yet."""
    before = await queries.snapshot(session)
    lines = changes.differences(before, change.applied(before))
    carried = json.dumps(change.to_json(), ensure_ascii=False)
    if len(carried) > MOST_CARRIED:
        raise refused(_TOO_MUCH, "too-many-services")
    told: dict[str, Any] = {"lines": lines, "summary": changes.counted(lines), "change": carried, "source": change.source}
    return page(request, "admin/trust-preview.html", **told, **more)


@router.post("/de-nghi")
async def propose(request: Request, session: Session, actor: Manager, at: At, form: Form) -> Response:
    """Propose what was previewed; another administrator adopts it."""
    try:
        change = Change.from_json(json.loads(form.get("change")))
        after = change.applied(await queries.snapshot(session))
    except (ValueError, KeyError, TypeError):
        raise NotFound from None
    if not form.get("note"):
        problems = [Problem("note", "no-reason", _SAY_WHY)]
        return await _preview(request, session, change, problems=problems, status=422)
    note = ". ".join(part for part in (form.get("note"), change.source) if part)
    await actions.propose(session, actor, after, note, at=at)
    return RedirectResponse(HOME, status_code=303)


@router.post("/ap-dung/{approval_id}")
async def adopt(request: Request, session: Session, actor: Manager, at: At, approval_id: UUID) -> Response:
    """Put a proposal of another administrator into force."""
    key = actions.store_key(request.app.state.settings)
    return await _decided(request, session, at, lambda: actions.adopt(session, actor, approval_id, key=key, at=at))


@router.post("/tu-choi/{approval_id}")
async def reject(request: Request, session: Session, actor: Manager, at: At, approval_id: UUID) -> Response:
    """Turn it down."""
    return await _decided(request, session, at, lambda: actions.reject(session, actor, approval_id, at=at))


async def _decided(request: Request, session: AsyncSession, at: datetime, deed: Callable[[], Awaitable[object]]) -> Response:
    if told := await acts.refused(session, deed):
        return await _store(request, session, at, **told)
    return RedirectResponse(HOME, status_code=303)


@uploads.post("/chung-thu")
async def certificate(request: Request, who: Annotated[Visitor, Depends(uploader)]) -> Response:
    """Preview a new certificate of an authority."""

    async def change(session: AsyncSession, content: bytes, typed: dict[str, str]) -> Change:
        role = next((each for each in changes.ROLE_NAME if each == typed.get("role")), None)
        if role is None and typed.get("role") != "below":
            raise refused(_NO_CHOICE, "no-role", where="role")
        since = _day(lambda name: typed.get(name, ""), "since")
        told = {name: typed.get(name, "").strip() for name in ("service", "crl", "ocsp")}
        return changes.add(await queries.snapshot(session), content, role=role, since=since, **told)

    return await _uploaded(request, who, certificates.MOST_BYTES, change)


@uploads.post("/danh-sach")
async def published_list(request: Request, who: Annotated[Visitor, Depends(uploader)]) -> Response:
    """Preview what a published list (ETSI TS 119 612) would change."""

    async def change(session: AsyncSession, content: bytes, typed: dict[str, str]) -> Change:
        role = next((each for each in changes.ROLE_NAME if each == typed.get("list-role")), None)
        if role is None:
            raise refused(_NO_CHOICE, "no-role", where="list-role")
        trust = await queries.snapshot(session)
        return await asyncio.to_thread(importing.change, trust, content, typed.get("operator", ""), role, now())

    return await _uploaded(request, who, importing.MOST_BYTES, change)


async def _uploaded(
    request: Request, who: Visitor, most: int, make: Callable[[AsyncSession, bytes, dict[str, str]], Awaitable[Change]]
) -> Response:
    incoming = Upload(request, who.csrf)
    content = bytearray()
    try:
        await incoming.begin()
        async for chunk in incoming.chunks():
            content += chunk
            if len(content) > most:
                raise refused(_TOO_LARGE.filled(most=f"{most >> 20} MB" if most >> 20 else f"{most >> 10} KB"), "too-large")
        async with transaction(request.app.state.sessions) as session:
            return await _preview(request, session, await make(session, bytes(content), incoming.fields))
    except Incomplete as refusal:
        await incoming.drain()
        told: dict[str, Any] = {"problems": refusal.problems, "typed": incoming.fields}
        return page(request, "admin/trust-add.html", status=422, **told, **_words())


def _day(field: Callable[[str], str], name: str) -> datetime:
    """Midnight in Hà Nội of the day in a date field."""
    try:
        year, month, day = (int(field(f"{name}-{part}")) for part in ("year", "month", "day"))
        return datetime(year, month, day, tzinfo=VIETNAM)
    except (ValueError, OverflowError):
        raise refused(_NO_DAY, "bad-day", where=name) from None
