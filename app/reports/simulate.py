"""Feed past dossiers of a procedure to a version that somebody is writing."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import queries as catalogue
from app.catalogue.forms import Form
from app.catalogue.procedure import Procedure
from app.catalogue.simulate import Past, Replay, Tally, replay, tally
from app.core.actor import Actor
from app.core.permissions import Permission
from app.dossiers.models import Dossier, Submission
from app.dossiers.visibility import visible_to
from app.worktime import queries as worktime

MOST = 200
_Filed = Row[Dossier, Submission]


@dataclass(frozen=True, slots=True)
class Replayed:
    """One past dossier and what the draft would make of it."""

    dossier_id: UUID
    code: str
    enterprise: str
    version: int
    replay: Replay


@dataclass(frozen=True, slots=True)
class Simulation:
    """The counts, and the dossiers for which anything becomes different, the latest first."""

    tally: Tally
    different: tuple[Replayed, ...]


async def simulate(session: AsyncSession, actor: Actor, draft: Procedure) -> Simulation:
    """Replay the latest dossiers of the procedure, as they were first filed, under `draft`. Nothing is written."""
    actor.must(Permission.PROCEDURE_PUBLISH)
    rows = await _filed(session, actor, draft.slug)
    versions = {row[0].version for row in rows}
    forms = {version: Form.of(await catalogue.get(session, draft.slug, version)) for version in versions}
    calendar = await worktime.calendar(session)
    pasts = [(row[0], _past(row)) for row in rows]

    def run() -> list[Replayed]:
        after = Form(draft)
        return [
            Replayed(
                dossier_id=dossier.id,
                code=dossier.number or dossier.reference or "",
                enterprise=dossier.enterprise_name,
                version=dossier.version,
                replay=replay(forms[dossier.version], after, past, calendar),
            )
            for dossier, past in pasts
        ]

    found = await asyncio.to_thread(run)
    return Simulation(tally([each.replay for each in found]), tuple(each for each in found if each.replay.differs))


async def _filed(session: AsyncSession, actor: Actor, slug: str) -> Sequence[_Filed]:
    """The latest dossiers with what was handed in first."""
    wanted = (
        visible_to(actor)
        .select()
        .add_columns(Submission)
        .join(Submission, (Submission.dossier_id == Dossier.id) & (Submission.round == 0))
        .where(Dossier.procedure == slug)
        .order_by(Submission.at.desc())
        .limit(MOST)
    )
    return (await session.execute(wanted)).all()


def _past(row: _Filed) -> Past:
    dossier, filed = row
    return Past(
        answers=filed.answers,
        papers=frozenset(str(paper["paper"]) for paper in filed.papers),
        filed_at=filed.at,
        received_at=dossier.received_at,
        held=dossier.held,
    )
