"""The proof of a filed file, for officials and auditors: what was kept at filing, and what it still proves."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.core.actor import Actor
from app.core.permissions import Permission
from app.documents import proving, receipts
from app.dossiers import queries as dossiers
from app.web.deps import At, Session, limited, official, record_view
from app.web.pages import page

enter = official(Permission.PROCEDURE_READ)
router = APIRouter(prefix="/can-bo/ho-so/{dossier_id}/giay-to/{document_id}/bang-chung", dependencies=[Depends(enter)])
Official = Annotated[Actor, Depends(enter)]
seen = Depends(record_view("dossier"))


@router.get("", dependencies=[seen])
async def kept(request: Request, session: Session, actor: Official, dossier_id: UUID, document_id: UUID) -> Response:
    """The receipts of one file, and what authorities said then."""
    file = await dossiers.document(session, actor, dossier_id, document_id)
    shown = await receipts.receipts_of(session, dossier_id, document_id)
    return page(request, "official/evidence.html", file=file, dossier_id=dossier_id, receipts=shown, proof=None)


@router.get("/kiem-tra", dependencies=[seen, Depends(limited("prove", rate=20, per_seconds=60, burst=10))])
async def proof(
    request: Request,
    session: Session,
    actor: Official,
    at: At,
    dossier_id: UUID,
    document_id: UUID,
    epoch: Annotated[int | None, Query(alias="dot", ge=1, le=1_000_000)] = None,
) -> Response:
    """Prove it now, and judge it again as of then, or by the trust store of the epoch asked for."""
    file = await dossiers.document(session, actor, dossier_id, document_id)
    shown = await receipts.receipts_of(session, dossier_id, document_id)
    found = await proving.material(session, dossier_id, document_id, epoch=epoch)
    counter = request.app.state.counter
    async with counter.place():
        made = await proving.proof(found, check=counter.judge, blobs=request.app.state.blobs, at=at)
    told: dict[str, Any] = {
        "file": file,
        "dossier_id": dossier_id,
        "receipts": shown,
        "proof": made,
        "epoch_now": found.now.epoch,
    }
    return page(request, "official/evidence.html", **told)
