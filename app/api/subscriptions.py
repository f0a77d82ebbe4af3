"""The door to webhooks: a client says where it wants to be told of changes, looks how that goes, and has it told again."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from app.api.deps import At, Session
from app.api.machine import Caller, Keys, MachineRoute, Reader, let_in
from app.audit.events import Event
from app.core.actor import Actor, ActorKind
from app.registers.rules import Dataset
from app.sharing import subscriptions
from app.sharing.rules import CASE_REF

PREFIX = "/api/sharing/v1/subscriptions"

router = APIRouter(prefix=PREFIX, route_class=MachineRoute, tags=["subscriptions"])


async def admitted(request: Request, ring: Keys, caller: Reader, at: At) -> Caller:
    """The caller, its proof spent and its call counted."""
    await let_in(request, ring, caller, at)
    return caller


Admitted = Annotated[Caller, Depends(admitted)]


class NewSubscription(BaseModel):
    """What to tell, where to, and for which case of the consumer's."""

    model_config = ConfigDict(extra="forbid")

    dataset: Dataset
    url: Annotated[str, Field(min_length=8, max_length=subscriptions.LONGEST_URL)]
    case_ref: Annotated[str, Field(pattern=f"^{CASE_REF.pattern}$")]


class Shown(BaseModel):
    """A subscription. A suspended one is served again by a replay; `reason` is the last status or what kept us from calling."""

    id: UUID
    dataset: Dataset
    url: str
    agreement: str
    purpose: str
    case_ref: str
    status: subscriptions.Status
    reason: str | None
    created_at: AwareDatetime
    suspended_at: AwareDatetime | None


class Made(Shown):
    """A new subscription. `secret` signs the events (Standard Webhooks) and is shown this once."""

    secret: str


class Delivery(BaseModel):
    """One event: when it was tried and what came of it. Without `next_at` it arrived, or was given up."""

    id: UUID
    kind: subscriptions.Kind
    key: str
    version: int
    at: AwareDatetime
    attempts: int
    outcome: str | None
    next_at: AwareDatetime | None
    delivered_at: AwareDatetime | None


class Followed(Shown):
    """A subscription with its latest deliveries, the newest first."""

    deliveries: list[Delivery]


class Subscriptions(BaseModel):
    """All subscriptions of a client."""

    items: list[Shown]


class Replayed(BaseModel):
    """How many events are sent again."""

    replayed: int


class Again(BaseModel):
    """From when on events are sent again."""

    model_config = ConfigDict(extra="forbid")

    since: AwareDatetime


@router.post(
    "", status_code=201, operation_id="subscribe", response_model=Made, summary="Đăng ký nhận tin thay đổi / Subscribe to changes"
)
async def subscribe(request: Request, session: Session, caller: Admitted, wish: NewSubscription, at: At) -> dict[str, Any]:
    """The subscription and the key of its signatures, which is shown this once."""
    settings = request.app.state.settings
    row, key = await subscriptions.subscribe(
        session,
        caller.claims,
        subscriptions.Wish(wish.dataset, wish.url, wish.case_ref),
        secret=settings.secret_key.get_secret_value().encode(),
        loopback=settings.fetch_loopback,
        at=at,
    )
    subscriptions.note(session, _actor(caller), Event.SUBSCRIBED, row, at)
    return subscriptions.told(row) | {"secret": key}


@router.get(
    "", operation_id="list_subscriptions", response_model=Subscriptions, summary="Các đăng ký nhận tin / Your subscriptions"
)
async def own(session: Session, caller: Admitted) -> dict[str, Any]:
    """All subscriptions of the client."""
    found = await subscriptions.own(session, caller.claims["client_id"])
    return {"items": [subscriptions.told(row) for row in found]}


@router.get(
    "/{subscription_id}",
    operation_id="read_subscription",
    response_model=Followed,
    summary="Một đăng ký nhận tin / One subscription",
)
async def one(session: Session, caller: Admitted, subscription_id: UUID) -> dict[str, Any]:
    """A subscription and its latest deliveries."""
    row = await subscriptions.one(session, caller.claims["client_id"], subscription_id)
    deliveries = await subscriptions.last_deliveries(session, subscription_id)
    return subscriptions.told(row) | {"deliveries": [subscriptions.told_of(each) for each in deliveries]}


@router.delete("/{subscription_id}", status_code=204, operation_id="unsubscribe", summary="Thôi nhận tin / Unsubscribe")
async def unsubscribe(session: Session, caller: Admitted, subscription_id: UUID, at: At) -> Response:
    """End it, with all that waits for it."""
    row = await subscriptions.one(session, caller.claims["client_id"], subscription_id)
    subscriptions.note(session, _actor(caller), Event.UNSUBSCRIBED, row, at)
    await subscriptions.unsubscribe(session, caller.claims["client_id"], subscription_id)
    return Response(status_code=204)


@router.post(
    "/{subscription_id}/test",
    status_code=202,
    operation_id="try_subscription",
    response_model=Delivery,
    summary="Gửi thử / Send a test",
)
async def try_out(session: Session, caller: Admitted, subscription_id: UUID, at: At) -> dict[str, Any]:
    """Send an event that is about nothing; how it went is seen at the subscription."""
    made = await subscriptions.try_out(session, caller.claims["client_id"], subscription_id, at=at)
    return subscriptions.told_of(made)


@router.post(
    "/{subscription_id}/replay",
    status_code=202,
    operation_id="replay_subscription",
    response_model=Replayed,
    summary="Gửi lại / Send again",
)
async def replay(session: Session, caller: Admitted, subscription_id: UUID, asked: Again, at: At) -> dict[str, Any]:
    """Send again what was to be sent since a moment; serves a suspended subscription again."""
    client_id = caller.claims["client_id"]
    count = await subscriptions.replay(session, client_id, subscription_id, since=asked.since, at=at)
    return {"replayed": count}


def _actor(caller: Caller) -> Actor:
    return Actor(ActorKind.CLIENT, client_id=caller.claims["client_id"])
