"""`me/check`: what would be allowed and why not, without reading and without a row in any log."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.registers.rules import Dataset
from app.sharing import agreements
from app.sharing.rules import Grant
from tests.machines import FIELDS, agree, terms

URL = "/api/sharing/v1/me/check"
LICENCE = "/api/sharing/v1/licences/07%2F2026%2FGCN-UBCT"


@pytest.fixture(scope="module")
async def asking(standing_reader, standing_portal):
    """A client that reads single licences under one agreement and more of them under another."""
    grant = Grant(Dataset.LICENCES, FIELDS, actions=("read", "list", "lookup"))
    async with transaction(standing_portal.sessions) as session:
        await agree(session, terms("TT-02", grants=(grant,)))
    return standing_reader


async def told(machine, path: str, method: str = "GET", **more) -> dict:
    await machine.refresh()
    answer = await machine.call("POST", URL, json={"method": method, "path": path, **more})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_request_within_the_agreement_is_told_its_fields_and_clause(asking):
    assert await told(asking, f"{LICENCE}?fields=number,status") == {
        "allowed": True,
        "fields": ["number", "status"],
        "clause": "TT-01 v1: Nghị định 278/2025/NĐ-CP Điều 7",
        "reason": None,
    }


REFUSED = {
    "field": (f"{LICENCE}?fields=number,signer", "GET", {}, "field-not-granted", "signer"),
    "scope": ("/api/sharing/v1/enterprises/9900000030", "GET", {}, "insufficient-scope", "enterprises.read"),
    "action": ("/api/sharing/v1/licences", "GET", {}, "insufficient-scope", "list"),
    "lookup": ("/api/sharing/v1/licences/lookup", "POST", {"body": {"keys": ["1"]}}, "insufficient-scope", "lookup"),
    "export": ("/api/sharing/v1/exports", "POST", {"body": {"dataset": "licences"}}, "insufficient-scope", "export"),
    "parameter": (f"{LICENCE}?feilds=number", "GET", {}, "unknown-parameter", ""),
    "key": ("/api/sharing/v1/licences/a%00b", "GET", {}, "not-found", "404"),
    "no keys": ("/api/sharing/v1/licences/lookup", "POST", {}, "invalid", "keys"),
    "no address": ("/api/sharing/v1/secrets/1", "GET", {}, "not-found", ""),
    "no way": ("/api/sharing/v1/licences/1", "POST", {}, "not-found", ""),
}


@pytest.mark.parametrize("path,method,more,slug,named", REFUSED.values(), ids=REFUSED)
async def test_it_says_why_not_by_the_slug_of_the_request_itself(asking, path, method, more, slug, named):
    answer = await told(asking, path, method, **more)
    assert not answer["allowed"]
    assert answer["reason"]["slug"] == slug
    assert named in answer["reason"]["title"]
    assert named in answer["reason"]["title_vi"]


async def test_a_filter_on_a_field_outside_the_agreement_is_not_allowed(asking):
    before, asking.agreement = asking.agreement, "TT-02"
    await asking.get_token()
    allowed = await told(asking, "/api/sharing/v1/licences?status=valid&limit=10")
    refused = await told(asking, "/api/sharing/v1/licences?holder_province=01")
    asking.agreement = before
    await asking.get_token()
    assert allowed["allowed"]
    assert refused["reason"]["slug"] == "field-not-granted"


async def test_nothing_is_read_counted_or_logged(asking, standing_portal):
    counted = text("select (select count(*) from access_event), (select count(*) from access_subject), "
                   "(select coalesce(sum(used), 0) from grant_use), (select count(*) from audit_row)")  # fmt: skip
    async with transaction(standing_portal.sessions) as session:
        before = tuple((await session.execute(counted)).one())
    assert (await told(asking, LICENCE))["allowed"]
    assert not (await told(asking, f"{LICENCE}?fields=signer"))["allowed"]
    async with transaction(standing_portal.sessions) as session:
        assert tuple((await session.execute(counted)).one()) == before


async def test_a_spent_quota_and_a_suspended_agreement_are_told(asking, standing_portal):
    at = clock.now()
    spent = text("insert into grant_use (agreement, dataset, tat, day, used) values ('TT-01', 'licences', :at, :day, 20000) "
                 "on conflict (agreement, dataset) do update set used = 20000")  # fmt: skip
    async with transaction(standing_portal.sessions) as session:
        await session.execute(spent, {"at": at - timedelta(hours=1), "day": clock.day_in_vietnam(at)})
    assert (await told(asking, LICENCE))["reason"]["slug"] == "quota-spent"
    async with transaction(standing_portal.sessions) as session:
        await agreements.suspend_agreement(session, SYSTEM, code="TT-01", version=1, reason="kiểm tra", at=at)
    assert (await told(asking, LICENCE))["reason"]["slug"] == "agreement-not-in-force"


@pytest.mark.parametrize("wished", [{"method": "DELETE", "path": "/x"}, {"method": "GET"}, {"method": "GET", "path": "x"}],
                         ids=json.dumps)  # fmt: skip
async def test_a_wish_that_cannot_be_read_is_corrected(asking, wished):
    await asking.refresh()
    assert (await asking.call("POST", URL, json=wished)).status_code == 422
