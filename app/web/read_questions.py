"""What enterprises ask about readings of their data: the data-sharing officer answers, or passes on what the reader says."""

from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from app.core.errors import Incomplete, Problem, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing import asking_back
from app.sharing.asking_back import Voice
from app.web.deps import At, Form, Session, Visitor, csrf, official, record_view
from app.web.pages import Shown, page

data_officer = official(Permission.SHARING_MANAGE)
router = APIRouter(prefix="/quan-tri/hoi-lai", dependencies=[Depends(data_officer), Depends(csrf)])

VOICES = (
    (Voice.MINISTRY, Text("Trả lời của Bộ", "The ministry's own answer")),
    (Voice.CONSUMER, Text("Trả lời của cơ quan đã đọc, do Bộ chuyển", "The reader's answer, passed on")),
)


@router.get("", dependencies=[Depends(record_view("read-questions"))])
async def questions(request: Request, session: Session, at: At) -> Shown:
    """What waits, the most urgent first."""
    return await _list(request, session, at)


@router.post("/{question_id}")
async def answer(request: Request, session: Session, at: At, form: Form, question_id: UUID) -> Response:
    """Answer; the enterprise is told."""
    who: Visitor = request.state.visitor
    text, voice = form.get("text"), form.get("voice")
    try:
        async with session.begin_nested():
            await asking_back.answer(session, who.actor, question_id, text=text, voice=voice, at=at)
    except (Incomplete, WrongState) as refusal:
        problems = refusal.problems if isinstance(refusal, Incomplete) else (Problem("", refusal.slug, refusal.text),)
        status = 422 if isinstance(refusal, Incomplete) else 409
        return await _list(request, session, at, status=status, problems=problems, wrong=question_id, typed=text)
    return RedirectResponse("/quan-tri/hoi-lai", status_code=303)


async def _list(request: Request, session: Session, at: At, **more: Any) -> Shown:
    found = await asking_back.to_answer(session)
    said = {"waiting": [one for one in found if not one.answered_at], "answered": [one for one in found if one.answered_at]}
    return page(request, "admin/read_questions.html", now=at, voices=VOICES, **{**said, "problems": (), "typed": "", **more})
