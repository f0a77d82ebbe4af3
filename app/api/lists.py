"""The doors that read many shared records: a list by key, a look-up of keys in the body, and the feed of changes."""

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from fastapi import Request
from starlette.types import ASGIApp

from app.api import strict
from app.api.deps import body_of
from app.api.machine import sent, unauthorized
from app.api.problem import STATUS
from app.api.reading import Asked, Endpoint, asked, delivered, direct_of, invalid, read_by_machines, remember, told
from app.core import clock
from app.core.db import transaction
from app.core.errors import Incomplete, NotAllowed, Problem, Refusal, Unreachable
from app.core.text import Text
from app.registers.actions import begin_feed
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import many
from app.sharing.cursors import CursorRefused, Cursors, bound_to
from app.sharing.grants import must_be_granted
from app.sharing.many import MOST_KEYS, MOST_RECORDS
from app.sharing.tokens import TokenRefused

USUAL = 100
LONGEST_WAIT, LOOK_EVERY = 20, 0.5
MOST_WAITING = 200
VALUE = re.compile(r"[^\x00-\x1f,]{1,64}")
_WAIT = re.compile(r"(?:^|[,;\s])wait=([0-9]{1,4})(?:$|[,;\s])")

STATUS[many.Resync] = 410


class CursorInvalid(Refusal):
    """Not a cursor of ours, or not for this question."""

    slug = "cursor-invalid"
    text = Text(
        "Con trỏ không hợp lệ cho câu hỏi này. Hãy dùng đúng giá trị “next” của trang trước, với cùng tham số và ứng dụng.",
        "The cursor is not good for this question. Use the “next” of the page before, with the same parameters and client.",
    )


def cursors_of(request: Request) -> Cursors:
    """The box of this portal's cursors."""
    state = request.app.state
    if getattr(state, "cursors", None) is None:
        state.cursors = Cursors(state.settings.secret_key.get_secret_value().encode())
    found: Cursors = state.cursors
    return found


def _bound(kind: str, found: Asked, more: str = "") -> str:
    question = found.question
    return bound_to(kind, question.claims["client_id"], question.detail["agreement"], question.dataset.value, more)


def _limit(given: Mapping[str, str]) -> int:
    value = given.get("limit", str(USUAL))
    if not re.fullmatch(r"[1-9][0-9]{0,3}", value) or int(value) > MOST_RECORDS:
        raise invalid("limit", f"phải là số từ 1 đến {MOST_RECORDS}", f"must be a number from 1 to {MOST_RECORDS}")
    return int(value)


def read_list(dataset: Dataset) -> Endpoint:
    """`GET /{dataset}`: the records by key, filtered by granted fields of short lists."""
    filterable = SCHEMAS[dataset].filterable

    @read_by_machines
    async def read(request: Request) -> ASGIApp:
        found = await asked(request, dataset, "list", "limit", "cursor", *filterable)
        wanted = {name: _values_of(name, found.given[name]) for name in filterable if name in found.given}
        await _must_be_granted(request, found, list(wanted))
        bound = _bound("list", found, json.dumps(wanted))
        after = _opened(request, found.given.get("cursor"), bound, [""])[0]
        try:
            page = await many.listing(
                direct_of(request), found.ring, found.question, wanted, after=after, limit=_limit(found.given), at=found.at
            )
        except TokenRefused as wrong:
            raise await unauthorized(request, wrong) from wrong
        cursor = cursors_of(request).seal(page.after, bound) if page.after else None
        headers = told(page.limits, found.ring, page.event_id, found.at)
        return delivered(f'{{"items":[{page.items}],"next":{json.dumps(cursor)}}}'.encode(), headers)

    return read


def _values_of(name: str, value: str) -> list[str]:
    values = value.split(",")
    if len(values) > 20 or not all(VALUE.fullmatch(one) for one in values):
        raise invalid(name, "tối đa 20 giá trị, cách nhau bằng dấu phẩy", "at most 20 values, with commas")
    return values


async def _must_be_granted(request: Request, found: Asked, names: list[str]) -> None:
    """By a filter on a field one learns what the field says."""
    try:
        must_be_granted(found.question.dataset, found.question.grant, names)
    except NotAllowed as refusal:
        await remember(request, found.question.claims["client_id"], found.question.dataset, "list", refusal, found.at)
        raise


def _opened(request: Request, cursor: str | None, bound: str, beginning: list[Any]) -> list[Any]:
    if cursor is None:
        return beginning
    try:
        return cursors_of(request).open(cursor, bound)
    except CursorRefused as error:
        raise CursorInvalid from error


def read_lookup(dataset: Dataset) -> Endpoint:
    """`POST /{dataset}/lookup`: the records under the keys of the body, which no address and no log of a proxy shows."""

    @read_by_machines
    async def read(request: Request) -> ASGIApp:
        found = await asked(request, dataset, "lookup")
        if not strict.says_json(request.scope):
            raise strict.not_json()
        keys = _keys_in(await body_of(request))
        possible = [key for key in keys if SCHEMAS[dataset].accepts_key(key)]
        try:
            page = await many.lookup(direct_of(request), found.ring, found.question, possible, asked=len(keys), at=found.at)
        except TokenRefused as wrong:
            raise await unauthorized(request, wrong) from wrong
        there = set(page.keys)
        missing = orjson.dumps([key for key in keys if key not in there])
        return delivered(
            b'{"items":[%s],"missing":%s}' % (page.items.encode(), missing),
            told(page.limits, found.ring, page.event_id, found.at),
        )

    return read


KEYS_NEEDED = Text(
    "Hãy gửi đối tượng chỉ có “keys”: danh sách 1 đến 100 khóa khác nhau.",
    "Send an object with “keys” alone: a list of 1 to 100 different keys.",
)


def _keys_in(body: bytes) -> list[str]:
    try:
        said = strict.read(body)
    except ValueError:
        said = None
    keys = said["keys"] if isinstance(said, dict) and set(said) == {"keys"} else None
    good = isinstance(keys, list) and 1 <= len(keys) <= MOST_KEYS and all(isinstance(key, str) for key in keys)
    if not good or not isinstance(keys, list) or len(set(keys)) != len(keys):
        raise Incomplete([Problem("keys", "keys", KEYS_NEEDED)], KEYS_NEEDED, slug="keys")
    return keys


def read_changes(dataset: Dataset) -> Endpoint:
    """`GET /{dataset}/changes`: what changed after a place, waiting for it when asked to."""

    @read_by_machines
    async def read(request: Request) -> ASGIApp:
        found = await asked(request, dataset, "changes", "limit", "after")
        bound, limit = _bound("changes", found), _limit(found.given)
        epoch, xid, key, scope = _opened(request, found.given.get("after"), bound, [None, *many.BEGINNING, None])
        if scope not in {None, many.scope_of(found.question)}:
            raise many.Resync
        waited = await _wait_for_news(request, found, (xid, key)) if "after" in found.given else None
        found = replace(found, at=clock.now()) if waited else found
        if found.question.claims["exp"] <= found.at.timestamp():
            raise await unauthorized(request, TokenRefused())
        try:
            made = await _changes(request, found, (xid, key), epoch, limit)
        except TokenRefused as wrong:
            raise await unauthorized(request, wrong) from wrong
        place = [made.epoch, *made.after, many.scope_of(found.question)]
        rest = {"next": cursors_of(request).seal(place, bound), "up_to_date": made.up_to_date, "lag_s": made.lag_s}
        headers = told(made.limits, found.ring, made.event_id, found.at) | (
            {"preference-applied": f"wait={waited}"} if waited else {}
        )
        return delivered(b'{"items":[%s],%s' % (made.items.encode(), orjson.dumps(rest)[1:]), headers)

    return read


async def _changes(request: Request, found: Asked, place: tuple[int, str], epoch: str | None, limit: int) -> many.Changes:
    """Where the feed has no life in this database cluster yet, one is begun."""
    direct = direct_of(request)
    for _ in range(2):
        try:
            return await many.changes(direct, found.ring, found.question, place, epoch=epoch, limit=limit, at=found.at)
        except many.FeedUnnumbered:
            async with transaction(request.app.state.sessions) as session:
                await begin_feed(session, at=found.at)
    raise Unreachable


async def _wait_for_news(request: Request, found: Asked, place: tuple[int, str]) -> int | None:
    """The seconds of `Prefer: wait=`, after news or that time; None when it was not asked for, or too many wait already."""
    preferred = _WAIT.search(",".join(sent(request.scope, b"prefer")))
    state = request.app.state
    waiting = getattr(state, "waiting", 0)
    if preferred is None or waiting >= MOST_WAITING:
        return None
    seconds = min(int(preferred[1]), LONGEST_WAIT)
    until, state.waiting = clock.now().timestamp() + seconds, waiting + 1
    try:
        while clock.now().timestamp() < until and not await many.has_news(direct_of(request), found.question, place):  # noqa: ASYNC110  (no event of this process tells of another's commit)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        state.waiting -= 1
    return seconds
