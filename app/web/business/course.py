"""What a business does on the way: choose the version its draft goes by, report what it has put right."""

from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from app.dossiers.actions import inspect, version
from app.web.deps import At, Business, Form, Session, business, csrf

router = APIRouter(prefix="/ho-so/{dossier_id}", dependencies=[Depends(business), Depends(csrf)])


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
