"""One file for each thing that may not come in."""

import zlib
from dataclasses import replace

import pytest

from signing import Gate, Limits, Policy, Verdict, check, sign_paper
from tests import make
from tests.pki import NOW

POLICY = Policy(at=NOW, gate=Gate())


def with_object(body: bytes) -> bytes:
    def put(writer: make.PdfWriter) -> None:
        writer.add(body)

    return make.pdf(objects=put)


def with_stream(entries: bytes, content: bytes) -> bytes:
    def put(writer: make.PdfWriter) -> None:
        writer.stream(entries, content)

    return make.pdf(objects=put)


def nested(depth: int) -> bytes:
    return with_object(b"<</A " * depth + b"1" + b">>" * depth)


@pytest.mark.parametrize(
    "content, code",
    [
        (make.pdf(catalog=b"/OpenAction<</S/JavaScript/JS(app.alert)>>"), "DOC_JAVASCRIPT"),
        (make.pdf(catalog=b"/Names<</JavaScript<</Names[(a)<</S/JavaScript/JS(x)>>]>>>>"), "DOC_JAVASCRIPT"),
        (with_object(b"<</S/#4aavaScript/#4aS(x)>>"), "DOC_JAVASCRIPT"),
        (make.pdf(catalog=b"/OpenAction<</S/Launch/F(cmd.exe)>>"), "DOC_ACTIVE_CONTENT"),
        (make.pdf(catalog=b"/OpenAction<</S/URI/URI(http://x.example)>>"), "DOC_ACTIVE_CONTENT"),
        (make.pdf(page=b"/AA<</O<</S/GoTo/D[0/Fit]>>>>"), "DOC_ACTIVE_CONTENT"),
        (with_object(b"<</S/SubmitForm/F(http://x.example)>>"), "DOC_ACTIVE_CONTENT"),
        (with_object(b"<</S/ImportData/F(x)>>"), "DOC_ACTIVE_CONTENT"),
        (with_object(b"<</S/GoToR/F(x.pdf)/D[0/Fit]>>"), "DOC_ACTIVE_CONTENT"),
        (with_object(b"<</S/GoToE/D[0/Fit]>>"), "DOC_ACTIVE_CONTENT"),
        (make.pdf(catalog=b"/AcroForm<</Fields[]/XFA(x)>>"), "DOC_XFA"),
        (make.pdf(page=b"/Annots[<</Type/Annot/Subtype/RichMedia/Rect[0 0 9 9]>>]"), "DOC_RICH_MEDIA"),
        (make.pdf(page=b"/Annots[<</Type/Annot/Subtype/3D/Rect[0 0 9 9]>>]"), "DOC_RICH_MEDIA"),
        (make.pdf(page=b"/Annots[<</Subtype/Sound/Rect[0 0 9 9]>>]"), "DOC_RICH_MEDIA"),
        (make.pdf(catalog=b"/Names<</EmbeddedFiles<</Names[]>>>>"), "DOC_EMBEDDED_FILES"),
        (with_object(b"<</Type/Filespec/F(a.exe)/EF<</F 1 0 R>>>>"), "DOC_EMBEDDED_FILES"),
        (make.pdf(page=b"/Annots[<</Type/Annot/Subtype/FileAttachment/Rect[0 0 9 9]>>]"), "DOC_EMBEDDED_FILES"),
        (with_stream(b"/F(http://x.example/part)", b""), "DOC_EXTERNAL_STREAM"),
        (with_stream(b"/Type/XObject/Subtype/Image/Width 20000/Height 20000", b""), "DOC_TOO_COMPLEX"),
        (nested(120), "DOC_TOO_COMPLEX"),
        (make.pdf() + b"MZ\x90\x00", "DOC_FOREIGN_DATA"),
    ],
)
def test_what_may_not_come_in(content, code):
    report = check(content, POLICY)

    assert code in {refusal.code for refusal in report.refusals}


@pytest.mark.parametrize(
    "content",
    [
        make.pdf(),
        make.pdf(catalog=b"/OpenAction<</S/GoTo/D[0/Fit]>>"),
        make.pdf(catalog=b"/OpenAction[0/Fit]"),
        make.pdf(page=b"/Annots[<</Type/Annot/Subtype/Link/Rect[0 0 9 9]/A<</S/URI/URI(http://x.example)>>>>]"),
        with_object(b"<</Type/StructElem/S/Sound>>"),
        nested(50),
    ],
)
def test_what_ordinary_papers_carry_comes_in(content):
    assert check(content, POLICY).refusals == ()


def test_attachments_come_in_where_the_paper_permits_them():
    attached = make.pdf(catalog=b"/Names<</EmbeddedFiles<</Names[]>>>>")

    assert check(attached, replace(POLICY, gate=Gate(embedded_files=True))).refusals == ()


def test_a_stream_that_unpacks_to_more_than_a_machine_should_hold_stays_out():
    bomb = with_stream(b"/Filter/FlateDecode", zlib.compress(bytes(80 << 20), 9))

    assert "DOC_TOO_COMPLEX" in check(bomb, POLICY).codes


@pytest.mark.parametrize("limits, code", [(Limits(pages=0), "DOC_TOO_MANY_PAGES"), (Limits(objects=3), "DOC_TOO_COMPLEX")])
def test_pages_and_parts_are_counted(limits, code):
    assert code in check(make.pdf(), replace(POLICY, limits=limits)).codes


async def test_a_good_signature_does_not_excuse_the_content(pki, policy):
    active = make.pdf(catalog=b"/OpenAction<</S/Launch/F(cmd.exe)>>")

    report = check(await sign_paper(active, pki.signer("biz")), replace(policy, gate=Gate()))
    assert report.verdict is Verdict.VALID
    assert [refusal.code for refusal in report.refusals] == ["DOC_ACTIVE_CONTENT"]
