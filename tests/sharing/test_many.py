"""Reading many shared records: pages, look-ups and changes; each one event, each subject a row, nothing lost."""

import asyncio
import hashlib
import json
import random
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.registers import actions as registers
from app.registers.rules import Dataset
from app.sharing.rules import Grant
from tests.machines import FIELDS, ISSUER, PREFIX, Machine, Portal, agree, licence, terms

ALL = ("read", "lookup", "list", "changes")
LIST, LOOKUP, CHANGES = f"{PREFIX}/licences", f"{PREFIX}/licences/lookup", f"{PREFIX}/licences/changes"


@pytest.fixture
async def reader(agency: Machine, portal: Portal) -> Machine:
    """The agency, allowed to read in every portion, and three licences besides the first."""
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, actions=ALL, rate=100_000),)))
        for number, province in (("08", "01"), ("09", "48"), ("10", "79")):
            await licence(session, f"{number}/2026/GCN-UBCT", holder_province=province)
    await agency.get_token()
    return agency


async def _changes(reader: Machine, after: str | None = None, *, most: int = 0) -> dict[str, Any]:
    """The changes after a place, once there are `most` of them: another test's open transaction may hold them back a while."""
    until = clock.now().timestamp() + 20
    while True:
        answer = await reader.read(f"{CHANGES}?limit=1000" + (f"&after={after}" if after else ""))
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        if len(found["items"]) >= most or clock.now().timestamp() > until:
            return found
        await asyncio.sleep(0.1)


async def test_a_list_is_read_page_by_page_and_each_page_is_one_event(reader: Machine, portal: Portal):
    pages, cursor = [], ""
    while cursor is not None:
        answer = await reader.read(f"{LIST}?limit=3" + (f"&cursor={cursor}" if cursor else ""))
        assert answer.status_code == 200, answer.text
        pages.append([item["key"] for item in answer.json()["items"]])
        cursor = answer.json()["next"]
    assert pages == [[f"{n}/2026/GCN-UBCT" for n in ("07", "08", "09")], ["10/2026/GCN-UBCT"]]
    assert await _rows(portal, "select action, rows, key, subject_ref from access_event") == [
        ("list", 3, "", None),
        ("list", 1, "", None),
    ]
    assert await _rows(portal, "select used from grant_use") == [(4,)]


async def test_a_page_holds_only_the_granted_fields_and_the_asked_ones_of_them(reader: Machine):
    items = (await reader.read(f"{LIST}?fields=number,status")).json()["items"]
    assert {frozenset(item["record"]) for item in items} == {frozenset({"number", "status"})}
    assert (await reader.read(f"{LIST}?fields=signer")).status_code == 403


async def test_a_subject_can_show_that_it_was_in_a_page_without_the_others_salts(reader: Machine, portal: Portal):
    answer = await reader.read(LIST)
    rows = await _rows(portal, "select n, subject_ref, key, salt from access_subject order by n")
    digests = [hashlib.sha256(row[3].bytes + row[1].encode() + b"\0" + row[2].encode()).digest() for row in rows]
    event = (await _rows(portal, "select subjects_hash, response_digest, rows from access_event"))[0]
    assert event[0] == hashlib.sha256(b"".join(digests)).hexdigest()
    assert [row[2] for row in rows] == [item["key"] for item in answer.json()["items"]]
    items = answer.content[len(b'{"items":') : answer.content.rindex(b',"next"')]
    assert event[1:] == (hashlib.sha256(items).hexdigest(), 4)


async def test_records_are_kept_to_by_granted_fields_of_short_lists_alone(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await licence(session, "10/2026/GCN-UBCT", status="revoked")
    found = await reader.read(f"{LIST}?status=revoked,expired")
    assert [item["key"] for item in found.json()["items"]] == ["10/2026/GCN-UBCT"]
    refused = {
        query: await reader.read(f"{LIST}?{query}") for query in ("holder_province=01", "holder_name=x", "limit=0", "status=")
    }
    slugs = [(answer.status_code, answer.json()["slug"]) for answer in refused.values()]
    assert slugs == [
        (403, "field-not-granted"),
        (400, "unknown-parameter"),
        (400, "invalid-parameter"),
        (400, "invalid-parameter"),
    ]


HOSTILE = ["x", "A" * 60, "%00", "..%2f", "A" * 900, "%F0%9F%98%80", ""]


@pytest.mark.parametrize("name,address", [("cursor", LIST), ("after", CHANGES)])
async def test_a_cursor_that_is_not_ours_is_refused(reader: Machine, name, address):
    answers = [await reader.read(f"{address}?{name}={cursor}") for cursor in HOSTILE]
    assert {(answer.status_code, answer.json()["slug"]) for answer in answers} == {(400, "cursor-invalid")}


async def test_a_cursor_is_good_for_its_own_question_alone(reader: Machine):
    cursor = (await reader.read(f"{LIST}?limit=1")).json()["next"]
    assert (await reader.read(f"{LIST}?status=valid&cursor={cursor}")).json()["slug"] == "cursor-invalid"
    assert (await reader.read(f"{CHANGES}?after={cursor}")).json()["slug"] == "cursor-invalid"


async def _look_up(reader: Machine, body: bytes, kind: str = "application/json") -> httpx.Response:
    headers = {"Case-Ref": "HS-1", "Content-Type": kind}
    return await reader.call("POST", LOOKUP.removeprefix(ISSUER), headers=headers, content=body)


async def test_keys_are_looked_up_in_the_body_and_the_others_are_named(reader: Machine, portal: Portal):
    keys = ["09/2026/GCN-UBCT", "khong-co", "07/2026/GCN-UBCT", "số lạ"]
    answer = await _look_up(reader, json.dumps({"keys": keys}).encode())
    assert [item["key"] for item in answer.json()["items"]] == [keys[0], keys[2]]
    assert answer.json()["missing"] == [keys[1], keys[3]]
    assert await _rows(portal, "select action, rows, asked ->> 'keys' from access_event") == [("lookup", 2, "4")]
    assert len(await _rows(portal, "select n from access_subject")) == 2


BODIES = {
    "nothing": b"",
    "a list": b"[]",
    "no keys": b'{"keys":[]}',
    "too many": json.dumps({"keys": [str(n) for n in range(101)]}).encode(),
    "a number": b'{"keys":[1]}',
    "twice the same": b'{"keys":["a","a"]}',
    "more members": b'{"keys":["a"],"fields":["x"]}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_that_is_no_list_of_keys_is_refused(reader: Machine, body):
    answer = await _look_up(reader, body)
    assert (answer.status_code, answer.json()["slug"]) == (422, "keys")


async def test_nul_surrogates_and_other_kinds_of_body_are_refused(reader: Machine):
    bodies = [
        (b'{"keys":["a\\u0000"]}', "application/json"),
        (b'{"keys":["\\ud800"]}', "application/json"),
        (b"keys=a", "text/plain"),
    ]
    answers = [await _look_up(reader, *body) for body in bodies]
    assert [answer.json()["slug"] for answer in answers] == ["unreadable-json", "unreadable-json", "unsupported-type"]


async def test_what_the_agreement_gives_one_by_one_is_not_given_in_bulk(agency: Machine):
    await agency.get_token()
    for url in (LIST, CHANGES):
        answer = await agency.read(url)
        assert (answer.status_code, answer.json()["slug"]) == (403, "insufficient-scope")
    assert (await _look_up(agency, b'{"keys":["a"]}')).status_code == 403


async def test_outside_the_row_filter_there_is_nothing_in_any_portion(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        narrow = Grant(Dataset.LICENCES, FIELDS, actions=ALL, row_filter={"holder_province": ["01"]})
        await agree(session, terms(grants=(narrow,)))
        await licence(session, "08/2026/GCN-UBCT", holder_province="48")
    await agency.get_token()
    assert [item["key"] for item in (await agency.read(LIST)).json()["items"]] == ["07/2026/GCN-UBCT"]
    looked = (await _look_up(agency, b'{"keys":["08/2026/GCN-UBCT","khong-co"]}')).json()
    assert looked == {"items": [], "missing": ["08/2026/GCN-UBCT", "khong-co"]}
    assert [item["key"] for item in (await _changes(agency, most=1))["items"]] == ["07/2026/GCN-UBCT"]


async def test_a_record_that_leaves_the_filter_is_taken_back_from_who_had_it(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, actions=ALL, row_filter={"status": ["valid"]}),)))
    await agency.get_token()
    first = await _changes(agency, most=1)
    async with transaction(portal.sessions) as session:
        await licence(session, status="revoked")
        await licence(session, "08/2026/GCN-UBCT", status="revoked")
    assert (await _changes(agency, first["next"], most=1))["items"] == [{"key": "07/2026/GCN-UBCT", "op": "delete", "version": 2}]


async def test_the_feed_tells_of_changes_and_deletions_once_and_in_order(reader: Machine, portal: Portal):
    first = await _changes(reader, most=4)
    assert ([item["op"] for item in first["items"]], first["up_to_date"]) == (["upsert"] * 4, True)
    async with transaction(portal.sessions) as session:
        await licence(session, status="revoked")
    async with transaction(portal.sessions) as session:
        await registers.delete(session, Dataset.LICENCES, "09/2026/GCN-UBCT", at=clock.now())
    then = await _changes(reader, first["next"], most=2)
    assert [(item["key"][:2], item["op"], item["version"]) for item in then["items"]] == [
        ("07", "upsert", 2),
        ("09", "delete", 2),
    ]
    assert then["items"][0]["record"]["status"] == "revoked"
    assert (await _changes(reader, then["next"]))["items"] == []


async def test_an_open_transaction_holds_the_feed_back_and_the_feed_says_so(reader: Machine, portal: Portal):
    first = await _changes(reader, most=4)
    async with portal.sessions() as slow, slow.begin():
        await licence(slow, "11/2026/GCN-UBCT")
        async with transaction(portal.sessions) as session:
            await licence(session, "12/2026/GCN-UBCT")
        held = await _changes(reader, first["next"])
        assert held["items"] == []
    then = await _changes(reader, held["next"], most=2)
    assert [item["key"][:2] for item in then["items"]] == ["11", "12"]


async def test_who_waits_is_answered_when_something_changes(reader: Machine, portal: Portal):
    first = await _changes(reader, most=4)

    async def change() -> None:
        await asyncio.sleep(0.2)
        async with transaction(portal.sessions) as session:
            await licence(session, status="revoked")

    began = clock.now()
    answer, _ = await asyncio.gather(reader.read(f"{CHANGES}?after={first['next']}", Prefer="wait=20"), change())
    assert len(answer.json()["items"]) == 1
    assert answer.headers["preference-applied"] == "wait=20"
    assert (clock.now() - began).total_seconds() < 20


async def test_after_a_restore_old_cursors_are_gone_and_the_feed_begins_anew(reader: Machine, portal: Portal):
    first = await _changes(reader, most=4)
    async with transaction(portal.sessions) as session:
        await session.execute(text("update feed_epoch set cluster = 'another'"))
        await session.execute(text("update shared_record set changed_xid = changed_xid + 1000000"))
    answer = await reader.read(f"{CHANGES}?after={first['next']}")
    assert (answer.status_code, answer.json()["slug"]) == (410, "resync")
    assert len((await _changes(reader, most=4))["items"]) == 4


async def test_another_filter_in_a_new_version_makes_the_consumer_begin_anew(reader: Machine, portal: Portal):
    first = await _changes(reader, most=4)
    async with transaction(portal.sessions) as session:
        narrow = Grant(Dataset.LICENCES, FIELDS, actions=ALL, row_filter={"status": ["valid"]})
        await agree(session, terms(grants=(narrow,)))
    await reader.get_token()
    answer = await reader.read(f"{CHANGES}?after={first['next']}")
    assert (answer.status_code, answer.json()["slug"]) == (410, "resync")


async def test_eight_writers_at_once_lose_no_row_of_the_feed(reader: Machine, portal: Portal):
    """A cursor over a sequence or a time loses a third of these: rows become visible in another order than they were numbered."""
    place, seen, written = (await _changes(reader, most=4))["next"], [], set()
    stop = clock.now().timestamp() + 3

    async def write(writer: int) -> None:
        count = 0
        while clock.now().timestamp() < stop:
            key = f"W{writer}-{(count := count + 1)}"
            async with transaction(portal.sessions) as session:
                await licence(session, key)
                await asyncio.sleep(random.random() * 0.02)
            written.add(key)

    async def follow() -> None:
        nonlocal place
        while True:
            page = await _changes(reader, place)
            seen.extend(item["key"] for item in page["items"])
            place = page["next"]
            done = clock.now().timestamp() > stop + 0.3 and len(seen) >= len(written)
            if done or clock.now().timestamp() > stop + 20:
                return

    writers = [write(n) for n in range(8)]
    await asyncio.gather(*writers, follow())
    assert len(written) > 50
    assert (sorted(seen), len(seen)) == (sorted(written), len(set(seen)))


async def _rows(portal: Portal, statement: str) -> list[Any]:
    async with transaction(portal.sessions) as session:
        return [tuple(row) for row in await session.execute(text(statement))]
