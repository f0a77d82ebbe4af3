"""The agencies: who the ministry's offices are and how sure their names are; a list from a file is seen before it is taken."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.core.actor import Actor
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotFound, Problem
from app.core.permissions import Permission
from app.core.text import Text
from app.identity import actions, queries, roster
from app.identity.roster import Change, Listed
from app.web.deps import At, Form, Session, Visitor, csrf, official, who_uploads
from app.web.pages import page
from app.web.uploads import Upload
from app.web.workshop import received

HOME = "/quan-tri/don-vi"
manager = official(Permission.ACCOUNT_MANAGE)
router = APIRouter(prefix=HOME, dependencies=[Depends(manager), Depends(csrf)])
uploads = APIRouter(prefix=HOME)
routers = (router, uploads)
Manager = Annotated[Actor, Depends(manager)]
_NONE = Text("Hãy chọn ít nhất một đơn vị.", "Choose at least one agency.")


@admits(f"official:{Permission.ACCOUNT_MANAGE}")
async def bearer(request: Request) -> Visitor:
    """The administrator who brings a list, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    await manager(who)
    return who


@router.get("")
async def listed(request: Request, session: Session) -> Response:
    """Every agency, and where a list is brought."""
    return await _page(request, session)


@router.post("/san-co")
async def shipped(request: Request, session: Session) -> Response:
    """What the list that comes with the portal would change."""
    return await _page(request, session, changes=roster.changes(roster.shipped(), await queries.units(session)))


@uploads.post("/xem")
async def seen(request: Request, who: Annotated[Visitor, Depends(bearer)]) -> Response:
    """What a list from a file would change; nothing is kept yet."""
    incoming = Upload(request, who.csrf)
    try:
        content = await received(incoming)
    except Incomplete as refusal:
        await incoming.drain()
        return await _refused(request, refusal)
    async with transaction(request.app.state.sessions) as session:
        known = await queries.units(session)
        try:
            found = roster.read(content, known={each.code: each.parent for each in known})
        except Incomplete as refusal:
            return await _page(request, session, status=422, problems=refusal.problems)
        return await _page(request, session, changes=roster.changes(found, known))


@router.post("/nhan")
async def take(request: Request, session: Session, at: At, actor: Manager, form: Form) -> Response:
    """Take the agencies that were ticked."""
    chosen = [_chosen(text) for text in form.all("take")[: roster.MOST_UNITS]]
    if not chosen:
        return await _page(request, session, status=422, problems=[Problem("list", "none-chosen", _NONE)])
    try:
        await actions.adopt_list(session, actor, roster.written(chosen), at=at)
    except Incomplete as refusal:
        return await _page(request, session, status=422, problems=refusal.problems)
    return RedirectResponse(HOME, status_code=303)


async def _refused(request: Request, refusal: Incomplete) -> Response:
    async with transaction(request.app.state.sessions) as session:
        return await _page(request, session, status=422, problems=refusal.problems)


async def _page(
    request: Request,
    session: AsyncSession,
    *,
    status: int = 200,
    changes: Sequence[Change] | None = None,
    problems: Sequence[Problem] = (),
) -> Response:
    shown: dict[str, Any] = {
        "units": await queries.units(session),
        "kinds": roster.KINDS,
        "changes": changes,
        "packed": [_packed(each.listed) for each in changes or ()],
        "problems": problems,
    }
    return page(request, "admin/units.html", status=status, **shown)


def _packed(one: Listed) -> str:
    return json.dumps([one.code, one.name_vi, one.name_en, one.parent, one.kind, one.certainty], ensure_ascii=False)


def _chosen(text: str) -> Listed:
    try:
        code, name_vi, name_en, parent, kind, certainty = json.loads(text)
    except (ValueError, TypeError):
        raise NotFound from None
    cells: Mapping[str, str] = {"code": code, "name_vi": name_vi, "name_en": name_en, "kind": kind, "certainty": certainty}
    if not all(isinstance(cell, str) for cell in (*cells.values(), parent or "")):
        raise NotFound
    return Listed(parent=parent or None, **cells)
