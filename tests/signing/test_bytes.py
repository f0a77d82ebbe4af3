"""Attacks on the bytes around what was signed: moved, wrapped, followed and preceded by other things."""

import io
import re
from dataclasses import replace

import pikepdf
import pytest

from signing import Gate, Verdict, check
from signing.model import Coverage, Level
from tests import make
from tests.signing import odd
from tests.signing.attacks.envelopes import Envelope, shell
from tests.signing.attacks.notation import append
from tests.signing.attacks.shadow import plain_stream

REFUSED = (Verdict.INVALID, Verdict.UNREADABLE)
EVIL = plain_stream(b"BT (9.000.000) Tj ET")


@pytest.fixture(scope="module")
def signed(pki) -> bytes:
    """Objects: 3 the page, 4 the field, 5 the signature, 6 the content."""
    return shell(Envelope(pki), room=2_000)


def parts(pdf: bytes) -> tuple[bytes, bytes, bytes]:
    """Before the gap, the gap, after it."""
    _, length, second, _ = (int(n) for n in re.search(rb"/ByteRange\[(\d+) (\d+) (\d+) (\d+)", pdf).groups())
    return pdf[:length], pdf[length:second], pdf[second:]


def value(pdf: bytes, numbers: bytes) -> bytes:
    """The signature's dictionary again, with another range."""
    body = re.search(rb"5 0 obj\n(.*?)\nendobj", pdf, re.DOTALL)[1]
    return re.sub(rb"/ByteRange\[[^\]]*\]", b"/ByteRange[%s]" % numbers, body)


def wider_gap(pdf: bytes) -> bytes:
    """Something stands between the value and the second part, and a later dictionary knows where that begins now."""
    first, gap, second = parts(pdf)
    injected = b"/Them(khac)\n"
    moved = first + gap + injected + second
    start = len(first) + len(gap) + len(injected)
    return append(moved, {5: value(pdf, b"0 %d %d %d" % (len(first), start, len(second))), 6: EVIL})


def value_elsewhere(pdf: bytes) -> bytes:
    """The dictionary is written again after the signed bytes; range and value are the right ones."""
    first, gap, second = parts(pdf)
    return append(pdf, {5: value(pdf, b"0 %d %d %d" % (len(first), len(first) + len(gap), len(second))), 6: EVIL})


def value_by_reference(pdf: bytes) -> bytes:
    _, gap, _ = parts(pdf)
    body = re.sub(rb"/Contents <[^>]*>", b"/Contents 90 0 R", value(pdf, b"0 1 2 3"))
    return append(pdf, {5: body, 90: gap})


def range_to_the_end(pdf: bytes) -> bytes:
    """The later dictionary claims to cover the update it stands in."""
    first, gap, _ = parts(pdf)
    return append(pdf, {5: value(pdf, b"0 %d %d 99999" % (len(first), len(first) + len(gap)))})


def second_range(pdf: bytes) -> bytes:
    """Two ranges in one dictionary: the first is the right one."""
    return pdf.replace(b"/Type/Sig/", b"/ByteRange[0 1 2 3]/Type/Sig/")


def six_numbers(pdf: bytes) -> bytes:
    first, gap, second = parts(pdf)
    start = len(first) + len(gap)
    return append(pdf, {5: value(pdf, b"0 %d %d %d %d 0" % (len(first), start, len(second), start + len(second)))})


def overlapping(pdf: bytes) -> bytes:
    first, gap, second = parts(pdf)
    return append(pdf, {5: value(pdf, b"0 %d %d %d" % (len(first) + len(gap) + 5, len(first) + len(gap), len(second)))})


def copied_value(pdf: bytes) -> bytes:
    """Another field, another object, the same signature."""
    first, gap, second = parts(pdf)
    again = value(pdf, b"0 %d %d %d" % (len(first), len(first) + len(gap), len(second)))
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R 91 0 R]/SigFlags 3>>>>"
    return append(pdf, {1: catalog, 90: again, 91: b"<</FT/Sig/T(Hai)/V 90 0 R>>"})


def value_removed(pdf: bytes) -> bytes:
    return append(pdf, {4: b"<</Type/Annot/Subtype/Widget/FT/Sig/T(ChuKy1)/F 132/Rect[0 0 0 0]/P 3 0 R>>", 6: EVIL})


def form_removed(pdf: bytes) -> bytes:
    return append(pdf, {1: b"<</Type/Catalog/Pages 2 0 R>>", 6: EVIL})


def freed(pdf: bytes) -> bytes:
    table = (
        b"xref\n5 1\n0000000000 00001 f \ntrailer\n<</Size 7/Root 1 0 R/Prev %s>>\n" % re.findall(rb"startxref\n(\d+)", pdf)[-1]
    )
    return pdf + table + b"startxref\n%d\n%%%%EOF\n" % len(pdf)


def encrypted_later(pdf: bytes) -> bytes:
    return append(pdf, {6: EVIL}, extra=b"/Encrypt<</Filter/Standard/V 1/R 2/O<00>/U<00>/P -1>>")


def hybrid_later(pdf: bytes) -> bytes:
    """A second table for other readers, in an update."""
    return append(pdf, {90: b"<</A 1>>"}, extra=b"/XRefStm 15")


def other_generation(pdf: bytes) -> bytes:
    return append(pdf, {6: EVIL}).replace(b"6 0 obj\n<</Length 20", b"6 1 obj\n<</Length 20")


WRAPPED = {
    made.__name__.replace("_", " "): made
    for made in (
        *(wider_gap, value_elsewhere, value_by_reference, range_to_the_end, second_range, six_numbers, overlapping),
        *(copied_value, value_removed, form_removed, freed, encrypted_later, hybrid_later, other_generation),
    )
}


@pytest.mark.parametrize("name", WRAPPED)
def test_a_signature_that_is_moved_or_wrapped_is_refused(signed, policy, name):
    assert check(signed, policy).verdict is Verdict.VALID

    assert check(WRAPPED[name](signed), policy).verdict in REFUSED


def second_trailer(pdf: bytes) -> bytes:
    changed = append(pdf, {90: b"<</A 1>>"})
    return changed.replace(b"trailer\n<</Size 91", b"trailer <<>> trailer\n<</Size 91")


def zip_after(pdf: bytes) -> bytes:
    directory = b"PK\x01\x02" + bytes(42)
    return pdf + directory + b"PK\x05\x06" + bytes(4) + b"\1\0\1\0" + len(directory).to_bytes(4, "little") + bytes(6)


TAILS = {
    "text": lambda pdf: pdf + b"khac",
    "a page and an old table": lambda pdf: pdf + b"3 0 obj\n<</A 1>>\nendobj\n" + pdf[pdf.rindex(b"startxref") :],
    "a table that cannot be read": lambda pdf: pdf + b"xref\n0 1\nhong\ntrailer\n<<>>\nstartxref\n%d\n%%%%EOF\n" % len(pdf),
    "no table": lambda pdf: pdf + b"6 0 obj\n" + EVIL + b"\nendobj\n%%EOF\n",
    "a whole other file": lambda pdf: pdf + make.pdf(),
    "the file again": lambda pdf: pdf + pdf,
    "an archive": zip_after,
    "a page for browsers": lambda pdf: pdf + b"<html><script>alert(1)</script></html>",
    "a second trailer": second_trailer,
    "a header in an update": lambda pdf: append(pdf, {90: plain_stream(b"%PDF-1.7")}),
    "an object in a stream": lambda pdf: append(pdf, {90: plain_stream(b"6 0 obj\n<<>>\nendobj")}),
    "an object between objects": lambda pdf: append(pdf + b"6 0 obj\n" + EVIL + b"\nendobj\n", {90: b"<</A 1>>"}),
    "a page that nobody refers to": lambda pdf: append(pdf, {90: b"<</Type/Page/Contents 6 0 R>>"}),
    "a catalogue that nobody refers to": lambda pdf: append(pdf, {90: b"<</Type/Catalog/Pages 2 0 R>>"}),
}


@pytest.mark.parametrize("name", TAILS)
def test_what_follows_a_signed_file_is_a_revision_or_it_is_refused(signed, policy, name):
    assert check(TAILS[name](signed), policy).verdict in REFUSED


@pytest.mark.parametrize("before", [b"PK\x03\x04", b"<html>", b"\n", b"MZ", make.pdf(), b"\xef\xbb\xbf"])
def test_a_file_begins_as_a_pdf(signed, policy, before):
    assert check(before + signed, policy).verdict in REFUSED


def inside(content: bytes, at: int = 20) -> bytes:
    """A right file with something in a comment."""
    writer = make.PdfWriter()
    writer.out.write(b"%" + b" " * (at - writer.out.tell() - 1) + content + b"\n")
    root = writer.add(b"<</Type/Catalog/Pages 2 0 R>>")
    writer.add(b"<</Type/Pages/Count 1/Kids[3 0 R]>>")
    writer.add(b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>")
    return writer.finish(root)


DIRECTORY = b"PK\x01\x02" + bytes(42)
ARCHIVE = DIRECTORY + b"PK\x05\x06" + bytes(8) + len(DIRECTORY).to_bytes(4, "little") + bytes(6)


@pytest.mark.parametrize(
    "content",
    [
        inside(b"<html><script>alert(1)</script>"),
        inside(b"<!DOCTYPE html>"),
        inside(b"<?php system($_GET[0]); ?>"),
        inside(b"\n%PDF-1.4\n"),
        inside(b"ustar\x0000", 257),
        inside(b"DICM", 128),
        inside(b"CD001", 0x8001),
        inside(ARCHIVE),
    ],
    ids=["html", "doctype", "php", "second header", "tar", "picture", "disc", "zip"],
)
def test_a_file_of_two_kinds_is_named_and_does_not_come_in(policy, content):
    assert check(inside(b"khong co gi"), policy).codes == {"DOC_NO_SIGNATURE"}

    for asked in (policy, replace(policy, gate=Gate())):
        assert "DOC_FOREIGN_DATA" in {refusal.code for refusal in check(content, asked).refusals}


async def test_a_linearised_file_is_as_good_as_another(pki, policy, paper):
    """Two tables and two end marks before anybody signed."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper)) as opened:
        opened.save(out, linearize=True)
    once = await odd.signed(pki, out.getvalue())
    twice = await odd.signed(pki, once, "bizother", field_name="Hai")

    assert check(once, policy).signatures[0].coverage is Coverage.ENTIRE_FILE
    assert [check(content, policy).verdict for content in (once, twice)] == [Verdict.VALID] * 2


@pytest.mark.parametrize("name", [b"/ByteRange[00", b"/ByteR#61nge[", b"/#42yteRange["])
def test_a_signature_whose_field_is_gone_is_not_nothing(signed, policy, name):
    hidden = signed.replace(b"/AcroForm", b"/AcroFork").replace(b"/ByteRange[00", name)

    assert check(hidden, policy).codes == {"DOC_FIELD_MISMATCH"}


def test_a_store_without_revocation_data_does_not_make_a_signature_last(signed, policy):
    """The level says what the file carries, not what it calls itself."""
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>/DSS<</Certs[]>>>>"
    report = check(append(signed, {1: catalog}), policy)

    assert (report.verdict, report.signatures[0].level) == (Verdict.VALID, Level.B)


def test_a_store_that_forgets_an_authority_is_incomplete(pki, signed, policy):
    """The list of the signer's authority is there, its root's is not."""
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>/DSS<</CRLs[90 0 R 91 0 R]>>>>"
    issuer, root = (plain_stream(pki.crl(label).der) for label in ("pubca", "natroot"))

    half, whole = (check(append(signed, {1: catalog, 90: issuer, 91: second}), policy) for second in (issuer, root))
    assert [(r.verdict, "LTV_INCOMPLETE" in r.codes) for r in (half, whole)] == [(Verdict.VALID, True), (Verdict.VALID, False)]
