"""The columns of the national catalogue, from a file: seen first, then kept as drafts of new versions."""

import json
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.catalogue import actions, drafts, national, queries
from app.core.clock import day_in_vietnam
from app.core.db import transaction
from app.core.errors import Incomplete, NotFound, Problem
from app.core.text import Text
from app.web.deps import At, Form, Session, Visitor, csrf
from app.web.deps import moment as now
from app.web.pages import page
from app.web.uploads import Upload
from app.web.workshop import HOME, Writer, received, uploader, writer

router = APIRouter(prefix=f"{HOME}/danh-muc", dependencies=[Depends(writer), Depends(csrf)])
uploads = APIRouter(prefix=f"{HOME}/danh-muc")
routers = (router, uploads)
_NONE = Text("Hãy chọn ít nhất một thủ tục.", "Choose at least one procedure.")


@router.get("/nhap")
async def asking(request: Request) -> Response:
    """Where the file is chosen."""
    return page(request, "admin/workshop-national.html", matches=None)


@uploads.post("/xem")
async def seen(request: Request, who: Annotated[Visitor, Depends(uploader)]) -> Response:
    """What the file says beside what we have; nothing is kept yet."""
    incoming = Upload(request, who.csrf)
    try:
        lines = national.read_lines(await received(incoming))
    except Incomplete as refusal:
        await incoming.drain()
        return page(request, "admin/workshop-national.html", status=422, matches=None, problems=refusal.problems)
    async with transaction(request.app.state.sessions) as session:
        return page(request, "admin/workshop-national.html", **await _compared(session, lines))


async def _compared(session: AsyncSession, lines: list[national.Listed]) -> dict[str, Any]:
    newest = {each.slug: each.version for each in reversed(await drafts.versions(session, on=day_in_vietnam(now())))}
    procedures = [await queries.get(session, slug, version) for slug, version in newest.items()]
    matches = national.matched(lines, procedures)
    return {
        "matches": [each for each in matches if each.differs],
        "same": sum(each.procedure is not None and not each.differs for each in matches),
        "unknown": sum(each.procedure is None for each in matches),
    }


@router.post("/nhan")
async def take(request: Request, session: Session, at: At, actor: Writer, form: Form) -> Response:
    """A draft for each procedure that was chosen."""
    chosen = form.all("take")[:200]
    if not chosen:
        problems = [Problem("list", "none-chosen", _NONE)]
        return page(request, "admin/workshop-national.html", status=422, matches=None, problems=problems)
    for slug, code, decision in map(_chosen, chosen):
        await actions.draft(session, actor, slug, code=code, decision=decision, at=at)
    return RedirectResponse(HOME, status_code=303)


def _chosen(text: str) -> tuple[str, str, str]:
    try:
        slug, code, decision = json.loads(text)
    except (ValueError, TypeError):
        raise NotFound from None
    return str(slug), str(code), str(decision)
