"""Webhooks: told of changes and of nothing else, signed, tried again, suspended, told again."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.registers.rules import Dataset
from app.sharing import webhooks
from app.sharing.rules import Grant
from motcua_client import WebhookInvalid, read_webhook
from tests.machines import FIELDS, ISSUER, PREFIX, Machine, Portal, agree, fed, licence, terms

ROOT = f"{PREFIX}/subscriptions".removeprefix(ISSUER)


@dataclass
class Receiver:
    """A consumer's own server; answers with `status` and keeps what came."""

    url: str = ""
    status: int = 204
    came: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.came.append((await request.read(), dict(request.headers)))
        return web.Response(status=self.status, headers={"Location": self.url} if self.status == 302 else {})

    def keys(self) -> list[str]:
        return [json.loads(body)["data"]["key"] for body, _ in self.came]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made, app = Receiver(), web.Application()
    app.router.add_post("/tin", made.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/tin"
    yield made
    await runner.cleanup()


@pytest.fixture
async def told(agency: Machine, portal: Portal) -> Machine:
    """The agency, which may follow the licences of Hà Nội."""
    grant = Grant(Dataset.LICENCES, FIELDS, actions=("read", "changes"), row_filter={"holder_province": ("01",)})
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(grant,)))
    await agency.get_token()
    await fed(portal)  # or a subscription begins before what is there already
    return agency


async def subscribed(told: Machine, url: str) -> dict[str, Any]:
    answer = await told.call("POST", ROOT, json={"dataset": "licences", "url": url, "case_ref": "HS-9"})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def work(portal: Portal, *, later: timedelta = timedelta(0)) -> None:
    """What the worker does."""
    await fed(portal)
    at = clock.now() + later
    secret = portal.settings.secret_key.get_secret_value().encode()
    while await webhooks.gather(portal.sessions, at=at):
        pass
    while await webhooks.send(portal.sessions, issuer=ISSUER, secret=secret, loopback=True, at=at):
        pass


async def issue(portal: Portal, number: str, **changes: Any) -> None:
    async with transaction(portal.sessions) as session:
        await licence(session, number, **changes)


async def test_a_change_arrives_once_signed_and_says_which_record_alone(told, portal, receiver):
    secret = (await subscribed(told, receiver.url))["secret"]
    await issue(portal, "11/2026/GCN-UBCT", holder_name="Công ty Mới")
    await work(portal)
    await work(portal)
    [(body, headers)] = receiver.came
    event = read_webhook(body, headers, secret)
    assert (event.type, event.dataset, event.key, event.version) == (
        "vn.gov.moit.shared.changed",
        "licences",
        "11/2026/GCN-UBCT",
        1,
    )
    assert "Công ty" not in body.decode()
    with pytest.raises(WebhookInvalid):
        read_webhook(body + b" ", headers, secret)


async def test_what_the_agreement_does_not_give_is_not_told(told, portal, receiver):
    await subscribed(told, receiver.url)
    await issue(portal, "12/2026/GCN-UBCT", holder_province="79")
    await work(portal)
    assert receiver.came == []
    assert await _rows(portal, "select count(*) from access_event where action = 'notify'") == [(0,)]


async def test_a_record_that_leaves_the_agreement_is_told_as_deleted(told, portal, receiver):
    await subscribed(told, receiver.url)
    await issue(portal, "13/2026/GCN-UBCT")
    await work(portal)
    await issue(portal, "13/2026/GCN-UBCT", holder_province="79")
    await work(portal)
    assert [json.loads(body)["type"].rpartition(".")[2] for body, _ in receiver.came] == ["changed", "deleted"]


async def test_whom_a_notice_was_about_stands_in_the_access_log(told, portal, receiver):
    await subscribed(told, receiver.url)
    await issue(portal, "14/2026/GCN-UBCT")
    await work(portal)
    found = (
        "select e.action, e.case_ref, e.rows, s.subject_ref, s.key from access_event e join access_subject s on s.event_id = e.id"
    )
    assert await _rows(portal, found) == [("notify", "HS-9", 1, "9900000030", "14/2026/GCN-UBCT")]


async def test_no_notice_once_the_agreement_is_suspended(told, portal, receiver):
    await subscribed(told, receiver.url)
    async with transaction(portal.sessions) as session:
        version = await session.scalar(text("select version from agreement where status = 'active'"))
        await session.execute(text("update agreement set status = 'suspended' where version = :v"), {"v": version})
    await issue(portal, "15/2026/GCN-UBCT")
    await work(portal)
    assert receiver.came == []


async def test_what_waits_to_be_sent_again_is_kept_while_the_agreement_is_suspended(told, portal, receiver):
    await subscribed(told, receiver.url)
    await issue(portal, "31/2026/GCN-UBCT")
    receiver.status = 500
    await work(portal)
    receiver.status, receiver.came = 204, []
    await _stand(portal, "suspended")
    await work(portal, later=timedelta(hours=1))
    assert receiver.came == []
    await _stand(portal, "active")
    await work(portal, later=timedelta(hours=2))
    assert receiver.keys() == ["31/2026/GCN-UBCT"]


async def test_an_amendment_that_takes_the_dataset_away_stops_these_notices_and_no_others(told, portal, receiver):
    await subscribed(told, receiver.url)
    follows = Grant(Dataset.LICENCES, FIELDS, actions=("read", "changes"))
    async with transaction(portal.sessions) as session:
        await agree(session, terms("TT-02", grants=(follows,)))
    await told.get_token(authorization_details=told.details(agreement="TT-02"))
    await subscribed(told, f"{receiver.url}?hai")
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.DOSSIERS, ("number",)),)))
    await issue(portal, "32/2026/GCN-UBCT")
    await work(portal)
    assert receiver.keys() == ["32/2026/GCN-UBCT"]


@pytest.mark.parametrize("status", [500, 302, 404])
async def test_a_notice_nobody_takes_is_sent_again_later_and_the_same(told, portal, receiver, status):
    await subscribed(told, receiver.url)
    await issue(portal, "16/2026/GCN-UBCT")
    receiver.status = status
    await work(portal)
    await work(portal)
    assert len(receiver.came) == 1
    receiver.status = 204
    await work(portal, later=timedelta(seconds=6))
    first, second = receiver.came
    assert first[0] == second[0]
    assert first[1]["webhook-id"] == second[1]["webhook-id"]


async def test_after_many_tries_the_subscription_is_suspended_its_party_told_and_a_replay_loses_nothing(told, portal, receiver):
    made = await subscribed(told, receiver.url)
    began = clock.now()
    receiver.status = 500
    await issue(portal, "17/2026/GCN-UBCT")
    for tries in range(len(webhooks.WAITS) + 1):
        await work(portal, later=sum(webhooks.WAITS[:tries], timedelta(seconds=tries)))
    shown = (await told.call("GET", f"{ROOT}/{made['id']}")).json()
    assert (shown["status"], shown["reason"]) == ("suspended", "500")
    assert await _rows(portal, "select topic from outbox where topic = 'sharing.webhook_suspended'") == [(webhooks.SUSPENDED,)]
    async with transaction(portal.sessions) as session:
        address, letter = await webhooks.letter(session, shown["id"])
    assert address == "a@example.vn"
    assert "127.0.0.1" in letter.body.vi
    await issue(portal, "18/2026/GCN-UBCT")
    receiver.status, receiver.came = 204, []
    await told.refresh()
    answer = await told.call("POST", f"{ROOT}/{made['id']}/replay", json={"since": began.isoformat()})
    assert answer.json() == {"replayed": 1}
    await work(portal, later=timedelta(days=1))
    assert sorted(receiver.keys()) == ["17/2026/GCN-UBCT", "18/2026/GCN-UBCT"]


async def test_an_address_that_is_gone_ends_the_service_at_once(told, portal, receiver):
    made = await subscribed(told, receiver.url)
    receiver.status = 410
    await issue(portal, "19/2026/GCN-UBCT")
    await work(portal)
    assert (await told.call("GET", f"{ROOT}/{made['id']}")).json()["status"] == "suspended"


async def test_a_test_event_is_about_nothing(told, portal, receiver):
    made = await subscribed(told, receiver.url)
    assert (await told.call("POST", f"{ROOT}/{made['id']}/test", json={})).status_code == 202
    await work(portal)
    assert [json.loads(body)["type"] for body, _ in receiver.came] == ["vn.gov.moit.shared.test"]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.vn/tin",
        "https://user:word@example.vn/tin",
        "https://example.vn:8443/tin",
        "https://example.vn/tin#x",
        "ftp://example.vn/tin",
        "https:///tin",
        "https://exa mple.vn/",
        "https://[::1",
        "https://10.0.0.1/tin",
        "https://[::ffff:10.0.0.1]/tin",
        "https://example.vn/" + "a" * 500,
    ],
)
async def test_an_address_we_would_not_call_is_refused(told, url):
    answer = await told.call("POST", ROOT, json={"dataset": "licences", "url": url, "case_ref": "HS-9"})
    assert answer.status_code == 422


async def test_a_name_that_leads_into_our_own_house_is_never_called(told, portal, receiver):
    made = await subscribed(told, receiver.url)
    await issue(portal, "20/2026/GCN-UBCT")
    await fed(portal)
    at = clock.now()
    secret = portal.settings.secret_key.get_secret_value().encode()
    await webhooks.gather(portal.sessions, at=at)
    await webhooks.send(portal.sessions, issuer=ISSUER, secret=secret, loopback=False, at=at)
    assert receiver.came == []
    [delivery] = (await told.call("GET", f"{ROOT}/{made['id']}")).json()["deliveries"]
    assert delivery["outcome"] in {"forbidden-address", "forbidden-url"}


async def test_another_dataset_than_the_agreement_s_is_refused(told, receiver):
    answer = await told.call("POST", ROOT, json={"dataset": "dossiers", "url": receiver.url, "case_ref": "HS-9"})
    assert answer.status_code == 403


async def test_a_token_that_outlives_its_agreement_makes_no_subscription(told, portal, receiver):
    async with transaction(portal.sessions) as session:
        await session.execute(text("update agreement set status = 'suspended' where status = 'active'"))
    answer = await told.call("POST", ROOT, json={"dataset": "licences", "url": receiver.url, "case_ref": "HS-9"})
    assert answer.status_code == 403


async def test_a_client_has_ten_subscriptions_and_may_end_them(told, receiver):
    made = [await subscribed(told, receiver.url) for _ in range(10)]
    answer = await told.call("POST", ROOT, json={"dataset": "licences", "url": receiver.url, "case_ref": "HS-9"})
    assert (answer.status_code, answer.json()["slug"]) == (409, "too-many-subscriptions")
    assert (await told.call("DELETE", f"{ROOT}/{made[0]['id']}")).status_code == 204
    assert (await told.call("GET", f"{ROOT}/{made[0]['id']}")).status_code == 404
    listed = (await told.call("GET", ROOT)).json()["items"]
    assert len(listed) == 9
    assert "secret" not in listed[0]


async def _stand(portal: Portal, status: str) -> None:
    """Suspend the agreement in force, or resume it."""
    latest = "update agreement set status = :status where version = (select max(version) from agreement)"
    async with transaction(portal.sessions) as session:
        await session.execute(text(latest), {"status": status})


async def _rows(portal: Portal, statement: str) -> list[tuple[Any, ...]]:
    async with transaction(portal.sessions) as session:
        return [tuple(row) for row in (await session.execute(text(statement))).all()]
