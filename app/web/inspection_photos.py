"""Photographs of a site inspection: brought by the inspector, seen by officials. No transaction is open while one comes in."""

from collections.abc import AsyncIterator
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response, StreamingResponse

from app.core.actor import Actor, ActorKind
from app.core.clock import now
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotAllowed, NotFound, Problem, Refusal
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.dossiers import queries
from app.dossiers.actions import photos
from app.tasks import queries as tasks
from app.tasks.exif import HEAD_BYTES
from app.web.deps import Session, Visitor, official, record_view, who_uploads
from app.web.files import download
from app.web.official import case_page
from app.web.uploads import Upload

HOME = "/can-bo/ho-so/{dossier_id}/anh-kiem-tra"
enter = official(Permission.DOSSIER_READ_UNIT)
router = APIRouter(prefix=HOME, dependencies=[Depends(enter)])
uploads = APIRouter(prefix=HOME)
routers = (router, uploads)


@admits(f"official:{Permission.DOSSIER_PROCESS}")
async def inspector(request: Request) -> Visitor:
    """The official who brings a photograph, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    if who.actor.kind is not ActorKind.OFFICIAL:
        raise NotAllowed
    who.actor.must(Permission.DOSSIER_PROCESS)
    return who


@router.get("/{photo_id}", dependencies=[Depends(record_view("dossier"))])
async def photo(
    request: Request, session: Session, actor: Annotated[Actor, Depends(enter)], dossier_id: UUID, photo_id: UUID
) -> StreamingResponse:
    """One photograph, to be saved, never shown inside the portal."""
    await queries.visible_to(actor).one(session, dossier_id)
    found = next((one for one in await tasks.photos_of(session, dossier_id) if one.id == photo_id), None)
    if found is None:
        raise NotFound
    return download(request, found.id, dossier_id, name=found.name, media_type=found.media_type, size=found.size)


@uploads.post("/{task_id}")
async def bring(request: Request, who: Annotated[Visitor, Depends(inspector)], dossier_id: UUID, task_id: UUID) -> Response:
    """Take one photograph for the visit whose step is open."""
    sessions, blobs, key = request.app.state.sessions, request.app.state.blobs, uuid7()
    incoming, head = Upload(request, who.csrf), bytearray()
    try:
        async with transaction(sessions) as session:
            await photos.may_attach(session, who.actor, dossier_id, task_id)
        await incoming.begin()
        stored = await blobs.put(key, dossier_id, _noting(incoming.chunks(), head), max_bytes=photos.MOST_BYTES)
        given = {"name": incoming.name, "head": bytes(head), "stored": stored, "place": incoming.fields.get("place", "")}
        async with transaction(sessions) as session:
            await photos.attach(session, who.actor, dossier_id, task_id, key=key, **given, at=now())
    except Refusal as refusal:
        await blobs.erase(key)
        if not isinstance(refusal, Incomplete):
            raise
        await incoming.drain()
        return await _told(request, who, dossier_id, incoming.fields.get("place", ""), refusal)
    return RedirectResponse(f"/can-bo/ho-so/{dossier_id}", status_code=303)


async def _told(request: Request, who: Visitor, dossier_id: UUID, place: str, refusal: Incomplete) -> Response:
    """The dossier again, with what is wrong beside the field it is about; the place is still as it was typed."""
    problems = [Problem("photo-place" if one.where == "place" else "photo", one.slug, one.text) for one in refusal.problems]
    shown: dict[str, Any] = {"status": 413 if refusal.slug == "too-large" else 422, "problems": problems}
    async with transaction(request.app.state.sessions) as session:
        return await case_page(request, session, who.actor, now(), dossier_id, typed={"photo-place": place}, **shown)


async def _noting(chunks: AsyncIterator[bytes], head: bytearray) -> AsyncIterator[bytes]:
    """The chunks as they come; their beginning is kept."""
    async for chunk in chunks:
        head += chunk[: max(0, HEAD_BYTES - len(head))]
        yield chunk
