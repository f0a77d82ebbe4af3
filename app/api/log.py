"""The logs for anybody: checkpoints, tiles and proofs. Hashes alone, of rows that nobody can guess; nothing about persons."""

import base64
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response

from app.api.deps import Session
from app.audit import proofs
from app.audit.notes import Note, origin_of, verifier_key
from app.core.entry import anyone

router = APIRouter(prefix="/log", tags=["log"], dependencies=[Depends(anyone)])

MOMENT, FOR_EVER = {"cache-control": "public, max-age=5"}, {"cache-control": "public, max-age=31536000, immutable"}
FULL_TILE = 256 * 32

Log = Annotated[Literal["access", "audit"], Query(description="Which log: reads of shared data, or acts in the portal.")]
Size = Annotated[int, Query(ge=1, le=2**53, description="A size of the log, in entries.")]


class InclusionProof(BaseModel):
    """Where an entry lies and how it leads to the root of the checkpoint (RFC 9162, 2.1.3); hashes are hexadecimal."""

    log: str
    event: UUID
    leaf_index: int
    leaf_hash: str
    path: list[str]
    checkpoint: str


class ConsistencyProof(BaseModel):
    """That a later tree only adds to an earlier one (RFC 9162, 2.1.4); hashes are hexadecimal."""

    log: str
    from_size: int
    to_size: int
    path: list[str]


class LogKey(BaseModel):
    """The log's name and the public key of its checkpoints, also as tools for signed notes take it."""

    log: str
    origin: str
    public_key: str
    verifier_key: str


class Stamp(BaseModel):
    """A time stamp (RFC 3161, DER, base64) over the SHA-256 of the bytes of `checkpoint`."""

    log: str
    checkpoint: str
    at: datetime
    token: str


@router.get(
    "/checkpoint",
    operation_id="checkpoint",
    summary="Điểm niêm phong / Checkpoint",
    response_class=PlainTextResponse,
    responses={200: {"description": "A signed note (C2SP tlog-checkpoint): origin, size, root, moment, signature."}},
)
async def checkpoint(session: Session, log: Log = "access") -> Response:
    """The newest checkpoint, signed at most a minute ago. Keep it: a later log must be consistent with it."""
    return PlainTextResponse(str(await proofs.newest(session, log)), headers=MOMENT)


@router.get("/key", operation_id="log_key", summary="Khóa của nhật ký / Key of the log")
async def key(session: Session, response: Response, log: Log = "access") -> LogKey:
    """The key that signs the checkpoints. Compare it with the one in the letters to the parties."""
    note = await proofs.newest(session, log)
    response.headers["cache-control"] = "public, max-age=300"
    return LogKey(log=log, origin=origin_of(log), public_key=note.key_id, verifier_key=verifier_key(log, note.key_id))


@router.get(
    "/tile/{level}/{n}",
    operation_id="tile",
    summary="Ô băm / Tile",
    response_class=Response,
    responses={
        200: {
            "description": "Up to 256 hashes of 32 bytes each, one after the other, as far as the newest checkpoint reaches.",
            "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary", "maxLength": FULL_TILE}}},
        }
    },
)
async def tile(
    session: Session,
    level: Annotated[int, Path(ge=0, le=6, description="0: leaves; each further level has one hash for 256 below.")],
    n: Annotated[int, Path(ge=0, le=2**48, description="The number of the tile in its level.")],
    log: Log = "access",
) -> Response:
    """A piece of the tree; who fetches all of level 0 can compute the root alone."""
    hashes = b"".join(await proofs.tile(session, log, level, n))
    kept = FOR_EVER if len(hashes) == FULL_TILE else MOMENT
    return Response(hashes, media_type="application/octet-stream", headers=kept)


@router.get("/proof/{event}", operation_id="inclusion_proof", summary="Bằng chứng có trong nhật ký / Inclusion proof")
async def proof(
    session: Session,
    response: Response,
    event: Annotated[UUID, Path(description="The id of the entry: `Log-Entry` of a read.")],
    size: Annotated[int | None, Query(ge=1, le=2**53, description="Of the checkpoint to prove it under; the newest.")] = None,
    log: Log = "access",
) -> InclusionProof:
    """That the entry is in the log, under the newest checkpoint or the one of `size` entries."""
    note = await proofs.at_size(session, log, size) if size else await proofs.newest(session, log)
    found = await proofs.inclusion_of(session, note, event)
    response.headers.update(FOR_EVER if size else MOMENT)
    return InclusionProof(**shown(note, found))


@router.get("/consistency", operation_id="consistency_proof", summary="Bằng chứng chỉ thêm, không sửa / Consistency proof")
async def consistency(
    session: Session,
    response: Response,
    old: Annotated[int, Query(alias="from", ge=1, le=2**53, description="The size you have a checkpoint of.")],
    new: Annotated[int, Query(alias="to", ge=1, le=2**53, description="The size of a newer one.")],
    log: Log = "access",
) -> ConsistencyProof:
    """That the log of `to` entries only adds to that of `from`: nothing was changed, taken out or put in between."""
    path = await proofs.consistency(session, log, old, new)
    response.headers.update(FOR_EVER)
    return ConsistencyProof(log=log, from_size=old, to_size=new, path=[one.hex() for one in path])


@router.get("/stamp", operation_id="newest_stamp", summary="Dấu thời gian / Time stamp")
async def stamp(session: Session, response: Response, log: Log = "access") -> Stamp:
    """The newest RFC 3161 time stamp over a checkpoint, which no one can have made later."""
    found = await proofs.newest_stamp(session, log)
    response.headers.update(MOMENT)
    return Stamp(log=log, checkpoint=found.note, at=found.at, token=base64.b64encode(found.token).decode())


def shown(note: Note, found: proofs.Inclusion) -> dict[str, Any]:
    """An inclusion proof as plain values."""
    return {
        "log": note.checkpoint.log,
        "event": found.event_id,
        "leaf_index": found.index,
        "leaf_hash": found.leaf_hash.hex(),
        "path": [one.hex() for one in found.path],
        "checkpoint": str(note),
    }
