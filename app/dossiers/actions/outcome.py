"""What a decision prints, and who may not take it. Private to the actions."""

from datetime import date

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.actor import Actor
from app.core.errors import NotAllowed
from app.core.text import Text
from app.dossiers.actions.offices import head_of
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.printed import officer, refusal, result
from app.dossiers.queries import last_event
from app.issued.facts import Officer, Result
from app.tasks import queries as task_queries

_FOUR_EYES = Text(
    "Người đã dự thảo không được quyết định chính hồ sơ này. Hãy chuyển cho người khác.",
    "Whoever drafted the result may not decide on it. Hand it to someone else.",
)


async def four_eyes(session: AsyncSession, actor: Actor, dossier: Dossier, step: Step) -> None:
    """Whoever did the step that `step` names as another's may not do this one."""
    if step.not_same_as and await task_queries.has_done(session, dossier.id, step.not_same_as, actor.person_id):
        raise NotAllowed(_FOUR_EYES, slug="four-eyes")


async def facts_of(
    session: AsyncSession,
    actor: Actor,
    dossier: Dossier,
    procedure: Procedure,
    step: Step,
    *,
    outcome: str,
    reasons: str,
    day: date,
) -> Result:
    """The result under the name of `actor`, valid from `day` when it is granted."""
    head = await head_of(session, dossier, procedure)
    signer = officer(actor.name, step.role, capacity=step.capacity[0] if step.capacity else "")
    if actor.person_id is None:  # the portal itself: nobody signs beside the organisation
        signer = Officer(name="", title=head.office)
    if outcome == "refused":
        return refusal(head, reasons=[line for line in reasons.splitlines() if line.strip()], signer=signer)
    proposed = await last_event(session, dossier.id, Act.COMPLETE_STEP, "proposal")
    conditions = proposed.payload["proposal"]["facts"]["conditions"] if proposed else []
    return result(head, dossier.answers, conditions=conditions, day=day, signer=signer)
