"""Exports: one snapshot as one file, every portion in the log, for its own client alone, for a while."""

import asyncio
import base64
import csv
import hashlib
import io
import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey
from sqlalchemy import text

from app.core import clock
from app.core.db import transaction
from app.jobs import exports as jobs
from app.registers.rules import Dataset
from app.sharing import exports_making as making
from app.sharing.rules import Grant
from tests.machines import FIELDS, Machine, Portal, agree, licence, terms

PATH = "/api/sharing/v1/exports"
ALL = ("read", "changes", "export")


@pytest.fixture
async def exporter(agency: Machine, portal: Portal) -> Machine:
    """The agency, allowed to export, and three licences besides the first."""
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, actions=ALL),)))
        for number, province in (("08", "01"), ("09", "48"), ("10", "79")):
            await licence(session, f"{number}/2026/GCN-UBCT", holder_province=province)
    await agency.get_token()
    return agency


async def ask(machine: Machine, key: str = "xuat-tep-1", **wish: Any):
    body = json.dumps({"dataset": "licences", **wish}).encode()
    headers = {"Case-Ref": "HS-1", "Content-Type": "application/json", "Idempotency-Key": key}
    return await machine.call("POST", PATH, headers=headers, content=body)


async def make(portal: Portal) -> None:
    tools = SimpleNamespace(settings=portal.settings, sessions=portal.sessions, blobs=portal.blobs)
    await jobs.make_exports(tools, clock.now())


async def exported(machine: Machine, portal: Portal, **wish: Any) -> dict[str, Any]:
    asked = await ask(machine, **wish)
    assert asked.status_code == 202, asked.text
    await make(portal)
    answer = await machine.call("GET", f"{PATH}/{asked.json()['id']}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def rows(portal: Portal, statement: str) -> list[Any]:
    async with transaction(portal.sessions) as session:
        return [tuple(row) for row in await session.execute(text(statement))]


def path_of(made: dict[str, Any]) -> str:
    return made["files"][0]["url"].removeprefix("http://127.0.0.1:8000")


async def test_a_file_holds_what_the_agreement_gives_and_says_so_under_our_key(exporter: Machine, portal: Portal):
    made = await exported(exporter, portal, filter={"status": ["valid"]}, fields=["number", "status"])
    file = await exporter.call("GET", path_of(made))
    lines = [json.loads(line) for line in file.text.splitlines()]
    assert [line["key"][:2] for line in lines] == ["07", "08", "09", "10"]
    assert {frozenset(line["record"]) for line in lines} == {frozenset({"number", "status"})}
    assert hashlib.sha256(file.content).hexdigest() == made["files"][0]["sha256"]
    assert (made["files"][0]["rows"], made["files"][0]["bytes"]) == (4, len(file.content))
    keys = (await portal.http.get("/oauth/jwks")).json()["keys"]
    public = next(OKPKey.import_key(key) for key in keys if key["kty"] == "OKP")
    said = json.loads(jws.deserialize_compact(made["manifest_jws"], public, algorithms=["Ed25519"]).payload)
    assert said["files"] == [{name: made["files"][0][name] for name in ("sha256", "rows", "bytes")}]
    assert (said["agreement"], said["case_ref"], said["filter"]) == ("TT-01", "HS-1", {"status": ["valid"]})


async def test_every_portion_is_an_entry_with_a_row_for_each_subject(exporter: Machine, portal: Portal, monkeypatch):
    monkeypatch.setattr(making, "PORTION", 3)
    made = await exported(exporter, portal)
    await exporter.call("GET", path_of(made))
    found = await rows(portal, "select action, rows, asked ->> 'export' = key, case_ref from access_event order by id")
    assert found[1:-1] == [("export", 3, False, "HS-1"), ("export", 1, False, "HS-1")]
    assert [(action, count) for action, count, *_ in found] == [("export", 0), ("export", 3), ("export", 1), ("export-file", 0)]
    subjects = "select count(*) from access_subject s join access_event e on e.id = s.event_id where e.subjects_hash is not null"
    assert await rows(portal, subjects) == [(4,)]
    assert await rows(portal, "select used from grant_use") == [(4,)]


async def test_the_file_is_one_moment_and_the_feed_goes_on_from_it(exporter: Machine, portal: Portal, monkeypatch):
    monkeypatch.setattr(making, "PORTION", 1)
    original = making._Portions._read

    async def slowly(self: Any, after: str, number: int) -> Any:
        if number == 2:
            async with transaction(portal.sessions) as session:
                await licence(session, "09/2026/GCN-UBCT", status="revoked")
                await licence(session, "11/2026/GCN-UBCT")
        return await original(self, after, number)

    monkeypatch.setattr(making._Portions, "_read", slowly)
    made = await exported(exporter, portal)
    lines = [json.loads(line) for line in (await exporter.call("GET", path_of(made))).text.splitlines()]
    assert [(line["key"][:2], line["record"]["status"]) for line in lines] == [(n, "valid") for n in ("07", "08", "09", "10")]
    url = f"http://127.0.0.1:8000/api/sharing/v1/licences/changes?after={made['feed_cursor']}"
    after = {item["key"][:2] for item in (await exporter.read(url)).json()["items"]}
    assert {"09", "11"} <= after


FORMULAS = {
    "=1+1": "'=1+1",
    " =1+1": "' =1+1",
    "+84": "'+84",
    "-2": "'-2",
    "@x": "'@x",
    "\tx": "'\tx",
    "'x": "''x",
    "＝1": "'＝1",
}


async def test_a_spreadsheet_finds_no_formula_and_a_program_finds_the_text_again(exporter: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        for number, name in enumerate(FORMULAS):
            await licence(session, f"{20 + number}/2026/GCN-UBCT", holder_name=name)
    made = await exported(exporter, portal, format="csv")
    content = (await exporter.call("GET", path_of(made))).content
    found = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    named = [row["holder_name"] for row in found[4:]]
    assert named == list(FORMULAS.values())
    assert [name.removeprefix("'") if name[:1] == "'" else name for name in named] == list(FORMULAS)


async def test_a_broken_transfer_goes_on_where_it_stopped(exporter: Machine, portal: Portal):
    made = await exported(exporter, portal)
    path = path_of(made)
    whole = await exporter.call("GET", path)
    size, tag = len(whole.content), whole.headers["etag"]
    pieces = {"bytes=0-9": (0, 10), "bytes=10-": (10, size), "bytes=-7": (size - 7, size), f"bytes=5-{size * 2}": (5, size)}
    for asked, (first, end) in pieces.items():
        answer = await exporter.call("GET", path, headers={"Range": asked, "If-Range": tag})
        assert (answer.status_code, answer.content) == (206, whole.content[first:end])
        assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    for asked in ({"Range": "bytes=0-1,3-4"}, {"Range": "bytes=9-2"}, {"Range": "bytes=0-1", "If-Range": '"x"'}):
        answer = await exporter.call("GET", path, headers=asked)
        assert (answer.status_code, answer.content) == (200, whole.content)
    assert (await exporter.call("GET", path, headers={"Range": f"bytes={size}-"})).status_code == 416
    digest = base64.b64encode(hashlib.sha256(whole.content).digest()).decode()
    assert whole.headers["repr-digest"] == f"sha-256=:{digest}:"


async def test_the_same_request_twice_is_one_export(exporter: Machine, portal: Portal):
    first, second = await ask(exporter), await ask(exporter)
    assert first.json() == second.json()
    assert (await ask(exporter, format="csv")).json()["slug"] == "idempotency-key-reused"
    assert await rows(portal, "select count(*) from export_job") == [(1,)]


WRONG = {
    "an unknown dataset": ({"dataset": "khong-co"}, 422, "invalid"),
    "a dataset outside": ({"dataset": "enterprises"}, 403, "insufficient-scope"),
    "a field outside": ({"fields": ["signer"]}, 403, "field-not-granted"),
    "a filter outside": ({"filter": {"holder_province": ["01"]}}, 403, "field-not-granted"),
    "a filter of free text": ({"filter": {"holder_name": ["x"]}}, 422, "incomplete"),
    "an unknown form": ({"format": "xlsx"}, 422, "invalid"),
    "more members": ({"than": 1}, 422, "invalid"),
    "a name that is SQL": ({"filter": {"a' or 1=1": ["x"]}}, 422, "invalid"),
}


async def test_what_cannot_be_given_is_refused_at_once(exporter: Machine, portal: Portal):
    for name, (wish, status, slug) in WRONG.items():
        answer = await ask(exporter, **wish)
        assert (name, answer.status_code, answer.json()["slug"]) == (name, status, slug)
    assert await rows(portal, "select count(*) from export_job") == [(0,)]


async def test_nobody_else_learns_that_there_is_an_export(exporter: Machine, portal: Portal):
    made = await exported(exporter, portal)
    async with transaction(portal.sessions) as session:
        await session.execute(
            text(
                "insert into oauth_client select 'khac', party, name, environment, sender_constraint, scopes,"
                " tax_code, status, created_at from oauth_client where client_id = 'cuc-thue'"
            )
        )
        await session.execute(text("update export_job set client_id = 'khac'"))
    for path in (f"{PATH}/{made['id']}", path_of(made)):
        assert (await exporter.call("GET", path)).status_code == 404


async def test_a_file_leaves_only_under_the_agreement_it_was_made_under(exporter: Machine, portal: Portal):
    made = await exported(exporter, portal)
    async with transaction(portal.sessions) as session:
        await session.execute(text("update agreement set status = 'suspended' where status = 'active'"))
    assert (await exporter.call("GET", path_of(made))).status_code == 401
    async with transaction(portal.sessions) as session:
        await session.execute(text("update agreement set status = 'active' where status = 'suspended'"))
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, ("number",), actions=ALL),)))
    await exporter.get_token()
    answer = await exporter.call("GET", path_of(made))
    assert (answer.status_code, answer.json()["slug"]) == (410, "export-gone")


async def test_an_agreement_suspended_meanwhile_ends_the_export(exporter: Machine, portal: Portal):
    await ask(exporter)
    async with transaction(portal.sessions) as session:
        await session.execute(text("update agreement set status = 'suspended' where status = 'active'"))
    await make(portal)
    assert await rows(portal, "select status, reason, file_id from export_job") == [("failed", "agreement-not-in-force", None)]


async def test_more_records_than_the_day_gives_are_not_read_at_all(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, actions=ALL, quota_day=1),)))
        await licence(session, "08/2026/GCN-UBCT")
    await agency.get_token()
    made = await exported(agency, portal)
    assert (made["status"], made["reason"], made["files"]) == ("failed", "quota-spent", [])
    assert (await agency.call("GET", f"{PATH}/{made['id']}/file")).json()["slug"] == "export-not-ready"
    assert await rows(portal, "select count(*) from access_subject") == [(0,)]


async def test_a_client_may_not_have_too_many_at_once(exporter: Machine):
    answers = [await ask(exporter, key=f"xuat-tep-{n}") for n in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 409]


async def test_what_is_over_is_removed_and_says_so(exporter: Machine, portal: Portal):
    made = await exported(exporter, portal)
    file_id = (await rows(portal, "select file_id from export_job"))[0][0]
    tools = SimpleNamespace(settings=portal.settings, sessions=portal.sessions, blobs=portal.blobs)
    await jobs.remove_exports(tools, clock.now() + making.KEPT + timedelta(seconds=1))
    for path in (f"{PATH}/{made['id']}", path_of(made)):
        answer = await exporter.call("GET", path)
        assert (answer.status_code, answer.json()["slug"]) == (410, "export-gone")
    assert not list(portal.blobs.root.rglob(f"*{file_id}*"))


async def test_a_worker_that_was_killed_is_replaced_and_cannot_finish_any_more(exporter: Machine, portal: Portal):
    await ask(exporter)
    async with transaction(portal.sessions) as session:
        killed = await making.claim(session, at=clock.now())
    assert killed is not None
    late = clock.now() + timedelta(minutes=6)
    async with transaction(portal.sessions) as session:
        order = await making.claim(session, at=late)
    assert order is not None
    assert order.stale == killed.file_id
    with pytest.raises(making.Superseded):
        await making.make(portal.sessions, portal.blobs, killed, now=clock.now)
    made = await asyncio.wait_for(making.make(portal.sessions, portal.blobs, order, now=clock.now), 10)
    assert made.rows == 4
