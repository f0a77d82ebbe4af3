"""What a check answers, from honest files to hostile ones."""

import gc
import sys
from dataclasses import replace
from datetime import timedelta

import pikepdf
import pytest

from signing import NO_EVIDENCE, Evidence, Limits, Policy, Report, Role, Verdict, check, sign_paper
from signing.model import Coverage, Indication, Label, Level, Modification, Revoked, TimeSource
from tests import make
from tests.pki import BUSINESS, NAME, NOW
from tests.signing import odd

DAY = timedelta(days=1)


def only(report: Report):
    assert len(report.signatures) == 1, report
    return report.signatures[0]


async def test_an_honest_signature_is_valid_and_says_whose_it_is(pki, policy, paper):
    report = check(await sign_paper(paper, pki.signer("biz")), policy)

    signature = only(report)
    assert (report.verdict, report.trust_epoch, report.checked_at) == (Verdict.VALID, 1, NOW)
    assert signature.indication is Indication.TOTAL_PASSED
    assert (signature.signer.cn, signature.signer.mst, signature.signer.branch) == (NAME, BUSINESS, None)
    assert (signature.role, signature.label, signature.level) == (Role.FILER, Label.PUBLIC, Level.B)
    assert (signature.coverage, signature.modification) == (Coverage.ENTIRE_FILE, Modification.NONE)
    assert (signature.revocation.status, signature.revocation.source) == (Revoked.GOOD, "crl")
    assert (signature.signing_time.value, signature.signing_time.source) == (NOW, TimeSource.RECEIPT)
    assert Report.from_json(report.to_json()) == report


@pytest.mark.parametrize("label", ["biz", "branch", "person", "bizother", "official", "seal"])
async def test_every_kind_of_certificate_of_ours_is_accepted(pki, policy, paper, label):
    assert check(await sign_paper(paper, pki.signer(label)), policy).verdict is Verdict.VALID


@pytest.mark.parametrize(
    "label, code, verdict",
    [
        ("bizrev", "CERT_REVOKED", Verdict.INVALID),
        ("bizheld", "CERT_ON_HOLD", Verdict.INDETERMINATE),
        ("bizold", "CERT_EXPIRED", Verdict.INDETERMINATE),
        ("bizfuture", "CERT_NOT_YET_VALID", Verdict.INVALID),
        ("bizweak", "ALG_WEAK_KEY", Verdict.INDETERMINATE),
        ("biztls", "CERT_KEY_USAGE", Verdict.INDETERMINATE),
        ("evilbiz", "CERT_UNTRUSTED", Verdict.INDETERMINATE),
    ],
)
async def test_a_certificate_that_does_not_count_is_named(pki, policy, paper, label, code, verdict):
    report = check(await odd.signed(pki, paper, label), policy)

    assert report.verdict is verdict
    assert code in report.codes


async def test_without_revocation_data_nothing_passes(pki, policy, paper):
    report = check(await sign_paper(paper, pki.signer("biz")), replace(policy, evidence=NO_EVIDENCE))

    assert (report.verdict, only(report).subindication) == (Verdict.INDETERMINATE, "TRY_LATER")
    assert "REV_UNKNOWN" in report.codes


async def test_revocation_data_of_the_issuer_alone_is_not_enough(pki, policy, paper):
    silent_root = replace(policy, evidence=pki.evidence(without=["natroot"]))

    assert "REV_UNKNOWN" in check(await sign_paper(paper, pki.signer("biz")), silent_root).codes


async def test_old_revocation_data_is_stale(pki, policy, paper):
    report = check(await sign_paper(paper, pki.signer("biz")), replace(policy, at=NOW + 3 * DAY))

    assert (report.verdict, "REV_STALE" in report.codes) == (Verdict.INDETERMINATE, True)


async def test_an_answer_fetched_after_receipt_counts_for_the_receipt(pki, policy, paper):
    later = replace(policy, at=NOW - timedelta(hours=2), evidence=pki.evidence().with_items([pki.ocsp_for("biz")]))

    assert only(check(await sign_paper(paper, pki.signer("biz")), later)).revocation.source == "ocsp"


async def test_a_younger_list_outweighs_an_older_answer(pki, policy, paper):
    """The answer says good, and still may: it was given five minutes before the revocation and holds for ten."""
    revoked = NOW - 10 * DAY
    answer = pki.ocsp_for("bizrev", revoked - timedelta(minutes=5))
    lists = pki.evidence(NOW - 9 * DAY)
    signed, soon = await odd.signed(pki, paper, "bizrev"), replace(policy, at=revoked + timedelta(minutes=2))

    believed = Evidence((answer, *(item for item in lists.items if "pubca" not in item.url)))
    assert check(signed, replace(soon, evidence=believed)).verdict is Verdict.VALID
    assert "CERT_REVOKED" in check(signed, replace(soon, evidence=lists.with_items([answer]))).codes


async def test_a_revocation_after_receipt_does_not_reach_back(pki, policy, paper):
    before = replace(policy, at=NOW - 20 * DAY)

    assert check(await sign_paper(paper, pki.signer("bizrev")), before).verdict is Verdict.VALID


async def test_a_time_stamp_proves_that_the_signature_was_there_before_the_revocation(pki, policy, paper):
    stamped = await sign_paper(paper, pki.signer("bizrev"), tsa=pki.tsa(NOW - 20 * DAY))

    signature = only(check(stamped, policy))
    assert (signature.indication, signature.level) == (Indication.TOTAL_PASSED, Level.T)
    assert (signature.signing_time.value, signature.signing_time.source) == (NOW - 20 * DAY, TimeSource.TSA)


async def test_a_time_stamp_nobody_trusts_proves_nothing(pki, policy, paper):
    stamped = await sign_paper(paper, pki.signer("bizrev"), tsa=pki.tsa(NOW - 20 * DAY, "eviltsa"))

    report = check(stamped, policy)
    assert {"TS_UNTRUSTED", "CERT_REVOKED"} <= report.codes
    assert report.verdict is Verdict.INVALID


async def test_lists_drop_expired_certificates_so_younger_ones_say_nothing(pki, policy, paper):
    stamped = await sign_paper(paper, pki.signer("bizold"), tsa=pki.tsa(NOW - 60 * DAY))

    assert "REV_UNKNOWN" in check(stamped, policy).codes
    then = pki.evidence().with_items([pki.crl("pubca", NOW - 60 * DAY)])
    assert check(stamped, replace(policy, evidence=then)).verdict is Verdict.VALID


async def test_the_claimed_time_is_shown_and_never_trusted(pki, policy, paper):
    report = check(await sign_paper(paper, pki.signer("biz")), policy)

    assert {"TIME_CLAIMED_ONLY", "TS_MISSING"} <= report.codes
    assert only(report).signing_time.claimed is not None


async def test_a_chain_to_the_other_root_does_not_count_for_a_filer(pki, policy, paper):
    filers_only = replace(policy, roles=frozenset({Role.FILER}))

    report = check(await sign_paper(paper, pki.signer("official")), filers_only)
    assert (report.verdict, "ROLE_NOT_ALLOWED" in report.codes) == (Verdict.INDETERMINATE, True)
    assert only(report).label is Label.OFFICIAL


async def test_a_service_counts_while_it_is_recognised(pki, policy, paper):
    national = replace(pki.trust.anchors[0], valid_to=NOW - DAY)
    withdrawn = replace(pki.trust, anchors=(national, *pki.trust.anchors[1:]))

    assert "CERT_UNTRUSTED" in check(await sign_paper(paper, pki.signer("biz")), replace(policy, trust=withdrawn)).codes


async def test_the_format_of_older_programs_is_accepted(pki, policy, paper):
    report = check(await odd.signed(pki, paper, subfilter=odd.P7), policy)

    assert (report.verdict, only(report).level) == (Verdict.VALID, Level.P7)
    assert "ALG_PKCS1V15" in report.codes


async def test_sha1_is_neither_good_nor_bad(pki, policy, paper):
    report = check(await odd.signed(pki, paper, md_algorithm="sha1"), policy)

    assert (report.verdict, only(report).subindication) == (Verdict.INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE")
    assert "ALG_SHA1" in report.codes


async def test_two_honest_signers_are_both_valid(pki, policy, paper):
    first = await odd.signed(pki, paper, box=(50, 50, 250, 120))
    both = await odd.signed(pki, first, "bizother", field_name="ChuKy2", box=(300, 50, 500, 120))

    report = check(both, policy)
    assert (report.verdict, [s.modification for s in report.signatures]) == (
        Verdict.VALID,
        [Modification.SIGNATURES, Modification.NONE],
    )
    assert all(s.covers_document for s in report.signatures)


async def test_a_changed_byte_is_found(pki, policy, paper):
    signed = bytearray(await sign_paper(paper, pki.signer("biz")))
    signed[3_000] ^= 1

    report = check(bytes(signed), policy)
    assert (report.verdict, "SIG_HASH_MISMATCH" in report.codes) == (Verdict.INVALID, True)


@pytest.mark.parametrize(
    "change, code",
    [
        (odd.other_page, "SIG_MODIFIED_AFTER"),
        (odd.annotation, "SIG_MODIFIED_AFTER"),
        (odd.visible_empty_field, "SIG_MODIFIED_AFTER"),
        (odd.second_field, "SIG_DUPLICATE_REF"),
    ],
)
async def test_what_a_later_revision_may_not_do(pki, policy, paper, change, code):
    report = check(odd.revised(await odd.signed(pki, paper), change), policy)

    assert (report.verdict, code in report.codes) == (Verdict.INVALID, True)


@pytest.mark.parametrize("change", [odd.annotation, odd.visible_empty_field, odd.other_page])
async def test_a_certified_document_stays_as_it_was(pki, policy, paper, change):
    certified = await odd.signed(pki, paper, certify=True)

    assert check(certified, policy).verdict is Verdict.VALID
    report = check(odd.revised(certified, change), policy)
    assert (report.verdict, "SIG_DOCMDP_VIOLATED" in report.codes) == (Verdict.INVALID, True)


async def test_filling_a_form_afterwards_means_sign_again(pki, policy):
    def text_field(writer: make.PdfWriter) -> None:
        writer.add(b"<</Type/Annot/Subtype/Widget/FT/Tx/T(Ten)/Rect[0 0 50 50]/F 4/V(dung)>>")

    number = 6
    form = make.pdf(catalog=b"/AcroForm<</Fields[%d 0 R]>>" % number, page=b"/Annots[%d 0 R]" % number, objects=text_field)
    assert b"%d 0 obj\n<</Type/Annot" % number in form

    report = check(odd.revised(await odd.signed(pki, form), odd.filled_form), policy)
    assert (report.verdict, "SIG_FORM_FILLED_AFTER" in report.codes) == (Verdict.INVALID, True)


@pytest.mark.parametrize("tail", [b"x", b"\n%%EOF x", b"\n1 0 obj\n<<>>\nendobj\nstartxref\n0\n%%EOF\n", b"PK\x03\x04"])
async def test_nothing_may_follow_that_no_parser_knows(pki, policy, paper, tail):
    """The library falls back to the older table when it cannot read the last one, and reports no change at all."""
    report = check(await sign_paper(paper, pki.signer("biz")) + tail, policy)

    assert report.verdict in (Verdict.INVALID, Verdict.UNREADABLE)


async def test_an_appended_table_that_points_back_is_found(pki, policy, paper):
    """Its body is in the file, no revision knows it, and the last table in use is still the signed one."""
    signed = await sign_paper(paper, pki.signer("biz"))
    old_table = signed[signed.rindex(b"startxref") :]

    report = check(signed + b"3 0 obj\n<</Khac true>>\nendobj\n" + old_table, policy)
    assert (report.verdict, "DOC_TRAILING_BYTES" in report.codes) == (Verdict.INVALID, True)


async def test_an_unsupported_kind_gets_a_row_of_its_own(pki, policy, paper):
    signed = (await sign_paper(paper, pki.signer("biz"))).replace(b"/ETSI.CAdES.detached", b"/Xtsi.CAdES.detached")

    report = check(signed, policy)
    assert (report.verdict, "SIG_SUBFILTER_UNSUPPORTED" in report.codes) == (Verdict.INDETERMINATE, True)
    assert len(report.signatures) == 1


async def test_a_hybrid_file_gets_a_second_look_and_says_so(pki, policy):
    report = check(await sign_paper(make.hybrid_pdf(), pki.signer("biz")), policy)

    assert (report.verdict, "DOC_HYBRID_XREF" in report.codes) == (Verdict.VALID, True)


async def test_hidden_layers_are_mentioned(pki, policy):
    layered = make.pdf(catalog=b"/OCProperties<</OCGs[]/D<<>>>>")

    report = check(await sign_paper(layered, pki.signer("biz")), policy)
    assert (report.verdict, "DOC_HIDDEN_CONTENT" in report.codes) == (Verdict.VALID, True)


async def test_a_field_that_is_there_and_not_shown_is_mentioned(pki, policy):
    def hidden(writer: make.PdfWriter) -> None:
        writer.add(b"<</Type/Annot/Subtype/Widget/FT/Tx/T(An)/Rect[0 0 50 50]/F 2/AP<</N 4 0 R>>>>")

    form = make.pdf(catalog=b"/AcroForm<</Fields[6 0 R]>>", page=b"/Annots[6 0 R]", objects=hidden)

    assert "DOC_HIDDEN_CONTENT" in check(await sign_paper(form, pki.signer("biz")), policy).codes


async def test_a_range_that_leaves_more_than_the_signature_out_is_malformed(pki, policy, paper):
    signed = await sign_paper(paper, pki.signer("biz"))
    at = signed.index(b"/ByteRange")
    start = signed.index(b"[", at)
    numbers = [int(n) for n in signed[start + 1 : signed.index(b"]", at)].split()]
    wider = b"[0 %d %d %d" % (numbers[1] - 1, numbers[2], numbers[3])
    forged = signed[:start] + wider.ljust(signed.index(b"]", at) - start) + signed[signed.index(b"]", at) :]

    report = check(forged, policy)
    assert (report.verdict, "SIG_BYTERANGE_BAD" in report.codes) == (Verdict.INVALID, True)


def test_an_unsigned_paper_is_unsigned(policy, paper):
    assert check(paper, policy).verdict is Verdict.UNSIGNED


async def test_unsigned_needs_the_bytes_to_agree(pki, policy, paper):
    signed = await sign_paper(paper, pki.signer("biz"))

    report = check(signed.replace(b"/AcroForm", b"/AcroFork"), policy)
    assert (report.verdict, "DOC_FIELD_MISMATCH" in report.codes) == (Verdict.UNREADABLE, True)


@pytest.mark.parametrize(
    "content, code",
    [
        (b"", "DOC_NOT_PDF"),
        (b"PK\x03\x04 a spreadsheet", "DOC_NOT_PDF"),
        (b" %PDF-1.7\n", "DOC_NOT_PDF"),
        (b"%PDF-1.7\nnothing else", "DOC_UNREADABLE"),
        (b"%PDF-1.7\n%%EOF\n" + bytes(30_000_000), "DOC_UNREADABLE"),
        (b"%PDF-1.7\nstartxref\n99999\n%%EOF", "DOC_UNREADABLE"),
    ],
)
def test_what_is_no_pdf_is_unreadable(policy, content, code):
    report = check(content, policy)

    assert (report.verdict, report.codes) == (Verdict.UNREADABLE, {code})
    assert report.refusals


def test_an_encrypted_file_is_unreadable(policy, paper, tmp_path):
    (tmp_path / "plain.pdf").write_bytes(paper)
    with pikepdf.open(tmp_path / "plain.pdf") as opened:
        opened.save(tmp_path / "locked.pdf", encryption=pikepdf.Encryption(owner="a", user="b"))

    assert check(tmp_path / "locked.pdf", policy).codes == {"DOC_ENCRYPTED"}


def test_a_large_file_is_not_even_opened(policy, paper):
    assert check(paper, replace(policy, limits=Limits(file_bytes=100))).codes == {"DOC_TOO_LARGE"}


async def test_more_signatures_than_anyone_makes_are_not_judged(pki, policy, paper):
    once = await sign_paper(paper, pki.signer("biz"))
    twice = await sign_paper(once, pki.signer("biz"), field="ChuKy2")

    assert check(twice, replace(policy, limits=Limits(signatures=1))).codes == {"DOC_RESOURCE_LIMIT"}


def test_the_receipt_time_carries_a_zone(policy):
    with pytest.raises(ValueError, match="time zone"):
        Policy(at=NOW.replace(tzinfo=None))


async def test_the_bytes_of_a_file_are_let_go_with_the_report(pki, policy, paper):
    """Not only when somebody collects what refers to itself: the next file then takes their place in memory."""
    signed = await sign_paper(paper, pki.signer("biz"))
    before = sys.getrefcount(signed)
    gc.disable()
    try:
        check(signed, policy)
        assert sys.getrefcount(signed) == before
    finally:
        gc.enable()
