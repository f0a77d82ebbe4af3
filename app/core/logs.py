"""Logs as JSON lines, without personal data: no bodies, no query strings, no exception messages (they quote values)."""

import json
import logging
import re
import sys
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

request_id: ContextVar[str] = ContextVar("request_id", default="-")

# What identifies people or businesses: mail addresses, tax codes, personal and telephone numbers, bearer values.
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+|(?<![\w-])\+?\d{9,14}(?:-\d{3})?(?![\w-])|eyJ[\w-]{8,}\.[\w.-]+")
_OWN_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}


def scrub(text: str) -> str:
    """`text` with anything that looks like a person's or a business's identifier masked."""
    return _PERSONAL.sub("[masked]", text)


class JsonLines(logging.Formatter):
    """One record, one line. Exceptions are told by type and place; extra fields are passed on scrubbed."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrub(record.getMessage()),
            "request": request_id.get(),
        }
        line |= {name: _plain(value) for name, value in vars(record).items() if name not in _OWN_FIELDS}
        if record.exc_info and record.exc_info[1]:
            line["error"] = _told(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def set_up(level: str) -> None:
    """Send every logger of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
    logging.getLogger("uvicorn.access").disabled = True  # the portal writes its own line, by route and never by path
    for name in ("httpx", "httpcore", "procrastinate", "pyhanko", "fontTools", "mail"):
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))


def _plain(value: object) -> object:
    return value if isinstance(value, int | float | bool | None) else scrub(str(value))


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    told: dict[str, Any] = {
        "type": f"{type(error).__module__}.{type(error).__qualname__}",
        "at": [f"{frame.filename.rsplit('/site-packages/', 1)[-1]}:{frame.lineno} {frame.name}" for frame in frames],
    }
    if cause := error.__cause__ or error.__context__:
        told["cause"] = type(cause).__qualname__
    return told
