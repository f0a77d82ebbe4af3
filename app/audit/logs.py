"""The logs that are sealed, and the one form in which a row of theirs is hashed."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Table

from app.core.db import Base

# By the name of their table: who owns the access log stands above this package.
LOGS = {"audit": "audit_row", "access": "access_event"}


_AS_IT_IS = frozenset({str, int, bool, list, dict})


def table_of(log: str) -> Table:
    """The table whose rows `log` seals."""
    return Base.metadata.tables[LOGS[log]]


def sealed_logs() -> list[str]:
    """The logs whose tables this process knows."""
    return [log for log, table in LOGS.items() if table in Base.metadata.tables]


def canonical(row: Mapping[str, Any]) -> bytes:
    """The bytes of a row that are hashed: JSON, keys sorted, no blanks. Empty columns are left out, so a later column
    does not change what older rows say."""  # noqa: D205, D209
    present = {name: value if type(value) in _AS_IT_IS else _plain(value) for name, value in row.items() if value is not None}
    return orjson.dumps(present, option=orjson.OPT_SORT_KEYS)


def moment_of(event_id: UUID) -> datetime:
    """When a v7 id was made."""
    return datetime.fromtimestamp((event_id.int >> 80) / 1000, UTC)


def floor_of(event_id: UUID, *, earlier: timedelta) -> UUID:
    """The smallest v7 id made `earlier` than `event_id`."""
    milliseconds = max(0, (event_id.int >> 80) - int(earlier.total_seconds() * 1000))
    return UUID(int=milliseconds << 80)


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, UUID) else value
