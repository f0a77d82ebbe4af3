"""What an official takes away from a file's check, and the button that has it checked again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.permissions import Permission
from app.dossiers import queries as dossiers
from app.dossiers.actions.recheck import recheck
from app.web import check_reports
from app.web.deps import At, Session, csrf, limited, official, record_view

enter = official(Permission.DOSSIER_READ_UNIT)
router = APIRouter(prefix="/can-bo/ho-so/{dossier_id}/giay-to/{document_id}", dependencies=[Depends(enter), Depends(csrf)])
Official = Annotated[Actor, Depends(enter)]
seen = Depends(record_view("dossier"))


@router.post("/kiem-tra-lai", dependencies=[Depends(limited("recheck", rate=20, per_seconds=60, burst=10))])
async def check_again(session: Session, actor: Official, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """Have the file checked once more; the page tells when it is done."""
    await recheck(session, actor, dossier_id, document_id, at=at)
    return RedirectResponse(f"/can-bo/ho-so/{dossier_id}/giay-to/{document_id}", status_code=303)


@router.get("/bao-cao.pdf", dependencies=[seen])
async def report_pdf(session: Session, actor: Official, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """The report a clerk can file."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    file = await dossiers.document(session, actor, dossier_id, document_id)
    return await check_reports.as_pdf(session, case, file, at=at)


@router.get("/bao-cao.json", dependencies=[seen])
async def report_json(session: Session, actor: Official, dossier_id: UUID, document_id: UUID) -> Response:
    """The report as data; its form is openapi/signature-report.schema.json."""
    return check_reports.as_json(await dossiers.document(session, actor, dossier_id, document_id))


@router.get("/bao-cao.xml", dependencies=[seen])
async def report_xml(session: Session, actor: Official, dossier_id: UUID, document_id: UUID) -> Response:
    """The report as ETSI TS 119 102-2 has it."""
    return check_reports.as_xml(await dossiers.document(session, actor, dossier_id, document_id))
