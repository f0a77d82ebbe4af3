"""What agreements give and how it is used, for the officials of both sides; the keys of a party's clients, for its officer."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import NotAllowed, NotFound
from app.core.permissions import Permission
from app.sharing import agreements_drafts, client_keys, scopes, usage
from app.web import acts
from app.web.agreements import reader, theirs
from app.web.deps import At, Form, Session, csrf, official
from app.web.pages import page

HOME = "/nha-phat-trien/cua-toi"
manager = official(Permission.SHARING_MANAGE)
router = APIRouter(prefix=HOME, dependencies=[Depends(reader), Depends(csrf)])
Reader = Annotated[Actor, Depends(reader)]


@router.get("")
async def desk(request: Request, session: Session, actor: Reader, at: At) -> Response:
    """Use and limits of each grant, fields that nobody used, and the clients with their keys."""
    return await _desk(request, session, actor, at)


async def _desk(request: Request, session: AsyncSession, actor: Actor, at: datetime, **more: Any) -> Response:
    party = theirs(actor)
    told: dict[str, Any] = {
        "uses": await usage.uses(session, party=party, at=at),
        "clients": await client_keys.keyrings(session, party=party, at=at) if party else [],
        "most": client_keys.MOST_KEYS,
        "resource": scopes.keys_resource(request.app.state.settings.issuer),
        "is_partner": party is not None,
        "manages": actor.may(Permission.SHARING_MANAGE),
        "typed": {},
    }
    return page(request, "developer/desk.html", **told | more)


@router.post("/gon/{code}", dependencies=[Depends(manager)])
async def amend(request: Request, session: Session, actor: Reader, at: At, code: str) -> Response:
    """Begin an amendment of an agreement without the fields that nobody used."""
    found = await usage.uses(session, at=at)
    made = ""

    async def begin() -> None:
        nonlocal made
        draft = await agreements_drafts.amend(session, actor, code, at=at)
        await agreements_drafts.save(session, actor, draft, 1, lambda terms: usage.leaner(terms, found), at=at)
        made = str(draft)

    if problems := await acts.refused(session, begin):
        return await _desk(request, session, actor, at, **problems)
    return RedirectResponse(f"/quan-tri/chia-se/ban-nhap/{made}", status_code=303)


@router.post("/khoa/{client_id}")
async def add_key(request: Request, session: Session, actor: Reader, at: At, client_id: str, form: Form) -> Response:
    """Put in a client's next key, by its own introduction; the old one stays good beside it."""
    text, resource = form.get("introduction"), scopes.keys_resource(request.app.state.settings.issuer)

    async def add() -> None:
        await client_keys.add_own_key(session, client_id, text, resource=resource, by=actor, at=at)

    return await _keyed(request, session, actor, at, client_id, add, typed={client_id: text[:8192]})


@router.post("/khoa/{client_id}/{kid}/ket-thuc")
async def end_key(request: Request, session: Session, actor: Reader, at: At, client_id: str, kid: str) -> Response:
    """End a client's old key."""

    async def end() -> None:
        await client_keys.end_own_key(session, client_id, kid, by=actor, at=at)

    return await _keyed(request, session, actor, at, client_id, end)


async def _keyed(
    request: Request,
    session: AsyncSession,
    actor: Actor,
    at: datetime,
    client_id: str,
    deed: Callable[[], Awaitable[object]],
    **more: Any,
) -> Response:
    """Do something to the keys of the officer's own party's client. The ministry has a page of its own for that."""
    party = theirs(actor)
    if party is None:
        raise NotAllowed
    if client_id not in {one.client_id for one in await client_keys.keyrings(session, party=party, at=at)}:
        raise NotFound
    if problems := await acts.refused(session, deed):
        return await _desk(request, session, actor, at, **problems, **more)
    return RedirectResponse(f"{HOME}#khoa", status_code=303)
