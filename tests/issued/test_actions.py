"""From order to a sealed file: what is signed holds, what fails is kept and tried again, what is done is done once."""

import os
import shutil
import subprocess
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.core.errors import NotFound, WrongState
from app.core.ids import uuid7
from app.core.outbox import OutboxMessage
from app.dossiers.models import Dossier
from app.issued import actions, queries
from app.issued.models import IssuedDocument, IssuedNumber
from app.issued.press import Press
from app.issued.rules import Kind, Standing, State
from signing import Evidence, Policy, Report, Role, Verdict
from tests.issued.conftest import LEADER
from tests.issued.samples import SAMPLES
from tests.issued.test_render import findings
from tests.pki import NOW, Pki

RESULT, RECEIPT = SAMPLES["certificate"], SAMPLES["receipt"]
TODAY = date(2026, 11, 23)


async def ordered(session: AsyncSession, dossier: Dossier, facts=RESULT, **how) -> IssuedDocument:
    if facts is RESULT:
        how = {"personal_signer": LEADER, "series": "GCN-UBCT", "valid_until": date(2031, 11, 22)} | how
    return await actions.order(session, facts, dossier_id=dossier.id, unit="G02.918", at=NOW, **how)


async def finished(session: AsyncSession, dossier: Dossier, press: Press) -> IssuedDocument:
    document = await ordered(session, dossier)
    await actions.sign(session, dossier.id, document.id, press=press, at=NOW)
    await actions.ask_seal(session, dossier.id, document.id, at=NOW)
    await actions.seal(session, dossier.id, document.id, press=press, at=NOW)
    return document


async def topics(session: AsyncSession) -> list[str]:
    return list(await session.scalars(select(OutboxMessage.topic).order_by(OutboxMessage.id)))


async def checked(pki: Pki, press: Press, pdf: bytes) -> Report:
    policy = Policy(at=NOW + timedelta(minutes=5), trust=pki.trust, evidence=pki.evidence(NOW), roles=frozenset({Role.OFFICIAL}))
    return await press.pool.check(pdf, policy)


def pdfsig(pdf: bytes, tmp_path) -> str:
    if not shutil.which("pdfsig"):
        pytest.skip("pdfsig is missing: apt-get install poppler-utils")
    file = tmp_path / "signed.pdf"
    file.write_bytes(pdf)
    return subprocess.run(["pdfsig", "-nocert", str(file)], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("name", ["receipt", "form-01", "form-05"])
async def test_a_receipt_or_form_carries_one_seal_and_stays_a_sound_archive(session, dossier, press, pki, name):
    document = await ordered(session, dossier, SAMPLES[name], series="TNHS")
    assert document.number is None  # the job takes it: two receptions never wait for each other
    made = await actions.make(session, dossier.id, document.id, press=press, at=NOW)

    assert made is document, document.error
    assert (document.state, document.number, document.error) == (State.READY, "01/2026/TNHS", None)
    pdf = await press.blobs.get(document.id, dossier.id)
    assert findings(pdf) == []
    report = await checked(pki, press, pdf)
    assert report.verdict is Verdict.VALID, report.codes
    assert [signature.covers_document for signature in report.signatures] == [True]
    assert (document.sha256, document.size) == (report.sha256, len(pdf))


async def test_a_result_carries_person_seal_and_time_stamp(session, dossier, press, pki, tmp_path):
    document = await finished(session, dossier, press)

    assert (document.error, document.state) == (None, State.READY)
    pdf = await press.blobs.get(document.id, dossier.id)
    report = await checked(pki, press, pdf)
    assert report.verdict is Verdict.VALID, report.codes
    signers = [signature.signer.cn for signature in report.signatures if signature.signer]
    assert signers[:2] == ["Nguyễn Văn Thử", "Bộ Công Thương"]
    assert len(report.signatures) == 3
    if folder := os.environ.get("SHOW"):
        (Path(folder) / "signed.pdf").write_bytes(pdf)
    said = pdfsig(pdf, tmp_path)
    assert said.count("Signature is Valid") >= 2, said  # Poppler before 23 passes over document time stamps
    assert "Total document signed" in said
    # The one finding that several signatures in one file cannot avoid: the first no longer covers the whole of it.
    assert set(findings(pdf)) <= {"PDFA3A-SIGNATURE-BYTERANGE-001"}, findings(pdf)


async def test_a_result_has_its_number_from_the_decision_on(session, dossier, press):
    document = await ordered(session, dossier)
    assert document.number == "01/2026/GCN-UBCT"
    assert await topics(session) == ["issued.sign"]


async def test_each_job_does_its_work_once(session, dossier, press):
    document = await ordered(session, dossier)
    where = (session, dossier.id, document.id)
    assert await actions.seal(*where, press=press, at=NOW) is None  # not signed yet
    assert await actions.make(*where, press=press, at=NOW) is None  # not for results
    assert await actions.sign(*where, press=press, at=NOW) is document
    assert await actions.sign(*where, press=press, at=NOW) is None
    assert await actions.seal(*where, press=press, at=NOW) is None  # the records officer has not issued it
    await actions.ask_seal(*where, at=NOW)
    await actions.ask_seal(*where, at=NOW)
    assert await topics(session) == ["issued.sign", "issued.seal"]
    assert await actions.seal(*where, press=press, at=NOW) is document
    assert await actions.seal(*where, press=press, at=NOW) is None
    with pytest.raises(WrongState):
        await actions.ask_seal(*where, at=NOW)


async def test_a_failed_signature_keeps_number_and_reason_and_is_tried_again(session, dossier, press, broken):
    document = await ordered(session, dossier)
    where = (session, dossier.id, document.id)
    assert await actions.sign(*where, press=broken, at=NOW) is None
    assert (document.state, document.number, document.attempts) == (State.ORDERED, "01/2026/GCN-UBCT", 1)
    assert "time stamps are out of order" in document.error
    await session.flush()
    again = (await session.scalars(select(OutboxMessage).where(OutboxMessage.not_before.is_not(None)))).one()
    assert (again.topic, again.not_before) == ("issued.sign", NOW + timedelta(seconds=5))

    assert await actions.sign(*where, press=press, at=NOW) is document
    assert document.error is None
    await actions.ask_seal(*where, at=NOW)
    assert await actions.seal(*where, press=broken, at=NOW) is None
    assert document.state == State.SIGNED
    assert await actions.seal(*where, press=press, at=NOW) is document


async def test_a_failed_receipt_keeps_the_number_it_took(session, dossier, press, broken):
    document = await ordered(session, dossier, SAMPLES["form-01"], series="TNHS")
    await actions.make(session, dossier.id, document.id, press=broken, at=NOW)
    assert document.number == "01/2026/TNHS"
    await actions.make(session, dossier.id, document.id, press=press, at=NOW)
    assert (document.state, document.number) == (State.READY, "01/2026/TNHS")
    assert len((await session.scalars(select(IssuedNumber))).all()) == 1


async def test_a_seal_the_trust_store_does_not_know_is_not_given_out(session, dossier, press):
    document = await actions.order(session, RECEIPT, dossier_id=dossier.id, unit="G02.666", at=NOW)
    assert await actions.make(session, dossier.id, document.id, press=press, at=NOW) is None
    assert document.error.startswith("Unsound: INDETERMINATE: CERT_UNTRUSTED")


async def test_a_leader_without_a_key_is_named_in_the_reason(session, dossier, press):
    document = await ordered(session, dossier, personal_signer=uuid7())
    assert await actions.sign(session, dossier.id, document.id, press=press, at=NOW) is None
    assert document.error.startswith("FileNotFoundError")


async def test_a_silent_authority_holds_up_results_but_no_receipts(session, dossier, press):
    async def silent(_needs, _at) -> Evidence:
        return Evidence()

    alone = replace(press, gather=silent)
    receipt, result = await ordered(session, dossier, RECEIPT), await ordered(session, dossier)
    assert await actions.make(session, dossier.id, receipt.id, press=alone, at=NOW) is receipt
    await actions.sign(session, dossier.id, result.id, press=alone, at=NOW)
    await actions.ask_seal(session, dossier.id, result.id, at=NOW)
    assert await actions.seal(session, dossier.id, result.id, press=alone, at=NOW) is None
    assert "REV_UNKNOWN" in result.error
    assert await actions.seal(session, dossier.id, result.id, press=press, at=NOW) is result


async def test_a_unit_without_a_seal_of_its_own_uses_the_ministrys(session, dossier, press):
    document = await actions.order(session, RECEIPT, dossier_id=dossier.id, unit="G02.914", at=NOW)
    assert await actions.make(session, dossier.id, document.id, press=press, at=NOW) is document


async def test_a_document_is_found_by_its_secret_once_it_is_ready(session, dossier, press):
    document = await ordered(session, dossier, RECEIPT)
    assert await queries.by_secret(session, document.secret, today=TODAY) is None
    with pytest.raises(NotFound):
        await queries.ready(session, dossier.id, document.id)
    await actions.make(session, dossier.id, document.id, press=press, at=NOW)
    found = await queries.by_secret(session, document.secret, today=TODAY)
    assert found is not None
    assert (found.holder, found.standing, found.sha256) == (RECEIPT.applicant.name, Standing.VALID, document.sha256)
    assert await queries.ready(session, dossier.id, document.id) is document
    assert await queries.by_secret(session, "x" * 22, today=TODAY) is None


async def test_a_result_is_found_by_number_and_says_when_it_expired_or_was_revoked(session, dossier, press):
    document = await finished(session, dossier, press)
    number = document.number
    found = await queries.by_number(session, number, today=TODAY)
    assert found is not None
    assert (found.kind, found.number, found.standing) == (Kind.RESULT, number, Standing.VALID)
    assert (await queries.by_number(session, number, today=date(2031, 11, 23))).standing is Standing.EXPIRED
    await actions.revoke(session, SYSTEM, dossier.id, document.id, reason="Vi phạm", at=NOW)
    assert (await queries.by_number(session, number, today=TODAY)).standing is Standing.REVOKED
    with pytest.raises(WrongState):
        await actions.revoke(session, SYSTEM, dossier.id, document.id, reason="Vi phạm", at=NOW)
    assert await queries.result_of(session, dossier.id) is document
    assert await queries.of_dossier(session, dossier.id) == [document]


async def test_forms_cannot_be_guessed_by_number(session, dossier, press):
    document = await ordered(session, dossier, SAMPLES["form-01"], series="TNHS")
    await actions.make(session, dossier.id, document.id, press=press, at=NOW)
    assert await queries.by_number(session, document.number, today=TODAY) is None


async def test_a_void_document_keeps_its_number_in_the_register(session, dossier, press):
    document = await finished(session, dossier, press)
    await actions.void(session, SYSTEM, dossier.id, document.id, reason="Sai nội dung", at=NOW)
    kept = await session.get_one(IssuedNumber, document.number)
    assert kept.void_reason == "Sai nội dung"
    assert (await queries.by_number(session, document.number, today=TODAY)).standing is Standing.REVOKED


async def test_what_was_voided_before_it_was_ready_is_neither_signed_nor_sealed(session, dossier, press):
    for signed_first in (False, True):
        document = await ordered(session, dossier)
        where = (session, dossier.id, document.id)
        if signed_first:
            await actions.sign(*where, press=press, at=NOW)
            await actions.ask_seal(*where, at=NOW)
        await actions.void(session, SYSTEM, dossier.id, document.id, reason="Đã thu hồi", at=NOW)
        assert await actions.sign(*where, press=press, at=NOW) is None
        assert await actions.seal(*where, press=press, at=NOW) is None
        with pytest.raises(WrongState):
            await actions.ask_seal(*where, at=NOW)


async def test_a_template_that_does_not_exist_is_refused_at_the_order(session, dossier):
    with pytest.raises(ValueError, match="no template"):
        await ordered(session, dossier, RECEIPT, template="../base")
