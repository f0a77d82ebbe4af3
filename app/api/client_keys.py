"""The door to a client's own keys: it sees them, puts in the next, ends the old. Its token is for this and nothing else."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import At, Session
from app.api.machine import Caller, Keys, MachineRoute, caller_of, let_in
from app.core import limits
from app.core.db import transaction
from app.sharing import client_keys, scopes
from app.sharing.rules import KEY_ID

CHANGES_A_DAY = 20

router = APIRouter(prefix="/oauth/clients/me/keys", route_class=MachineRoute, include_in_schema=False)

_Caller = Annotated[Caller, Depends(caller_of(scopes.keys_resource, "keys"))]
Kid = Annotated[str, Path(pattern=f"^{KEY_ID.pattern}$")]


async def keeper(request: Request, ring: Keys, caller: _Caller, at: At) -> str:
    """The client whose keys these are."""
    return (await let_in(request, ring, caller, at)).client_id


async def changing(request: Request, client_id: Annotated[str, Depends(keeper)], at: At) -> str:
    """The same, counted: keys are changed a few times a year."""
    async with transaction(request.app.state.sessions) as session:
        await limits.take(session, f"client-keys:{client_id}", rate=CHANGES_A_DAY, per_seconds=86_400, burst=CHANGES_A_DAY, at=at)
    return client_id


Keeper = Annotated[str, Depends(keeper)]
Changing = Annotated[str, Depends(changing)]


class NewKey(BaseModel):
    """A new key's introduction: a JWS of its own."""

    model_config = ConfigDict(extra="forbid")

    introduction: Annotated[str, Field(max_length=8192)]


@router.get("")
async def own_keys(session: Session, client_id: Keeper, at: At) -> Response:
    """All keys the client ever had, and which of them are good now."""
    found = await client_keys.own_keys(session, client_id, at=at)
    return JSONResponse({"keys": [_shown(card) for card in found], "most": client_keys.MOST_KEYS})


@router.post("")
async def add_key(session: Session, ring: Keys, client_id: Changing, new: NewKey, at: At) -> Response:
    """A key more; those of before stay good until they are ended."""
    resource = scopes.keys_resource(ring.issuer)
    card = await client_keys.add_own_key(session, client_id, new.introduction, resource=resource, at=at)
    return JSONResponse(_shown(card), 201)


@router.delete("/{kid}")
async def end_key(session: Session, client_id: Changing, kid: Kid, at: At) -> Response:
    """Refuse a key, and the tokens got with it, from now on."""
    await client_keys.end_own_key(session, client_id, kid, at=at)
    return Response(status_code=204)


def _shown(card: client_keys.KeyCard) -> dict[str, Any]:
    told = asdict(card)
    moments = {name: told[name].isoformat() for name in ("valid_from", "valid_to", "revoked_at") if told[name]}
    return {"kid": card.kid, "kind": card.kind, "origin": card.origin, "good": card.good, **moments}
