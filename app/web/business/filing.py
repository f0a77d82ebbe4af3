"""From nothing to submitted: start, the task list, the form page by page, check, submit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.catalogue import queries as catalogue
from app.catalogue.communes import Communes
from app.catalogue.definition import Page
from app.catalogue.forms import Form as EForm
from app.catalogue.paging import Typed
from app.catalogue.references import Records
from app.catalogue.views import FieldView
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.errors import Conflict, Incomplete, NotFound, Problem, Refusal, WrongState
from app.core.text import Text
from app.documents.rules import Acceptance
from app.dossiers import queries as dossiers
from app.dossiers.actions import draft
from app.dossiers.actions.submit import submit
from app.dossiers.known import communes_of, records_of
from app.dossiers.lifecycle import EDITABLE, State
from app.dossiers.queries import CaseFile
from app.web import forms
from app.web.business.progress import progress_page
from app.web.deps import At, Business, Form, Session, business, csrf, record_view
from app.web.pages import Shown, page

router = APIRouter(dependencies=[Depends(business), Depends(csrf)])
seen = Depends(record_view("dossier"))
ROOT = "/ho-so/{dossier_id}"
KEPT = "business/form_kept.html"

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
        return progress_page(request, case)
    return page(request, "business/tasks.html", case=case, **_tasks(case, at))


def _tasks(case: CaseFile, at: datetime) -> dict[str, Any]:
    """How far each page of the form and the papers are."""
    form = EForm.of(case.procedure)
    today = day_in_vietnam(at)
    problems = forms.problems_by_page(form, form.problems(case.answers, today=today))
    asked = [each for each in form.pages if form.applies(each.id, case.answers)]
    pages = [(each, _begun(case, each), problems[each.id]) for each in asked]
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
    return any(asked.id in case.answers for asked in mine if asked and asked.given_by_person and not asked.prefill)


@router.get(ROOT + "/to-khai/{page_id}", dependencies=[seen])
async def form_page(request: Request, session: Session, actor: Business, at: At, dossier_id: UUID, page_id: str) -> Shown:
    """One page of the form."""
    case = await _editable(session, actor, dossier_id, at)
    return _form_page(request, await _at_page(session, actor, case, page_id, at))


async def _editable(session: Session, actor: Actor, dossier_id: UUID, at: datetime) -> CaseFile:
    case = await dossiers.case_file(session, actor, dossier_id, at=at)
    if case.card.state not in EDITABLE:
        raise WrongState
    return case


@dataclass(frozen=True, slots=True)
class _AtPage:
    """One page of one draft as it is shown: with what was just typed, where something was."""

    case: CaseFile
    form: EForm
    shown: Page
    records: Records
    communes: Communes
    answers: Mapping[str, Any]
    revision: int
    typed: Typed | None = None
    problems: tuple[Problem, ...] = ()
    rows: Mapping[str, int] = field(default_factory=dict)
    saved_at: datetime | None = None

    def views(self, *, only_dependent: bool = False) -> list[FieldView]:
        """What is on the page, or what of it hangs on other answers; in a supplement only the marked fields are open."""
        found = self.form.views(
            self.shown.id,
            self.answers,
            typed=self.typed,
            problems=self.problems,
            rows=self.rows,
            records=self.records,
            communes=self.communes,
            only_dependent=only_dependent,
        )
        return forms.only_open(found, open_fields(self.case))


async def _at_page(session: Session, actor: Actor, case: CaseFile, page_id: str, at: datetime) -> _AtPage:
    """The page as it is stored. `NotFound` for a page the form does not have."""
    shown = case.procedure.page(page_id)
    if shown is None:
        raise NotFound
    records = await records_of(session, actor.tax_code or "", case.procedure, at=at)
    communes = await communes_of(session, case.procedure, case.answers, at=at)
    form = EForm.of(case.procedure)
    return _AtPage(case, form, shown, records, communes, case.answers, case.revision, saved_at=case.card.saved_at)


async def _after_saving(session: Session, here: _AtPage, saved: draft.Saved, at: datetime) -> _AtPage:
    """The page as it is now; another province has other communes."""
    communes = await communes_of(session, here.case.procedure, saved.answers, at=at)
    here = replace(here, typed=saved.typed, answers=saved.answers, communes=communes)
    return replace(here, revision=saved.revision, saved_at=saved.at)


def _form_page(request: Request, at_page: _AtPage, notice: Text | None = None) -> Shown:
    case, shown, views = at_page.case, at_page.shown, at_page.views()
    links = forms.links(at_page.problems, forms.ids_of(views))
    before = [
        each for each in at_page.form.pages[: at_page.form.pages.index(shown)] if at_page.form.applies(each.id, case.answers)
    ]
    return page(
        request,
        "business/form_page.html",
        status=422 if at_page.problems else 409 if notice else 200,
        case=case,
        shown=shown,
        names=[each.title for each in at_page.form.pages],
        at_page=at_page.form.pages.index(shown),
        previous=before[-1].id if before else None,
        sections=forms.sections(shown, views),
        has_rows=any(view.rows for view in views),
        problems=[("", notice), *links] if notice else links,
        revision=at_page.revision,
        saved_at=at_page.saved_at,
        live=True,
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
    here = await _at_page(session, actor, case, page_id, at)
    sent = forms.pressed(form, here.form)
    here = replace(here, rows=sent.rows)
    try:
        async with session.begin_nested():
            saved = await draft.save_page(session, actor, dossier_id, page_id, sent.pairs, revision=sent.revision, at=at)
    except Conflict:
        typed = here.form.read_page(page_id, sent.pairs, case.answers, today=day_in_vietnam(at)).typed
        return _form_page(request, replace(here, typed=typed), SAVED_ELSEWHERE)
    here = await _after_saving(session, here, saved, at)
    if sent.stays:
        return _form_page(request, here)
    if saved.problems and not sent.later:
        return _form_page(request, replace(here, problems=saved.problems))
    return RedirectResponse(_after(here, later=sent.later), status_code=303)


@router.post(ROOT + "/to-khai/{page_id}/luu")
async def keep_page(
    request: Request, session: Session, actor: Business, at: At, form: Form, dossier_id: UUID, page_id: str
) -> Response:
    """A page that saves itself while it is filled in: when it was saved, and whatever hangs on the answer that changed."""
    case = await _editable(session, actor, dossier_id, at)
    here = await _at_page(session, actor, case, page_id, at)
    sent = forms.pressed(form, here.form)
    try:
        async with session.begin_nested():
            saved = await draft.save_page(session, actor, dossier_id, page_id, sent.pairs, revision=sent.revision, at=at)
    except Conflict:
        return page(request, KEPT, notice=SAVED_ELSEWHERE, views=[], offering=[], revision=sent.revision)
    here = await _after_saving(session, here, saved, at)
    views, offering = here.views(only_dependent=True), [part for view in here.views() for part in view.inside]
    shown: dict[str, Any] = {"views": views, "offering": offering, "papers": f"/ho-so/{dossier_id}/giay-to"}
    return page(request, KEPT, revision=saved.revision, saved_at=saved.at, **shown)


def _after(here: _AtPage, *, later: bool) -> str:
    """Where to go from a stored page: the next that asks something, then the papers; back to the list when asked."""
    root = f"/ho-so/{here.case.card.id}"
    if here.case.card.state is not State.DRAFT:
        return f"{root}/bo-sung"
    if later:
        return root
    following = here.form.pages[here.form.pages.index(here.shown) + 1 :]
    asked = next((each.id for each in following if here.form.applies(each.id, here.answers)), None)
    return f"{root}/to-khai/{asked}" if asked else f"{root}/giay-to"


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
