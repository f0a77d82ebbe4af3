"""JSON read strictly, before any router sees it: what two readers could understand differently is refused.

Stock FastAPI answered 500 to `NaN` and to a lone surrogate, and accepted NUL and duplicate keys.
"""

import json
import re
from typing import Any, NoReturn

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.api.problem import problem, unreadable
from app.core.errors import Incomplete, Refusal
from app.core.text import Text

MAX_BYTES = 1 << 20
TOO_LARGE = Text("Nội dung gửi lên vượt quá 1 MB.", "The body is larger than 1 MB.")
NOT_JSON = Text(
    "Nội dung gửi lên phải là JSON. Hãy gửi kèm Content-Type: application/json.",
    "The body must be JSON. Send it with Content-Type: application/json.",
)
_HIDDEN = re.compile(r"[\x00\ud800-\udfff]")
_JSON = re.compile(r"application/(?:[\w.+-]+\+)?json\s*(?:;|$)", re.IGNORECASE)


def read(body: bytes) -> Any:
    """The value of a JSON text. Raises `ValueError` on NaN, Infinity, duplicate keys, NUL, lone surrogates, too much depth."""
    try:
        return json.loads(body.decode(), parse_constant=_refuse, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError as error:
        raise ValueError("too deep") from error


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _integer(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError("integer too long")
    return int(digits)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    for key, value in pairs:
        _check(key)
        _check(value)
    return found


def _check(value: Any) -> None:
    """Refuse text that PostgreSQL or UTF-8 cannot hold; objects inside lists have checked themselves."""
    if isinstance(value, str) and _HIDDEN.search(value):
        raise ValueError("NUL or lone surrogate")
    if isinstance(value, list):
        for each in value:
            _check(each)


class StrictJson:
    """Reads a JSON body once, refuses it or passes it on unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Only bodies that say they are JSON are looked at."""
        if scope["type"] != "http" or not says_json(scope):
            await self.app(scope, receive, send)
            return
        body = await _whole(receive)
        if body is None:
            await problem(too_large())(scope, receive, send)
            return
        try:
            value = read(body) if body else None
            _check(value)
        except ValueError:
            await problem(unreadable())(scope, receive, send)
            return
        await self.app(scope, _again(body, receive), send)


def too_large() -> Incomplete:
    """More than a body of ours ever has."""
    return Incomplete([], TOO_LARGE, slug="too-large")


def not_json() -> Refusal:
    """A body where JSON is expected that does not say it is JSON, so that nobody has read it strictly."""
    return Refusal(NOT_JSON, slug="unsupported-type")


def says_json(scope: Scope) -> bool:
    """Whether the body says it is JSON."""
    return _JSON.match(_content_type(scope)) is not None


def _content_type(scope: Scope) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"content-type"), "")


async def _whole(receive: Receive) -> bytes | None:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > MAX_BYTES:
            return None
        if not message.get("more_body"):
            return bytes(body)


def _again(body: bytes, receive: Receive) -> Receive:
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def once_more() -> Message:
        return pending.pop() if pending else await receive()

    return once_more
