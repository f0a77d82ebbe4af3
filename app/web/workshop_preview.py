"""The preview of a draft's form: it answers as a business would see it, and keeps nothing."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.catalogue.forms import Form as EForm
from app.catalogue.forms import PageResult, prefill
from app.catalogue.procedure import Moment, Procedure
from app.core.clock import day_in_vietnam
from app.core.errors import Problem
from app.web import forms
from app.web.deps import At, Form, Posted, Session, csrf
from app.web.pages import page
from app.web.workshop import writer
from app.web.workshop_drafts import ROOT, sound, unreadable

router = APIRouter(prefix=ROOT, dependencies=[Depends(writer), Depends(csrf)])
NOBODY = {
    "tax_code": "9900000009",
    "name_vi": "Công ty Ví dụ",
    "name_en": "Example Company",
    "head_office": "Số 1, phố Ví dụ, phường Cửa Nam, Hà Nội",
    "province": "01",
    "phone": "024 0000 0000",
    "email": "vi-du@example.vn",
    "legal_representative": "Nguyễn Văn Ví Dụ",
    "representative_title": "Giám đốc",
    "founded": "2020-01-02",
}
"""What stands for the enterprise register: nobody has a tax code that begins so."""
_FIRST = Posted(())
_FIELD_ENDS = re.compile(r"[.\-]")  # the name of an input begins with its field's id


@router.get("/{draft_id}/xem")
async def preview(request: Request, session: Session, at: At, draft_id: UUID) -> Response:
    """Every page of the form, as a business is asked."""
    return await _preview(request, session, at, draft_id, _FIRST, "admin/workshop-preview.html")


@router.post("/{draft_id}/xem")
async def react(request: Request, session: Session, at: At, draft_id: UUID, form: Form) -> Response:
    """The same with what was typed: rows come and go, what does not apply goes, sums are worked out, faults are said."""
    return await _preview(request, session, at, draft_id, form, "admin/workshop-preview.html")


@router.post("/{draft_id}/xem/doi")
async def changed(request: Request, session: Session, at: At, draft_id: UUID, form: Form) -> Response:
    """Only what hangs on the answer that changed."""
    return await _preview(request, session, at, draft_id, form, "admin/workshop-preview-parts.html", only_dependent=True)


async def _preview(
    request: Request,
    session: AsyncSession,
    at: datetime,
    draft_id: UUID,
    posted: Posted,
    template: str,
    *,
    only_dependent: bool = False,
) -> Response:
    procedure, today = await sound(session, draft_id), day_in_vietnam(at)
    if procedure is None:
        return await unreadable(request, session, at, draft_id)
    form = EForm(procedure)
    sent = forms.pressed(posted, form)
    read = _read(form, sent.pairs, today)
    problems = _said(form, read, today) if posted.get("_check") else ()
    shown = [
        (
            each,
            form.views(each.id, read.answers, typed=read.typed, problems=problems, rows=sent.rows, only_dependent=only_dependent),
        )
        for each in form.pages
    ]
    known = {name for _, found in shown for name in forms.ids_of(found)}
    told: dict[str, Any] = {
        "here": f"{ROOT}/{draft_id}",
        "pages": [(each, form.applies(each.id, read.answers), forms.sections(each, found)) for each, found in shown],
        "views": [view for _, found in shown for view in found],
        "problems": forms.links(problems, known),
        "checked": bool(posted.get("_check")),
    }
    return page(request, template, procedure=procedure, **told, **_outcome(procedure, read, today))


def _read(form: EForm, pairs: Sequence[tuple[str, str]], today: date) -> PageResult:
    """All pages read as they were sent; twice, since a page may hang on an answer of a later one."""
    read = PageResult(form.settle(prefill(form.procedure, NOBODY), today=today), ())
    for each in (*form.pages, *form.pages) if pairs else ():
        own = [pair for pair in pairs if _FIELD_ENDS.split(pair[0])[0] in each.fields]
        page_read = form.read_page(each.id, own, read.answers, today=today)
        known = {problem.where for problem in page_read.problems}
        kept = tuple(problem for problem in read.problems if problem.where not in known)
        read = PageResult(page_read.answers, (*kept, *page_read.problems), {**read.typed, **page_read.typed})
    return read


def _said(form: EForm, read: PageResult, today: date) -> tuple[Problem, ...]:
    """Everything that would keep these answers from being filed, each place once."""
    unread = {problem.where: problem for problem in read.problems}
    return tuple(({problem.where: problem for problem in form.problems(read.answers, today=today)} | unread).values())


def _outcome(procedure: Procedure, read: PageResult, today: date) -> dict[str, Any]:
    """What would be asked for beside the form."""
    moments: tuple[Moment, ...] = ("filing", "after_validity_check")
    return {
        "needs": procedure.papers_needed(read.answers, today=today),
        "due": [due for moment in moments for due in procedure.fees_due(moment, read.answers, today=today)],
        "result": procedure.result_for(read.answers, today=today),
    }
