"""After submitting: the list of dossiers, supplementing, withdrawing, and the papers the ministry issues."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import Incomplete, WrongState
from app.dossiers import queries as dossiers
from app.dossiers.actions import deliver, supplement, withdraw
from app.dossiers.lifecycle import EDITABLE, STATE_NAME, Act, State
from app.dossiers.queries import CaseFile
from app.dossiers.supplements import Item
from app.issued.rules import RESULTS
from app.web.deps import At, Business, Form, Session, business, csrf, record_view
from app.web.files import download
from app.web.pages import Shown, page

router = APIRouter(prefix="/ho-so", dependencies=[Depends(business), Depends(csrf)])
seen = Depends(record_view("dossier"))


@router.get("", dependencies=[Depends(record_view("dossiers"))])
async def mine(
    request: Request,
    session: Session,
    actor: Business,
    at: At,
    trang_thai: Annotated[str, Query(alias="trang-thai", max_length=40)] = "",
    truoc: Annotated[str | None, Query(max_length=200)] = None,
) -> Shown:
    """Every dossier of the enterprise, newest first."""
    state = next((one for one in State if one.value == trang_thai), None)
    found = await dossiers.mine(session, actor, state=state, before=truoc, at=at)
    return page(request, "business/mine.html", found=found, states=STATE_NAME, state=state, now=at)


def progress_page(request: Request, case: CaseFile, **more: Any) -> Shown:
    """Where a filed dossier stands, with what was wrong about the last deed."""
    return page(request, "business/progress.html", case=case, may_withdraw=Act.WITHDRAW in case.may, **more)


@router.get("/{dossier_id}/bo-sung", dependencies=[seen])
async def to_supply(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """Everything that was asked for, each with a way to its field or paper."""
    return _supplement_page(request, await _open(session, actor, dossier_id, at))


async def _open(session: Session, actor: Business, dossier_id: UUID, at: At) -> CaseFile:
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    if case.card.state not in EDITABLE or case.card.state is State.DRAFT:
        raise WrongState
    return case


def _supplement_page(request: Request, case: CaseFile, refusal: Incomplete | None = None) -> Shown:
    return page(
        request,
        "business/supplement.html",
        status=422 if refusal else 200,
        case=case,
        items=[(item, item.name(case.procedure), _place(case, item)) for item in case.open_items],
        problems=[("", problem.text) for problem in refusal.problems] if refusal else [],
    )


def _place(case: CaseFile, item: Item) -> str:
    """Where an item is put right."""
    here = f"/ho-so/{case.card.id}"
    if item.kind == "paper":
        return f"{here}/giay-to#{item.target}"
    shown = next((each for each in case.procedure.pages if item.target in each.fields), None)
    return f"{here}/to-khai/{shown.id}#{item.target}" if shown else here


@router.post("/{dossier_id}/bo-sung")
async def supply(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Response:
    """Hand the supplement in."""
    try:
        async with session.begin_nested():
            await supplement.supply(session, actor, dossier_id, at=at)
    except Incomplete as refusal:
        return _supplement_page(request, await _open(session, actor, dossier_id, at), refusal)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@router.get("/{dossier_id}/rut", dependencies=[seen])
async def before_withdraw(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """Ask why, and say what it means."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    if Act.WITHDRAW not in case.may:
        raise WrongState
    return page(request, "business/withdraw.html", case=case, problems=[], reason="")


@router.post("/{dossier_id}/rut")
async def do_withdraw(request: Request, session: Session, actor: Business, at: At, form: Form, dossier_id: UUID) -> Response:
    """Withdraw; possible until the decision."""
    reason = form.get("reason")
    try:
        async with session.begin_nested():
            await withdraw.withdraw(session, actor, dossier_id, reason=reason, at=at)
    except Incomplete as refusal:
        case = await dossiers.case_file(session, actor, dossier_id, at=at)
        problems = [("reason", problem.text) for problem in refusal.problems]
        return page(request, "business/withdraw.html", status=422, case=case, problems=problems, reason=reason)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@router.get("/{dossier_id}/van-ban/{issued_id}", dependencies=[seen])
async def issued_file(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID, issued_id: UUID) -> Response:
    """A paper the ministry issued. Opening the result counts as having received it."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    ready = await dossiers.issued_paper(session, actor, dossier_id, issued_id)
    if ready.kind in RESULTS and case.card.state is State.ISSUED:
        await deliver.hand_over(session, actor, dossier_id, at=at)
    name = f"{(ready.number or ready.kind).replace('/', '-')}.pdf"
    return download(request, ready.file_key, dossier_id, name=name, media_type="application/pdf", size=ready.size or 0)
