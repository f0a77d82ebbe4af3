"""The door to the shared data: one record of a dataset, and what a client may ask at all."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api import ageing, lists
from app.api.deps import At
from app.api.machine import Keys, MachineRoute, Reader, Straight, let_in, sent, unauthorized
from app.api.problem import problem
from app.api.reading import Asked, Delivered, Endpoint, asked, delivered, direct_of, read_by_machines, told
from app.core.db import transaction
from app.core.errors import NotFound
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing import datasets, queries
from app.sharing.rules import CASE_REF
from app.sharing.tokens import TokenRefused

PREFIX = "/api/sharing/v1"
CASE_PATTERN = f"^{CASE_REF.pattern}$"


class Records(Straight):
    """The routes of the datasets: found by the first part of the path."""

    def find(self, scope: Scope) -> tuple[APIRoute, dict[str, str]] | None:
        """`/{dataset}`, `/{dataset}/lookup`, `/{dataset}/changes` and `/{dataset}/{key}`; a key may hold slashes."""
        path: str = scope["path"]
        if not path.startswith(PREFIX + "/"):
            return None
        dataset, slash, key = path[len(PREFIX) + 1 :].partition("/")
        ways = _ROUTES.get(dataset)
        if ways is None or (slash and not key):
            return None
        return ways.get(key) or ways["{key}"], {"key": key}

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; whatever the answer, a dataset that will end says when."""
        name = scope["path"][len(PREFIX) + 1 :].partition("/")[0]
        life = SCHEMAS[Dataset(name)].life
        await super().handle(scope, receive, ageing.telling(life, send) if life.deprecated_on else send)


records = Records(prefix=PREFIX, tags=["sharing"])
router = APIRouter(prefix=PREFIX, route_class=MachineRoute, tags=["sharing"])


def _read_one(dataset: Dataset) -> Endpoint:
    schema = SCHEMAS[dataset]

    @read_by_machines
    async def read(request: Request) -> ASGIApp:
        found = await asked(request, dataset, "read")
        key = request.path_params["key"]
        if not schema.accepts_key(key):
            raise NotFound
        known = _etags(sent(request.scope, b"if-none-match"))
        try:
            reading = await datasets.read(direct_of(request), found.ring, found.question, key, known, at=found.at)
        except TokenRefused as wrong:
            raise await unauthorized(request, wrong) from wrong
        return _shown(found, reading)

    return read


def _etags(headers: list[str]) -> list[str]:
    """The tags of If-None-Match, without quotes and weakness."""
    if not headers:
        return []
    tags = ",".join(headers).split(",")[:16]
    return [tag.strip().removeprefix("W/").strip('"') for tag in tags if tag.strip().isascii()]


def _shown(found: Asked, reading: datasets.Reading) -> ASGIApp:
    headers = told(reading.limits, found.ring, reading.event_id, found.at)
    if reading.status == 404:
        response = problem(NotFound())
        response.headers.update(headers)
        return response
    headers["etag"] = f'"{reading.etag}"'
    return Delivered(304, b"", headers) if reading.body is None else delivered(reading.body.encode(), headers)


def _route(dataset: Dataset, way: str, endpoint: Endpoint, method: str = "GET") -> APIRoute:
    """Enter one way of reading a dataset, and give its route."""
    schema, name = SCHEMAS[dataset], WAYS[way]
    records.add_api_route(
        f"/{dataset.value}{name.path}",
        endpoint,
        methods=[method],
        operation_id=f"{name.operation}_{dataset.value}",
        summary=f"{schema.title.vi}: {name.title.vi} / {schema.title.en}: {name.title.en}",
        response_class=Response,
        response_model=None,
    )
    made = records.routes[-1]
    if not isinstance(made, APIRoute):
        raise TypeError("the framework has changed what it enters")
    return made


@dataclass(frozen=True, slots=True)
class Way:
    """One way of reading: the path after the dataset, the name of the operation, and what it is called."""

    path: str
    operation: str
    title: Text


WAYS = {
    "": Way("", "list", Text("danh sách", "list")),
    "lookup": Way("/lookup", "lookup", Text("tra theo khóa", "look-up of keys")),
    "changes": Way("/changes", "changes", Text("thay đổi", "changes")),
    "{key}": Way("/{key:path}", "read", Text("một bản ghi", "one record")),
}
_ROUTES = {
    dataset.value: {
        "": _route(dataset, "", lists.read_list(dataset)),
        "lookup": _route(dataset, "lookup", lists.read_lookup(dataset), "POST"),
        "changes": _route(dataset, "changes", lists.read_changes(dataset)),
        "{key}": _route(dataset, "{key}", _read_one(dataset)),
    }
    for dataset in Dataset
}


@router.get("/me", operation_id="read_me", summary="Ứng dụng của bạn / Your client")
async def me(request: Request, ring: Keys, caller: Reader, at: At) -> Response:
    """The client, its keys, and the agreements of its party."""
    admitted = await let_in(request, ring, caller, at)
    async with transaction(request.app.state.sessions) as session:
        standing = await queries.standing(session, admitted.client_id, at=at)
    return JSONResponse(json.loads(json.dumps(asdict(standing), default=_plain)))


def _plain(value: Any) -> str:
    return str(value)
