"""The leader's queue: results to be decided and signed, looked at one by one, signed together with one confirmation."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from app.core.actor import Actor
from app.core.errors import Incomplete, NotFound, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.dossiers.actions import decide
from app.dossiers.actions.decide_each import decide_each
from app.dossiers.deciding import ToDecide, awaiting_decision
from app.issued import approving, preview
from app.issued import queries as issued
from app.issued.rules import Way
from app.web.deps import At, Form, Posted, Session, csrf, official, record_view
from app.web.files import download
from app.web.pages import page

enter = official(Permission.DOSSIER_DECIDE)
router = APIRouter(prefix="/can-bo", dependencies=[Depends(enter), Depends(csrf)])
Leader = Annotated[Actor, Depends(enter)]

NOTHING_CHOSEN = Text("Hãy chọn ít nhất một hồ sơ để ký.", "Choose at least one dossier to sign.")


@router.get("/ky-so", dependencies=[Depends(record_view("worklist"))])
async def queue(request: Request, session: Session, actor: Leader, at: At) -> Response:
    """Everything that waits for this leader's signature."""
    return await queue_page(request, session, actor, at)


@router.post("/ky-so/xac-nhan", dependencies=[Depends(record_view("worklist"))])
async def confirm(request: Request, session: Session, actor: Leader, at: At, form: Form) -> Response:
    """Show what was chosen once more; nothing is signed yet."""
    waiting = await awaiting_decision(session, actor, at=at)
    chosen = [each for each in waiting if (each.card.id, each.seq) in _chosen(form)]
    if not chosen:
        return await queue_page(request, session, actor, at, status=422, problems=[("ky-1", NOTHING_CHOSEN)])
    return page(request, "official/signing_confirm.html", chosen=chosen, granted=_granted(chosen))


@router.post("/ky-so/ky", dependencies=[Depends(record_view("worklist"))])
async def sign(request: Request, session: Session, actor: Leader, at: At, form: Form) -> Response:
    """Decide and sign what was confirmed, each for itself; sent twice it signs once."""
    try:
        done = await decide_each(session, actor, sorted(_chosen(form)), at=at)
    except Incomplete as refusal:
        problems = [("ky-1", each.text) for each in refusal.problems]
        return await queue_page(request, session, actor, at, status=422, problems=problems)
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


@router.post("/ky-so/phe-duyet", dependencies=[Depends(record_view("worklist"))])
async def approve(request: Request, session: Session, actor: Leader, at: At, form: Form) -> Response:
    """Approve with the signer's own key what is decided and waits for it; all of it under one consent."""
    chosen = [pair for value in form.all("van-ban") if (pair := _pair(value))]
    try:
        async with session.begin_nested():
            approval_id = await approving.approve(
                session,
                actor,
                chosen,
                pin=form.get("pin"),
                otp=form.get("otp"),
                key=approving.box_key(request.app.state.settings),
                at=at,
            )
    except (Incomplete, WrongState) as refusal:
        told = [each.text for each in refusal.problems] if isinstance(refusal, Incomplete) else [refusal.text]
        status = 422 if isinstance(refusal, Incomplete) else 409
        return await queue_page(request, session, actor, at, status=status, problems=[("van-ban-1", text) for text in told])
    return RedirectResponse(f"/can-bo/ky-so/lan-ky/{approval_id}", status_code=303)


@router.get("/ky-so/lan-ky/{approval_id}", dependencies=[Depends(record_view("worklist"))])
async def approval(request: Request, session: Session, actor: Leader, approval_id: UUID) -> Response:
    """How far one approval has come."""
    found = await issued.approval(session, _person(actor), approval_id)
    return page(request, "official/signing_approval.html", approval=found)


@router.get("/ho-so/{dossier_id}/van-ban/{issued_id}/de-ky", dependencies=[Depends(record_view("dossier"))])
async def file_to_sign(request: Request, session: Session, actor: Leader, dossier_id: UUID, issued_id: UUID) -> Response:
    """The prepared file, for a signer who signs with a program of his own."""
    found = await issued.file_to_sign(session, _person(actor), dossier_id, issued_id)
    return download(request, found.key, dossier_id, name=found.name, media_type="application/pdf", size=0)


async def queue_page(request: Request, session: AsyncSession, actor: Actor, at: datetime, **more: Any) -> Response:
    """The queue as it stands, with what was wrong about the last deed."""
    waiting = await awaiting_decision(session, actor, at=at)
    for_key = await issued.waiting_for(session, _person(actor))
    ways: dict[str, Any] = {
        "approvals": [each for each in for_key if each.way is Way.APPROVAL],
        "uploads": [each for each in for_key if each.way is Way.UPLOAD],
    }
    return page(request, "official/signing.html", waiting=waiting, now=at, **ways, **more)


def _person(actor: Actor) -> UUID:
    if actor.person_id is None:
        raise NotFound
    return actor.person_id


def _pair(value: str) -> tuple[UUID, UUID] | None:
    """`dossier:document` of a ticked box."""
    found = [key for part in value.split(":")[:2] for key in _uuids(part)]
    return (found[0], found[1]) if len(found) == 2 else None


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
