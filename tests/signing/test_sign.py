"""The portal's own signatures: our engine, `pdfsig` and the PDF/A and PDF/UA rules all agree with them."""

import io
import shutil
import subprocess
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import page
import pikepdf
import pytest
import typst
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import BasePdfFileWriter

from signing import (
    FieldBox,
    Policy,
    Seat,
    SoftSigner,
    Verdict,
    check,
    prepare,
    seal_only,
    sign_paper,
    sign_result,
    stamp_style,
)
from signing.model import Kind, Level, Modification
from signing.sign import KeepMetadata
from tests import make
from tests.pki import NAME

PERSON = FieldBox("ChuKy", "Chữ ký của người có thẩm quyền", (330, 300, 540, 362))
SEAL = FieldBox("ConDau", "Chữ ký số của cơ quan", (260, 300, 470, 362))
DOCUMENT = """
#set document(title: "Giấy chứng nhận", date: datetime(year: 2026, month: 11, day: 23, hour: 1, minute: 2, second: 3))
#set text(lang: "vi")
= Giấy chứng nhận
Nội dung *thử nghiệm* của Bộ Công Thương.
#pdf.attach("du-lieu.json", bytes("{}"), relationship: "source", mime-type: "application/json", description: "dữ liệu")
"""
STAMP = """
#set page(width: 210pt, height: 62pt, margin: 5pt, fill: none)
#set text(size: 8.5pt, lang: "vi", fill: rgb("#b3121d"))
#rect(width: 100%, height: 100%, stroke: .8pt, inset: 5pt)[Ký bởi: *Bộ Công Thương* \\ Thời gian ký: 23/11/2026 09:15:00 +07:00]
"""
ONE_RANGE = "PDFA3A-SIGNATURE-BYTERANGE-001"


@pytest.fixture(scope="module")
def document() -> bytes:
    return typst.compile(DOCUMENT.encode(), format="pdf", ignore_system_fonts=True, pdf_standards=["a-3a", "ua-1"])


@pytest.fixture(scope="module")
def stamp():
    return stamp_style(typst.compile(STAMP.encode(), format="pdf", ignore_system_fonts=True))


@pytest.fixture(scope="module")
async def result(document, stamp, pki) -> bytes:
    """Personal signature, seal, validation data, document time stamp."""
    person, organisation = Seat(pki.signer("official"), "ChuKy", stamp), Seat(pki.signer("seal"), "ConDau", stamp)
    return await sign_result(document, person, organisation, [PERSON, SEAL], pki.tsa(), pki.trust, pki.gather)


@pytest.fixture(scope="module")
async def receipt(document, stamp, pki) -> bytes:
    return await seal_only(document, Seat(pki.signer("seal"), "ConDau", stamp), SEAL, pki.tsa())


@pytest.fixture
def now(pki) -> Policy:
    """As of this moment: time stamps made in this run must lie before it."""
    at = datetime.now(UTC)
    return Policy(at=at, trust=pki.trust, evidence=pki.evidence(at))


def findings(pdf: bytes) -> list[str]:
    profiles = (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1)
    return [f.rule_id for profile in profiles for f in page.validate_pdf_bytes(pdf, profile=profile).failures]


def test_a_result_carries_three_signatures_that_all_pass(result, now):
    report = check(result, now)

    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    assert [(s.kind, s.level) for s in report.signatures] == [
        (Kind.SIG, Level.LTA),
        (Kind.SEAL, Level.LTA),
        (Kind.DOC_TS, Level.LTA),
    ]
    assert [s.modification for s in report.signatures] == [Modification.SIGNATURES, Modification.SIGNATURES, Modification.NONE]


def test_a_result_is_still_valid_when_the_signer_s_certificate_has_long_expired(result, pki, now):
    """Everything needed is inside; only the last time stamp's authority must answer today."""
    later = now.at + timedelta(days=850)
    stamping_only = pki.evidence(later, without=["pubca", "gcaca", "gcaroot"])

    report = check(result, replace(now, at=later, evidence=stamping_only))
    assert pki.cert("official").not_valid_after < later
    assert report.verdict is Verdict.VALID


def test_a_receipt_with_one_seal_keeps_every_rule_of_archive_and_access(document, receipt, now):
    assert findings(document) == []
    assert findings(receipt) == []
    assert check(receipt, now).verdict is Verdict.VALID


async def test_what_is_added_after_the_first_signature_leaves_one_known_finding(document, stamp, result, pki, now):
    """The first range no longer covers the file: inherent in every later revision, and the only finding allowed."""
    lasting = await seal_only(document, Seat(pki.signer("seal"), "ConDau", stamp), SEAL, pki.tsa(), pki.trust, pki.gather)

    assert (findings(result), findings(lasting)) == ([ONE_RANGE], [ONE_RANGE])
    assert (check(lasting, now).verdict, check(lasting, now).signatures[0].level) == (Verdict.VALID, Level.LTA)


def test_the_personal_signature_certifies_the_document(result):
    with pikepdf.open(io.BytesIO(result)) as opened:
        rule = opened.Root.Perms.DocMDP.Reference[0].TransformParams

    assert rule.P == 2


@pytest.mark.skipif(shutil.which("pdfsig") is None, reason="pdfsig is missing: apt-get install poppler-utils")
def test_pdfsig_agrees(result, receipt, tmp_path):
    for name, content, count in (("ket-qua.pdf", result, 2), ("bien-nhan.pdf", receipt, 1)):
        (tmp_path / name).write_bytes(content)
        told = subprocess.run(["pdfsig", "-nocert", tmp_path / name], capture_output=True, text=True, check=True).stdout
        assert told.count("Signature is Valid") == count, told


def test_fields_are_named_and_tagged_before_the_first_signature(document):
    with pikepdf.open(io.BytesIO(prepare(document, [PERSON, SEAL]))) as ready:
        fields = list(ready.Root.AcroForm.Fields)
        top = ready.Root.StructTreeRoot.K
        tagged = [kid for kid in (top[0] if isinstance(top, pikepdf.Array) else top).K if kid.get("/S") == "/Form"]

        assert [str(field.T) for field in fields] == ["ChuKy", "ConDau"]
        assert [str(field.TU) for field in fields] == [PERSON.label, SEAL.label]
        assert [element.K.Obj.objgen for element in tagged] == [field.objgen for field in fields]


def test_a_signed_document_is_not_prepared_again(receipt):
    with pytest.raises(ValueError, match="signed already"):
        prepare(receipt, [PERSON])


def test_a_form_keeps_its_fields_when_a_signature_field_is_added():
    form = make.pdf(catalog=b"/AcroForm<</Fields[6 0 R]>>", objects=lambda writer: writer.add(b"<</FT/Tx/T(Ten)>>"))

    with pikepdf.open(io.BytesIO(prepare(form, [SEAL]))) as ready:
        assert [str(field.T) for field in ready.Root.AcroForm.Fields] == ["Ten", "ConDau"]


def test_preparing_repeats_byte_for_byte(document):
    assert prepare(document, [SEAL]) == prepare(document, [SEAL])


def test_the_metadata_of_the_generator_is_kept(document, receipt):
    def packet(pdf: bytes) -> bytes:
        with pikepdf.open(io.BytesIO(pdf)) as opened:
            return opened.Root.Metadata.read_bytes()

    assert packet(receipt) == packet(document)


def test_the_hook_that_rewrites_metadata_is_where_we_left_it():
    """`KeepMetadata` stands on a private method: when the library moves it, this test falls before a document does."""
    assert "_update_meta" in vars(BasePdfFileWriter) or any("_update_meta" in vars(c) for c in BasePdfFileWriter.__mro__)
    assert "self._update_meta()" in _source_of(BasePdfFileWriter._prep_dom_for_writing)
    assert KeepMetadata._update_meta is not IncrementalPdfFileWriter._update_meta


def _source_of(function) -> str:
    import inspect

    return inspect.getsource(function)


async def test_a_key_is_loaded_from_a_protected_container(pki, paper, now):
    key = serialization.load_pem_private_key(pki.key_pem("biz"), None)
    certificate = pki.cert("biz").dump()
    loaded = _x509(certificate)
    box = pkcs12.serialize_key_and_certificates(
        NAME.encode(), key, loaded, [_x509(pki.chain("biz")[0])], serialization.BestAvailableEncryption(b"mat khau")
    )

    signer = SoftSigner.from_pkcs12(box, b"mat khau")
    assert (signer.certificate, signer.chain) == (certificate, pki.chain("biz"))
    assert check(await sign_paper(paper, signer), now).verdict is Verdict.VALID
    with pytest.raises(ValueError, match=r"(?i)password|pkcs"):
        SoftSigner.from_pkcs12(box, b"sai")


def test_a_container_that_anyone_can_open_is_refused(pki):
    lock = serialization.NoEncryption()
    key = serialization.load_pem_private_key(pki.key_pem("biz"), None)
    box = pkcs12.serialize_key_and_certificates(b"open", key, _x509(pki.cert("biz").dump()), None, lock)

    with pytest.raises(ValueError, match="not encrypted"):
        SoftSigner.from_pkcs12(box, b"mat khau")


def test_a_key_is_in_no_text_of_ours(pki):
    assert "key=" not in repr(pki.signer("biz"))


def test_a_protected_key_needs_its_passphrase(pki):
    locked = pki.key_pem("seal", b"mat khau")

    assert SoftSigner.from_pem(locked, b"mat khau", pki.cert("seal").dump()).key.key_size == 2048
    with pytest.raises(ValueError, match=r"(?i)password|decrypt"):
        SoftSigner.from_pem(locked, b"sai", pki.cert("seal").dump())


async def test_rsa_keys_sign_with_pss(receipt, now):
    assert check(receipt, now).signatures[0].algorithm == "rsassa_pss"


async def test_a_remote_key_is_asked_once_for_each_signature(pki, paper):
    class Counting:
        certificate, chain, pss, asked = pki.cert("biz").dump(), pki.chain("biz"), True, 0

        async def sign(self, digest: bytes, mechanism: str) -> bytes:
            self.asked += 1
            return await pki.signer("biz").sign(digest, mechanism)

    remote = Counting()
    await sign_paper(paper, remote)
    assert remote.asked == 1


def _x509(der: bytes):
    from cryptography import x509

    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize("tail", [b"\r", b"\n", b"A"])
def test_a_stream_may_end_in_any_byte_and_stay_pdf_a(tail):
    from pyhanko.pdf_utils import generic

    writer = KeepMetadata(io.BytesIO(blank_page()))
    kept = writer.add_object(generic.StreamObject(stream_data=b"answer of an authority" + tail))
    writer.root[generic.NameObject("/Kept")] = kept
    writer.update_root()
    out = io.BytesIO()
    writer.write(out)
    assert "PDFA3A-STREAM-LENGTH-001" not in findings(out.getvalue())


@pytest.mark.parametrize("packed", [True, False], ids=["packed", "plain"])
def test_a_stream_of_the_generator_may_end_in_a_carriage_return_too(packed):
    """Its last byte depends on what is printed: with a secret in the QR code, on chance."""
    words = (f"% {n}\n".encode() for n in range(10**8, 10**8 + 10_000))
    content = next(one for one in words if zlib.compress(one).endswith(b"\r")) if packed else b"% x\r"
    ready = prepare(blank_page(content), [])

    assert "PDFA3A-STREAM-LENGTH-001" in findings(blank_page(content))
    assert "PDFA3A-STREAM-LENGTH-001" not in findings(ready)
    with pikepdf.open(io.BytesIO(ready)) as opened:
        assert opened.pages[0].Contents.read_bytes() == content


def blank_page(content: bytes = b"") -> bytes:
    made, out = pikepdf.new(), io.BytesIO()
    made.add_blank_page()
    if content.endswith(b"\r"):
        made.pages[0].Contents = made.make_stream(content)
        made.save(out, compress_streams=False)
        return out.getvalue()
    if content:
        made.pages[0].Contents = made.make_stream(b"")
        made.pages[0].Contents.write(zlib.compress(content), filter=pikepdf.Name.FlateDecode)
    made.save(out)
    return out.getvalue()
