"""The administrators' page of the working calendar: its days, how two persons change one, and which dossiers that moved."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from fastapi.responses import RedirectResponse
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.approvals import queries as approvals
from app.core.actor import Actor
from app.core.clock import day_in_vietnam
from app.core.permissions import Permission
from app.dossiers import queries as dossiers
from app.identity import queries as identity
from app.web.acts import refused
from app.web.deps import At, Form, Posted, Session, csrf, official, record_view
from app.web.pages import page
from app.worktime import actions, queries
from app.worktime.changes import CERTAINTIES, KINDS, DayChange

HOME = "/quan-tri/lich"
MOST_SHOWN = 500
_A_YEAR_AND_A_HALF = timedelta(days=550)
manager = official(Permission.CALENDAR_MANAGE)
router = APIRouter(prefix=HOME, dependencies=[Depends(manager), Depends(csrf)])
Manager = Annotated[Actor, Depends(manager)]


@router.get("")
async def calendar(request: Request, session: Session, at: At) -> Response:
    """The days that differ, what waits for a second person, and every version."""
    return await _calendar(request, session, at)


async def _calendar(request: Request, session: AsyncSession, at: datetime, **more: Any) -> Response:
    working, today = await queries.calendar(session), day_in_vietnam(at)
    waiting = await approvals.waiting(session, actions.CALENDAR_CHANGE)
    shown: dict[str, Any] = {
        "calendar": working,
        "days": [(day, working.days[day]) for day in sorted(working.days) if today <= day <= today + _A_YEAR_AND_A_HALF],
        "waiting": [(asked, DayChange.of(asked.payload["change"])) for asked in waiting],
        "people": await identity.persons(session, [asked.asked_by for asked in waiting]),
        "versions": await queries.versions(session),
        "kinds": KINDS,
        "certainties": CERTAINTIES,
        "typed": {},
    }
    return page(request, "admin/calendar.html", **shown | more)


@router.post("/de-nghi")
async def propose(request: Request, session: Session, at: At, actor: Manager, form: Form) -> Response:
    """Propose that a day be worked or not."""

    async def ask() -> None:
        await actions.propose(session, actor, DayChange.of(_given(form)), form.get("note"), at=at)

    return await _done(request, session, at, form, ask)


@router.post("/xac-nhan/{approval_id}")
async def confirm(request: Request, session: Session, at: At, actor: Manager, form: Form, approval_id: UUID) -> Response:
    """Adopt what another person proposed."""
    return await _done(request, session, at, form, lambda: actions.confirm(session, actor, approval_id, at=at))


@router.post("/tu-choi/{approval_id}")
async def reject(request: Request, session: Session, at: At, actor: Manager, form: Form, approval_id: UUID) -> Response:
    """Turn a proposal down."""
    return await _done(request, session, at, form, lambda: actions.reject(session, actor, approval_id, at=at))


@router.get("/{version}", dependencies=[Depends(record_view("dossier"))])
async def moved(request: Request, session: Session, version: str) -> Response:
    """The dossiers that one version of the calendar moved, each with the day before, the day after, and why."""
    found = await queries.version_of(session, version)
    rows = [
        (number, event, datetime.fromisoformat(event.payload["old_due"]), datetime.fromisoformat(event.payload["new_due"]))
        for event, number in await dossiers.recounted(session, version, limit=MOST_SHOWN)
    ]
    return page(request, "admin/calendar-moved.html", version=found.version, rows=rows, most=MOST_SHOWN)


def _given(form: Posted) -> dict[str, str]:
    day = [form.get(f"date-{part}").strip() for part in ("year", "month", "day")]
    given = {name: form.get(name) for name in ("kind", "name_vi", "name_en", "source", "certainty")}
    return given | {"date": f"{day[0]}-{day[1]:>02}-{day[2]:>02}"}


async def _done(
    request: Request, session: AsyncSession, at: datetime, form: Posted, deed: Callable[[], Awaitable[object]]
) -> Response:
    """Do `deed`; a refusal shows the page again with the reason and what was typed."""
    if told := await refused(session, deed):
        return await _calendar(request, session, at, typed=dict(form.pairs), **told)
    return RedirectResponse(HOME, status_code=303)
