import json
import logging

import pytest
from fastapi import Depends

from app.core.entry import anyone
from app.core.logs import JsonLines, scrub


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "", "[", "evil.example:8000"])
async def test_a_request_for_another_host_is_refused(visitor, host):
    answer = await visitor.get("/livez", headers={"host": host})

    assert (answer.status_code, answer.json()["slug"]) == (421, "wrong-host")


async def test_an_unknown_address_is_a_problem_for_machines_and_a_page_for_people(visitor):
    machine, person = await visitor.get("/api/filing/v1/nothing-here"), await visitor.get("/khong-co")

    assert (machine.status_code, machine.json()["slug"]) == (404, "not-found")
    assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")


async def test_a_wrong_method_is_said_to_be_wrong(visitor):
    answer = await visitor.delete("/api/payments/vnpay/ipn")

    assert (answer.status_code, answer.json()["slug"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == "GET"


async def test_the_log_names_the_route_and_never_the_path_or_the_query(visitor, caplog):
    with caplog.at_level(logging.INFO, logger="motcua.request"):
        answer = await visitor.get("/xac-thuc/s3cret-of-the-paper?so=0100109106")

    [record] = [each for each in caplog.records if each.name == "motcua.request"]
    line = json.loads(JsonLines().format(record))
    assert "s3cret" not in json.dumps(line)
    assert line["status"] == answer.status_code
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "canary", ["9900000030", "0100109106-001", "079090001234", "a.b+c@vidu.example", "+84912345678", "eyJhbGciOiJF.eyJzdWIi.x"]
)
def test_what_identifies_a_person_or_business_is_masked(canary):
    assert canary not in scrub(f"refused for {canary}, try again")


def test_an_exception_is_told_by_type_and_place_never_by_its_message():
    try:
        int("tax code 9900000030")
    except ValueError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), (type(error), error, error.__traceback__))

    line = json.loads(JsonLines().format(record))

    assert line["error"]["type"] == "builtins.ValueError"
    assert "9900000030" not in json.dumps(line)


async def test_what_nobody_foresaw_is_said_politely_recorded_and_wears_the_headers(main_app, visitor, caplog):
    @main_app.get("/api/broken", dependencies=[Depends(anyone)])
    async def broken():
        return {}["canary"]

    answer = await visitor.get("/api/broken")

    assert (answer.status_code, answer.json()["slug"]) == (500, "unforeseen")
    assert "canary" not in answer.text
    assert answer.headers["content-security-policy"]
    assert answer.headers["x-request-id"]
    assert "failed: unforeseen" in caplog.text


async def test_a_person_meets_a_page_even_then(main_app, visitor):
    @main_app.get("/hong", dependencies=[Depends(anyone)])
    async def broken():
        raise RuntimeError

    answer = await visitor.get("/hong")

    assert (answer.status_code, answer.headers["content-type"]) == (500, "text/html; charset=utf-8")
    assert "sự cố" in answer.text.lower()
