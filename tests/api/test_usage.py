"""A national tracker asks who read an enterprise's data: its own client alone, and never what is hidden."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.sharing import actions
from tests import read_log
from tests.machines import CLIENT_KEY, ISSUER, Machine, opened, party, standing_portal, the_app

__all__ = ["opened", "standing_portal", "the_app"]

MINE, OTHER = "9900000030", "9900000048"
START, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
async def tracker(standing_portal):
    """The tracker, and five readings: two of mine to be seen, one of mine hidden, one of mine that failed, one of another's."""
    await read_log.an_agreement(standing_portal.sessions)
    async with transaction(standing_portal.sessions) as session:
        await party(session, "TRK")
        said = {"client_id": "tracker", "party": "TRK", "name": "Tracker", "scopes": ["usage.find"]}
        await actions.register_client(session, SYSTEM, **said, jwks=[CLIENT_KEY.as_dict(private=False)], at=clock.now())
    await read_log.read(standing_portal.sessions, MINE)
    await read_log.read(standing_portal.sessions, None, subjects=[(OTHER, "A"), (MINE, "B"), (MINE, "C")])
    await read_log.read(standing_portal.sessions, MINE, hidden_until=clock.now() + timedelta(days=1), hidden_basis="x")
    await read_log.read(standing_portal.sessions, MINE, status=404)
    await read_log.read(standing_portal.sessions, OTHER)
    machine = Machine(standing_portal.http, client_id="tracker")
    await machine.get_token(scope="usage.find", authorization_details=None)
    return machine


async def find(machine, **asked):
    said = {"userCode": MINE, "periodStart": START.isoformat(), "periodEnd": END.isoformat(), **asked}
    return await machine.call("GET", "/v2/findUsage", params=said)


async def test_it_finds_what_was_read_and_nothing_hidden_failed_or_anothers(tracker):
    found = (await find(tracker)).json()

    assert found["totalUsages"] == len(found["usages"]) == 2
    assert {each["receiverCode"] for each in found["usages"]} == {"CT"}
    assert set(found["usages"][0]) == {"logtime", "action", "receiverCode", "receiverName", "receiverSystem"}


async def test_it_reads_page_by_page_and_within_the_period(tracker):
    first, second = [(await find(tracker, offset=n, limit=1)).json() for n in (0, 1)]
    none = (await find(tracker, periodEnd=(START + timedelta(days=1)).isoformat())).json()

    assert (first["totalUsages"], second["totalUsages"], none["totalUsages"]) == (2, 2, 0)
    assert first["usages"][0]["logtime"] >= second["usages"][0]["logtime"]


async def test_it_learns_the_period_and_that_the_service_lives(tracker):
    period = (await tracker.call("GET", "/v2/usagePeriod")).json()
    alive = (await tracker.call("GET", "/v2/heartbeat")).json()

    assert period["periodStart"] < period["periodEnd"]
    assert alive["status"] == "UP"


@pytest.mark.parametrize(
    "asked",
    [{"userCode": "x"}, {"limit": 1001}, {"offset": -1}, {"periodEnd": START.isoformat()}, {"periodStart": "2026-01-01T00:00"}],
)
async def test_a_question_that_cannot_be_meant_is_a_422(tracker, asked):
    assert (await find(tracker, **asked)).status_code == 422


async def test_nobody_else_may_ask(tracker, standing_portal):
    async with transaction(standing_portal.sessions) as session:
        said = {"client_id": "cuc-thue", "party": "CT", "name": "Thuế", "scopes": ["licences.read"]}
        await actions.register_client(session, SYSTEM, **said, jwks=[CLIENT_KEY.as_dict(private=False)], at=clock.now())
    reader = Machine(standing_portal.http)
    await reader.get_token()

    assert (await find(reader)).status_code == 401
    assert (await reader.ask(scope="usage.find", authorization_details=None)).json()["error"] == "invalid_scope"
    assert (await standing_portal.http.get(f"{ISSUER}/v2/heartbeat")).status_code == 401
