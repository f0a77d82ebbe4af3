"""The writes of one act, caught as they leave the application, made into a pgbench script: a plain transaction of the same."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

_PLACE = re.compile(r"\$(\d+)")
# The n-th clone of a dossier, from pgbench's own counters: every client walks a range of its own.
NTH = "lpad(to_hex(:base::bigint + :client_id::bigint * :width::bigint + :i::bigint), 32, '0')::uuid"


@dataclass
class Caught:
    """What one act sent: all statements (a round trip each) and, of these, the writes."""

    statements: int = 0
    writes: list[tuple[str, Sequence[Any]]] = field(default_factory=list)


@contextmanager
def caught(engine: AsyncEngine) -> Iterator[Caught]:
    """Catch what is sent on `engine` meanwhile."""
    seen = Caught()

    def see(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: Any) -> None:
        seen.statements += 1
        if statement.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
            seen.writes += [(statement, row) for row in parameters] if many else [(statement, parameters)]

    event.listen(engine.sync_engine, "before_cursor_execute", see)
    yield seen
    event.remove(engine.sync_engine, "before_cursor_execute", see)


def script(writes: list[tuple[str, Sequence[Any]]], dossier_id: UUID, unique: set[str], born_after: UUID) -> str:
    """The script: the dossier becomes the n-th clone, ids made during the act become new ids, unique texts differ each time."""

    def literal(value: Any) -> str:
        if value == dossier_id:
            return NTH
        if isinstance(value, UUID):
            return "gen_random_uuid()" if value > born_after else f"'{value}'::uuid"
        return f"({_plain(value)} || gen_random_uuid()::text)" if value in unique and isinstance(value, str) else _plain(value)

    lines = [r"\set i :i + 1", "BEGIN;"]
    for statement, row in writes:
        filled = _PLACE.sub(lambda found, row=row: literal(row[int(found[1]) - 1]), statement)
        lines.append(" ".join(filled.split()) + ";")
    return "\n".join([*lines, "COMMIT;", ""])


def _plain(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return {None: "NULL", True: "true", False: "false"}[value]
    if isinstance(value, int | float | Decimal):
        return str(value)
    if isinstance(value, bytes):
        return f"'\\x{value.hex()}'::bytea"
    if isinstance(value, datetime | date):
        return _text(value.isoformat()) + ("::timestamptz" if isinstance(value, datetime) else "::date")
    return _text(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str))


def _text(value: str) -> str:
    """A string literal without a colon, which pgbench would read as one of its variables."""
    escaped = value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n").replace(":", "\\x3a")
    return f"E'{escaped}'"
