"""Reads of many shared records: a list by key, a look-up of keys, and the feed of changes.

Each is one statement with one access event, which says how many records it gave and commits to whom they were about.
"""

import hashlib
import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from app.core.direct import Direct
from app.core.errors import Refusal
from app.core.text import Text
from app.sharing import statements_of_many as statements
from app.sharing.datasets import mark_of
from app.sharing.keys import Ring
from app.sharing.questions import Limits, Question, judge, must_stand, new_event, values_of
from app.sharing.statements import Statement

MOST_RECORDS, MOST_KEYS = 1000, 100
WINDOW = 5000
"""How many records are looked at for one page when a filter leaves some out."""

BEGINNING = (0, "")


class Resync(Refusal):
    """The cursor is of a former life of the feed, or of an agreement that gave other records."""

    slug = "resync"
    text = Text(
        "Con trỏ không còn dùng được: dữ liệu đã được khôi phục hoặc phạm vi thỏa thuận đã đổi. Hãy đọc lại từ đầu (bỏ “after”).",
        "The cursor is of no use any more: the data were restored or the agreement covers others. Begin anew without “after”.",
    )


class FeedUnnumbered(Exception):
    """The feed has no epoch in this cluster yet; `registers.actions.begin_feed` begins one."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of records as JSON text (`items`, without brackets), its keys, and the place after it; None at the end."""

    event_id: UUID
    items: str
    keys: Sequence[str]
    limits: Limits
    after: tuple[Any, ...] | None


@dataclass(frozen=True, slots=True)
class Changes:
    """Changes as JSON text, the place to go on from, whether that is all there is, and how far behind it may be."""

    event_id: UUID
    items: str
    limits: Limits
    epoch: str
    after: tuple[int, str]
    up_to_date: bool
    lag_s: int


def _filters(question: Question) -> tuple[str, ...]:
    return tuple(name for name, _ in question.grant.row_filter)


def _values(
    ring: Ring, question: Question, action: str, event_id: UUID, asked: Mapping[str, Any], at: datetime
) -> dict[str, Any]:
    mark = f".{mark_of(question.fields)}"
    values = values_of(ring, question, action, event_id, at)
    return values | {"mark": mark, "asked": json.dumps(asked, ensure_ascii=False), "seed": secrets.token_bytes(32)}


def _window(limit: int, filters: Sequence[str]) -> int:
    return max(WINDOW, limit + 1) if filters else limit + 1


async def _ask(direct: Direct, statement: Statement, values: Mapping[str, Any]) -> Any:
    return await direct.row(statement.text, *statement.values(values))


async def listing(
    direct: Direct, ring: Ring, question: Question, wanted: Mapping[str, Sequence[str]], *, after: str, limit: int, at: datetime
) -> Page:
    """The records after a key that have the wanted values, at most `limit`. Raises as `datasets.read` does."""
    filters, event_id = _filters(question), new_event()
    names = tuple(sorted(wanted))
    statement = statements.listing(question.dataset, question.fields, filters, names, bound_by_proof=question.proof is not None)
    asked = {"limit": limit, "filter": {name: list(wanted[name]) for name in names}, "first": not after}
    values = _values(ring, question, "list", event_id, asked, at)
    values |= {"after": after, "limit": limit, "scan": _window(limit, [*filters, *names])}
    row = await _ask(direct, statement, values | {f"wanted_{name}": list(wanted[name]) for name in names})
    limits = judge(row, question.grant, at)
    place = row["last"] if row["more"] else row["edge"]
    return Page(event_id, row["items"], row["keys"] or (), limits, (place,) if place else None)


async def lookup(direct: Direct, ring: Ring, question: Question, keys: Sequence[str], *, asked: int, at: datetime) -> Page:
    """The records under at most a hundred keys, of which `asked` were given. Raises as `datasets.read` does."""
    event_id = new_event()
    statement = statements.lookup(
        question.dataset, question.fields, _filters(question), bound_by_proof=question.proof is not None
    )
    values = _values(ring, question, "lookup", event_id, {"keys": asked}, at)
    row = await _ask(direct, statement, values | {"keys": list(keys), "limit": MOST_KEYS})
    limits = judge(row, question.grant, at)
    return Page(event_id, row["items"], row["keys"] or (), limits, None)


def scope_of(question: Question) -> str:
    """What a feed's cursor is good for: the records that the agreement gives. Another filter gives others."""
    return hashlib.sha256(json.dumps(question.grant.row_filter).encode()).hexdigest()[:16]


async def changes(
    direct: Direct, ring: Ring, question: Question, place: tuple[int, str], *, epoch: str | None, limit: int, at: datetime
) -> Changes:
    """What changed after a place of the feed. `Resync`, `FeedUnnumbered`, and as `datasets.read` does."""
    filters, event_id = _filters(question), new_event()
    statement = statements.changes(question.dataset, question.fields, filters, bound_by_proof=question.proof is not None)
    values = _values(ring, question, "changes", event_id, {"limit": limit, "first": place == BEGINNING}, at)
    values |= {"after_xid": place[0], "after_key": place[1], "limit": limit, "feed_epoch": epoch}
    row = await _ask(direct, statement, values | {"scan": _window(limit, filters)})
    must_stand(row)
    if row["feed_epoch"] is None or (not row["same"] and row["feed_epoch"] == (epoch or row["feed_epoch"])):
        raise FeedUnnumbered
    if not row["same"]:
        raise Resync
    limits = judge(row, question.grant, at)
    at_end = not row["more"] and row["edge_xid"] is None
    return Changes(
        event_id=event_id,
        items=row["items"],
        limits=limits,
        epoch=row["feed_epoch"],
        after=_next(row, at_end=at_end),
        up_to_date=at_end,
        lag_s=max(0, math.ceil(row["lag_s"] or 0)),
    )


def _next(row: Any, *, at_end: bool) -> tuple[int, str]:
    """After the last record given, after the window, or after all that no open transaction can still add to."""
    if at_end:
        return row["xmin"], ""
    return (row["last_xid"], row["last_key"]) if row["more"] else (row["edge_xid"], row["edge_key"])


async def has_news(direct: Direct, question: Question, place: tuple[int, str]) -> bool:
    """Whether anything has changed after a place; nothing of it is said."""
    row = await _ask(direct, statements.waiting(question.dataset), {"after_xid": place[0], "after_key": place[1]})
    return bool(row["news"])
