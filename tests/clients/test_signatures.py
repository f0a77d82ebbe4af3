"""Answers that are signed on request, and checked by the client library."""

import httpx
import pytest

from app.core.db import transaction
from app.registers.rules import Dataset
from app.sharing.rules import Grant
from motcua_client import Portal, Purpose, SignatureInvalid, verify_response
from tests.machines import FIELDS, agree, terms

UNDER = Purpose("TT-01", "kiem-tra-thue")
LICENCE = "07/2026/GCN-UBCT"


def ask(portal: Portal, **asked) -> tuple[httpx.Response, dict]:
    return portal.case("HS-1", under=UNDER).ask("licences", LICENCE, **asked), portal.signing_keys()


async def test_an_answer_is_signed_when_asked_for_with_its_question(run):
    response, keys = await run(lambda portal: ask(portal, signed=True, fields=["number", "status"]))
    verify_response(response, keys)
    assert "fields=" in str(response.request.url)


async def test_an_answer_is_not_signed_unasked(run):
    response, keys = await run(ask)
    with pytest.raises(SignatureInvalid, match="not signed"):
        verify_response(response, keys)


ALTERED = {
    "another status": lambda response: setattr(response, "status_code", 203),
    "another entry": lambda response: response.headers.update({"Log-Entry": "x"}),
    "another body": lambda response: setattr(response, "_content", b"{}"),
    "another proof": lambda response: response.request.headers.update({"DPoP": "x"}),
    "another method": lambda response: setattr(response.request, "method", "POST"),
    "another address": lambda response: setattr(response.request, "url", httpx.URL("http://127.0.0.1:8000/x")),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
async def test_whatever_is_altered_no_longer_fits(run, alter):
    response, keys = await run(lambda portal: ask(portal, signed=True))
    alter(response)
    with pytest.raises(SignatureInvalid):
        verify_response(response, keys)


async def test_an_agreement_may_want_every_answer_signed(run, standing_portal):
    async with transaction(standing_portal.sessions) as session:
        await agree(session, terms("TT-02", grants=(Grant(Dataset.LICENCES, FIELDS, signed_response=True),)))
    under = Purpose("TT-02", "kiem-tra-thue")
    response, keys = await run(lambda portal: (portal.case("HS-1", under=under).ask("licences", LICENCE), portal.signing_keys()))
    verify_response(response, keys)
