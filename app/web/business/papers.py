"""The papers of a dossier: what is asked, what has been given, what each check found, and the files themselves."""

from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.text import Text
from app.documents.rules import FileState
from app.dossiers import queries as dossiers
from app.dossiers.actions import draft
from app.dossiers.actions.recheck import recheck
from app.dossiers.queries import CaseFile
from app.web import check_reports
from app.web.deps import At, Business, Session, business, csrf, limited, record_view
from app.web.files import download
from app.web.pages import Shown, fragment, page

router = APIRouter(prefix="/ho-so/{dossier_id}/giay-to", dependencies=[Depends(business), Depends(csrf)])
seen = Depends(record_view("dossier"))


def shown_papers(
    request: Request, case: CaseFile, *, status: int = 200, at_paper: str = "", error: Text | None = None, part: bool = False
) -> Shown:
    """The page of papers, or only its list when a script asks for news."""
    values = {
        "case": case,
        "any_open": any(paper.open for paper in case.papers),
        "checking": any(file.state == FileState.CHECKING for file in case.documents),
        "problems": [(f"tep-{at_paper}", error)] if error else [],
        "at_paper": at_paper,
        "error": error,
    }
    if part:
        return fragment(request, "business/papers.html", "list", **values)
    return page(request, "business/papers.html", status=status, **values)


@router.get("", dependencies=[seen])
async def papers(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """Every paper with its files and their verdicts."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    return shown_papers(request, case, part=request.headers.get("hx-request") == "true")


@router.get("/{document_id}", dependencies=[seen])
async def verdict(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID, document_id: UUID) -> Shown:
    """What the check of one file found: each signature, who signed, and what to do."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    file = await dossiers.document(session, actor, dossier_id, document_id)
    open_papers = {paper.id for paper in case.papers if paper.open}
    told = await check_reports.shown(session, case, file, at)
    return page(request, "business/verdict.html", case=case, file=file, open=file.paper in open_papers, **told)


@router.get("/{document_id}/phieu-kiem-tra.pdf", dependencies=[seen])
async def report_pdf(session: Session, actor: Business, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """The result of the check as a paper."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    return await check_reports.as_pdf(session, case, await dossiers.document(session, actor, dossier_id, document_id), at=at)


@router.get("/{document_id}/tep", dependencies=[seen])
async def file_bytes(request: Request, session: Session, actor: Business, dossier_id: UUID, document_id: UUID) -> Response:
    """The file as it was uploaded."""
    file = await dossiers.document(session, actor, dossier_id, document_id)
    return download(request, document_id, dossier_id, name=file.name, media_type=file.media_type, size=file.size)


@router.post("/{document_id}/kiem-tra-lai", dependencies=[Depends(limited("recheck", rate=20, per_seconds=60, burst=10))])
async def check_again(session: Session, actor: Business, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """Have the file checked once more; its page tells when it is done."""
    await recheck(session, actor, dossier_id, document_id, at=at)
    return RedirectResponse(f"/ho-so/{dossier_id}/giay-to/{document_id}", status_code=303)


@router.post("/{document_id}/go")
async def remove(session: Session, actor: Business, at: At, dossier_id: UUID, document_id: UUID) -> Response:
    """Take a file out again."""
    await draft.detach(session, actor, dossier_id, document_id, at=at)
    return RedirectResponse(f"/ho-so/{dossier_id}/giay-to", status_code=303)
