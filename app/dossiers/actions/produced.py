"""A document that a step of the process ends in: a decision to set up a team, a letter. Private to the actions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.definition import Step
from app.catalogue.procedure import Procedure
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.dossiers.actions.offices import head_of
from app.dossiers.lifecycle import Act
from app.dossiers.models import Dossier
from app.dossiers.printed import officer, step_document
from app.dossiers.queries import events_of
from app.issued import actions as issued
from app.issued import queries as issued_queries
from app.issued.rules import Kind


async def produce(
    session: AsyncSession, actor: Actor, dossier: Dossier, procedure: Procedure, step: Step, *, said: str, at: datetime
) -> UUID | None:
    """Order what the step ends in, with `said` as its own words; the document's id. A step that is done again makes no other."""
    if step.produces is None or await _is_there(session, dossier, step):
        return None
    own = step.produces
    signer = officer(actor.name, step.role, capacity=step.capacity[0] if step.capacity else "")
    facts = step_document(await head_of(session, dossier, procedure), own, said=said, day=day_in_vietnam(at), signer=signer)
    document = await issued.order(
        session,
        facts,
        dossier_id=dossier.id,
        unit=dossier.unit,
        at=at,
        template=own.template,
        series=own.number.series,
        personal_signer=actor.person_id if own.sign == "personal" else None,
    )
    return document.id


async def _is_there(session: AsyncSession, dossier: Dossier, step: Step) -> bool:
    done = [event.payload for event in await events_of(session, dossier.id) if event.act == Act.COMPLETE_STEP]
    return any(payload.get("step") == step.id and "issued" in payload for payload in done)


async def named(session: AsyncSession, dossier: Dossier) -> str:
    """The last numbered document of the process before now, as minutes cite it; empty when there is none."""
    there = await issued_queries.of_dossier(session, dossier.id)
    made = [one for one in there if one.kind == Kind.STEP_DOCUMENT and one.revoked_at is None]
    return f"{made[-1].title_vi}{f' số {made[-1].number}' if made[-1].number else ''}" if made else ""
