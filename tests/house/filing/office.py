"""The whole portal in one process: a company's own system files, officials act on their pages, the jobs of the worker run."""

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from fastapi import FastAPI
from sqlalchemy import select

from app.catalogue import queries as catalogue
from app.catalogue.forms import Form
from app.core import clock, outbox
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo.browsing import Browser, Page, WebForm
from app.demo.personas import PERSONAS
from app.dossiers.models import Dossier
from app.fees.gateway import signed_query
from app.identity import queries as identity
from app.identity.actions import work_in
from app.issued.models import IssuedDocument
from app.issued.rules import RESULTS
from app.jobs.registry import JOBS, Tools
from app.tasks.models import Task
from app.tasks.queries import open_of
from signing import Evidence, Policy, Pool, Report
from tests import filled
from tests.api.companies import Company
from tests.web.conftest import browser_of

AWAY = {"notices.deliver"}
"""The mail server is the outside world."""
KINDS = {"intake_officer": "mc", "case_officer": "cv", "division_head": "lp", "unit_leader": "lc", "records_officer": "vt"}
GROUPS = {"G02.918": "918", "G02.914": "914"}


@dataclass
class OnceOnly:
    """Checks the same bytes once: nearly every paper here is the same file, under the same trust and lists of the day."""

    pool: Pool
    lists: Evidence
    known: dict[str, Report] = field(default_factory=dict)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pool, name)

    async def check(self, path: Path, policy: Policy) -> Report:
        digest = hashlib.sha256(await asyncio.to_thread(path.read_bytes)).hexdigest()
        if digest not in self.known:
            self.known[digest] = await self.pool.check(path, replace(policy, evidence=self.lists))
        return self.known[digest]


@dataclass
class Office:
    """Everyone at work, and the company that files."""

    app: FastAPI
    sessions: Sessions
    settings: Settings
    tools: Tools
    company: Company
    papers: dict[str, bytes]
    browsers: dict[tuple[str, str], Browser] = field(default_factory=dict)

    async def file(self, slug: str, **chosen: Any) -> UUID:
        """A draft with right answers and every paper, handed in."""
        today = clock.day_in_vietnam(clock.now())
        async with transaction(self.sessions) as session:
            procedure = await catalogue.published(session, slug, on=today)
        dossier = await self.company.start(slug)
        known = (await self.company.get(f"/dossiers/{dossier}")).json()["answers"]
        given = filled.answers(procedure, known, today=today, **chosen)
        answer = await self.company.put(f"/dossiers/{dossier}/answers", {"answers": _sendable(procedure, given)})
        assert answer.status_code == 200, answer.text
        await self._hand_in_papers(dossier)
        await self.work()
        answer = await self.company.post(f"/dossiers/{dossier}/submit")
        assert answer.status_code == 200, answer.text
        await self.work()
        return UUID(dossier)

    async def _hand_in_papers(self, dossier: str) -> None:
        shown = (await self.company.get(f"/dossiers/{dossier}")).json()
        for paper, slot in ((need["id"], slot) for need in shown["papers"] for slot in need["places"]):
            ending = "pdf" if "pdf" in slot["formats"] else slot["formats"][-1]
            row = "" if slot["row"] is None else f"&row={slot['row']}"
            path = f"/api/filing/v1/dossiers/{dossier}/papers/{paper}/{slot['place']}?name=tep.{ending}{row}"
            answer = await self.company.call("PUT", path, content=self.papers[ending])
            assert answer.status_code == 201, answer.text

    async def work(self) -> None:
        """Run every job that waits, as the worker would, until none is left."""
        while True:
            async with transaction(self.sessions) as session:
                found = await outbox.take(session, limit=50, at=clock.now())
                todo = [(message.topic, dict(message.payload)) for message in found]
                await outbox.drop(session, [message.id for message in found])
            if not todo:
                return
            for topic, payload in todo:
                if topic not in AWAY and (topic != "issued.make" or await self._is_result(payload)):
                    await JOBS[topic](self.tools, payload, clock.now())

    async def _is_result(self, payload: dict[str, str]) -> bool:
        """Receipts and forms are printed in tests of their own; here they would cost half of the time."""
        async with transaction(self.sessions) as session:
            document = await session.get(IssuedDocument, (UUID(payload["dossier_id"]), UUID(payload["issued_id"])))
        return document is not None and document.kind in RESULTS

    async def dossier(self, dossier_id: UUID) -> Dossier:
        """The dossier as stored."""
        async with transaction(self.sessions) as session:
            found = (await session.scalars(select(Dossier).where(Dossier.id == dossier_id))).one()
            session.expunge(found)
        return found

    async def tasks(self, dossier_id: UUID) -> list[Task]:
        """What is to be done now."""
        async with transaction(self.sessions) as session:
            return list(await open_of(session, dossier_id))

    async def be(self, role: str, unit: str) -> Browser:
        """The browser of whoever holds `role` in `unit`, working there."""
        subject = who(role, unit)
        if (subject, unit) not in self.browsers:
            browser = self.browsers[subject, unit] = await browser_of(self.app, subject)
            if len(PERSONAS[subject].units) > 1:
                await self._go_to(browser, unit)
        return self.browsers[subject, unit]

    async def _go_to(self, browser: Browser, unit: str) -> None:
        cookie, at = browser.http.cookies["motcua"], clock.now()
        async with transaction(self.sessions) as session:
            here = await identity.session_actor(session, cookie, at=at)
            assert here is not None
            await work_in(session, here.actor, cookie, unit, at=at)

    async def receive(self, dossier_id: UUID) -> None:
        """What is due at filing is paid; the desk receives, unless the portal has done so itself."""
        await self.pay(dossier_id)
        dossier = await self.dossier(dossier_id)
        if dossier.state == "submitted":
            desk = await self.be("intake_officer", dossier.desk)
            case = await desk.get(f"/can-bo/ho-so/{dossier_id}")
            await _send(desk, case, case.form("/tiep-nhan"))
            await self.work()

    async def decide(self, dossier_id: UUID) -> None:
        """Every step, by whoever it is for, with the fee paid when it falls due, until nothing is open."""
        for _ in range(60):
            await self.pay(dossier_id)
            tasks = [task for task in await self.tasks(dossier_id) if task.kind != "return"]
            if not tasks:
                return
            task = tasks[0]
            official = await self.be(task.role, task.unit)
            case = await official.get(f"/can-bo/ho-so/{dossier_id}")
            await _do(official, case, str(PERSONAS[who("case_officer", task.unit)].person_id(self.settings.oidc_issuer)))
            await self.work()
        raise AssertionError(f"still open: {[task.step for task in tasks]}")

    async def pay(self, dossier_id: UUID) -> None:
        """Pay what is due at the gateway; its notice settles it."""
        shown = (await self.company.get(f"/dossiers/{dossier_id}")).json()
        for bill in shown["bills"]:
            if bill["state"] == "open":
                answer = await self.company.post(f"/dossiers/{dossier_id}/payments", {"bill": bill["id"]})
                assert answer.status_code == 201, answer.text
                notice = _paid(answer.json()["url"], self.settings)
                told = await self.company.http.get(f"/api/payments/vnpay/ipn?{notice}")
                assert told.json()["RspCode"] == "00", told.text
                await self.work()

    async def fetch(self, dossier_id: UUID) -> tuple[dict[str, Any], bytes]:
        """The company fetches its result: what is told of it, and the file."""
        shown = (await self.company.get(f"/dossiers/{dossier_id}")).json()
        result = next(one for one in shown["issued"] if one["kind"] in ("result", "refusal"))
        answer = await self.company.get(f"/dossiers/{dossier_id}/issued/{result['id']}/content")
        assert answer.status_code == 200, answer.text
        return result, answer.content


def who(role: str, unit: str) -> str:
    """The demo person who holds `role` in `unit`."""
    if role == "ministry_leader":
        return "lb-1"
    if role == "intake_officer":
        return "mc-26" if unit.startswith("H26") else "mc-1"
    short = f"{KINDS[role]}-{GROUPS.get(unit, 'bct')}"
    return f"{short}-1" if role == "case_officer" else short


ACTS: dict[str, dict[str, str]] = {
    "/cho-y-kien": {"opinion": "agree", "text": "Thống nhất."},
    "/kiem-tra-thuc-te": {"outcome": "pass", "site": "Số 1 đường Ví Dụ", "findings": "Kho: đạt", "hosts": "Lê Văn Mẫu"},
    "/phan-cong": {},
    "/de-xuat": {"outcome": "granted", "reasons": "Hồ sơ đáp ứng đủ điều kiện."},
    "/quyet-dinh": {"outcome": "granted"},
    "/phat-hanh": {},
    "/hoan-thanh": {},
}


async def _do(official: Browser, case: Page, case_officer: str) -> None:
    """The one act that the page offers; `case_officer` is who the dossier is given to."""
    forms = {form.action.rsplit("/", 1)[1]: form for form in case.forms()}
    act = next((act for act in ACTS if act[1:] in forms), None)
    assert act is not None, f"nothing to do at {case.url}: {sorted(forms)}"
    values = dict(ACTS[act])
    if act == "/phan-cong":
        values["assignee"] = case_officer
    await _send(official, case, forms[act[1:]], values)


async def _send(official: Browser, case: Page, form: WebForm, values: dict[str, str] | None = None) -> None:
    done = await official.send(case, form, values or {})
    assert done.status == 200, (form.action, done.status, done.text.partition("<main")[2][:3000])


def _paid(url: str, settings: Settings) -> str:
    sent = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    notice = {name: sent[name] for name in ("vnp_TmnCode", "vnp_Amount", "vnp_TxnRef", "vnp_OrderInfo")}
    notice |= {"vnp_ResponseCode": "00", "vnp_TransactionStatus": "00", "vnp_TransactionNo": "14000001"}
    notice |= {"vnp_BankCode": "NCB", "vnp_PayDate": "20261123090500"}
    secret = settings.gateway_secret.get_secret_value() if settings.gateway_secret else ""
    return signed_query(secret, notice)


def _sendable(procedure: Any, given: dict[str, Any]) -> dict[str, Any]:
    """What a person may answer; the rest is the portal's own."""
    fields = {each.id: each for each in Form.of(procedure).procedure.fields}
    return {name: value for name, value in given.items() if fields[name].given_by_person}
