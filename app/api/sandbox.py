"""The sandbox's own door: a public key in, a client with an agreement on synthetic data out. Nowhere but in a sandbox."""

from hashlib import sha256
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import At, Session
from app.core import limits
from app.core.db import transaction
from app.core.entry import admits
from app.core.errors import NotFound
from app.sharing import sandbox

A_DAY, BURST = 40, 20


@admits("anyone")
async def in_a_sandbox(request: Request, at: At) -> None:
    """Let anyone in, where there is a sandbox; so many from one address."""
    if not request.app.state.settings.sandbox:
        raise NotFound
    where = sha256((request.client.host if request.client else "").encode()).hexdigest()[:32]
    async with transaction(request.app.state.sessions) as session:
        await limits.take(session, f"sandbox:{where}", rate=A_DAY, per_seconds=86_400, burst=BURST, at=at)


router = APIRouter(prefix="/api/sandbox/v1", dependencies=[Depends(in_a_sandbox)], include_in_schema=False)


class NewClient(BaseModel):
    """A public key as a JWK with its `kid`; and, to rehearse an agreement, the JSON file of one of its versions."""

    model_config = ConfigDict(extra="forbid")

    jwk: Annotated[dict[str, Any], Field(max_length=12)]
    terms: dict[str, Any] | None = None


class Made(BaseModel):
    """Who the client is, and under which agreement and purposes it may ask for which data."""

    issuer: str
    client_id: str
    agreement: str
    version: int
    purposes: tuple[str, ...]
    datasets: tuple[str, ...]


@router.post("/clients", status_code=201)
async def register(request: Request, session: Session, new: NewClient, at: At) -> Made:
    """Register a client; the same key again is the same client."""
    made = await sandbox.register(session, new.jwk, terms=new.terms, at=at)
    members = {name: getattr(made, name) for name in ("client_id", "agreement", "version", "purposes", "datasets")}
    return Made(issuer=request.app.state.settings.issuer, **members)
