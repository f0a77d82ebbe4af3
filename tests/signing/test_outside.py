"""A file comes back from the signer's own program: ours, plus one signature of the right person, and nothing else."""

import io
from datetime import UTC, datetime

import pikepdf
import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner

from signing import FieldBox, Policy, Role, check, prepare, seal, sign_paper
from signing.keys import PortSigner
from signing.outside import problem_of
from signing.sign import KeepMetadata, Seat

PERSON = FieldBox("ChuKy", "Chữ ký của người có thẩm quyền", (330, 300, 540, 362))
SEAL = FieldBox("ConDau", "Chữ ký số của cơ quan", (260, 300, 470, 362))


@pytest.fixture(scope="module")
def prepared(paper) -> bytes:
    return prepare(paper, [PERSON, SEAL])


@pytest.fixture
def judged(pki, prepared):
    def judge(signed: bytes, **known) -> str | None:
        at = datetime.now(UTC)
        report = check(signed, Policy(at=at, trust=pki.trust, evidence=pki.evidence(at), roles=frozenset({Role.OFFICIAL})))
        who = {"certificate": pki.cert("official").dump(), "person_id": ""} | known
        return problem_of(prepared, signed, report, **who)

    return judge


@pytest.mark.parametrize("field", ["ChuKy", "Signature1"], ids=["in-our-field", "in-one-of-its-own"])
async def test_what_the_official_signed_comes_back(pki, prepared, judged, field):
    signed = await sign_paper(prepared, pki.signer("official"), field=field)

    assert judged(signed) is None
    at = datetime.now(UTC)
    sealed = await seal(signed, Seat(pki.signer("seal"), "ConDau"), pki.tsa())
    assert check(sealed, Policy(at=at, integrity_only=True)).verdict == "VALID"


async def test_another_official_is_not_this_one(pki, prepared, judged):
    signed = await sign_paper(prepared, pki.signer("seal"))
    assert judged(signed) == "another-signer"
    assert judged(signed, certificate=b"", person_id="001200000001") == "another-signer"
    assert judged(signed, certificate=b"", person_id="") == "another-signer"
    assert judged(signed, certificate=pki.cert("seal").dump()) is None


async def test_a_business_s_signature_does_not_do(pki, prepared, judged):
    assert judged(await sign_paper(prepared, pki.signer("biz"))) == "not-valid"


async def test_another_file_or_one_saved_anew_is_not_ours(pki, paper, prepared, judged):
    signed = await sign_paper(paper, pki.signer("official"))
    again = io.BytesIO()
    with pikepdf.open(io.BytesIO(prepared)) as opened:
        opened.save(again)
    resaved = await sign_paper(again.getvalue(), pki.signer("official"))
    for wrong in (signed, resaved, prepared, prepared + b"\n"):
        assert judged(wrong) == "other-bytes" if wrong != prepared + b"\n" else "not-one"


async def test_two_signatures_are_one_too_many(pki, prepared, judged):
    once = await sign_paper(prepared, pki.signer("official"))
    assert judged(await sign_paper(once, pki.signer("seal"), field="Hai")) == "not-one"


async def test_a_page_changed_before_signing_is_seen_though_the_signature_covers_it(pki, prepared, judged):
    writer = IncrementalPdfFileWriter(io.BytesIO(prepared))
    page = writer.root["/Pages"]["/Kids"][0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 24 Tf 72 700 Td (Other words) Tj ET"))
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)

    assert judged(await sign_paper(out.getvalue(), pki.signer("official"))) == "more-than-a-signature"


@pytest.mark.parametrize("allowed", [MDPPerm.NO_CHANGES, MDPPerm.FILL_FORMS])
async def test_a_certifying_signature_leaves_no_room_for_the_seal(pki, prepared, judged, allowed):
    wanted = PdfSignatureMetadata(
        field_name="ChuKy",
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=allowed,
    )
    out = await PdfSigner(wanted, signer=PortSigner(pki.signer("official"))).async_sign_pdf(
        KeepMetadata(io.BytesIO(prepared)), bytes_reserved=16_384
    )
    assert judged(out.getvalue()) == "certifies"
