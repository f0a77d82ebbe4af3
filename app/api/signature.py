"""The public check for machines: a PDF in, its report out. No token, nothing stored; rates and places are the page's too."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from app.api.deps import At
from app.core.entry import anyone
from app.core.errors import Refusal
from app.core.multipart import FilePost, NotMultipart, heard_out
from app.core.text import Text
from app.documents import anyone as desk

router = APIRouter(prefix="/api/signature", tags=["signature"], dependencies=[Depends(anyone)])

UNSUPPORTED = Text(
    "Hãy gửi tệp PDF với Content-Type: application/pdf, hoặc multipart/form-data.",
    "Send the PDF with Content-Type: application/pdf, or as multipart/form-data.",
)
PDF = {"schema": {"type": "string", "format": "binary"}}
FORM = {
    "schema": {
        "type": "object",
        "required": ["file"],
        "properties": {"tax_code": {"type": "string"}, "file": {"type": "string", "format": "binary"}},
    }
}
ANSWER = {
    "type": "object",
    "required": ["report", "binding"],
    "properties": {
        "report": {"$ref": "signature-report.schema.json"},
        "binding": {
            "description": "Whether the tax code that was asked about signed; says nothing of the signature's worth.",
            "anyOf": [{"$ref": "#/components/schemas/Binding"}, {"type": "null"}],
        },
    },
}
RESULT = {"enum": ["BOUND", "MST_BRANCH_ONLY", "MST_MISMATCH", "NONE"]}
BINDING = {
    "type": "object",
    "required": ["tax_code", "result", "signatures"],
    "properties": {
        "tax_code": {"type": "string"},
        "result": RESULT,
        "signatures": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "result"],
                "properties": {"field": {"type": "string"}, "result": RESULT},
            },
        },
    },
}


@router.post(
    "/check",
    operation_id="check_signature",
    summary="Check the signatures of a PDF",
    responses={200: {"description": "The report", "content": {"application/json": {"schema": ANSWER}}}},
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/pdf": PDF, "multipart/form-data": FORM}},
    },
)
async def check(request: Request, at: At, tax_code: Annotated[str, Query(max_length=40)] = "") -> Response:
    """Judge one PDF as of now, against the portal's trust store and the revocation data it holds. Nothing is stored."""
    state = request.app.state
    async with heard_out(request.stream, most=desk.MOST_SENT):
        left = await desk.admit(state.sessions, request.client.host if request.client else "", at=at)
    async with heard_out(request.stream, most=desk.MOST_SENT), state.counter.place() as path:
        content, typed = await _content(request)
        code = desk.tax_code_of(tax_code or typed)
        found = await desk.check(state.sessions, state.counter, content, path, tax_code=code, at=at)
    told: dict[str, Any] = {"report": found.report, "binding": found.binding}
    headers = {"cache-control": "no-store", "ratelimit": f'"minute";r={left}'}
    return Response(orjson.dumps(told), media_type="application/json", headers=headers)


async def _content(request: Request) -> tuple[AsyncIterator[bytes], str]:
    """The bytes of the PDF, and the tax code of a form's field before it."""
    kind = request.headers.get("content-type", "")
    if kind.partition(";")[0].strip().lower() in {"application/pdf", "application/octet-stream"}:
        return request.stream(), ""
    try:
        form = FilePost(kind, request.stream(), field="file")
    except NotMultipart:
        raise Refusal(UNSUPPORTED, slug="unsupported-type") from None
    await form.begin()
    return form.chunks(), form.fields.get("tax_code", "")
