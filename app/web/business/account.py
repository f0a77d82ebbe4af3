"""What is said to a business; a form that was saved from an ended session."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.identity import actions as identity
from app.identity.rules import browser_cookie
from app.notices import actions as notices
from app.notices import queries as notice_queries
from app.web.deps import At, Business, Session, Visitor, business, csrf, record_view, signed_in
from app.web.pages import Shown, page

router = APIRouter(dependencies=[Depends(business), Depends(csrf)])
kept_forms = APIRouter(dependencies=[Depends(signed_in)])


@router.get("/thong-bao", dependencies=[Depends(record_view("notices"))])
async def all_notices(request: Request, session: Session, actor: Business) -> Shown:
    """Messages of the portal, newest first."""
    return page(request, "business/notices.html", notices=await notice_queries.mine(session, actor.tax_code or ""), desk="")


@router.post("/thong-bao")
async def read_all(session: Session, actor: Business, at: At) -> Response:
    """All of them are read."""
    await notices.mark_read(session, actor.tax_code or "", at=at)
    return RedirectResponse("/thong-bao", status_code=303)


@kept_forms.get("/tiep-tuc/{key}", dependencies=[Depends(record_view("kept-form"))])
async def go_on(request: Request, session: Session, at: At, key: UUID, who: Annotated[Visitor, Depends(signed_in)]) -> Shown:
    """What was typed into an ended session, ready to be sent again."""
    settings = request.app.state.settings
    kept = await identity.take_form(
        session,
        who.actor,
        key,
        browser=request.cookies.get(browser_cookie(https=settings.https)),
        secret=settings.secret_key.get_secret_value().encode(),
        at=at,
    )
    return page(request, "business/go_on.html", kept=kept)
