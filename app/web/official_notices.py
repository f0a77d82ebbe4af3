"""What an official was told: limits that come near."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import NotFound
from app.notices import actions as notices
from app.notices import queries as notice_queries
from app.web.deps import At, Session, csrf, record_view
from app.web.official import Official, enter
from app.web.pages import Shown, page

router = APIRouter(prefix="/can-bo", dependencies=[Depends(enter), Depends(csrf)])


@router.get("/thong-bao", dependencies=[Depends(record_view("notices"))])
async def all_notices(request: Request, session: Session, actor: Official) -> Shown:
    """Messages of the portal, newest first."""
    if actor.person_id is None:
        raise NotFound
    found = await notice_queries.mine_as_official(session, actor.person_id)
    return page(request, "business/notices.html", notices=found, desk="/can-bo")


@router.post("/thong-bao")
async def read_all(session: Session, actor: Official, at: At) -> Response:
    """All of them are read."""
    if actor.person_id is None:
        raise NotFound
    await notices.mark_read_by(session, actor.person_id, at=at)
    return RedirectResponse("/can-bo/thong-bao", status_code=303)
