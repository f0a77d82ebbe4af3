"""A filing's proof: made at once, in nobody's way, and good when every certificate of that day has ended."""

import asyncio
import json
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from certomancer.registry import CertLabel
from sqlalchemy import text

from app import cli
from app.core import outbox
from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.documents import proving, receipts, stamping
from app.documents.actions import attach
from app.documents.models import Document
from app.documents.notary import Notary
from app.documents.slots import Slot
from app.dossiers.actions import papers
from app.jobs import schedule
from app.jobs.registry import JOBS, Tools
from app.trust import actions as trust
from signing import Pool, sign_paper
from signing.longterm import KEPT
from tests import make
from tests.documents.test_rules import a_need
from tests.pki import BUSINESS, NOW
from tests.rows import a_dossier
from tests.years import YEAR, Decade, decade

SOON = timedelta(seconds=5)


@pytest.fixture(scope="module")
async def authorities(tmp_path_factory):
    async with decade(tmp_path_factory.mktemp("decade")) as made:
        yield made


@pytest.fixture(scope="module")
async def pool():
    async with Pool(size=1) as opened:
        yield opened


class Archive:
    """A dossier with one signed paper, filed; the worker that proves it; the years that pass."""

    def __init__(self, notary: Notary, authorities: Decade, sessions: Sessions, key) -> None:
        self.notary, self.authorities, self.sessions, self.key = notary, authorities, sessions, key
        self.dossier_id, self.document_id, self.content = uuid7(), uuid7(), b""

    async def adopt(self, *, new_root: bool = False) -> None:
        store = self.authorities.trust(new_root=new_root)
        async with transaction(self.sessions) as session:
            await trust.put_into_force(session, SYSTEM, store, "thử", key=self.key, at=self.authorities.at)

    async def file(self, signer: str = "biz") -> None:
        self.content = await sign_paper(make.pdf(), self.authorities.pki.signer(signer))
        async with transaction(self.sessions) as session:
            session.add(a_dossier(id=self.dossier_id, tax_code=BUSINESS, state="withdrawn"))
            await session.flush()
            stored = await self.notary.blobs.put_bytes(self.document_id, self.dossier_id, self.content)
            slot, given = Slot(a_need().paper, 0), {"tax_code": BUSINESS, "name": "dieu-le.pdf", "stored": stored}
            document = await attach(
                session, SYSTEM, self.dossier_id, slot, **given, document_id=self.document_id, at=self.authorities.at
            )
            document.filed_round = 1
            stamping.await_stamp(document, at=self.authorities.at)

    async def stamp(self) -> None:
        """As the worker does."""
        at = self.authorities.at = self.authorities.at + SOON
        async with transaction(self.sessions) as session:
            due = await stamping.hand_out(session, at=at)
        for dossier_id, document_id in due:
            await self.notary.stamp(dossier_id, document_id, at=at)

    async def document(self) -> Document:
        async with transaction(self.sessions) as session:
            return await session.get_one(Document, (self.dossier_id, self.document_id))

    async def kept(self) -> tuple[receipts.ReceiptView, ...]:
        async with transaction(self.sessions) as session:
            return await receipts.receipts_of(session, self.dossier_id, self.document_id)

    async def prove(self, *, at=None, epoch: int | None = None) -> proving.Proof:
        at = at or self.authorities.at
        self.authorities.at = at
        await trust.refresh(self.sessions, loopback=True, at=at)
        async with transaction(self.sessions) as session:
            found = await proving.material(session, self.dossier_id, self.document_id, epoch=epoch)
        return await proving.proof(found, check=self.notary.pool.check, blobs=self.notary.blobs, at=at)

    async def press_the_button(self) -> None:
        """Somebody asks once more, and the worker checks."""
        async with transaction(self.sessions) as session:
            document = await session.get_one(Document, (self.dossier_id, self.document_id))
            document.next_check_at = self.authorities.at
        asked = {"dossier_id": str(self.dossier_id), "document_id": str(self.document_id)}
        await JOBS["documents.check"](self.tools, asked, self.authorities.at)

    @property
    def tools(self) -> Tools:
        notary = self.notary
        return Tools(notary.settings, self.sessions, notary.blobs, notary.pool, press=None, mailer=None)

    async def years_pass(self, years: float) -> None:
        self.authorities.at = NOW + years * YEAR

    async def renew(self) -> int:
        return await self.notary.renew(at=self.authorities.at)


@pytest.fixture
async def archive(settings, sessions, blobs, pool, authorities):
    authorities.at, authorities.silent = NOW, False
    settings = settings.model_copy(update={"tsa_url": authorities.tsa_url})
    made = Archive(
        Notary(settings, sessions, blobs, pool, partial(papers.checked, at=NOW)), authorities, sessions, trust.store_key(settings)
    )
    await made.adopt()
    return made


async def test_a_filed_paper_gets_a_receipt_beside_it_and_stays_as_it_was(archive: Archive):
    await archive.file()
    await archive.stamp()

    (receipt,) = await archive.kept()
    assert (receipt.verdict, receipt.tsa, receipt.at) == ("VALID", "TEST TSA", archive.authorities.at)
    assert {(a.kind, a.issuer) for a in receipt.answers} == {("crl", "natroot"), ("crl", "pubca")}
    assert (await archive.document()).stamp_due_at is None
    assert await archive.notary.blobs.get(archive.document_id, archive.dossier_id) == archive.content
    proof = await archive.prove()
    assert (proof.proven, proof.same, proof.filed_at) == (True, True, receipt.at), proof.problems


async def test_the_worker_finds_what_was_filed_and_stamps_it(archive: Archive):
    await archive.file()
    tools, at = archive.tools, archive.authorities.at + SOON
    for _ in range(2):  # the second turn finds it handed out already
        await schedule.stamp_documents(tools, at)
    async with transaction(archive.sessions) as session:
        (message,) = [one for one in await outbox.take(session, limit=9, at=at) if one.topic == "documents.stamp"]
    await JOBS["documents.stamp"](tools, {**message.payload}, at)
    assert len(await archive.kept()) == 1
    await JOBS["documents.stamp"](tools, {**message.payload}, at)
    assert len(await archive.kept()) == 1, "a job may come twice"
    await archive.years_pass(2.3)
    await schedule.renew_receipts(tools, archive.authorities.at)
    assert (await archive.kept())[0].renewed


async def test_a_silent_time_stamp_authority_holds_nothing_up_and_is_asked_again(archive: Archive):
    await archive.file()
    archive.authorities.silent = True
    await archive.stamp()
    assert await archive.kept() == ()
    waits_until = (await archive.document()).stamp_due_at
    assert waits_until == archive.authorities.at + stamping.RETRY

    archive.authorities.silent, archive.authorities.at = False, waits_until
    await archive.stamp()
    assert len(await archive.kept()) == 1


async def test_a_status_learnt_after_filing_gets_a_receipt_of_its_own(archive: Archive, monkeypatch):
    """The first one proves that the file was there; the second, what it was worth."""
    await archive.file()
    real = archive.authorities.answer
    lists_are_away = lambda path, body: real(path, body) if "/pubca/" not in path else b"?"  # noqa: E731
    monkeypatch.setattr(archive.authorities, "answer", lists_are_away)
    await archive.stamp()
    assert [receipt.verdict for receipt in await archive.kept()] == ["INDETERMINATE"]

    monkeypatch.setattr(archive.authorities, "answer", real)
    archive.authorities.at += timedelta(hours=2)
    async with transaction(archive.sessions) as session:
        stamping.await_stamp(
            await session.get_one(Document, (archive.dossier_id, archive.document_id)), at=archive.authorities.at
        )
    await archive.stamp()
    assert [receipt.verdict for receipt in await archive.kept()] == ["INDETERMINATE", "VALID"]
    assert (await archive.document()).verdict == "VALID"
    proof = await archive.prove()
    assert (proof.proven, proof.recorded, proof.filed_at) == (True, "VALID", NOW + SOON)


async def test_after_ten_years_every_certificate_has_ended_and_the_filing_is_still_proven(archive: Archive):
    await archive.file()
    await archive.stamp()
    assert await archive.renew() == 0, "nothing ends soon"

    await archive.years_pass(2.3)  # two months before the first stamp's certificate ends
    assert await archive.renew() == 1
    assert await archive.renew() == 0
    await archive.years_pass(6.7)  # the second's; by now there is a new root, and the old one has not long to go
    await archive.adopt(new_root=True)
    assert await archive.renew() == 1

    ten_years = NOW + 10 * YEAR
    alive = [archive.authorities.pki.cert(label) for label in ("biz", "tsa", "pubca", "tsaca", "natroot")]
    assert all(certificate.not_valid_after < ten_years for certificate in alive)
    proof = await archive.prove(at=ten_years)
    assert proof.proven, proof.problems
    assert (proof.filed_at, proof.recorded, proof.again.verdict, len(proof.stamps)) == (NOW + SOON, "VALID", "VALID", 3)
    assert (await archive.kept())[0].renewed


async def test_a_stamp_that_was_not_renewed_in_time_proves_nothing_and_says_so(archive: Archive):
    await archive.file()
    await archive.stamp()

    proof = await archive.prove(at=NOW + 3 * YEAR)
    assert not proof.proven
    assert "CERT_EXPIRED" in " ".join(proof.problems)


def nobody_answers(path: str, body: bytes) -> bytes:
    return b"?"


@pytest.mark.parametrize("days, proven", [(800, True), (901, False)], ids=["while-its-certificate-lasts", "afterwards"])
async def test_where_nothing_fresh_is_known_a_stamp_holds_as_long_as_its_certificate(archive: Archive, monkeypatch, days, proven):
    """The page says “holds until” that day, and so does the proof."""
    await archive.file()
    await archive.stamp()
    monkeypatch.setattr(archive.authorities, "answer", nobody_answers)
    proof = await archive.prove(at=NOW + timedelta(days=days))
    assert proof.proven is proven, proof.problems
    assert proven == (NOW + timedelta(days=days) < (await archive.kept())[0].ends_at)
    assert (proof.stamps[0].code, proof.stamps[0].detail == KEPT) == (None if proven else "TS_UNTRUSTED", proven)


async def test_a_revocation_that_is_known_ends_a_stamp_however_old_the_word_is(archive: Archive, monkeypatch):
    await archive.file()
    await archive.stamp()
    arch, day = archive.authorities.pki.arch, timedelta(days=1)
    gone = replace(arch.get_cert_spec(CertLabel("bizrev")).revocation, revoked_since=NOW + 20 * day)
    real = arch.check_revocation_status
    monkeypatch.setattr(arch, "check_revocation_status", lambda label, **k: gone if label == "tsa" else real(label, **k))
    await archive.prove(at=NOW + 30 * day)
    monkeypatch.setattr(archive.authorities, "answer", nobody_answers)
    proof = await archive.prove(at=NOW + 400 * day)
    assert (proof.proven, proof.stamps[0].code) == (False, "TS_STATUS_UNKNOWN")


async def test_stamps_are_not_renewed_while_their_authority_is_silent(archive: Archive):
    await archive.file()
    await archive.stamp()
    await archive.years_pass(2.3)
    real, archive.authorities.answer = (
        archive.authorities.answer,
        lambda path, body: real(path, body) if path.endswith("/tsa") else b"?",
    )
    with pytest.raises(stamping.Unproven):
        await archive.renew()
    del archive.authorities.answer
    assert await archive.renew() == 1


async def test_a_revocation_after_the_filing_does_not_touch_it(archive: Archive):
    await archive.file("bizother")
    await archive.stamp()
    archive.authorities.at = NOW + timedelta(days=200)

    proof = await archive.prove(at=NOW + timedelta(days=200))
    assert (proof.proven, proof.recorded) == (True, "VALID")


TAMPERINGS = {
    "the-file-hash": "UPDATE receipt_evidence SET sha256 = repeat('0', 64)",
    "the-report": "UPDATE receipt_evidence SET report = jsonb_set(report, '{verdict}', '\"INVALID\"')",
    "the-document": "UPDATE receipt_evidence SET statement = replace(statement, 'receipt', 'Receipt')",
    "the-trust": "UPDATE trust_epoch SET content = jsonb_set(content, '{intermediates}', '[]')",
    "the-answers": "UPDATE receipt_evidence SET evidence = '[]'",
    "an-answer": "UPDATE kept_answer SET der = der || '\\x00'::bytea",
    "the-token": "UPDATE receipt_evidence SET token = token || '\\x00'::bytea",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS)
async def test_what_someone_changes_in_the_tables_is_noticed(archive: Archive, owner, statement: str):
    await archive.file()
    await archive.stamp()
    await owner.execute(text(statement))
    await owner.commit()

    assert not (await archive.prove()).proven


async def test_a_file_that_was_exchanged_is_noticed(archive: Archive):
    await archive.file()
    await archive.stamp()
    other = await sign_paper(make.pdf(6_000), archive.authorities.pki.signer("biz"))
    await archive.notary.blobs.erase(archive.document_id)
    await archive.notary.blobs.put_bytes(archive.document_id, archive.dossier_id, other)

    proof = await archive.prove()
    assert "the file is not the one that was filed" in proof.problems


async def test_an_old_verdict_is_judged_again_as_of_then_and_with_todays_store(archive: Archive):
    """The authority fell from grace a month later; then, what it vouched for counted."""
    await archive.file()
    await archive.stamp()
    store = archive.authorities.trust()
    without = replace(store, intermediates=tuple(a for a in store.intermediates if a.service != "pubca"))
    async with transaction(archive.sessions) as session:
        await trust.put_into_force(session, SYSTEM, without, "bỏ", key=archive.key, at=archive.authorities.at)

    then, today = await archive.prove(), await archive.prove(epoch=2)
    assert (then.epoch, then.again.verdict, then.same) == (1, "VALID", True)
    assert (today.epoch, today.again.verdict, today.same) == (2, "INDETERMINATE", False)
    assert then.proven
    assert today.proven, "what was recorded is proven whatever is thought of it now"


@pytest.mark.parametrize("table", ["receipt_evidence", "receipt_renewal", "evidence_renewal", "kept_answer"])
async def test_nobody_takes_a_proof_back(owner, table: str):
    await owner.execute(text("SET session_replication_role = origin"))
    with pytest.raises(Exception, match="append-only"):
        await owner.execute(text(f"DELETE FROM {table}"))


async def test_the_button_asked_ten_years_later_still_says_what_held_at_filing(archive: Archive):
    """And, beside it, what the same file would be worth if it came today."""
    await archive.file()
    await archive.stamp()
    for years, new_root in ((2.3, False), (6.7, True)):
        await archive.years_pass(years)
        await archive.adopt(new_root=new_root)
        assert await archive.renew() == 1
    await archive.years_pass(10)
    await archive.press_the_button()

    document = await archive.document()
    assert (document.verdict, document.refusal) == ("VALID", None)
    assert document.today is not None
    assert (document.today["verdict"], document.today["as_of"]) == ("INDETERMINATE", (NOW + SOON).isoformat())


async def test_the_button_says_what_held_at_filing_though_nobody_answers_just_now(archive: Archive, monkeypatch):
    """After two years the filer's certificate has ended, and so has every answer we hold."""
    await archive.file()
    await archive.stamp()
    monkeypatch.setattr(archive.authorities, "answer", nobody_answers)
    await archive.years_pass(2)
    await archive.press_the_button()

    document = await archive.document()
    assert (document.verdict, document.refusal, document.today["verdict"]) == ("VALID", None, "INDETERMINATE")


async def test_a_recheck_hears_of_a_revocation_before_the_filing(archive: Archive, monkeypatch):
    """The authority speaks late and dates it back: nobody could know at filing, yet it counts, and a second receipt says so."""
    with monkeypatch.context() as early:
        early.setattr(archive.authorities.pki.arch, "get_revoked_certs_at_time", lambda *_, **__: iter(()))
        await archive.file("bizrev")
        await archive.stamp()
    archive.authorities.at += timedelta(days=8)
    await archive.press_the_button()
    await archive.stamp()

    assert [receipt.verdict for receipt in await archive.kept()] == ["VALID", "INVALID"]
    assert (await archive.document()).refusal == "CERT_REVOKED"
    proof = await archive.prove()
    assert (proof.proven, proof.recorded, proof.filed_at) == (True, "INVALID", NOW + SOON), proof.problems


async def test_a_recheck_of_a_file_that_was_exchanged_is_not_judged_as_of_the_filing(archive: Archive):
    await archive.file()
    await archive.stamp()
    other = await sign_paper(make.pdf(6_000), archive.authorities.pki.signer("biz"))
    await archive.notary.blobs.erase(archive.document_id)
    await archive.notary.blobs.put_bytes(archive.document_id, archive.dossier_id, other)
    await archive.press_the_button()

    assert (await archive.document()).today is None


async def test_the_commands_prove_a_filing_export_the_store_and_find_what_was_altered(
    archive: Archive, owner, monkeypatch, capsys
):
    """`signature evidence`, `signature trust-export` and the line `trust` of `audit verify`."""
    await archive.file()
    await archive.stamp()
    await trust.refresh(archive.sessions, loopback=True, at=archive.authorities.at)
    monkeypatch.setattr(cli, "_settings", lambda: archive.notary.settings)
    monkeypatch.setattr("app.core.blobs.blobs_of", lambda _settings: archive.notary.blobs)

    async def told(*command: str) -> tuple[int, dict]:
        with pytest.raises(SystemExit) as ended:
            await asyncio.to_thread(cli.main, [*command])
        return ended.value.code, json.loads(capsys.readouterr().out)

    asked = ("signature", "evidence", str(archive.dossier_id), str(archive.document_id), "--json")
    code, proof = await told(*asked, "--at", archive.authorities.at.isoformat())
    assert (code, proof["proven"], proof["recorded"], proof["problems"]) == (0, True, "VALID", [])
    code, late = await told(*asked, "--at", (NOW + 3 * YEAR).isoformat())
    assert (code, late["proven"]) == (1, False)

    code, exported = await told("signature", "trust-export")
    assert (code, exported["note"], "signature" in exported) == (0, "thử", True)
    lines = [line for line in (await told("audit", "verify", "--json"))[1]["logs"] if line["log"] == "trust"]
    assert [(line["leaves"], line["wrong"]) for line in lines] == [(1, 0)]
    await owner.execute(text(TAMPERINGS["the-trust"]))
    await owner.commit()
    code, found = await told("audit", "verify", "--json")
    assert (code, found["ok"]) == (1, False)
    assert any("altered: epoch 1" in finding for log in found["logs"] for finding in log["findings"])
