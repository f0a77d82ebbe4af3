"""Who sees which dossiers: the one place where dossiers are selected. Missing and not yours are never told apart."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, false, or_, select, true
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor, ActorKind
from app.core.errors import Conflict, NotFound
from app.core.permissions import Permission, Role
from app.core.text import Text
from app.dossiers.lifecycle import State
from app.dossiers.models import Dossier
from app.tasks.models import Task
from app.tasks.rules import OPINION

BUSY = Text(
    "Hồ sơ đang được người khác xử lý trong lúc này. Hãy thử lại sau vài giây.",
    "Someone else is working on this dossier right now. Try again in a few seconds.",
)


def waited_in_vain(error: DBAPIError) -> bool:
    """Whether the lock was not to be had within the time a request may wait (`lock_timeout`), or both waited for each other."""
    return getattr(error.orig, "sqlstate", None) in ("55P03", "40P01")


@dataclass(frozen=True, slots=True)
class Visible:
    """The dossiers that one actor may see, as a condition."""

    condition: ColumnElement[bool]

    def select(self) -> Select[Dossier]:
        """A select of these dossiers, to be narrowed."""
        return select(Dossier).where(self.condition)

    async def one(self, session: AsyncSession, dossier_id: UUID, *, lock: bool = False) -> Dossier:
        """The dossier, locked for change if asked; `NotFound` when it is missing or not the actor's to see."""
        wanted = self.select().where(Dossier.id == dossier_id)
        if lock:
            wanted = wanted.with_for_update(of=Dossier).execution_options(populate_existing=True)
        try:
            dossier = await session.scalar(wanted)
        except DBAPIError as error:
            raise (Conflict(BUSY, slug="busy") if waited_in_vain(error) else error) from error
        if dossier is None:
            raise NotFound
        return dossier


def visible_to(actor: Actor) -> Visible:
    """A business sees its own; an official what the unit or the desk handles and what is assigned; the portal all."""
    match actor.kind:
        case ActorKind.SYSTEM:
            return Visible(true())
        case ActorKind.BUSINESS | ActorKind.CLIENT if actor.tax_code:
            return Visible(Dossier.tax_code == actor.tax_code)
        case ActorKind.OFFICIAL:
            return Visible((Dossier.state != State.DRAFT) & _officials(actor))
        case _:
            return Visible(false())


def _officials(actor: Actor) -> ColumnElement[bool]:
    if actor.may(Permission.DOSSIER_READ_ALL):
        return true()
    seen: list[ColumnElement[bool]] = [false()]
    if Role.INTAKE_OFFICER in actor.roles:
        seen.append(Dossier.desk == actor.unit)
    if actor.unit and actor.may(Permission.DOSSIER_READ_UNIT):
        # The unit and those below it: G02 sees G02.918. Codes hold no wildcard of LIKE.
        seen += [Dossier.unit == actor.unit, Dossier.unit.like(f"{actor.unit}.%")]
        asked = (Task.unit == actor.unit) & (Task.kind == OPINION)
        seen.append(exists().where(Task.dossier_id == Dossier.id, (Task.assignee == actor.person_id) | asked))
    return or_(*seen)
