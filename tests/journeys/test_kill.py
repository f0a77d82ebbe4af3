"""kill -9 of the web process, the worker and the database during ten submits and ten receives.

Whoever is cut off asks again, as people and machines do: a machine under the same idempotency key, an official by opening
the case anew. Afterwards the database alone is read and compared with what was acknowledged.
"""

import asyncio
import json
import os
import random
import re
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import psycopg

from app.core import clock
from app.demo import consumer, papers
from app.demo.browsing import Browser, Page
from app.demo.people import sign_in
from tests.dossiers.world import PROMOTION_ANSWERS
from tests.journeys.instance import Instance, instance
from tests.portal import PROMOTION

ROOT = "/api/filing/v1"
RETAILER = "9900000048"
DESK = "mc-1"
PAPERS = ("application", "rules", "prize_evidence", "quality_papers")
ACTS = 10
VICTIMS = ("web", "worker", "database") * 2
PATIENCE_SECONDS = 90
KNOWN_SECONDS = 240  # a status that the authorities were too slow to tell is asked for again after a minute
NUMBER = re.compile(r"Hồ sơ (G02-\d{8}-\d{7})")


@dataclass
class Log:
    """What the clients were told, and what they heard instead of an answer."""

    references: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    cut_off: int = 0
    refusals: set[int] = field(default_factory=set)

    async def insist(self, ask: Callable[[], Awaitable[httpx.Response | Page]]) -> httpx.Response | Page:
        """Ask until there is an answer: a dead line or a 5xx leaves the outcome unknown."""
        ends = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < ends:
            try:
                answer = await ask()
                if (status := _status(answer)) < 500:
                    return answer
            except httpx.HTTPStatusError as refused:
                status = refused.response.status_code
            except httpx.TransportError:
                status = 0
            self.cut_off += 1
            self.refusals |= {status} - {0}
            await asyncio.sleep(0.2)
        raise AssertionError("no answer in time")


def _status(answer: httpx.Response | Page) -> int:
    return answer.status_code if isinstance(answer, httpx.Response) else answer.status


@dataclass
class Clients:
    """The company's machine, the desk officer's browser, and their log."""

    machine: consumer.Consumer
    desk: Browser
    log: Log = field(default_factory=Log)

    async def submit(self, dossier: str) -> None:
        """Under one key however often it takes."""
        key = {"Idempotency-Key": f"nop-{dossier}"}
        answer = await self.log.insist(lambda: self.machine.send("POST", f"{ROOT}/dossiers/{dossier}/submit", headers=key))
        assert answer.status_code == 200, answer.text
        self.log.references[dossier] = answer.json()["reference"]

    async def receive(self, dossier: str) -> None:
        """Open the case, press the button; when that was cut off, look whether it went through before pressing again."""
        answer = await self.log.insist(lambda: self._press(dossier))
        assert answer.status == 200, answer.text
        self.log.numbers[dossier] = NUMBER.findall(answer.text)[0]

    async def _press(self, dossier: str) -> Page:
        case = await self.desk.get(f"/can-bo/ho-so/{dossier}")
        if case.status != 200 or NUMBER.search(case.text):
            return case
        return await self.desk.send(case, case.form("/tiep-nhan"))


async def prepare(portal: Instance, machine: consumer.Consumer) -> str:
    """A draft with answers and signed papers."""
    started = await machine.send(
        "POST", f"{ROOT}/dossiers", headers={"Idempotency-Key": os.urandom(8).hex()}, json={"procedure": PROMOTION}
    )
    address = f"{ROOT}/dossiers/{started.json()['id']}"
    known = (await machine.send("GET", address)).json()["answers"]
    today = clock.day_in_vietnam(clock.now())
    days = {"start_date": str(today + timedelta(days=40)), "end_date": str(today + timedelta(days=70))}
    saved = await machine.send("PUT", f"{address}/answers", json={"answers": known | PROMOTION_ANSWERS | days})
    assert saved.status_code == 200, saved.text
    for paper in PAPERS:
        file = papers.file_of(portal.settings, RETAILER, PROMOTION, paper, 0, "pdf")
        sent = await machine.send("PUT", f"{address}/papers/{paper}/0?name={file.name}", content=file.read_bytes())
        assert sent.status_code == 201, sent.text
    return str(started.json()["id"])


async def all_true(portal: Instance, question: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Until the database answers a yes-or-no question with yes."""
    ends = time.monotonic() + seconds
    while not _rows(portal, question)[0][0]:
        assert time.monotonic() < ends, question
        await asyncio.sleep(0.3)


def _rows(portal: Instance, question: str) -> list[tuple]:
    with psycopg.connect(portal.database) as connection:
        return connection.execute(question).fetchall()


async def disturb(portal: Instance, victim: str | None, chance: random.Random) -> None:
    """Kill the victim somewhere in the first 0.4 s of the acts that have just begun, and wait until it is back."""
    if victim is None:
        return
    await asyncio.sleep(chance.uniform(0, 0.4))
    await portal.kill(victim)
    await portal.ready()


async def play(portal: Instance, clients: Clients, drafts: list[str], chance: random.Random) -> None:
    """Submit one while the one before is received, ten times; in some of the rounds somebody dies."""
    rounds = [*VICTIMS, *[None] * (ACTS + 1 - len(VICTIMS))]
    chance.shuffle(rounds)
    for number, victim in enumerate(rounds):
        acts = [clients.submit(draft) for draft in drafts[number : number + 1]]
        acts += [clients.receive(draft) for draft in drafts[max(number - 1, 0) : number]]
        await asyncio.gather(*acts, disturb(portal, victim, chance))


async def test_nothing_acknowledged_is_lost_and_no_number_is_given_twice_or_left_out():
    seed = int(os.environ.get("KILL_SEED") or random.randrange(2**31))
    sys.stdout.write(f"KILL_SEED={seed}\n")  # shown when the test fails; set it to play the same again
    async with instance() as portal, httpx.AsyncClient(timeout=20) as http:
        client = consumer.filing_client_of(RETAILER)
        machine = consumer.Consumer(http, portal.url, client, portal.settings.var / "demo" / "clients")
        clients = Clients(machine, await sign_in(portal.url, DESK))
        drafts = [await prepare(portal, machine) for _ in range(ACTS)]
        known = "SELECT bool_and(state = 'checked' AND verdict <> 'INDETERMINATE') FROM document"
        await all_true(portal, known, seconds=KNOWN_SECONDS)

        await play(portal, clients, drafts, random.Random(seed))

        await clients.desk.close()
        _acknowledged_is_there(portal, clients.log)
        await _every_job_was_done_once(portal)
        _numbers_have_no_gap(portal, clients.log)
        assert clients.log.cut_off, "nobody was cut off: the test killed too late"
        assert clients.log.refusals <= {503}
        told = portal.run("audit", "verify", "--json")
        assert json.loads(told.stdout)["ok"], told.stdout + told.stderr


def _acknowledged_is_there(portal: Instance, log: Log) -> None:
    assert dict(_rows(portal, "SELECT id::text, reference FROM dossier")) == log.references
    assert dict(_rows(portal, "SELECT id::text, number FROM dossier")) == log.numbers
    for act in ("submit", "receive"):
        done = _rows(portal, f"SELECT dossier_id::text, count(*) FROM dossier_event WHERE act = '{act}' GROUP BY 1")
        assert dict(done) == dict.fromkeys(log.references, 1)
    filed = "SELECT count(*) FROM submission s JOIN dossier d ON d.id = s.dossier_id AND d.answers_sha256 = s.answers_sha256"
    assert _rows(portal, filed) == [(ACTS,)]


def _numbers_have_no_gap(portal: Instance, log: Log) -> None:
    given = sorted(number for (number,) in _rows(portal, "SELECT number FROM dossier_number"))
    assert given == sorted(log.numbers.values())
    days = {number[:13] for number in given}
    expected = [f"{day}{n:07}" for day in days for n in range(1, 1 + sum(number.startswith(day) for number in given))]
    assert given == sorted(expected)
    assert _rows(portal, "SELECT sum(n) FROM dossier_counter") == [(ACTS,)]
    highest = "SELECT max(n) FROM issued_number i WHERE i.series = s.series AND i.year = s.year"
    series = f"SELECT bool_and(n = ({highest})) FROM number_series s"
    assert _rows(portal, series) == [(True,)]
    assert _rows(portal, "SELECT count(*), max(n), count(DISTINCT n) FROM issued_number WHERE series = 'TNHS'") == [(ACTS,) * 3]


async def _every_job_was_done_once(portal: Instance) -> None:
    """Receipt and form 01 of each dossier are sealed although the worker died, and there is one of each."""
    await all_true(portal, "SELECT bool_and(state = 'ready') AND NOT EXISTS (SELECT FROM outbox) FROM issued_document")
    made = _rows(portal, "SELECT kind, count(*), count(DISTINCT dossier_id) FROM issued_document GROUP BY 1 ORDER BY 1")
    assert [row[1:] for row in made] == [(ACTS, ACTS)] * 2, made
