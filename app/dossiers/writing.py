"""What a business may write now, and where a file may go."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor
from app.core.errors import Conflict, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.documents.slots import Slot, slot_of
from app.dossiers.lifecycle import EDITABLE, State
from app.dossiers.models import Dossier
from app.dossiers.records import procedure_of
from app.dossiers.supplements import Opened, opened_in
from app.dossiers.visibility import visible_to

NOT_OPEN = Text(
    "Nội dung này không nằm trong yêu cầu bổ sung nên không sửa được.",
    "This item is not part of the supplement request and cannot be changed.",
)


async def writable(
    session: AsyncSession, actor: Actor, dossier_id: UUID, *, revision: int | None = None, lock: bool = True
) -> tuple[Dossier, Opened]:
    """The dossier and what is open in it. `WrongState` when nothing is, `Conflict` when someone saved after `revision`."""
    actor.must(Permission.DOSSIER_DRAFT)
    dossier = await visible_to(actor).one(session, dossier_id, lock=lock)
    if State(dossier.state) not in EDITABLE:
        raise WrongState
    if revision is not None and revision != dossier.revision:
        raise Conflict
    return dossier, opened_in(dossier)


async def slot_in(
    session: AsyncSession, actor: Actor, dossier_id: UUID, paper: str, *, place: int, row: int | None, lock: bool = False
) -> tuple[Dossier, Slot]:
    """The dossier and the slot. `NotFound` for a paper the procedure does not know, `WrongState` when it is not open."""
    dossier, opened = await writable(session, actor, dossier_id, lock=lock)
    procedure = await procedure_of(session, dossier)
    found = slot_of(procedure.paper(paper), place, row)
    if not opened.paper(paper):
        raise WrongState(NOT_OPEN, slug="not-open")
    return dossier, found


async def slot(session: AsyncSession, actor: Actor, dossier_id: UUID, paper: str, *, place: int, row: int | None) -> Slot:
    """Where a file would go now: its formats and limit, asked before an upload is read."""
    _, found = await slot_in(session, actor, dossier_id, paper, place=place, row=row)
    return found
