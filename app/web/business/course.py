"""What a business does on the way: choose the version its draft goes by, report what it has put right."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.clock import now
from app.core.db import transaction
from app.core.errors import Incomplete, Refusal
from app.core.ids import uuid7
from app.core.text import Text
from app.dossiers import queries as dossiers
from app.dossiers.actions import inspect, minutes, version
from app.issued.countersigning import MOST_BYTES
from app.web.business.progress import progress_page
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
async def report_corrected(request: Request, session: Session, actor: Business, at: At, form: Form, dossier_id: UUID) -> Response:
    """Say that what the inspection ordered has been put right."""
    said = form.get("text")
    try:
        async with session.begin_nested():
            await inspect.report_corrected(session, actor, dossier_id, text=said, at=at)
    except Incomplete as refusal:
        return await _again(request, session, actor, at, dossier_id, problems=_beside("corrected", refusal), typed=said)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@router.post("/bien-ban/{issued_id}/khong-ky")
async def leave_unsigned(
    request: Request, session: Session, actor: Business, at: At, form: Form, dossier_id: UUID, issued_id: UUID
) -> Response:
    """Say why the minutes of an inspection are not signed."""
    said = form.get("reason")
    try:
        async with session.begin_nested():
            await minutes.refuse(session, actor, dossier_id, issued_id, reason=said, at=at)
    except Incomplete as refusal:
        problems = _beside(f"unsigned-{issued_id}", refusal)
        return await _again(request, session, actor, at, dossier_id, problems=problems, typed=said)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@uploads.post("/bien-ban/{issued_id}/da-ky")
async def bring_minutes(request: Request, who: Bearer, dossier_id: UUID, issued_id: UUID) -> Response:
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
        await blobs.erase(key)
        if not isinstance(refusal, Incomplete):
            raise
        await incoming.drain()
        status, problems = 413 if refusal.slug == "too-large" else 422, _beside(f"minutes-{issued_id}", refusal)
        async with transaction(sessions) as session:
            return await _again(request, session, who.actor, now(), dossier_id, problems=problems, status=status)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


def _beside(field: str, refusal: Incomplete) -> list[tuple[str, Text]]:
    """What is wrong, each beside the one field that was filled in."""
    return [(field, problem.text) for problem in refusal.problems]


async def _again(
    request: Request, session: AsyncSession, actor: Actor, at: datetime, dossier_id: UUID, *, status: int = 422, **more: Any
) -> Response:
    """The dossier again, with what is wrong and what was typed."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    return progress_page(request, case, status=status, **more)
