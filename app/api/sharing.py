"""The door to the shared data: one record of one dataset, and what a client may ask at all."""

import base64
import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse

from app.api.deps import At
from app.api.machine import Caller, Keys, MachineRoute, Reader, let_in, refusing
from app.api.problem import problem
from app.audit.record import refused
from app.core import logs
from app.core.actor import Actor, ActorKind
from app.core.db import transaction
from app.core.errors import NotAllowed, NotFound, Refusal
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import datasets, queries
from app.sharing.rules import CASE_REF

router = APIRouter(prefix="/api/sharing/v1", route_class=MachineRoute, tags=["sharing"])

CASE_PATTERN = f"^{CASE_REF.pattern}$"


class CaseRefRequired(Refusal):
    """Every read is for a case of the consumer's, and says which."""

    slug = "case-ref-required"
    text = Text(
        "Thiếu hoặc sai tiêu đề Case-Ref: hãy ghi số vụ việc của cơ quan bạn (chữ, số và . / _ -, tối đa 64 ký tự).",
        "The header Case-Ref is missing or malformed: give your agency's case number (letters, digits and . / _ -, at most 64).",
    )


async def _read(request: Request, ring: Keys, caller: Caller, dataset: Dataset, key: str, wanted: str, at: At) -> Response:
    detail = datasets.detail_for(caller.claims, dataset)
    case_ref, acting_user = request.headers.get("case-ref", ""), request.headers.get("acting-user")
    if not CASE_REF.fullmatch(case_ref) or (acting_user and not CASE_REF.fullmatch(acting_user)):
        raise CaseRefRequired
    if not SCHEMAS[dataset].accepts_key(key):
        raise NotFound
    async with refusing(request), transaction(request.app.state.sessions) as session:
        grant = await datasets.grant_of(session, ring, detail, dataset)
        question = datasets.Question(
            dataset=dataset,
            key=key,
            claims=caller.claims,
            proof=caller.proof,
            case_ref=case_ref,
            acting_user=acting_user,
            request_id=logs.request_id.get(),
            fields=datasets.chosen_fields(dataset, grant, [name for name in wanted.split(",") if name]),
            known_etags=_etags(request.headers.get("if-none-match", "")),
        )
        reading = await datasets.read(session, ring, question, grant, at=at)
    return _shown(reading)


async def _remember_refusal(request: Request, caller: Caller, dataset: Dataset, refusal: Refusal, at: At) -> None:
    """A refused data request leaves a row, though the request itself is rolled back."""
    actor = Actor(ActorKind.CLIENT, client_id=caller.claims["client_id"])
    sessions, subject = request.app.state.sessions, {"subject_kind": "dataset", "subject_id": dataset.value}
    await refused(sessions, actor, "sharing.read", refusal.slug, **subject, at=at)


def _etags(header: str) -> tuple[str, ...]:
    """The tags of an If-None-Match header, without quotes and weakness."""
    return tuple(tag.strip().removeprefix("W/").strip('"') for tag in header.split(",")[:16] if tag.strip().isascii())


def _shown(reading: datasets.Reading) -> Response:
    headers = {
        "Log-Entry": str(reading.event_id),
        "RateLimit-Policy": f'"hour";q={reading.rate};w=3600',
        "RateLimit": f'"hour";r={reading.left};t={reading.full_in}',
        "Cache-Control": "private, no-cache",
    }
    if reading.status == 404:
        response = problem(NotFound())
        response.headers.update(headers)
        return response
    headers["ETag"] = f'"{reading.etag}"'
    if reading.body is None:
        return Response(status_code=304, headers=headers)
    body = reading.body.encode()
    headers["Content-Digest"] = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    return Response(body, media_type="application/json", headers=headers)


def _door(dataset: Dataset) -> Callable[..., Awaitable[Response]]:
    """The route of one dataset, with that dataset's key pattern in its description."""
    schema = SCHEMAS[dataset]

    async def read(
        request: Request,
        ring: Keys,
        caller: Reader,
        at: At,
        key: Annotated[str, Path(description=schema.key_title.en)],
        fields: Annotated[
            str,
            Query(description="A subset of the granted fields, with commas.", max_length=1000, pattern="^[a-z0-9_,]*$"),
        ] = "",
        case_ref: Annotated[  # noqa: ARG001  (declared for the description; read and checked by hand, so that its absence is a 400)
            str, Header(description="The consumer's own case number; required.", json_schema_extra={"pattern": CASE_PATTERN})
        ] = "",
    ) -> Response:
        try:
            return await _read(request, ring, caller, dataset, key, fields, at)
        except NotAllowed as refusal:
            await _remember_refusal(request, caller, dataset, refusal, at)
            raise

    return read


for _dataset in Dataset:
    router.add_api_route(
        f"/{_dataset.value}/{{key:path}}",
        _door(_dataset),
        methods=["GET"],
        operation_id=f"read_{_dataset.value}",
        summary=f"{SCHEMAS[_dataset].title.vi} / {SCHEMAS[_dataset].title.en}",
        response_class=Response,
    )


@router.get("/me", operation_id="read_me", summary="Ứng dụng của bạn / Your client")
async def me(request: Request, ring: Keys, caller: Reader, at: At) -> Response:
    """The client, its keys, and the agreements of its party."""
    admitted = await let_in(request, ring, caller, at)
    async with transaction(request.app.state.sessions) as session:
        standing = await queries.standing(session, admitted.client_id, at=at)
    return JSONResponse(json.loads(json.dumps(asdict(standing), default=_plain)))


def _plain(value: Any) -> str:
    return str(value)
