import pytest
from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from app.api import strict
from app.core.entry import anyone


class Thing(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    amount: int = 0


@pytest.fixture
async def echo(main_app, visitor):
    router = APIRouter(dependencies=[Depends(anyone)])

    @router.post("/api/echo")
    async def receive(thing: Thing) -> Thing:
        return thing

    main_app.include_router(router)
    return visitor


AMBIGUOUS = {
    "NaN": b'{"name": "a", "amount": NaN}',
    "Infinity": b'{"name": "a", "amount": -Infinity}',
    "duplicate keys": b'{"name": "a", "name": "b"}',
    "duplicate keys inside": b'{"name": "a", "x": [{"y": 1, "y": 2}]}',
    "NUL": b'{"name": "a\\u0000b"}',
    "NUL in a list": b'[["\\u0000"]]',
    "lone surrogate": b'{"name": "\\ud800"}',
    "surrogate in a key": b'{"\\udfff": 1}',
    "not UTF-8": b'{"name": "\xff"}',
    "depth": b"[" * 100_000,
    "endless integer": b'{"name": "a", "amount": ' + b"9" * 5000 + b"}",
    "nothing but a brace": b"{",
}


@pytest.mark.parametrize("body", AMBIGUOUS.values(), ids=list(AMBIGUOUS))
async def test_json_that_two_readers_could_understand_differently_is_refused(echo, body):
    answer = await echo.post("/api/echo", content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["slug"] == "unreadable-json"


async def test_ordinary_json_passes_unchanged(echo):
    answer = await echo.post("/api/echo", json={"name": "Công ty Ví Dụ 🏢", "amount": 5_000_000})

    assert answer.json() == {"name": "Công ty Ví Dụ 🏢", "amount": 5_000_000}


async def test_a_json_body_over_one_megabyte_is_refused(echo):
    answer = await echo.post("/api/echo", json={"name": "x" * strict.MAX_BYTES})

    assert (answer.status_code, answer.json()["slug"]) == (413, "too-large")


async def test_what_does_not_fit_the_model_is_named_but_never_echoed(echo):
    answer = await echo.post("/api/echo", json={"name": 5, "secret-0100109106": "x", "amount": "canary"})

    told = answer.json()
    assert (answer.status_code, told["slug"]) == (422, "invalid")
    assert {each["where"] for each in told["problems"]} >= {"name", "amount"}
    assert "canary" not in answer.text
