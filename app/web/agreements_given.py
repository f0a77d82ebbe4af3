"""The other side's contact officer brings back the agreement that was signed there. No transaction is open while it comes in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.actor import ActorKind
from app.core.clock import now
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotAllowed, NotFound, Refusal
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.sharing import agreements_papers as papers
from app.sharing import agreements_seen as seen
from app.web.agreements import HOME, version_page, within
from app.web.deps import Visitor, who_uploads
from app.web.uploads import Upload

router = APIRouter(prefix=HOME)


@admits(f"official:{Permission.SHARING_AGREE}")
async def bearer(request: Request) -> Visitor:
    """The contact officer, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    if who.actor.kind is not ActorKind.OFFICIAL:
        raise NotAllowed
    who.actor.must(Permission.SHARING_AGREE)
    return who


@router.post("/{code}/{version}/ban-da-ky")
async def bring_back(request: Request, who: Annotated[Visitor, Depends(bearer)], code: str, version: int) -> Response:
    """Take the signed file; a job looks whether it is our paper with the other side's signature."""
    sessions, blobs, key = request.app.state.sessions, request.app.state.blobs, uuid7()
    async with transaction(sessions) as session:  # nobody else's file is even read
        found = await seen.version(session, code, within(version), by=who.actor)
    if found.paper is None:
        raise NotFound
    incoming = Upload(request, who.csrf)
    try:
        await incoming.begin()
        await blobs.put(key, found.paper.id, incoming.chunks(), max_bytes=papers.MOST_BYTES)
        async with transaction(sessions) as session:
            await papers.take_signed(session, who.actor, code, version, key=key, at=now())
    except Refusal as refusal:
        await blobs.erase(key)
        if not isinstance(refusal, Incomplete):
            raise
        await incoming.drain()
        async with transaction(sessions) as session:
            more = {"status": 422, "problems": refusal.problems}
            return await version_page(request, session, who.actor, code, version, **more)
    return RedirectResponse(f"{HOME}/{code}/{version}", status_code=303)
