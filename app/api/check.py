"""The door to "what would this request be allowed, and why not": for an integrator who writes it, before anything is read."""

from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from app.api.deps import At, Session
from app.api.machine import Keys, MachineRoute, Reader, let_in
from app.api.reading import UnknownParameter
from app.core.errors import NotFound, Refusal
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import checks
from app.sharing.checks import Verdict, Wish
from app.sharing.many import MOST_KEYS

PREFIX = "/api/sharing/v1"
router = APIRouter(prefix=f"{PREFIX}/me/check", route_class=MachineRoute, tags=["sharing"])

_PLAIN = frozenset({"limit", "cursor", "after"})
_WAYS = {("GET", ""): "list", ("POST", "lookup"): "lookup", ("GET", "changes"): "changes"}


class BodyExpected(Refusal):
    """The wished request needs a body that is not there."""

    slug = "invalid"
    text = Text(
        f"Yêu cầu này cần “body”: lookup cần “keys” (1 đến {MOST_KEYS} khóa), exports cần “dataset”.",
        f"This request needs its “body”: lookup takes “keys” (1 to {MOST_KEYS}), exports take “dataset”.",
    )


class Wished(BaseModel):
    """The request as it would be sent: `path` with its query, from /api/sharing/v1 on."""

    model_config = ConfigDict(extra="forbid")

    method: Literal["GET", "POST"]
    path: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^/[!-~]*$")]
    body: dict[str, Any] | None = None


class Reason(BaseModel):
    """Why not: the slug that the request itself would be refused with, and what to do."""

    slug: Annotated[str, Field(max_length=64)]
    title: Annotated[str, Field(max_length=1000)]
    title_vi: Annotated[str, Field(max_length=1000)]


class Told(BaseModel):
    """Whether it would be answered, the fields that would come, the clause they rest on; or the reason why not."""

    allowed: bool
    fields: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=64)]
    clause: Annotated[str | None, Field(max_length=1000)]
    reason: Reason | None


@router.post("", operation_id="check_request", summary="Yêu cầu này có được phép không / Would this request be allowed")
async def check(request: Request, session: Session, ring: Keys, caller: Reader, wished: Wished, at: At) -> Told:
    """Say what a request would be allowed under this token. Reads no record, and writes nothing about anybody."""
    await let_in(request, ring, caller, at)
    try:
        wish = wish_of(wished)
    except Refusal as refusal:
        return _told(Verdict(refusal=refusal))
    return _told(await checks.check(session, caller.claims, wish, at=at))


def wish_of(wished: Wished) -> Wish:
    """The request in the terms of agreements. Raises the refusal of a request that cannot be."""
    parts = urlsplit(wished.path)
    place = unquote(parts.path).removeprefix(PREFIX).strip("/")
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    body = wished.body or {}
    name, _, rest = place.partition("/")
    if place == "exports" and wished.method == "POST":
        return Wish(_dataset(body.get("dataset")), "export", filters=_names(body.get("filter")))
    dataset = _dataset(name, missing=NotFound)
    action = _WAYS.get((wished.method, rest)) or ("read" if wished.method == "GET" else None)
    if action is None:
        raise NotFound
    keys = _keys(body) if action == "lookup" else (rest,) if action == "read" else ()
    return Wish(dataset, action, keys, tuple(filter(None, given.pop("fields", "").split(","))), _filters(dataset, action, given))


def _dataset(name: Any, *, missing: type[Refusal] = BodyExpected) -> Dataset:
    if name not in set(Dataset):
        raise missing
    return Dataset(name)


def _names(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, dict) else ()


def _keys(body: dict[str, Any]) -> tuple[str, ...]:
    keys = body.get("keys")
    if not isinstance(keys, list) or not 1 <= len(keys) <= MOST_KEYS or not all(isinstance(key, str) for key in keys):
        raise BodyExpected
    return tuple(keys)


def _filters(dataset: Dataset, action: str, given: dict[str, str]) -> tuple[str, ...]:
    """The fields that the query would filter by. Raises `UnknownParameter`, as the request itself would."""
    known = {"list": {"limit", "cursor", *SCHEMAS[dataset].filterable}, "changes": {"limit", "after"}}.get(action, set())
    if set(given) - known:
        raise UnknownParameter
    return tuple(name for name in given if name not in _PLAIN)


def _told(verdict: Verdict) -> Told:
    refusal = verdict.refusal
    reason = Reason(slug=refusal.slug, title=refusal.text.en, title_vi=refusal.text.vi) if refusal else None
    return Told(allowed=refusal is None, fields=list(verdict.fields), clause=verdict.clause, reason=reason)
