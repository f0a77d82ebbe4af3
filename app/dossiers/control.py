"""The control sheet of a dossier (form 06), read off what happened: nothing on it is typed twice."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.actor import Actor, ActorKind
from app.core.errors import NotFound
from app.core.text import Text
from app.dossiers.handovers import hand_overs
from app.dossiers.models import Dossier
from app.dossiers.printed import Head
from app.dossiers.records import events_of, procedure_of
from app.dossiers.sheets import control_sheet
from app.dossiers.visibility import visible_to
from app.identity import queries as identity
from app.issued.facts import ProcessControl
from app.tasks import queries as task_queries
from app.tasks.models import Task


async def sheet_now(session: AsyncSession, actor: Actor, dossier_id: UUID) -> ProcessControl:
    """Form 06 as it stands, for an official who sees the dossier; `NotFound` before it was received."""
    dossier = await visible_to(actor).one(session, dossier_id)
    if actor.kind is not ActorKind.OFFICIAL or dossier.received_at is None:
        raise NotFound
    return await sheet_of(session, dossier, await procedure_of(session, dossier))


async def sheet_of(session: AsyncSession, dossier: Dossier, procedure: Procedure) -> ProcessControl:
    """Form 06 of a dossier that was received."""
    offices = {unit.code: Text(unit.name_vi, unit.name_en) for unit in await identity.units(session)}
    business = await identity.enterprise(session, dossier.tax_code)
    tasks = await task_queries.of_dossier(session, dossier.id)
    rows = hand_overs(dossier, await events_of(session, dossier.id), tasks, procedure, offices)
    head = Head(_name(offices, dossier.desk), dossier.number or dossier.reference or "", procedure, business)
    others = [_name(offices, code) for code in _asked(dossier, tasks)]
    return control_sheet(head, rows, lead=_name(offices, dossier.unit), others=others, kept_by=dossier.officer_name or "")


def _asked(dossier: Dossier, tasks: list[Task]) -> list[str]:
    """The units beside desk, unit and ministry that had something to do."""
    own = {dossier.desk, dossier.unit, dossier.unit.partition(".")[0]}
    return list(dict.fromkeys(task.unit for task in tasks if task.unit not in own))


def _name(offices: dict[str, Text], code: str) -> str:
    known = offices.get(code)
    return known.vi if known else code
