"""Fees: what is owed, off to the gateway, and what the gateway's return page may say. Only its notice makes a bill paid."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import NotFound
from app.dossiers import queries as dossiers
from app.dossiers.actions import pay
from app.fees import queries as fees
from app.fees.gateway import read
from app.web.deps import At, Business, Form, Session, business, csrf, record_view
from app.web.pages import Shown, language_of, page

router = APIRouter(dependencies=[Depends(business), Depends(csrf)])
seen = Depends(record_view("dossier"))


@router.get("/ho-so/{dossier_id}/thanh-toan", dependencies=[seen])
async def bills(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """What is to pay, until when, and what has been paid."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    return page(request, "business/pay.html", case=case, now=at)


@router.post("/ho-so/{dossier_id}/thanh-toan")
async def start(request: Request, session: Session, actor: Business, at: At, form: Form, dossier_id: UUID) -> Response:
    """Open an attempt and send the person to the gateway."""
    state = request.app.state
    try:
        bill_id = UUID(form.get("bill"))
    except ValueError:
        raise NotFound from None
    address = await pay.start(
        session,
        actor,
        dossier_id,
        bill_id,
        gateway=state.gateway,
        return_url=f"{state.settings.public_url.rstrip('/')}/thanh-toan/tra-ve",
        ip=request.client.host if request.client else "127.0.0.1",
        language=language_of(request),
        at=at,
    )
    return RedirectResponse(address, status_code=303)


@router.get("/thanh-toan/tra-ve", dependencies=[Depends(record_view("payment"))])
async def returned(request: Request, session: Session, actor: Business, at: At) -> Shown:
    """Back from the gateway. Displays only: what the address claims changes nothing here."""
    found = await fees.returned(session, read(request.url.query), gateway=request.app.state.gateway)
    if found is None:
        return page(request, "business/paid.html", status=400, found=None, case=None)
    case = await dossiers.case_file(session, actor, found.dossier_id, at=at)
    return page(request, "business/paid.html", found=found, case=case)
