"""“Ai đã xem dữ liệu của tôi”: who read the enterprise's data, the proof of it, and asking back."""

from typing import Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import Incomplete, Problem, WrongState
from app.core.text import Text
from app.sharing import asking_back, reads
from app.sharing.asking_back import Kind
from app.web.deps import At, Business, Form, Session, business, csrf, limited, record_view
from app.web.pages import Shown, page

router = APIRouter(prefix="/du-lieu-cua-toi", dependencies=[Depends(business), Depends(csrf)])
MOST = 20

KINDS = (
    (Kind.QUESTION, Text("Hỏi lại: vì sao cơ quan này đọc", "A question: why was it read")),
    (Kind.COMPLAINT, Text("Phản ánh: việc đọc này không đúng", "A complaint: it should not have been read")),
)


@router.get("", dependencies=[Depends(record_view("reads"))])
async def who_read(request: Request, session: Session, actor: Business, at: At, truoc: UUID | None = None) -> Shown:
    """Who read which of the enterprise's data, when and why."""
    tax_code = actor.tax_code or ""
    found = await reads.reads_of(session, tax_code, before=truoc, limit=MOST, at=at)
    asked: dict[UUID, list[asking_back.Asked]] = {}
    for one in await asking_back.asked_by(session, tax_code, [read.id for read in found]):
        asked.setdefault(one.event_id, []).append(one)
    return page(
        request,
        "business/reads.html",
        reads=[(read, orjson.dumps(read.said).decode(), asked.get(read.id, [])) for read in found],
        hidden=await reads.hidden_reads(session, tax_code, at=at),
        proof=f"/du-lieu-cua-toi/bang-chung{f'?truoc={truoc}' if truoc else ''}",
        more=found[-1].id if len(found) == MOST else None,
    )


@router.get("/bang-chung", dependencies=[Depends(record_view("reads-proof"))])
async def proof(session: Session, actor: Business, at: At, truoc: UUID | None = None) -> Response:
    """The proof of one page of readings: checked by the browser, or kept and checked by whoever likes."""
    told = await reads.proof_of(session, actor.tax_code or "", before=truoc, limit=MOST, at=at)
    headers = {"cache-control": "no-store", "content-disposition": 'attachment; filename="bang-chung-xem-du-lieu.json"'}
    return Response(orjson.dumps(told) + b"\n", headers=headers, media_type="application/json")


@router.get("/{event_id}/hoi-lai", dependencies=[Depends(record_view("reads"))])
async def asking(request: Request, session: Session, actor: Business, at: At, event_id: UUID) -> Shown:
    """The form to ask back about one reading."""
    return await _form(request, session, actor, at, event_id)


@router.post("/{event_id}/hoi-lai", dependencies=[Depends(limited("ask-read", rate=30, per_seconds=3600, burst=10))])
async def ask(request: Request, session: Session, actor: Business, at: At, form: Form, event_id: UUID) -> Response:
    """Ask; the answer is due in seven working days."""
    typed = {"kind": form.get("kind"), "text": form.get("text")}
    try:
        async with session.begin_nested():
            await asking_back.ask(session, actor, event_id, **typed, at=at)
    except Incomplete as refusal:
        return await _form(request, session, actor, at, event_id, status=422, problems=refusal.problems, typed=typed)
    except WrongState as refusal:
        said = {"problems": [Problem("", refusal.slug, refusal.text)], "typed": typed}
        return await _form(request, session, actor, at, event_id, status=409, **said)
    return RedirectResponse(f"/du-lieu-cua-toi#lan-{event_id}", status_code=303)


async def _form(request: Request, session: Session, actor: Business, at: At, event_id: UUID, **more: Any) -> Shown:
    read = await reads.read_of(session, actor.tax_code or "", event_id, at=at)
    days = asking_back.ANSWER_DAYS
    return page(request, "business/ask_read.html", read=read, kinds=KINDS, days=days, **{"typed": {}, "problems": (), **more})
