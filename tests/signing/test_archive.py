"""Ten years are a few time stamps: each proves the one before, and the first file stays inside byte for byte."""

import itertools
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import typst

from signing import Evidence, Policy, Seat, Verdict, check, seal_only, sign_result
from signing.archive import extend, stamped_until
from signing.model import Kind, Level
from tests.pki import NOW
from tests.signing.test_sign import DOCUMENT, ONE_RANGE, PERSON, SEAL, STAMP, findings

YEARS = ((2, "tsa2"), (5, "tsa3"), (7.5, "tsa4"))


@pytest.fixture(scope="module")
async def issued(pki) -> bytes:
    """A result of today, as it is given out."""
    from signing import stamp_style

    pdf = typst.compile(DOCUMENT.encode(), format="pdf", ignore_system_fonts=True, pdf_standards=["a-3a", "ua-1"])
    stamp = stamp_style(typst.compile(STAMP.encode(), format="pdf", ignore_system_fonts=True))
    person, seal = Seat(pki.signer("official"), "ChuKy", stamp), Seat(pki.signer("seal"), "ConDau", stamp)
    return await sign_result(pdf, person, seal, [PERSON, SEAL], pki.tsa(), pki.trust, pki.gather)


def at(years: float) -> datetime:
    return NOW + timedelta(days=365.25 * years)


def answers(pki, when: datetime):
    async def gather(needs) -> Evidence:
        return Evidence(tuple(pki.answer(need, when) for need in needs))

    return gather


async def extended(pki, pdf: bytes, years: float, tsa: str) -> bytes:
    return await extend(pdf, pki.tsa(at(years), tsa), pki.trust, answers(pki, at(years)))


@pytest.fixture(scope="module")
async def kept(pki, issued) -> list[bytes]:
    """The file as issued and after each of its extensions."""
    made = [issued]
    for years, tsa in YEARS:
        made.append(await extended(pki, made[-1], years, tsa))
    return made


def judged(pki, pdf: bytes, years: float, *, with_lists: bool = True):
    when = at(years)
    lists = pki.evidence(when, without=["pubca", "gcaca", "gcaroot"]) if with_lists else Evidence()
    return check(pdf, Policy(at=when, trust=pki.trust, evidence=lists))


def test_ten_years_later_every_signer_s_certificate_is_gone_and_the_file_still_proves_itself(pki, kept):
    report = judged(pki, kept[-1], 10)

    assert (report.verdict, report.findings) == (Verdict.VALID, ())
    assert [s.kind for s in report.signatures] == [Kind.SIG, Kind.SEAL, *[Kind.DOC_TS] * 4]
    assert {s.level for s in report.signatures} == {Level.LTA}
    assert all(pki.cert(label).not_valid_after < at(10) for label in ("official", "seal", "tsa", "tsa2", "tsa3"))


@pytest.mark.parametrize("extensions, years", [(0, 1), (1, 4.5), (2, 7), (3, 11)])
def test_after_each_extension_the_file_is_good_until_its_last_stamp_ends(pki, kept, extensions, years):
    assert judged(pki, kept[extensions], years).verdict is Verdict.VALID


@pytest.mark.parametrize("extensions, years", [(0, 3), (1, 6), (2, 9)])
def test_a_file_that_was_not_extended_in_time_is_not_called_good(pki, kept, extensions, years):
    assert judged(pki, kept[extensions], years).verdict is Verdict.INDETERMINATE


def test_what_was_issued_is_the_beginning_of_what_is_kept(kept):
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(kept))


def test_an_extension_adds_no_finding_of_archive_or_access(kept):
    assert findings(kept[-1]) == [ONE_RANGE]


def test_the_last_stamp_says_until_when(pki, kept):
    assert [stamped_until(pdf) for pdf in kept] == [pki.cert(tsa).not_valid_after for tsa in ("tsa", "tsa2", "tsa3", "tsa4")]


def test_a_changed_byte_anywhere_is_seen_after_ten_years(pki, kept):
    whole = bytearray(kept[-1])
    whole[len(kept[0]) // 2] ^= 1
    assert judged(pki, bytes(whole), 10).verdict in {Verdict.INVALID, Verdict.UNREADABLE}


async def test_without_an_answer_about_the_old_stamp_there_is_no_new_one(pki, issued):
    async def silent(_needs) -> Evidence:
        return Evidence()

    with pytest.raises(LookupError, match="answered"):
        await extend(issued, pki.tsa(at(2), "tsa2"), pki.trust, silent)


async def test_a_file_without_a_document_time_stamp_is_not_extended(pki, issued):
    pdf = typst.compile(DOCUMENT.encode(), format="pdf", ignore_system_fonts=True, pdf_standards=["a-3a", "ua-1"])
    sealed = await seal_only(pdf, Seat(pki.signer("seal"), "ConDau"), SEAL, pki.tsa())

    assert stamped_until(sealed) is None
    with pytest.raises(ValueError, match="no document time stamp"):
        await extended(pki, sealed, 1, "tsa")


def test_today_is_before_the_first_stamp_ends(pki, issued):
    policy = Policy(at=datetime.now(UTC), trust=pki.trust, evidence=pki.evidence(datetime.now(UTC)))
    assert check(issued, replace(policy)).verdict is Verdict.VALID
