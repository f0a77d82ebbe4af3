"""Refusals as RFC 9457 problem documents. Nothing that came in is echoed."""

from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from app.core.errors import (
    Conflict,
    Incomplete,
    NotAllowed,
    NotFound,
    Problem,
    Refusal,
    TooMany,
    Unreachable,
    WrongState,
)
from app.core.text import Text

MEDIA_TYPE = "application/problem+json"
HELP_PATH = "/loi"
origin: ContextVar[str] = ContextVar("origin", default="")
"""Our public address, set for each request at the edge: `type` is an address that opens a page."""

STATUS: dict[type[Refusal], int] = {
    NotFound: 404,
    NotAllowed: 403,
    WrongState: 409,
    Conflict: 409,
    Incomplete: 422,
    TooMany: 429,
    Unreachable: 503,
}
# Slugs whose answer is more exact than that of their class.
STATUS_OF_SLUG = {
    "too-large": 413,
    "unsupported-type": 415,
    "method-not-allowed": 405,
    "wrong-host": 421,
    "unforeseen": 500,
    "no-space": 507,
    "checks-busy": 503,
}

UNREADABLE = Text(
    "Nội dung JSON không hợp lệ. Hãy kiểm tra định dạng rồi gửi lại.",
    "The JSON is not well formed. Check it and send it again.",
)
UNFORESEEN = Text(
    "Hệ thống gặp sự cố; sự cố đã được ghi lại. Hãy thử lại sau ít phút.",
    "Something went wrong here and has been recorded. Try again in a few minutes.",
)


def status_of(refusal: Refusal) -> int:
    """The HTTP status of a refusal: its slug's if that is more exact, else its class's."""
    by_class = next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 400)
    return STATUS_OF_SLUG.get(refusal.slug, by_class)


def problem(refusal: Refusal, *, status: int | None = None) -> Response:
    """The problem document of `refusal`."""
    status = status or status_of(refusal)
    told: dict[str, Any] = {
        "type": f"{origin.get()}{HELP_PATH}/{refusal.slug}",
        "title": refusal.text.en,
        "title_vi": refusal.text.vi,
        "status": status,
        "slug": refusal.slug,
    }
    if isinstance(refusal, Incomplete):
        told["problems"] = [_one(each) for each in refusal.problems]
    headers = {"cache-control": "no-store"}
    if isinstance(refusal, TooMany):
        headers["retry-after"] = str(refusal.retry_after_seconds)
    return Response(orjson.dumps(told), status, headers, MEDIA_TYPE)


def invalid(error: RequestValidationError) -> Incomplete:
    """What Pydantic found, as our refusal: where and why, never the value."""
    return Incomplete([_of_pydantic(each["loc"], each["type"], each["msg"]) for each in error.errors()], slug="invalid")


def unreadable() -> Incomplete:
    """JSON that is not JSON, or that two readers could understand differently."""
    return Incomplete([Problem("", "json", UNREADABLE)], UNREADABLE, slug="unreadable-json")


def unforeseen() -> Refusal:
    """What nobody foresaw; a person is woken."""
    return Refusal(UNFORESEEN, slug="unforeseen")


def _one(each: Problem) -> dict[str, str]:
    return {"where": each.where, "slug": each.slug, "detail": each.text.en, "detail_vi": each.text.vi}


def _of_pydantic(where: Sequence[int | str], kind: str, message: str) -> Problem:
    path = ".".join(str(part) for part in where[1:]) if where and where[0] == "body" else ".".join(map(str, where))
    return Problem(_printable(path), kind.replace("_", "-"), Text("Giá trị không hợp lệ.", _printable(message)))


def _printable(text: str) -> str:
    """Field names come from outside too: what cannot be encoded is shown as a question mark."""
    return text.encode("utf-8", "replace").decode()[:200]
