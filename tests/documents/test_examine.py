"""Real files through the real engine: what reaches the dossier of an upload."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import SYSTEM
from app.core.blobs import Blobs
from app.core.ids import uuid7
from app.documents import queries
from app.documents.actions import attach, keep_findings
from app.documents.examine import Findings, examine
from app.documents.models import Document
from app.documents.rules import Acceptance, judge
from app.documents.slots import Slot
from signing import NO_EVIDENCE, Pool
from tests import make
from tests.documents.test_rules import a_need
from tests.pki import BUSINESS, NOW, OTHER, Pki, build
from tests.rows import a_dossier
from tests.signing.odd import signed


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
async def pool():
    async with Pool(size=1) as opened:
        yield opened


class Desk:
    """One dossier with one signed paper, and a shop of everything the check needs."""

    def __init__(self, session: AsyncSession, blobs: Blobs, pool: Pool, pki: Pki, tax_code: str) -> None:
        self.session, self.blobs, self.pool, self.pki, self.tax_code = session, blobs, pool, pki, tax_code

    async def upload(self, content: bytes, name: str = "dieu-le.pdf", place: int = 0) -> Document:
        dossier = a_dossier(tax_code=self.tax_code, state="draft")
        self.session.add(dossier)
        await self.session.flush()
        document_id = uuid7()
        stored = await self.blobs.put_bytes(document_id, dossier.id, content)
        document = await attach(
            self.session,
            SYSTEM,
            dossier.id,
            Slot(a_need().paper, place),
            tax_code=self.tax_code,
            name=name,
            stored=stored,
            document_id=document_id,
            at=NOW,
        )
        await self.session.flush()
        return document

    async def check(self, document: Document, *, gather=None, at=NOW) -> Findings:
        order = await queries.to_check(self.session, document.dossier_id, document.id)
        assert order is not None
        found = await examine(
            order,
            pool=self.pool,
            blobs=self.blobs,
            trust=self.pki.trust,
            evidence=NO_EVIDENCE,
            gather=gather or self.pki.gather,
            at=at,
        )
        await keep_findings(self.session, document.dossier_id, document.id, found, at=at)
        await self.session.flush()
        return found


@pytest.fixture
def desk(session: AsyncSession, blobs: Blobs, pool: Pool, pki: Pki) -> Desk:
    return Desk(session, blobs, pool, pki, BUSINESS)


async def test_a_paper_signed_by_the_filer_is_accepted_once_revocation_is_known(desk: Desk, pki: Pki):
    document = await desk.upload(await signed(pki, make.pdf()))
    await desk.check(document)
    assert judge(document, must_be_signed=True).acceptance is Acceptance.ACCEPTED, document.report
    assert (document.verdict, document.next_check_at) == ("VALID", None)
    assert await queries.to_check(desk.session, document.dossier_id, document.id) is None


async def test_when_no_revocation_data_can_be_had_it_is_unknown_and_tried_again_later(desk: Desk, pki: Pki):
    async def silence(_needs):
        return NO_EVIDENCE

    document = await desk.upload(await signed(pki, make.pdf()))
    await desk.check(document, gather=silence)
    assert judge(document, must_be_signed=True).acceptance is Acceptance.UNKNOWN
    assert document.next_check_at == NOW + timedelta(seconds=10)
    due = await queries.due_for_recheck(desk.session, at=NOW + timedelta(seconds=10))
    assert due == [(document.dossier_id, document.id)]

    await desk.check(document)
    assert judge(document, must_be_signed=True).acceptance is Acceptance.ACCEPTED


async def test_another_enterprises_signature_is_refused_with_what_to_do(desk: Desk, pki: Pki):
    desk.tax_code = OTHER
    document = await desk.upload(await signed(pki, make.pdf()))
    await desk.check(document)
    judgement = judge(document, must_be_signed=True)
    assert judgement.acceptance is Acceptance.REFUSED
    assert "mã số thuế" in judgement.reason.vi


async def test_an_altered_paper_is_refused(desk: Desk, pki: Pki):
    content = bytearray(await signed(pki, make.pdf()))
    content[2500] ^= 1
    document = await desk.upload(bytes(content))
    await desk.check(document)
    assert judge(document, must_be_signed=True).acceptance is Acceptance.REFUSED
    assert document.verdict == "INVALID"


@pytest.mark.parametrize(
    "content,code",
    [
        (b"PK\x03\x04 this is no PDF" * 50, "DOC_NOT_PDF"),
        (make.pdf(catalog=b"/OpenAction<</S/JavaScript/JS(1)>>"), "DOC_ACTIVE_CONTENT"),
    ],
)
async def test_what_is_no_harmless_pdf_stays_out(desk: Desk, content: bytes, code: str):
    document = await desk.upload(content)
    await desk.check(document)
    assert document.refusal == code
    assert judge(document, must_be_signed=False).acceptance is Acceptance.REFUSED


async def test_a_word_file_that_is_none_stays_out(desk: Desk):
    document = await desk.upload(b"MZ....", "noi-quy.docx", place=1)
    await desk.check(document)
    assert document.refusal == "FILE_KIND_MISMATCH"


async def test_a_check_that_ends_after_the_file_was_taken_out_changes_nothing(desk: Desk, pki: Pki):
    document = await desk.upload(await signed(pki, make.pdf()))
    found = await desk.check(document)
    document.removed_at = NOW
    await desk.session.flush()
    assert await keep_findings(desk.session, document.dossier_id, document.id, found, at=NOW) is None
