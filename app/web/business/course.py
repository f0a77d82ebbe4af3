"""What a business does on the way: choose the version its draft goes by, report what it has put right."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.db import transaction
from app.core.errors import Incomplete, Refusal
from app.core.ids import uuid7
from app.dossiers.actions import inspect, minutes, version
from app.issued.countersigning import MOST_BYTES
from app.web.business.uploading import uploader
from app.web.deps import At, Business, Form, Session, Visitor, business, csrf
from app.web.uploads import Upload

router = APIRouter(prefix="/ho-so/{dossier_id}", dependencies=[Depends(business), Depends(csrf)])
uploads = APIRouter(prefix="/ho-so/{dossier_id}")
Bearer = Annotated[Visitor, Depends(uploader)]


@router.post("/phien-ban")
async def choose_version(session: Session, actor: Business, at: At, form: Form, dossier_id: UUID) -> Response:
    """Take the draft over to the newer version of its procedure, or let it stay."""
    await version.choose(session, actor, dossier_id, moves=form.get("choice") == "move", at=at)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@router.post("/khac-phuc")
async def report_corrected(session: Session, actor: Business, at: At, form: Form, dossier_id: UUID) -> Response:
    """Say that what the inspection ordered has been put right."""
    await inspect.report_corrected(session, actor, dossier_id, text=form.get("text"), at=at)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@router.post("/bien-ban/{issued_id}/khong-ky")
async def leave_unsigned(session: Session, actor: Business, at: At, form: Form, dossier_id: UUID, issued_id: UUID) -> Response:
    """Say why the minutes of an inspection are not signed."""
    await minutes.refuse(session, actor, dossier_id, issued_id, reason=form.get("reason"), at=at)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@uploads.post("/bien-ban/{issued_id}/da-ky")
async def bring_minutes(
    request: Request, who: Bearer, dossier_id: UUID, issued_id: UUID
) -> Response:
    """Bring the minutes back, signed; a job looks at the file. No transaction is open while it comes in."""
    sessions, blobs, key = request.app.state.sessions, request.app.state.blobs, uuid7()
    async with transaction(sessions) as session:
        await minutes.may_bring(session, who.actor, dossier_id, issued_id)
    incoming = Upload(request, who.csrf)
    try:
        await incoming.begin()
        await blobs.put(key, dossier_id, incoming.chunks(), max_bytes=MOST_BYTES)
        async with transaction(sessions) as session:
            await minutes.bring(session, who.actor, dossier_id, issued_id, key=key)
    except Refusal as refusal:
        if isinstance(refusal, Incomplete):
            await incoming.drain()
        await blobs.erase(key)
        raise
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)
