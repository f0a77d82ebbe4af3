"""Answers about what will end say so: Deprecation (RFC 9745), Sunset (RFC 8594), and where to go instead."""

from datetime import UTC, date, datetime, time
from email.utils import format_datetime

from starlette.datastructures import MutableHeaders
from starlette.types import Message, Send

from app.core.clock import VIETNAM
from app.registers.rules import Life

PLAN = "/danh-muc-du-lieu#phien-ban"
"""Where versions and their ends are announced."""


def headers_of(life: Life) -> dict[str, str]:
    """The headers; none for what is not deprecated. A day begins, and the last one ends, at midnight in Vietnam."""
    if life.deprecated_on is None:
        return {}
    links = [f'<{PLAN}>; rel="deprecation"; type="text/html"']
    said = {"deprecation": f"@{int(_midnight(life.deprecated_on).timestamp())}"}
    if life.ends_on:
        said["sunset"] = format_datetime(_midnight(life.ends_on).astimezone(UTC), usegmt=True)
        links.append(f'<{PLAN}>; rel="sunset"; type="text/html"')
    if life.successor:
        links.append(f'<{life.successor}>; rel="successor-version"')
    return said | {"link": ", ".join(links)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM)


def telling(life: Life, send: Send) -> Send:
    """`send`, which adds the headers to the start of the answer."""
    said = headers_of(life)

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message).update(said)
        await send(message)

    return with_headers
