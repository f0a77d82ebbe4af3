"""Requests made from the descriptions, right and wrong, each with a proof of its own; answers are held against the description.

`make test` sends a few for each operation (`test_generated.py`), `make audit` many.
"""

from contextlib import nullcontext, suppress
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode

from app.api import openapi
from app.documents import explain
from tests.machines import ISSUER, Machine

load_all_checks()
CHECKED = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
    )
]
MOST = 2000
LIMITED = {429, 503}
"""Says nothing about what was asked: the limit on calls stopped it."""


def operations(name: openapi.Name) -> list[Any]:
    """The operations of a description, as the generator reads them."""
    made = _whole(openapi.document(name))
    made.pop("security", None)  # each call is signed here; tokens and proofs that are wrong have tests of their own
    schema = schemathesis.openapi.from_dict(made)
    return [found.ok() for found in schema.get_all_operations()]


def _whole(part: Any) -> Any:
    """The description without other files, and without bounds of megabytes: those have tests of their own."""
    if isinstance(part, list):
        return [_whole(each) for each in part]
    if not isinstance(part, dict):
        return part
    if str(part.get("$ref", "")).startswith("signature-report"):
        return {"type": "object", "required": explain.report_schema()["required"]}
    return {name: _whole(each) for name, each in part.items() if not (name in {"maxLength", "maxItems"} and each > MOST)}


def cases(operation: Any, mode: GenerationMode, examples: int) -> list[Any]:
    """Generated calls, the same in every run."""
    made: list[Any] = []

    def keep(case: Any) -> None:
        made.append(case)

    drawn = given(operation.as_strategy(generation_mode=mode))(keep)
    bounded = {"deadline": None, "database": None, "derandomize": True, "suppress_health_check": list(HealthCheck)}
    wrong = mode is GenerationMode.NEGATIVE  # nothing is wrong in a call that says nothing
    with suppress(Unsatisfiable) if wrong else nullcontext():
        settings(max_examples=examples, phases=[Phase.generate], **bounded)(drawn)()
    return made


async def broken(machine: Machine, operation: Any, examples: int) -> list[str]:
    """What did not hold for an operation, each with the call that showed it."""
    found: dict[str, str] = {}
    await machine.refresh()
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        for case in cases(operation, mode, examples):
            answer = await _sent(machine, case)
            if answer.status_code in LIMITED:
                continue
            try:
                case.validate_response(answer, checks=CHECKED)
            except FailureGroup as group:
                found |= {
                    each.title: f"{each.title} {answer.status_code} {each.message} {case.as_curl_command()}"
                    for each in group.exceptions
                }
    return list(found.values())


async def _sent(machine: Machine, case: Any) -> httpx.Response:
    """The answer to the call, with our own token and a new proof."""
    kwargs = case.as_transport_kwargs(base_url=ISSUER)
    asked = requests.Request(**{name: value for name, value in kwargs.items() if name in _PARTS}).prepare()
    headers = {name: value for name, value in asked.headers.items() if name.lower() not in _OURS}
    url = httpx.URL(str(asked.url))
    htu = f"{ISSUER}{url.raw_path.split(b'?')[0].decode()}"
    if machine.token:
        headers |= {"Authorization": f"DPoP {machine.token}", "DPoP": machine.proof(htm=case.method.upper(), htu=htu)}
    body = asked.body.encode() if isinstance(asked.body, str) else asked.body
    answer = await machine.http.request(case.method, url, headers=headers, content=body)
    machine.nonce = answer.headers.get("dpop-nonce", machine.nonce)
    return answer


_PARTS = {"method", "url", "headers", "params", "json", "data", "files", "cookies"}
_OURS = {"authorization", "dpop", "host", "user-agent"}
