"""The administrators' page of keys: those the portal signs tokens with, and those by which other systems are known."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import NotFound, Problem, Refusal
from app.core.permissions import Permission
from app.sharing import actions, client_keys, server_keys
from app.web.deps import At, Session, csrf, official
from app.web.pages import page

HOME = "/quan-tri/khoa"
manager = official(Permission.SHARING_MANAGE)
router = APIRouter(prefix=HOME, dependencies=[Depends(manager), Depends(csrf)])
Manager = Annotated[Actor, Depends(manager)]


@router.get("")
async def keys(request: Request, session: Session, at: At) -> Response:
    """Every key, and what can be done when one must go."""
    return await _keys(request, session, at)


async def _keys(request: Request, session: AsyncSession, at: datetime, **more: Any) -> Response:
    own, others = await server_keys.server_keys(session, at=at), await client_keys.keyrings(session, at=at)
    return page(request, "admin/keys.html", server_keys=own, clients=others, **more)


@router.post("/may-chu")
async def rotate(request: Request, session: Session, at: At, actor: Manager) -> Response:
    """Publish the next signing key before its time."""
    return await _done(request, session, at, lambda: server_keys.rotate_now(session, actor, secret=_secret(request), at=at))


@router.post("/may-chu/{kid}/thu-hoi")
async def withdraw(request: Request, session: Session, at: At, actor: Manager, kid: str) -> Response:
    """Believe a signing key no more."""
    secret = _secret(request)
    return await _done(
        request, session, at, lambda: server_keys.withdraw_server_key(session, actor, kid=kid, secret=secret, at=at)
    )


@router.post("/ung-dung/{client_id}/tam-dung")
async def suspend(request: Request, session: Session, at: At, actor: Manager, client_id: str) -> Response:
    """Shut a client out at once."""
    return await _done(request, session, at, lambda: actions.suspend_client(session, actor, client_id=client_id, at=at))


@router.post("/ung-dung/{client_id}/mo-lai")
async def resume(request: Request, session: Session, at: At, actor: Manager, client_id: str) -> Response:
    """Let a suspended client in again."""
    return await _done(request, session, at, lambda: actions.resume_client(session, actor, client_id=client_id, at=at))


@router.post("/ung-dung/{client_id}/{kid}/thu-hoi")
async def revoke(request: Request, session: Session, at: At, actor: Manager, client_id: str, kid: str) -> Response:
    """Refuse a client's key, and the tokens got with it."""
    return await _done(
        request, session, at, lambda: actions.revoke_client_key(session, actor, client_id=client_id, kid=kid, at=at)
    )


def _secret(request: Request) -> bytes:
    secret: bytes = request.app.state.settings.secret_key.get_secret_value().encode()
    return secret


async def _done(request: Request, session: AsyncSession, at: datetime, deed: Callable[[], Awaitable[object]]) -> Response:
    """Do `deed`; a refusal shows the page again with the reason."""
    try:
        async with session.begin_nested():
            await deed()
    except NotFound:
        raise
    except Refusal as refusal:
        problems = (Problem("", refusal.slug, refusal.text),)
        return await _keys(request, session, at, status=409, problems=problems)
    return RedirectResponse(HOME, status_code=303)
