"""What was issued is extended before it can no longer be proven, and whoever holds an older copy holds a genuine one."""

import hashlib
import os
import shutil
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.outbox import OutboxMessage
from app.dossiers.models import Dossier
from app.issued import actions, archiving, queries
from app.issued.models import IssuedDocument
from app.issued.press import Press, Unsound
from signing import Evidence, Policy, Role, Verdict
from tests.issued.samples import SAMPLES
from tests.issued.test_actions import RECEIPT, TODAY, finished, ordered, pdfsig
from tests.issued.test_render import findings
from tests.pki import NOW, Pki

ONE_RANGE = "PDFA3A-SIGNATURE-BYTERANGE-001"
RESULTS = sorted(name for name, facts in SAMPLES.items() if facts.kind in {"result", "refusal"})


def at(years: float) -> datetime:
    return NOW + timedelta(days=365.25 * years)


def aged(press: Press, pki: Pki, when: datetime, tsa: str) -> Press:
    """The press as it will be then: another time-stamping certificate, the authorities' answers of that day."""

    async def gather(needs, _at) -> Evidence:
        return Evidence(tuple(pki.answer(need, when) for need in needs))

    return replace(press, stamper=lambda _rules: pki.tsa(when, tsa), gather=gather)


async def judged(press: Press, pki: Pki, pdf: bytes, when: datetime):
    lists = pki.evidence(when, without=["pubca", "gcaca", "gcaroot"])
    return await press.pool.check(pdf, Policy(at=when, trust=pki.trust, evidence=lists, roles=frozenset({Role.OFFICIAL})))


async def extended(session: AsyncSession, document: IssuedDocument, press: Press, pki: Pki, years: float, tsa: str) -> bool:
    where = (session, document.dossier_id, document.id)
    return await archiving.extend(*where, press=aged(press, pki, at(years), tsa), at=at(years))


async def issued(session: AsyncSession, dossier: Dossier, press: Press, name: str) -> IssuedDocument:
    facts = SAMPLES[name]
    how = {"personal_signer": None} if facts is RECEIPT else {}
    document = await ordered(session, dossier, facts, **({"series": "QD"} | _leader() | how))
    where = (session, dossier.id, document.id)
    await actions.sign(*where, press=press, at=NOW)
    await actions.ask_seal(*where, at=NOW)
    assert await actions.seal(*where, press=press, at=NOW) is document, document.error
    return document


def _leader() -> dict:
    from tests.issued.conftest import LEADER

    return {"personal_signer": LEADER}


@pytest.mark.parametrize("name", RESULTS)
async def test_every_result_lasts_ten_years(session, dossier, press, pki, name, tmp_path):
    """With the certificates of all its signers and of its first time stamp gone; PDF/A and PDF/UA as on the first day.

    The chain of several extensions is the library's: tests/signing/test_archive.py.
    """
    document = await issued(session, dossier, press, name)
    assert await extended(session, document, press, pki, 2, "tsalong")
    assert all(pki.cert(label).not_valid_after < at(10) for label in ("official", "seal", "tsa"))

    pdf = await press.blobs.get(document.file_key, dossier.id)
    report = await judged(press, pki, pdf, at(10))
    assert report.verdict is Verdict.VALID, report.codes
    assert findings(pdf) == [ONE_RANGE]
    if shutil.which("pdfsig") or os.environ.get("MOTCUA_CI"):
        assert pdfsig(pdf, tmp_path).count("Signature is Valid") >= 2  # Poppler before 23 passes over document time stamps


async def test_older_copies_stay_genuine(session, dossier, press, pki):
    document = await finished(session, dossier, press)
    first = await press.blobs.get(document.file_key, dossier.id)
    for years, tsa in ((2, "tsa2"), (5, "tsa3")):
        assert await extended(session, document, press, pki, years, tsa)
    await session.flush()
    present = await press.blobs.get(document.file_key, dossier.id)

    found = await queries.by_number(session, document.number, today=TODAY)
    assert found.sha256 == hashlib.sha256(present).hexdigest()
    assert [hashlib.sha256(present[: version.size]).hexdigest() for version in found.older] == [v.sha256 for v in found.older]
    assert found.older[-1].sha256 == hashlib.sha256(first).hexdigest()
    assert await press.blobs.get(document.id, dossier.id) == first  # erased by a job, a day later


async def test_the_turn_comes_half_a_year_before_the_stamp_ends(session, dossier, press, pki):
    document, receipt = await finished(session, dossier, press), await ordered(session, dossier, RECEIPT)
    await actions.make(session, dossier.id, receipt.id, press=press, at=NOW)
    ends = pki.cert("tsa").not_valid_after
    assert (document.stamped_until, receipt.stamped_until) == (ends, None)
    early, due = ends - archiving.MARGIN - timedelta(days=1), ends - archiving.MARGIN
    assert await archiving.ask_extensions(session, at=early) == 0
    assert await archiving.ask_extensions(session, at=due) == 1
    asked = (await session.scalars(select(OutboxMessage).where(OutboxMessage.topic == archiving.EXTEND))).one()
    assert asked.payload["issued_id"] == str(document.id)

    assert not await archiving.extend(session, dossier.id, document.id, press=press, at=early)
    assert await extended(session, document, press, pki, 2, "tsa2")
    assert document.stamped_until == pki.cert("tsa2").not_valid_after
    assert not await extended(session, document, press, pki, 2, "tsa2")  # the second of two jobs


async def test_an_authority_without_a_new_certificate_is_asked_again_later(session, dossier, press, pki):
    """Else every turn would add a revision that proves no more than the one before."""
    document = await finished(session, dossier, press)
    before = (document.file_key, document.sha256, document.stamped_until)
    assert not await extended(session, document, press, pki, 2.2, "tsa")
    assert (document.file_key, document.sha256, document.stamped_until) == before
    assert await extended(session, document, press, pki, 2.2, "tsa2")


async def test_a_failed_extension_leaves_the_file_as_it_is(session, dossier, press, broken, pki):
    document = await finished(session, dossier, press)
    before = (document.file_key, document.sha256, document.stamped_until)
    with pytest.raises(ConnectionError):
        await archiving.extend(session, dossier.id, document.id, press=broken, at=at(2))
    assert (document.file_key, document.sha256, document.stamped_until) == before


async def test_a_stored_file_that_is_not_the_issued_one_is_not_given_a_new_proof(session, dossier, press, pki):
    document = await finished(session, dossier, press)
    await press.blobs.put_bytes(document.file_key, dossier.id, b"%PDF-another")
    with pytest.raises(Unsound, match="not the one"):
        await extended(session, document, press, pki, 2, "tsa2")
