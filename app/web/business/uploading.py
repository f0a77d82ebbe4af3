"""One uploaded file. No transaction is open while it comes in: judge, store, then write it down."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app.core import limits
from app.core.blobs import Blobs, Stored
from app.core.clock import now
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import Incomplete, NotAllowed, Problem, Refusal
from app.core.ids import uuid7
from app.core.text import Text
from app.documents.formats import ending_of
from app.dossiers import queries as dossiers
from app.dossiers.actions import draft
from app.web.business.papers import shown_papers
from app.web.deps import BUSINESS_ONLY, Visitor, who_uploads
from app.web.uploads import Upload

router = APIRouter()
WRONG_KIND = Text(
    "Tệp này phải là {kinds}. Hãy chọn tệp đúng loại.",
    "This file must be {kinds}. Choose a file of that kind.",
)
TOO_LARGE = Text(
    "Tệp lớn hơn {mb} MB, mức tối đa của giấy tờ này. Hãy giảm dung lượng (ví dụ quét ở 200 dpi) rồi tải lên lại.",
    "The file is larger than {mb} MB, the most this paper allows. Make it smaller (scan at 200 dpi, say) and upload it again.",
)


@admits("business")
async def uploader(request: Request) -> Visitor:
    """The business person who uploads, found in a transaction that ends before the file is read."""
    who = await who_uploads(request)
    if not who.is_business:
        raise NotAllowed(BUSINESS_ONLY)
    async with transaction(request.app.state.sessions) as session:
        await limits.take(session, f"upload:{who.actor.person_id}", rate=60, per_seconds=60, burst=60, at=now())
    return who


@router.post("/ho-so/{dossier_id}/giay-to")
async def upload(
    request: Request,
    who: Annotated[Visitor, Depends(uploader)],
    dossier_id: UUID,
    paper: Annotated[str, Query(alias="giay-to", max_length=60)],
    place: Annotated[int, Query(alias="vi-tri", ge=0, le=20)] = 0,
    row: Annotated[int | None, Query(alias="dong", ge=0, le=1000)] = None,
) -> Response:
    """Take one file for one place of one paper; the answer comes after it is safe on disk."""
    incoming = Upload(request, who.csrf)
    try:
        await _take(request, who, incoming, dossier_id, paper, place, row)
    except Incomplete as refusal:
        await incoming.drain()
        status = 413 if refusal.slug == "too-large" else 422
        async with transaction(request.app.state.sessions) as session:
            case = await dossiers.case_file(session, who.actor, dossier_id, at=now())
        spot = "-".join(str(part) for part in (paper, place, row) if part is not None)
        return shown_papers(request, case, status=status, at_paper=spot, error=refusal.problems[0].text)
    return RedirectResponse(f"/ho-so/{dossier_id}/giay-to#{paper}", status_code=303)


async def _take(
    request: Request, who: Visitor, incoming: Upload, dossier_id: UUID, paper: str, place: int, row: int | None
) -> None:
    sessions, blobs = request.app.state.sessions, request.app.state.blobs
    await incoming.begin()
    async with transaction(sessions) as session:
        slot = await dossiers.slot(session, who.actor, dossier_id, paper, place=place, row=row)
    if ending_of(incoming.name) not in slot.formats:
        wrong = WRONG_KIND.filled(kinds=", ".join(kind.upper() for kind in slot.formats))
        raise Incomplete([Problem(paper, "wrong-kind", wrong)], wrong, slug="wrong-kind")
    document_id = uuid7()
    stored = await _store(blobs, document_id, dossier_id, incoming, slot.max_bytes)
    try:
        async with transaction(sessions) as session:
            await _attach(session, who, incoming.name, stored, document_id, dossier_id, paper, place, row)
    except Refusal:  # anything else may have happened after the commit, and a row must never lose its file
        await blobs.erase(document_id)
        raise


async def _store(blobs: Blobs, document_id: UUID, dossier_id: UUID, incoming: Upload, max_bytes: int) -> Stored:
    try:
        return await blobs.put(document_id, dossier_id, incoming.chunks(), max_bytes=max_bytes)
    except Incomplete as refusal:
        if refusal.slug == "too-large":
            text = TOO_LARGE.filled(mb=max_bytes // (1024 * 1024))
            raise Incomplete([Problem("", "too-large", text)], text, slug="too-large") from refusal
        await blobs.erase(document_id)
        raise


async def _attach(
    session: AsyncSession,
    who: Visitor,
    name: str,
    stored: Stored,
    document_id: UUID,
    dossier_id: UUID,
    paper: str,
    place: int,
    row: int | None,
) -> None:
    await draft.attach(
        session,
        who.actor,
        dossier_id,
        paper=paper,
        place=place,
        row=row,
        name=name,
        stored=stored,
        document_id=document_id,
        at=now(),
    )
