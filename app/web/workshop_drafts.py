"""Drafts of the workshop: the file with its faults, its forms, what it changes, the try-out, the proposal."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.catalogue import actions, drafts, editable, editing
from app.catalogue.diff import differences
from app.catalogue.lint_course import unknown_units
from app.catalogue.procedure import Procedure
from app.catalogue.reading import Written, read
from app.catalogue.relaid import relaid
from app.catalogue.sections import SECTION_NAME, Section
from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, Problem
from app.core.text import Text
from app.identity import queries as identity
from app.reports.simulate import simulate
from app.web import public
from app.web.acts import refused
from app.web.deps import At, Form, Posted, Session, csrf, record_view
from app.web.pages import page
from app.web.workshop import HOME, Writer, writer

ROOT = f"{HOME}/ban-nhap"
router = APIRouter(prefix=ROOT, dependencies=[Depends(writer), Depends(csrf)])
_UNREADABLE = Text(
    "Bản nháp còn lỗi nên chưa xem trước hoặc chạy thử được. Hãy sửa các lỗi được liệt kê.",
    "The draft has faults and cannot be shown or tried out yet. Put right what is listed.",
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the file as it is shown: its number from 1, and what is wrong with it."""

    number: int
    text: str
    faults: tuple[Text, ...]


@router.get("/{draft_id}")
async def editor(request: Request, session: Session, at: At, draft_id: UUID) -> Response:
    """A draft: what is wrong with it, what it changes, and the file itself."""
    return await _editor(request, session, at, draft_id)


async def _editor(request: Request, session: AsyncSession, at: datetime, draft_id: UUID, **more: Any) -> Response:
    row = await drafts.one(session, draft_id)
    text = more.get("typed") or row.text
    found = read(text)
    procedure = None if found.problems else Procedure.of(found.definition)
    before = await drafts.newest_or_none(session, row.slug)
    turn = await _in_the_way(session, procedure, at) if procedure else []
    faults = _placed(found, [*found.problems, *turn])
    shown: dict[str, Any] = {
        "draft": row,
        "title": procedure.title if procedure else before.title if before else None,
        "text": row.text,
        "faults": faults,
        "lines_of_file": _lines(text, faults),
        "before": before,
        "lines": differences(before, procedure) if before and procedure else [],
        "sections": SECTION_NAME if found.definition else {},
        "sound": procedure is not None,
        "unsure": drafts.unsure(found.definition),
    }
    return page(request, "admin/workshop-draft.html", **shown | more)


async def _in_the_way(session: AsyncSession, procedure: Procedure, at: datetime) -> list[Problem]:
    """What keeps a sound definition from being the next version here: its turn, and units that do not exist."""
    known = {unit.code for unit in await identity.units(session)}
    return [*await drafts.out_of_turn(session, procedure, day_in_vietnam(at)), *unknown_units(procedure, known)]


def _placed(found: Written, problems: Sequence[Problem]) -> list[tuple[int, Problem]]:
    """Each fault with its line, in the order of the file."""
    placed = [(found.line_of(problem.where), problem) for problem in problems]
    return sorted(placed, key=lambda pair: pair[0])


def _lines(text: str, faults: Sequence[tuple[int, Problem]]) -> list[Line]:
    wrong: dict[int, list[Text]] = {}
    for number, problem in faults:
        wrong.setdefault(number, []).append(problem.text)
    return [Line(number, line, tuple(wrong.get(number, ()))) for number, line in enumerate(text.split("\n"), start=1)]


@router.post("/{draft_id}")
async def save(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, form: Form) -> Response:
    """Keep the file as it was typed."""
    typed = form.get("text")

    async def keep() -> None:
        await actions.save(session, actor, draft_id, _revision(form), f"{typed}\n", at=at)

    return await _on_draft(request, session, at, draft_id, keep, typed=typed)


@router.get("/{draft_id}/phan/{section}")
async def part(request: Request, session: Session, draft_id: UUID, section: Section) -> Response:
    """The form for the common changes of one part, each fault beside its value."""
    row = await drafts.one(session, draft_id)
    found = read(row.text)
    things, elsewhere = editable.faulty(editable.things(found.definition, section), found.problems)
    shown: dict[str, Any] = {
        "draft": row,
        "section": section,
        "name": SECTION_NAME[section],
        "things": things,
        "additions": editable.additions(found.definition, section),
        "elsewhere": _placed(found, elsewhere),
    }
    return page(request, "admin/workshop-part.html", **shown)


@router.post("/{draft_id}/phan/{section}")
async def change(
    request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, section: Section, form: Form
) -> Response:
    """Take the changes of one part into the draft; back to the form while something of it is wrong or goes on."""
    row = await drafts.one(session, draft_id)
    after = editing.changed(read(row.text).definition, section, {name: value.strip() for name, value in form.pairs})
    text = relaid(row.text, after)

    async def keep() -> None:
        await actions.save(session, actor, draft_id, _revision(form), text, at=at)

    things, _ = editable.faulty(editable.things(after, section), read(text).problems)
    wrong = any(thing.errors or any(entry.error for entry in thing.entries) for thing in things)
    stays = wrong or any(form.get(name) for name in ("_up", "_down", "_stay"))
    to = f"{ROOT}/{draft_id}/phan/{section.value}" if stays else ""
    return await _on_draft(request, session, at, draft_id, keep, to=to, typed=text)


@router.get("/{draft_id}/trang-cong-khai")
async def public_page(request: Request, session: Session, at: At, draft_id: UUID) -> Response:
    """The public page as it would be."""
    found = await sound(session, draft_id)
    if found is None:
        return await unreadable(request, session, at, draft_id)
    return await public.about(request, session, at, found, may_start=False)


@router.get("/{draft_id}/thu", dependencies=[Depends(record_view("simulation"))])
async def try_out(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID) -> Response:
    """Replay past dossiers on the draft."""
    found = await sound(session, draft_id)
    if found is None:
        return await unreadable(request, session, at, draft_id)
    told = await simulate(session, actor, found)
    return page(request, "admin/workshop-simulation.html", procedure=found, told=told, here=f"{ROOT}/{draft_id}")


async def sound(session: AsyncSession, draft_id: UUID) -> Procedure | None:
    """The procedure that a draft describes; None while it has faults."""
    found = read((await drafts.one(session, draft_id)).text)
    return None if found.problems else Procedure.of(found.definition)


async def unreadable(request: Request, session: AsyncSession, at: datetime, draft_id: UUID) -> Response:
    """The draft with its faults, where something was asked for that takes a sound one."""
    return await _editor(request, session, at, draft_id, status=409, problems=(Problem("", "draft-unsound", _UNREADABLE),))


@router.post("/{draft_id}/de-nghi")
async def propose(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, form: Form) -> Response:
    """Propose the draft as the next version."""

    async def ask() -> None:
        found = await sound(session, draft_id)
        if found and (wrong := await _in_the_way(session, found, at)):
            raise Incomplete(wrong)
        await actions.propose(session, actor, draft_id, _revision(form), form.get("note"), at=at)

    return await _on_draft(request, session, at, draft_id, ask, to=HOME)


@router.post("/{draft_id}/bo")
async def discard(request: Request, session: Session, at: At, actor: Writer, draft_id: UUID, form: Form) -> Response:
    """Throw the draft away."""

    async def throw() -> None:
        await actions.discard(session, actor, draft_id, _revision(form), at=at)

    return await _on_draft(request, session, at, draft_id, throw, to=HOME)


async def _on_draft(
    request: Request,
    session: AsyncSession,
    at: datetime,
    draft_id: UUID,
    deed: Callable[[], Awaitable[object]],
    *,
    to: str = "",
    **more: Any,
) -> Response:
    if told := await refused(session, deed):
        return await _editor(request, session, at, draft_id, **told, **more)
    return RedirectResponse(to or f"{ROOT}/{draft_id}", status_code=303)


def _revision(form: Posted) -> int:
    text = form.get("revision")
    return int(text) if text.isdecimal() and len(text) < 9 else 0
