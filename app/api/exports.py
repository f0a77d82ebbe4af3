"""The door to exports: a client asks for a file of all records, looks whether it is made, and fetches it, in pieces too."""

import base64
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import StreamingResponse

from app.api.deps import Answer, At, Once, Session
from app.api.lists import VALUE, cursors_of
from app.api.machine import Caller, Keys, MachineRoute, Reader, let_in, refusing, sent
from app.api.problem import STATUS
from app.api.reading import asked, remember, told
from app.core import logs
from app.core.errors import Incomplete, NotAllowed, Problem, Refusal
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import exports, many
from app.sharing.cursors import bound_to
from app.sharing.exports import ExportGone, Format, Status
from app.sharing.grants import chosen_fields, must_be_granted
from app.sharing.keys import Ring
from app.sharing.questions import Question

PREFIX = "/api/sharing/v1/exports"
KINDS = {Format.NDJSON: "application/x-ndjson", Format.CSV: "text/csv; charset=utf-8; header=present"}
_RANGE = re.compile(r"bytes=(?:(\d{1,18})-(\d{0,18})|-(\d{1,18}))")

_NOT_FILTERABLE = Text("Không lọc được theo trường này.", "Records cannot be filtered by this field.")


class OutsideFile(Refusal):
    """A piece of the file that it does not have."""

    slug = "range-not-satisfiable"
    text = Text(
        "Đoạn được hỏi nằm ngoài tệp. Hãy xem “bytes” của tệp rồi hỏi lại.",
        "The wanted piece lies outside the file. Look at the file's “bytes” and ask again.",
    )


STATUS[ExportGone] = 410
STATUS[OutsideFile] = 416
router = APIRouter(prefix=PREFIX, route_class=MachineRoute, tags=["exports"])


async def admitted(request: Request, ring: Keys, caller: Reader, at: At) -> Caller:
    """The caller, its proof spent and its call counted."""
    await let_in(request, ring, caller, at)
    return caller


Admitted = Annotated[Caller, Depends(admitted)]
Name = Annotated[str, StringConstraints(pattern="^[a-z0-9_]{1,64}$")]
Value = Annotated[str, StringConstraints(pattern=f"^{VALUE.pattern}$")]


class NewExport(BaseModel):
    """All records of a dataset that the agreement gives, or those of them whose filterable fields have the wanted values."""

    model_config = ConfigDict(extra="forbid")

    dataset: Dataset
    format: Format = Format.NDJSON
    fields: Annotated[list[Name], Field(max_length=64)] = []
    filter: Annotated[dict[Name, Annotated[list[Value], Field(min_length=1, max_length=20)]], Field(max_length=16)] = {}


class ExportFile(BaseModel):
    """A file, to be fetched by its own client alone."""

    url: Annotated[str, Field(max_length=500)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    rows: Annotated[int, Field(ge=0, le=2**53)]
    bytes: Annotated[int, Field(ge=0, le=2**53)]


class Export(BaseModel):
    """An export. `manifest_jws` says what the file holds; `feed_cursor` is where the change feed goes on from its moment."""

    id: UUID
    status: Status
    reason: Annotated[str | None, Field(max_length=64)]
    dataset: Dataset
    format: Format
    asked_at: AwareDatetime
    expires_at: AwareDatetime | None
    files: Annotated[list[ExportFile], Field(max_length=1)]
    manifest_jws: Annotated[str | None, Field(max_length=20_000)]
    feed_cursor: Annotated[str | None, Field(max_length=800)]


@router.post(
    "", status_code=202, operation_id="ask_export", response_model=Export, summary="Yêu cầu xuất tệp / Ask for an export"
)
async def ask(request: Request, session: Session, ring: Keys, caller: Admitted, once: Once, wish: NewExport, at: At) -> Response:
    """Have a file made in the background: look at its status, then fetch it."""
    found = await asked(request, wish.dataset, exports.ACTION)
    question = await _narrowed(request, found.question, wish, at)
    headers: dict[str, str] = {}

    async def act() -> Answer:
        wanted = exports.Wish(wish.format, wish.filter)
        async with refusing(request):
            row, limits = await exports.ask(session, ring, question, wanted, at=at)
        headers.update(told(limits, ring, row.entry, at), location=f"{PREFIX}/{row.id}")
        return Answer(202, exports.told(row, file_url=_url(ring, row.id), cursor=None))

    answer = await once.of(f"client:{caller.claims['client_id']}", act)
    answer.headers.update(headers)
    return answer


async def _narrowed(request: Request, question: Question, wish: NewExport, at: datetime) -> Question:
    """The question with the wished fields alone. By a filter on a field one learns what the field says."""
    dataset, grant = question.dataset, question.grant
    try:
        must_be_granted(dataset, grant, [*wish.filter])
        fields = chosen_fields(dataset, grant, wish.fields)
    except NotAllowed as refusal:
        await remember(request, question.claims["client_id"], dataset, exports.ACTION, refusal, at)
        raise
    if loose := [name for name in wish.filter if name not in SCHEMAS[dataset].filterable]:
        raise Incomplete([Problem(f"filter.{name}", "row-filter", _NOT_FILTERABLE) for name in loose])
    return replace(question, fields=fields)


def _url(ring: Ring, export_id: UUID) -> str:
    return f"{ring.issuer}{PREFIX}/{export_id}/file"


@router.get("/{export_id}", operation_id="read_export", response_model=Export, summary="Một yêu cầu xuất / One export")
async def one(request: Request, session: Session, ring: Keys, caller: Admitted, export_id: UUID, at: At) -> dict[str, Any]:
    """How far an export is, and its file when it is ready."""
    row = await exports.one(session, caller.claims["client_id"], export_id, at=at)
    async with refusing(request):
        question = await exports.question_about(session, row, caller.claims, **_bound(caller))
    place = [row.feed_epoch, row.feed_xid, "", many.scope_of(question)]
    bound = bound_to("changes", row.client_id, row.agreement, row.dataset)
    cursor = cursors_of(request).seal(place, bound) if row.status == Status.READY else None
    return exports.told(row, file_url=_url(ring, row.id), cursor=cursor)


def _bound(caller: Caller) -> dict[str, Any]:
    return {"proof": caller.proof, "bond": caller.bond, "request_id": logs.request_id.get()}


_FILE: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {kind.split(";")[0]: {} for kind in KINDS.values()}},
    206: {"description": "The wanted piece of the file"},
    416: {"description": "The piece lies outside the file"},
}


@router.get(
    "/{export_id}/file",
    operation_id="fetch_export",
    response_class=Response,
    responses=_FILE,
    summary="Tải tệp xuất / Fetch the file",
)
async def fetch(request: Request, session: Session, ring: Keys, caller: Admitted, export_id: UUID, at: At) -> Response:
    """The file, whole or from where a broken transfer stopped (`Range`, with `If-Range` and the ETag)."""
    row = await exports.one(session, caller.claims["client_id"], export_id, at=at)
    async with refusing(request):
        question = await exports.question_about(session, row, caller.claims, **_bound(caller))
        entry, limits = await exports.fetch(session, ring, question, row, at=at)
    size, tag = int(row.bytes or 0), f'"{row.sha256}"'
    first, last = _piece(request, size, tag)
    whole = (first, last) == (0, size - 1)
    headers = told(limits, ring, entry, at) | _headers(row.dataset, Format(row.format), tag, str(row.sha256))
    headers |= {"content-length": str(last - first + 1)}
    headers |= {} if whole else {"content-range": f"bytes {first}-{last}/{size}"}
    chunks = request.app.state.blobs.stream(row.file_id, row.id)
    return StreamingResponse(_cut(chunks, first, last), 200 if whole else 206, headers)


def _headers(dataset: str, form: Format, tag: str, sha256: str) -> dict[str, str]:
    return {
        "content-type": KINDS[form],
        "content-disposition": f'attachment; filename="{dataset}.{form}"',
        "repr-digest": f"sha-256=:{base64.b64encode(bytes.fromhex(sha256)).decode()}:",
        "accept-ranges": "bytes",
        "etag": tag,
    }


def _piece(request: Request, size: int, tag: str) -> tuple[int, int]:
    """The first and the last byte to send. More than one piece at once, or a condition that does not hold: the whole file."""
    asked_for, condition = sent(request.scope, b"range"), sent(request.scope, b"if-range")
    found = _RANGE.fullmatch(asked_for[0]) if len(asked_for) == 1 else None
    if found is None or condition not in ([], [tag]):
        return 0, size - 1
    if found[3] is not None:
        first, last = max(0, size - int(found[3])), size - 1
    else:
        first, last = int(found[1]), min(size - 1, int(found[2] or size))
    if found[2] and int(found[2]) < int(found[1]):  # no range at all, says RFC 9110
        return 0, size - 1
    if first >= size or found[3] == "0":
        raise OutsideFile
    return first, last


async def _cut(chunks: AsyncIterator[bytes], first: int, last: int) -> AsyncIterator[bytes]:
    place = 0
    async for chunk in chunks:
        if piece := chunk[max(0, first - place) : max(0, last + 1 - place)]:
            yield piece
        place += len(chunk)
        if place > last:
            return
