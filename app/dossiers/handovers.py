"""Who gave the dossier to whom, when, and whether in time: the rows of form 06, read off what happened. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.catalogue.procedure import Procedure
from app.core.clock import day_in_vietnam
from app.core.permissions import Role
from app.core.text import Text
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier, DossierEvent
from app.dossiers.printed import ROLE_TITLE
from app.issued.facts import HandOver
from app.tasks.models import Task
from app.tasks.rules import TaskState

EARLY, ON_TIME, LATE = "Trước hạn", "Đúng hạn", "Quá hạn"
_PORTAL = "Cổng dịch vụ công"


def hand_overs(
    dossier: Dossier, events: Sequence[DossierEvent], tasks: Sequence[Task], procedure: Procedure, offices: Mapping[str, Text]
) -> list[HandOver]:
    """One row for each time the dossier changed hands, oldest first; nothing before it was received."""
    return [
        *(_received(dossier, events, event, offices) for event in events if event.act == Act.RECEIVE),
        *(_passed_on(task, dossier, events, tasks, procedure, offices) for task in tasks if task.state != TaskState.CANCELLED),
        *(_returned(dossier, events, event, offices) for event in events if event.act == Act.DELIVER),
    ]


def judged(done_at: datetime, due_at: datetime) -> str:
    """Late is after the moment; early is on a day before; all else is on time."""
    if done_at > due_at:
        return LATE
    return EARLY if day_in_vietnam(done_at) < day_in_vietnam(due_at) else ON_TIME


def _received(dossier: Dossier, events: Sequence[DossierEvent], event: DossierEvent, offices: Mapping[str, Text]) -> HandOver:
    filed = next((earlier for earlier in reversed(events) if earlier.act == Act.SUBMIT), event)
    return HandOver(
        from_agency=dossier.enterprise_name,
        to_agency=_office(event.unit or dossier.desk, offices),
        at=event.at,
        giver=filed.actor_name,
        receiver=event.actor_name,
        note="Nộp hồ sơ trực tuyến",
    )


def _passed_on(
    task: Task,
    dossier: Dossier,
    events: Sequence[DossierEvent],
    tasks: Sequence[Task],
    procedure: Procedure,
    offices: Mapping[str, Text],
) -> HandOver:
    """The giver finished the task before, in the moment this one was opened; else it is whoever acted last."""
    finished = _finished_into(task, tasks)
    acted = _last_hand(events, task.opened_at)
    unit = finished.unit if finished else acted.unit if acted else dossier.desk
    name = finished.done_by_name if finished else acted.actor_name if acted else None
    step = procedure.step(task.step)
    said = f": {finished.note}" if finished and finished.note else ""
    return HandOver(
        from_agency=_office(unit, offices) if unit else dossier.enterprise_name,
        to_agency=_office(task.unit, offices),
        at=task.opened_at,
        giver=name or _PORTAL,
        receiver=task.done_by_name or task.assignee_name or ROLE_TITLE[Role(task.role)].vi,
        result=judged(task.opened_at, finished.due_at) if finished else "",
        note=f"{step.title.vi if step else task.step}{said}",
    )


def _finished_into(task: Task, tasks: Sequence[Task]) -> Task | None:
    earlier = tasks[: [other.id for other in tasks].index(task.id)]
    return next((other for other in reversed(earlier) if other.done_at == task.opened_at and other.done_by is not None), None)


def _returned(dossier: Dossier, events: Sequence[DossierEvent], event: DossierEvent, offices: Mapping[str, Text]) -> HandOver:
    published = next((earlier for earlier in events if earlier.act == Act.PUBLISH), event)
    at_desk = event.unit is not None
    return HandOver(
        from_agency=_office(event.unit or dossier.desk, offices),
        to_agency=dossier.enterprise_name,
        at=event.at,
        giver=event.actor_name if at_desk else _PORTAL,
        receiver=dossier.enterprise_name if at_desk else event.actor_name,
        result=judged(published.at, dossier.due_at) if dossier.due_at else "",
        note="Trả kết quả",
    )


def _last_hand(events: Sequence[DossierEvent], at: datetime) -> DossierEvent | None:
    """Whose act it was: the last person who did something by then. The portal's own acts follow from theirs."""
    return next((event for event in reversed(events) if event.at <= at and not event.actor.startswith("system:")), None)


def _office(code: str, offices: Mapping[str, Text]) -> str:
    known = offices.get(code)
    return known.vi if known else code
