"""The columns of the national catalogue, from a file: seen as differences first, then kept as drafts of new versions."""

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.catalogue import actions, drafts, national, queries
from app.catalogue.national import COLUMNS, Listed
from app.core.clock import day_in_vietnam
from app.core.db import transaction
from app.core.errors import Incomplete, NotFound, Problem
from app.core.text import Text
from app.identity import queries as identity
from app.web.deps import At, Form, Session, Visitor, csrf
from app.web.deps import moment as now
from app.web.pages import page
from app.web.uploads import Upload
from app.web.workshop import HOME, Writer, received, uploader, writer

router = APIRouter(prefix=f"{HOME}/danh-muc", dependencies=[Depends(writer), Depends(csrf)])
uploads = APIRouter(prefix=f"{HOME}/danh-muc")
routers = (router, uploads)
PAGE = "admin/workshop-national.html"
MOST_TAKEN = 200
_NONE = Text("Hãy chọn ít nhất một thủ tục.", "Choose at least one procedure.")
_MANY = Text("Mỗi lần chọn tối đa 200 thủ tục.", "Choose at most 200 procedures at a time.")


@router.get("/nhap")
async def asking(request: Request) -> Response:
    """Where the file is chosen."""
    return _asking(request)


def _asking(request: Request, **more: Any) -> Response:
    return page(request, PAGE, matches=None, columns=[title for title, _ in COLUMNS.values()], **more)


@uploads.post("/xem")
async def seen(request: Request, who: Annotated[Visitor, Depends(uploader)]) -> Response:
    """What the file says beside what we have, and what of it cannot be read; nothing is kept yet."""
    incoming = Upload(request, who.csrf)
    try:
        lines = await asyncio.to_thread(national.read_lines, await received(incoming))
    except Incomplete as refusal:
        await incoming.drain()
        return _asking(request, status=422, problems=refusal.problems)
    async with transaction(request.app.state.sessions) as session:
        return page(request, PAGE, **await _compared(session, lines))


async def _compared(session: AsyncSession, lines: list[Listed]) -> dict[str, Any]:
    newest = {each.slug: each.version for each in reversed(await drafts.versions(session, on=day_in_vietnam(now())))}
    procedures = [await queries.get(session, slug, version) for slug, version in newest.items()]
    matches = national.matched(lines, procedures, await _units(session))
    return {
        "matches": [each for each in matches if each.changes],
        "faults": [fault for each in matches for fault in each.faults],
        "same": sum(each.procedure is not None and not each.changes for each in matches),
        "unknown": [each.listed for each in matches if each.procedure is None and not each.faults],
    }


async def _units(session: AsyncSession) -> dict[str, str]:
    return {unit.code: unit.name_vi for unit in await identity.units(session)}


@router.post("/nhan")
async def take(request: Request, session: Session, at: At, actor: Writer, form: Form) -> Response:
    """A draft for each procedure that was chosen; what was skipped is not kept."""
    chosen = form.all("take")
    if not chosen or len(chosen) > MOST_TAKEN:
        problem = Problem("list", "none-chosen", _MANY) if chosen else Problem("list", "none-chosen", _NONE)
        return _asking(request, status=422, problems=[problem])
    units = await _units(session)
    for slug, cells in map(_chosen, chosen):
        newest = await drafts.newest_or_none(session, slug)
        if newest is None:
            raise NotFound
        changes, _ = national.compared(Listed(0, cells, dict.fromkeys(COLUMNS, "")), newest, units)
        puts = {place: value for change in changes for place, value in change.puts.items()}
        await actions.draft(session, actor, slug, puts=puts, at=at)
    return RedirectResponse(HOME, status_code=303)


def _chosen(text: str) -> tuple[str, dict[str, str]]:
    try:
        slug, cells = json.loads(text)
        return str(slug), {name: str(cell)[:4_000] for name, cell in cells.items() if name in COLUMNS}
    except (ValueError, TypeError, AttributeError):
        raise NotFound from None
