"""Who read an enterprise's data, for a national tracker that shows it from all agencies at once (shape of the Estonian 1.6).

The tracker has signed the enterprise in and asks for it alone; its client holds a scope of its own. Names of members are the
tracker's, not ours. The answers to `usagePeriod` and `heartbeat` are to be confirmed against the national one.
"""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel

from app.api.deps import At, Session
from app.api.machine import Caller, Keys, MachineRoute, caller_of, let_in
from app.audit.events import Event
from app.audit.record import record
from app.core import limits
from app.core.actor import Actor, ActorKind
from app.core.db import transaction
from app.core.errors import Incomplete, Problem
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import reads, scopes

router = APIRouter(prefix="/v2", route_class=MachineRoute, tags=["usage"])
MOST = 1000
CALLS_A_MINUTE = 600

UNREADABLE = Text(
    "periodStart và periodEnd phải có múi giờ, và periodEnd phải sau periodStart.",
    "periodStart and periodEnd need a time zone, and periodEnd must come after periodStart.",
)


class Usage(BaseModel):
    """One reading: when, what, by whom, through which system."""

    logtime: datetime
    action: str
    receiverCode: str  # noqa: N815  (the tracker's names)
    receiverName: str  # noqa: N815
    receiverSystem: str  # noqa: N815


class Usages(BaseModel):
    """How many there are in the period, and the asked part of them, newest first."""

    totalUsages: int  # noqa: N815
    usages: list[Usage]


class Period(BaseModel):
    """Since when and until when readings can be asked for."""

    periodStart: datetime  # noqa: N815
    periodEnd: datetime  # noqa: N815


class Heartbeat(BaseModel):
    """The service answers, and so does its log."""

    status: str
    time: datetime


_Caller = Annotated[Caller, Depends(caller_of(scopes.usage_resource, "usage"))]


async def tracker(request: Request, ring: Keys, caller: _Caller, at: At) -> Actor:
    """The tracker's client."""
    admitted = await let_in(request, ring, caller, at)
    async with transaction(request.app.state.sessions) as session:
        await limits.take(session, f"usage:{admitted.client_id}", rate=CALLS_A_MINUTE, per_seconds=60, burst=100, at=at)
    return Actor(ActorKind.CLIENT, client_id=admitted.client_id)


Tracker = Annotated[Actor, Depends(tracker)]


@router.get("/findUsage", operation_id="find_usage", summary="Ai đã xem dữ liệu / Who read the data")
async def find_usage(
    session: Session,
    actor: Tracker,
    at: At,
    user_code: Annotated[str, Query(alias="userCode", pattern=r"^\d{10}(-\d{3})?$", description="The enterprise's tax code.")],
    start: Annotated[datetime, Query(alias="periodStart")],
    end: Annotated[datetime, Query(alias="periodEnd")],
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST)] = 100,
) -> Usages:
    """Readings of the enterprise's data in a period. What the law hides for a time is left out until the time ends."""
    if start.tzinfo is None or end.tzinfo is None or start >= end:
        raise Incomplete([Problem("periodStart", "period", UNREADABLE)], UNREADABLE)
    total, found = await reads.usages(session, user_code, start=start, end=end, offset=offset, limit=limit, at=at)
    record(session, actor, Event.VIEWED, subject_kind="usage", subject_id=user_code, at=at)
    return Usages(
        totalUsages=total,
        usages=[
            Usage(
                logtime=event.at,
                action=f"{SCHEMAS[Dataset(event.dataset)].title.vi} ({event.action}, {event.purpose})",
                receiverCode=party.code,
                receiverName=party.name_vi,
                receiverSystem=event.client_id,
            )
            for event, party in found
        ],
    )


@router.get("/usagePeriod", operation_id="usage_period", summary="Khoảng thời gian tra cứu được / The period that can be asked")
async def usage_period(session: Session, _actor: Tracker, at: At) -> Period:
    """Since when readings are logged, and until now."""
    return Period(periodStart=await reads.first_read_at(session) or at, periodEnd=at)


@router.get("/heartbeat", operation_id="heartbeat", summary="Còn hoạt động / Alive")
async def heartbeat(session: Session, _actor: Tracker, at: At) -> Heartbeat:
    """Whether the log can be read."""
    await reads.first_read_at(session)
    return Heartbeat(status="UP", time=at)
