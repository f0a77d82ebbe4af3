"""Work through the internal process, step by step, and back."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.core.actor import Actor
from app.core.errors import WrongState
from app.core.text import Text
from app.dossiers.actions.move import may_move, move
from app.dossiers.actions.produced import produce
from app.dossiers.actions.saying import may_say, must_say
from app.dossiers.actions.steps import go_on, my_task, open_step, step_of
from app.dossiers.lifecycle import Act
from app.dossiers.queries import procedure_of, visible_to
from app.tasks import actions as tasks
from app.tasks import queries as task_queries
from app.tasks.rules import SENT_BACK

_ANOTHER_ACT = Text(
    "Bước này được hoàn thành bằng thao tác riêng của nó (phân công, dự thảo, quyết định, phát hành hoặc trả kết quả).",
    "This step is done by an act of its own (assign, draft, decide, issue or return).",
)

_SAY_WHY = Text("Hãy ghi rõ lý do trả lại và việc cần làm lại.", "Say why it goes back and what is to be done again.")
_NOTHING_BEFORE = Text(
    "Đây là bước xử lý đầu tiên của giai đoạn nên không có bước trước để trả lại.",
    "This is the first step of work of the stage; there is none before it to send it back to.",
)


async def complete_step(
    session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID, *, note: str = "", at: datetime
) -> None:
    """Finish the step in hand and open the next. At the end of a stage the fee may fall due, or the next stage starts."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.COMPLETE_STEP)
    task = await my_task(session, actor, dossier, task_id)
    procedure = await procedure_of(session, dossier)
    step = step_of(procedure, task)
    if not is_plain(step):
        raise WrongState(_ANOTHER_ACT, slug="another-act")

    said = may_say(note, where="note")
    tasks.complete(task, actor, note=said, outcome="done", at=at)
    made = await produce(session, actor, dossier, procedure, step, said=said, at=at)
    payload = {"step": step.id, "stage": step.stage, "note": said} | ({"issued": str(made)} if made else {})
    await move(session, actor, dossier, Act.COMPLETE_STEP, procedure=procedure, payload=payload, at=at)
    await go_on(session, dossier, procedure, step, at=at)


async def send_back(session: AsyncSession, actor: Actor, dossier_id: UUID, task_id: UUID, *, reason: str, at: datetime) -> None:
    """Return the dossier to the step of work before, to whoever did it, with what is to be done again. The clock runs on."""
    dossier = await visible_to(actor).one(session, dossier_id, lock=True)
    may_move(actor, dossier, Act.SEND_BACK)
    task = await my_task(session, actor, dossier, task_id)
    procedure = await procedure_of(session, dossier)
    before = procedure.step_before(task.step) if task.kind == "work" else None
    if before is None:
        raise WrongState(_NOTHING_BEFORE, slug="nothing-before")

    said = must_say(reason, _SAY_WHY)
    tasks.complete(task, actor, note=said, outcome=SENT_BACK, at=at)
    payload = {"step": task.step, "stage": task.stage, "back_to": before.id, "reason": said}
    await move(session, actor, dossier, Act.SEND_BACK, procedure=procedure, payload=payload, at=at)
    who = await task_queries.done_by(session, dossier.id, before.id)
    await open_step(session, dossier, procedure, before, who=who, at=at)


def is_plain(step: Step) -> bool:
    """Whether the step is work and nothing more."""
    return step.kind == "work" and not step.decides and not step.drafts
