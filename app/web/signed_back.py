"""A leader brings back a result that was signed with a program of his own. No transaction is open while the file comes in."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.actor import ActorKind
from app.core.clock import now
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotAllowed, Refusal
from app.core.ids import uuid7
from app.core.permissions import Permission
from app.core.text import Text
from app.issued import approving
from app.issued import queries as issued
from app.web.deps import Visitor, who_uploads
from app.web.signing_queue import queue_page
from app.web.uploads import Upload

_TOO_LARGE = Text(
    "Tệp lớn hơn {most} MB nên không thể là tệp đã lấy về rồi ký. Hãy lấy tệp về và chỉ ký.",
    "The file is larger than {most} MB, so it cannot be the one given out and signed. Download it again and do nothing but sign.",
)
router = APIRouter(prefix="/can-bo/ky-so/nop")


@admits(f"official:{Permission.DOSSIER_DECIDE}")
async def bearer(request: Request) -> Visitor:
    """The leader who brings a file, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    if who.actor.kind is not ActorKind.OFFICIAL or who.actor.person_id is None:
        raise NotAllowed
    who.actor.must(Permission.DOSSIER_DECIDE)
    return who


@router.post("/{dossier_id}/{issued_id}")
async def bring_back(request: Request, who: Annotated[Visitor, Depends(bearer)], dossier_id: UUID, issued_id: UUID) -> Response:
    """Take the signed file; a job looks whether it is what was given out, and signed by the right person."""
    sessions, blobs, key = request.app.state.sessions, request.app.state.blobs, uuid7()
    async with transaction(sessions) as session:  # nobody else's file is even read
        await issued.file_to_sign(session, who.actor.person_id or key, dossier_id, issued_id)
    incoming = Upload(request, who.csrf)
    try:
        await incoming.begin()
        await blobs.put(key, dossier_id, incoming.chunks(), max_bytes=approving.MOST_BYTES)
        async with transaction(sessions) as session:
            await approving.take_signed(session, who.actor, dossier_id, issued_id, key=key, at=now())
    except Refusal as refusal:
        await blobs.erase(key)
        if not isinstance(refusal, Incomplete):
            raise
        await incoming.drain()
        return await _told(request, who, issued_id, refusal)
    return RedirectResponse("/can-bo/ky-so", status_code=303)


async def _told(request: Request, who: Visitor, issued_id: UUID, refusal: Incomplete) -> Response:
    """The queue again, with what is wrong beside the file's place."""
    is_large = refusal.slug == "too-large"
    text = _TOO_LARGE.filled(most=approving.MOST_BYTES >> 20) if is_large else refusal.text
    async with transaction(request.app.state.sessions) as session:
        shown = {"status": 413 if is_large else 422, "problems": [(f"tep-{issued_id}", text)]}
        return await queue_page(request, session, who.actor, now(), **shown)
