"""The leader's queue: results to be decided and signed, looked at one by one, signed together with one confirmation."""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from app.core.actor import Actor
from app.core.errors import Incomplete, NotFound
from app.core.permissions import Permission
from app.core.text import Text
from app.dossiers.actions import decide
from app.dossiers.actions.decide_each import decide_each
from app.dossiers.deciding import ToDecide, awaiting_decision
from app.issued import preview
from app.issued import queries as issued
from app.web.deps import At, Form, Posted, Session, csrf, official, record_view
from app.web.pages import page

enter = official(Permission.DOSSIER_DECIDE)
router = APIRouter(prefix="/can-bo", dependencies=[Depends(enter), Depends(csrf)])
Leader = Annotated[Actor, Depends(enter)]

NOTHING_CHOSEN = Text("Hãy chọn ít nhất một hồ sơ để ký.", "Choose at least one dossier to sign.")


@router.get("/ky-so", dependencies=[Depends(record_view("worklist"))])
async def queue(request: Request, session: Session, actor: Leader, at: At) -> Response:
    """Everything that waits for this leader's signature."""
    waiting = await awaiting_decision(session, actor, at=at)
    return page(request, "official/signing.html", waiting=waiting, now=at)


@router.post("/ky-so/xac-nhan", dependencies=[Depends(record_view("worklist"))])
async def confirm(request: Request, session: Session, actor: Leader, at: At, form: Form) -> Response:
    """Show what was chosen once more; nothing is signed yet."""
    waiting = await awaiting_decision(session, actor, at=at)
    chosen = [each for each in waiting if (each.card.id, each.seq) in _chosen(form)]
    if not chosen:
        return page(request, "official/signing.html", status=422, waiting=waiting, now=at, problems=[("ky-1", NOTHING_CHOSEN)])
    return page(request, "official/signing_confirm.html", chosen=chosen, granted=_granted(chosen))


@router.post("/ky-so/ky", dependencies=[Depends(record_view("worklist"))])
async def sign(request: Request, session: Session, actor: Leader, at: At, form: Form) -> Response:
    """Decide and sign what was confirmed, each for itself; sent twice it signs once."""
    try:
        done = await decide_each(session, actor, sorted(_chosen(form)), at=at)
    except Incomplete as refusal:
        waiting = await awaiting_decision(session, actor, at=at)
        problems = [("ky-1", each.text) for each in refusal.problems]
        return page(request, "official/signing.html", status=422, waiting=waiting, now=at, problems=problems)
    return page(request, "official/signing_done.html", done=done, signed=[each for each in done if each.issued_id])


@router.get("/ho-so/{dossier_id}/xem-truoc.pdf", dependencies=[Depends(record_view("dossier"))])
async def look(session: Session, actor: Leader, at: At, dossier_id: UUID) -> Response:
    """The result as the decision would print it: it is taken in a savepoint and taken back, so what is shown is what comes."""
    waiting = {each.card.id: each for each in await awaiting_decision(session, actor, at=at)}
    if dossier_id not in waiting:
        raise NotFound
    drafted = waiting[dossier_id]
    async with session.begin_nested() as savepoint:
        issued_id = await decide.decide(session, actor, dossier_id, outcome=drafted.outcome, reasons=drafted.reasons, at=at)
        layout, values = preview.values_of(await issued.one(session, dossier_id, issued_id))
        await savepoint.rollback()
    headers = {"content-disposition": 'inline; filename="xem-truoc.pdf"', "cache-control": "private, no-store"}
    headers["content-security-policy"] = "sandbox; default-src 'none'"
    return Response(await asyncio.to_thread(preview.draw, layout, values), media_type="application/pdf", headers=headers)


def _chosen(form: Posted) -> set[tuple[UUID, int]]:
    """`dossier:event` of every box that is ticked; anything else is no choice."""
    found = set()
    for value in form.all("chon"):
        dossier, _, seq = value.partition(":")
        if seq.isascii() and seq.isdigit() and len(seq) < 10:
            found |= {(key, int(seq)) for key in _uuids(dossier)}
    return found


def _uuids(text: str) -> list[UUID]:
    try:
        return [UUID(text)]
    except ValueError:
        return []


def _granted(chosen: list[ToDecide]) -> int:
    return sum(each.outcome == "granted" for each in chosen)
