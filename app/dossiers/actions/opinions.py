"""Opinions of other units: given by the unit that was asked, or gone without once its time is up. Silence is never consent."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.actor import Actor
from app.core.errors import Incomplete, NotAllowed, Problem, WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import begin, go_on, my_task, step_of
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.queries import procedure_of, visible_to
from app.tasks import actions as tasks
from app.tasks import queries as task_queries
from app.tasks.rules import OPINION

Opinion = Literal["agree", "disagree", "comment"]
OPINIONS: dict[Opinion, Text] = {
    "agree": Text("Đồng ý", "Agrees"),
    "disagree": Text("Không đồng ý", "Does not agree"),
    "comment": Text("Có ý kiến khác", "Comments"),
}
_CHOOSE = Text("Hãy chọn ý kiến.", "Choose an opinion.")
_SAY_WHAT = Text("Hãy ghi nội dung ý kiến.", "Say what the opinion is.")
_SAY_WHY = Text("Hãy ghi rõ vì sao tiếp tục khi chưa có ý kiến.", "Say why the case goes on without the opinion.")
_NOT_ASKED = Text("Bước này không phải là bước cho ý kiến.", "This step asks for no opinion.")
_NOT_YET = Text(
    "Đơn vị được hỏi còn thời hạn trả lời nên chưa thể bỏ qua.",
    "The unit that was asked still has time to answer.",
)


async def give(
    session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID, *, opinion: str, text: str, at: datetime
) -> None:
    """The unit that was asked answers. Whoever does not simply agree says what."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.GIVE_OPINION)
    task = await my_task(session, actor, dossier, task_id)
    if task.kind != OPINION:
        raise WrongState(_NOT_ASKED, slug="another-act")
    if opinion not in OPINIONS:
        raise Incomplete([Problem("opinion", "required", _CHOOSE)])
    said = may_say(text, where="text") if opinion == "agree" else must_say(text, _SAY_WHAT, where="text")
    procedure = await procedure_of(session, dossier)
    tasks.complete(task, actor, note=said, outcome=opinion, at=at)
    payload = {"step": task.step, "unit": task.unit, "opinion": opinion, "note": said}
    await move(session, actor, dossier, Act.GIVE_OPINION, procedure=procedure, payload=payload, at=at)
    await _go_on_when_all(session, dossier, procedure, step_of(procedure, task), at=at)


async def go_without(session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID, *, reason: str, at: datetime) -> None:
    """The unit in charge goes on without an opinion that is overdue, and says why."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.GO_WITHOUT_OPINION)
    task = await task_queries.open_one(session, dossier.id, task_id)
    if task.kind != OPINION:
        raise WrongState(_NOT_ASKED, slug="another-act")
    if actor.unit != dossier.unit:
        raise NotAllowed
    if at < task.due_at:
        raise WrongState(_NOT_YET, slug="not-overdue")
    said = must_say(reason, _SAY_WHY)
    procedure = await procedure_of(session, dossier)
    tasks.cancel(task, note=said, at=at)
    payload = {"step": task.step, "unit": task.unit, "reason": said}
    await move(session, actor, dossier, Act.GO_WITHOUT_OPINION, procedure=procedure, payload=payload, at=at)
    await _go_on_when_all(session, dossier, procedure, step_of(procedure, task), at=at)


async def _go_on_when_all(session: AsyncSession, dossier: Dossier, procedure: Procedure, step: Step, *, at: datetime) -> None:
    """After the last opinion: the step after it, or the one that waited for it to join."""
    still_open = await task_queries.open_of(session, dossier.id)
    if any(task.step == step.id for task in still_open):
        return
    if step.parallel is None:
        await go_on(session, dossier, procedure, step, at=at)
        return
    joining = procedure.step(step.parallel.joins_before)
    others = [task for task in still_open if task.kind != OPINION]
    if joining is not None and not others and not await task_queries.was_opened(session, dossier.id, joining.id):
        await begin(session, dossier, procedure, joining, at=at)
