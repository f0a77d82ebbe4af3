"""Register books that are closed: asked for by the desk once the year is over, then sealed files and their lines as data."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.responses import Response, StreamingResponse

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.permissions import Permission
from app.dossiers.actions import closing
from app.web.deps import At, Form, Session, csrf, official, record_view
from app.web.files import download

enter = official(Permission.DOSSIER_READ_UNIT)
router = APIRouter(prefix="/can-bo/so-theo-doi", dependencies=[Depends(enter), Depends(csrf)])
Official = Annotated[Actor, Depends(enter)]
seen = Depends(record_view("register-book"))


@router.post("/khoa")
async def close(session: Session, actor: Official, at: At, form: Form) -> Response:
    """Have the book of a year that is over closed; a job does it."""
    desk, year = form.get("quay"), form.get("nam")
    if not (year.isascii() and year.isdigit() and len(year) == 4):
        raise NotFound
    await closing.ask(session, actor, desk, int(year), at=at)
    return RedirectResponse(f"/can-bo/so-theo-doi?{urlencode({'quay': desk, 'nam': year})}", status_code=303)


@router.get("/da-khoa/{desk}/{year}/{volume}.pdf", dependencies=[seen])
async def sealed(request: Request, session: Session, actor: Official, desk: str, year: int, volume: int) -> StreamingResponse:
    """One closed volume as it was sealed."""
    found = await closing.volume_of(session, actor, desk, year, volume)
    name, key = f"so-theo-doi-{year}-quyen-{volume}-da-khoa.pdf", found.file_key
    return download(request, key, key, name=name, media_type="application/pdf", size=found.size)


@router.get("/da-khoa/{desk}/{year}/{volume}.json", dependencies=[seen])
async def lines(session: Session, actor: Official, desk: str, year: int, volume: int) -> Response:
    """The lines of a closed volume as data, with the fingerprint of the sealed file."""
    found = await closing.volume_of(session, actor, desk, year, volume)
    told: dict[str, Any] = found.facts | {"desk": desk, "sha256": found.sha256, "closed_at": found.closed_at.isoformat()}
    return JSONResponse(told, headers={"cache-control": "no-store"})
