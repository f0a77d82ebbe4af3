"""Officials who hold roles in several units: where work waits, and the choice of the unit to work in."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from starlette.responses import Response

from app.core.actor import Actor, ActorKind
from app.core.errors import NotAllowed
from app.core.text import Text
from app.dossiers import queries
from app.identity import actions
from app.identity import queries as identity
from app.identity.rules import session_cookie
from app.web.deps import At, Form, Session, Visitor, csrf, signed_in
from app.web.pages import page

WAITING = (queries.Queue.TASKS_MINE, queries.Queue.TASKS_TEAM, queries.Queue.INTAKE)
"""Work of one's own: the whole unit's dossiers are no reason to go there."""

router = APIRouter(prefix="/can-bo/don-vi", dependencies=[Depends(signed_in), Depends(csrf)])
Here = Annotated[Visitor, Depends(signed_in)]


@router.get("")
async def choose(request: Request, session: Session, who: Here) -> Response:
    """Every unit where the official holds a role, with how much waits there."""
    if who.actor.kind is not ActorKind.OFFICIAL:
        raise NotAllowed
    names = {unit.code: Text(unit.name_vi, unit.name_en) for unit in await identity.units(session)}
    # A few counts for each unit, on a page opened once or twice a day.
    places = [(names[one.unit or ""], one.unit, await _waiting(session, one)) for one in (who.actor, *who.elsewhere)]
    return page(request, "official/units.html", places=places)


async def _waiting(session: Session, actor: Actor) -> int:
    counts = await queries.counts(session, actor)
    return sum(counts.get(queue, 0) for queue in WAITING)


@router.post("")
async def work_in(request: Request, session: Session, who: Here, form: Form, at: At) -> Response:
    """Work there from now on."""
    cookie = request.cookies.get(session_cookie(https=request.app.state.settings.https), "")
    await actions.work_in(session, who.actor, cookie, form.get("unit"), at=at)
    return RedirectResponse("/can-bo", status_code=303)
