"""From nothing to submitted: start, the task list, the form page by page, check, submit."""

from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.catalogue import queries as catalogue
from app.catalogue.definition import Page
from app.catalogue.forms import Form as EForm
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, Incomplete, NotFound, Problem, Refusal, WrongState
from app.core.text import Text
from app.documents.rules import Acceptance
from app.dossiers import queries as dossiers
from app.dossiers.actions import draft
from app.dossiers.actions.submit import submit
from app.dossiers.lifecycle import EDITABLE, Act, State
from app.dossiers.queries import CaseFile
from app.web import forms
from app.web.deps import At, Business, Form, Session, business, csrf, record_view
from app.web.forms import Pressed
from app.web.pages import Shown, page

router = APIRouter(dependencies=[Depends(business), Depends(csrf)])
seen = Depends(record_view("dossier"))
ROOT = "/ho-so/{dossier_id}"

SAVED_ELSEWHERE = Text(
    "Trang này vừa được lưu ở một cửa sổ khác. Nội dung bạn nhập vẫn ở dưới đây; hãy xem lại rồi lưu lần nữa.",
    "This page was saved in another window meanwhile. What you typed is still below; look at it and save again.",
)


@router.get("/ho-so/moi/{slug}", dependencies=[Depends(record_view("dossiers"))])
async def before_start(request: Request, session: Session, actor: Business, at: At, slug: str) -> Shown:
    """For whom a dossier would be started, and the drafts that could be gone on with instead."""
    procedure = await catalogue.published(session, slug, on=day_in_vietnam(at))
    drafts = await dossiers.mine(session, actor, state=State.DRAFT)
    return page(
        request, "business/start.html", procedure=procedure, drafts=[card for card in drafts.items if card.procedure == slug]
    )


@router.post("/ho-so/moi/{slug}")
async def start(session: Session, actor: Business, at: At, slug: str) -> Response:
    """A new draft, filled with what the business register knows."""
    dossier_id = await draft.start(session, actor, slug, at=at)
    return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)


@router.get(ROOT, dependencies=[seen])
async def dossier(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """The task list of a draft; later, where the dossier stands."""
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    if case.card.state is not State.DRAFT:
        return page(request, "business/progress.html", case=case, may_withdraw=Act.WITHDRAW in case.may)
    return page(request, "business/tasks.html", case=case, **_tasks(case, at))


def _tasks(case: CaseFile, at: datetime) -> dict[str, Any]:
    """How far each page of the form and the papers are."""
    form = EForm.of(case.procedure)
    today = day_in_vietnam(at)
    problems = forms.problems_by_page(form, form.problems(case.answers, today=today))
    pages = [(each, _begun(case, each), problems[each.id]) for each in form.pages]
    wanted = [place for paper in case.papers if paper.required for place in paper.places]
    given = [place.document for place in wanted if place.document]
    return {
        "pages": pages,
        "wanted": len(wanted),
        "given": len(given),
        "refused": sum(document.acceptance is Acceptance.REFUSED for document in given),
        "ready": not any(problems.values()) and len(given) == len(wanted),
    }


def _begun(case: CaseFile, each: Page) -> bool:
    """Whether a person has answered anything on the page; what the register filled in does not count."""
    mine = (case.procedure.field(name) for name in each.fields)
    return any(field.id in case.answers for field in mine if field and field.given_by_person and not field.prefill)


@router.get(ROOT + "/to-khai/{page_id}", dependencies=[seen])
async def form_page(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID, page_id: str) -> Shown:
    """One page of the form."""
    case = await _editable(session, actor, dossier_id, at)
    return _form_page(request, case, page_id)


async def _editable(session: Session, actor: Actor, dossier_id: UUID, at: datetime) -> CaseFile:
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    if case.card.state not in EDITABLE:
        raise WrongState
    return case


def _form_page(
    request: Request,
    case: CaseFile,
    page_id: str,
    *,
    sent: Pressed | None = None,
    problems: tuple[Problem, ...] = (),
    typed: Any = None,
    revision: int | None = None,
    notice: Text | None = None,
) -> Shown:
    form = EForm.of(case.procedure)
    shown = case.procedure.page(page_id)
    if shown is None:
        raise NotFound
    rows = sent.rows if sent else {}
    views = form.views(page_id, case.answers, typed=typed, problems=problems, rows=rows)
    links = forms.links(problems, forms.ids_of(views))
    return page(
        request,
        "business/form_page.html",
        status=422 if problems else 409 if notice else 200,
        case=case,
        shown=shown,
        names=[each.title for each in form.pages],
        at_page=form.pages.index(shown),
        previous=form.pages[form.pages.index(shown) - 1].id if shown is not form.pages[0] else None,
        views=forms.only_open(views, open_fields(case)),
        has_rows=any(view.rows for view in views),
        problems=[("", notice), *links] if notice else links,
        revision=case.revision if revision is None else revision,
    )


def open_fields(case: CaseFile) -> set[str] | None:
    """The fields a request for supplement names; None in a draft, where all are open."""
    if case.card.state is State.DRAFT:
        return None
    return {item.target for item in case.open_items if item.kind == "field"}


@router.post(ROOT + "/to-khai/{page_id}")
async def save_page(
    request: Request, session: Session, actor: Business, at: At, form: Form, dossier_id: UUID, page_id: str
) -> Response:
    """Store the page. What is wrong is shown beside what was typed; nothing typed is ever lost."""
    case = await _editable(session, actor, dossier_id, at)
    e_form = EForm.of(case.procedure)
    if case.procedure.page(page_id) is None:
        raise NotFound
    sent = forms.pressed(form, e_form)
    typed = e_form.read_page(page_id, sent.pairs, case.answers, today=day_in_vietnam(at)).typed
    try:
        async with session.begin_nested():
            saved = await draft.save_page(session, actor, dossier_id, page_id, sent.pairs, revision=sent.revision, at=at)
    except Conflict:
        return _form_page(request, case, page_id, sent=sent, typed=typed, notice=SAVED_ELSEWHERE)
    if sent.stays:
        return _form_page(request, case, page_id, sent=sent, typed=typed, revision=saved.revision)
    if saved.problems and not sent.later:
        return _form_page(request, case, page_id, sent=sent, typed=typed, problems=tuple(saved.problems), revision=saved.revision)
    return RedirectResponse(_after(case, page_id, later=sent.later), status_code=303)


def _after(case: CaseFile, page_id: str, *, later: bool) -> str:
    """Where to go from a stored page: the next one, then the papers; back to the list when asked or when supplementing."""
    here = f"/ho-so/{case.card.id}"
    if case.card.state is not State.DRAFT:
        return f"{here}/bo-sung"
    if later:
        return here
    ids = [each.id for each in case.procedure.pages]
    following = ids[ids.index(page_id) + 1 :]
    return f"{here}/to-khai/{following[0]}" if following else f"{here}/giay-to"


@router.get(ROOT + "/kiem-tra", dependencies=[seen])
async def check(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """All answers and papers once more, each with a way back to change it."""
    case = await _editable(session, actor, dossier_id, at)
    return _check_page(request, case)


def _check_page(request: Request, case: CaseFile, refusal: Refusal | None = None) -> Shown:
    form = EForm.of(case.procedure)
    problems = refusal.problems if isinstance(refusal, Incomplete) else ()
    return page(
        request,
        "business/check.html",
        status=422 if refusal else 200,
        case=case,
        summary=form.summary(case.answers),
        problems=[(_where(case, form, problem.where), problem.text) for problem in problems],
        refusal=refusal,
    )


def _where(case: CaseFile, form: EForm, where: str) -> str:
    """The address at which a problem can be put right."""
    found = form.page_of(where) if where else None
    if found:
        return f"/ho-so/{case.card.id}/to-khai/{found.id}#{forms.element_id(where)}"
    return f"/ho-so/{case.card.id}/giay-to#{where}" if case.procedure.paper(where) else ""


@router.post(ROOT + "/nop")
async def submit_dossier(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Response:
    """Hand it in. The look-up key is shown on this answer and printed on the receipt; the portal keeps only its hash."""
    try:
        async with session.begin_nested():
            done = await submit(session, actor, dossier_id, at=at)
    except Incomplete as refusal:
        case = await dossiers.case_file(session, actor, dossier_id, at=at)
        return _check_page(request, case, refusal)
    except WrongState as refusal:
        if refusal.slug != "already-submitted":
            raise
        return RedirectResponse(f"/ho-so/{dossier_id}", status_code=303)
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    return page(request, "business/submitted.html", case=case, done=done)


@router.get(ROOT + "/xoa", dependencies=[seen])
async def before_discard(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID) -> Shown:
    """Ask once more before a draft is thrown away."""
    case = await _editable(session, actor, dossier_id, at)
    if case.card.state is not State.DRAFT:
        raise WrongState
    return page(request, "business/discard.html", case=case)


@router.post(ROOT + "/xoa")
async def discard(session: Session, actor: Business, at: At, dossier_id: UUID) -> Response:
    """Throw a draft away."""
    await draft.discard(session, actor, dossier_id, at=at)
    return RedirectResponse("/ho-so", status_code=303)
