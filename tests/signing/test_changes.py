"""What may follow a signature, and everything that has been tried instead. The files are made here, with good certificates."""

import pytest
from pyhanko.sign.fields import MDPPerm

from signing import Verdict, check
from signing.model import Indication, Modification, Severity
from tests.signing import odd
from tests.signing.attacks import annotations, shadow, sneaky
from tests.signing.attacks.notation import append


@pytest.fixture(scope="module")
async def certified(pki, paper) -> dict[MDPPerm, bytes]:
    return {level: await odd.signed(pki, paper, "branch", certify=True, docmdp_permissions=level) for level in MDPPerm}


@pytest.fixture(scope="module")
async def notes(pki) -> dict[bool, bytes]:
    """With two notes on the page; certified or not."""
    return {certify: await odd.signed(pki, shadow.two_notes(), "branch", certify=certify) for certify in (True, False)}


@pytest.fixture(scope="module")
def prepared() -> dict:
    """Signed documents by what made them: many attacks begin with the same one."""
    return {}


@pytest.fixture(scope="module")
async def approved(pki, paper) -> bytes:
    return await odd.signed(pki, paper, "branch")


@pytest.mark.parametrize("level", [MDPPerm.FILL_FORMS, MDPPerm.ANNOTATE], ids=lambda level: level.name)
@pytest.mark.parametrize("name", annotations.VARIANTS)
def test_an_annotation_breaks_a_certified_document_whatever_it_permits(certified, policy, name, level):
    report = check(odd.revised(certified[level], annotations.VARIANTS[name]), policy)

    assert (report.verdict, "SIG_DOCMDP_VIOLATED" in report.codes) == (Verdict.INVALID, True)


@pytest.mark.parametrize("name", annotations.VARIANTS)
def test_an_annotation_breaks_a_signed_document(approved, policy, name):
    report = check(odd.revised(approved, annotations.VARIANTS[name]), policy)

    assert (report.verdict, "SIG_MODIFIED_AFTER" in report.codes) == (Verdict.INVALID, True)


@pytest.mark.parametrize("name", sneaky.ATTACKS)
async def test_a_sneaky_signature_breaks_a_certified_document(pki, certified, notes, policy, name):
    start = notes[True] if name in sneaky.NEEDS_NOTES else certified[MDPPerm.FILL_FORMS]
    assert check(start, policy).verdict is Verdict.VALID

    report = check(await sneaky.ATTACKS[name](pki, start), policy)
    assert (report.verdict, "SIG_DOCMDP_VIOLATED" in report.codes) == (Verdict.INVALID, True)
    assert report.signatures[0].indication is Indication.TOTAL_FAILED


@pytest.mark.parametrize("name", sneaky.ATTACKS)
async def test_a_sneaky_signature_breaks_a_signed_document(pki, approved, notes, policy, name):
    start = notes[False] if name in sneaky.NEEDS_NOTES else approved

    report = check(await sneaky.ATTACKS[name](pki, start), policy)
    assert (report.verdict, "SIG_MODIFIED_AFTER" in report.codes) == (Verdict.INVALID, True)


@pytest.mark.parametrize("answered", [False, True], ids=["unanswered", "answered"])
@pytest.mark.parametrize("name", shadow.ATTACKS)
async def test_what_was_prepared_before_the_signature_cannot_be_shown_after_it(pki, policy, prepared, name, answered):
    """Also when a further good signature covers the change: the earlier signer did not see it."""
    base, later = shadow.ATTACKS[name]
    if base not in prepared:
        prepared[base] = await odd.signed(pki, base(), "branch")
        assert check(prepared[base], policy).verdict is Verdict.VALID

    changed = later(prepared[base])
    if answered and name not in shadow.UNUSABLE:
        changed = await odd.signed(pki, changed, "bizother", field_name="Sau")
    report = check(changed, policy)
    assert (report.verdict, report.signatures[0].indication) == (Verdict.INVALID, Indication.TOTAL_FAILED)
    assert "SIG_MODIFIED_AFTER" in report.codes


@pytest.mark.parametrize("certify", [True, False])
async def test_honest_signers_follow_each_other(pki, policy, paper, certify):
    """One to four: the certifier or first signer, invisible ones and visible ones, a document time stamp in between."""
    boxes = {"Hai": (50, 50, 250, 120), "Ba": (300, 50, 500, 120)} if not certify else {"Hai": None, "Ba": None}
    signed = await odd.signed(pki, paper, "branch", certify=certify)
    for name, box in boxes.items():
        signed = await odd.signed(pki, signed, "bizother", field_name=name, box=box)
        assert check(signed, policy).verdict is Verdict.VALID
    signed = await odd.stamped(pki, signed)
    signed = await odd.signed(pki, signed, "official", field_name="Bon")

    report = check(signed, policy)
    assert report.verdict is Verdict.VALID
    assert [s.modification for s in report.signatures[:-1]] == [Modification.SIGNATURES] * 4


async def test_fields_prepared_before_certification_may_be_signed_visibly(pki, policy, paper):
    """The way of the portal's own results."""
    prepared = odd.prepared(paper, Nguoi=(50, 50, 250, 120), Dau=(300, 50, 500, 120))
    certified = await odd.signed(pki, prepared, field_name="Nguoi", certify=True)

    assert check(await odd.signed(pki, certified, "seal", field_name="Dau"), policy).verdict is Verdict.VALID


async def test_a_box_that_a_later_signer_adds_is_told_with_its_page_and_a_prepared_one_is_not(pki, policy, approved, paper):
    """Nobody who signed before has seen it: it may cover a word."""
    box = (50, 50, 250, 120)
    signed = await odd.signed(pki, approved, "bizother", field_name="Hai", box=box)
    report = check(await odd.signed(pki, await odd.stamped(pki, signed), "official", field_name="Ba"), policy)
    told = [[(f.severity, f.detail) for f in row.findings if f.code == "SIG_BOX_ADDED"] for row in report.signatures]
    assert (report.verdict, told) == (Verdict.VALID, [[], [(Severity.WARNING, "page 1")], [], []])

    prepared = await odd.signed(pki, odd.prepared(paper, Nguoi=box, Dau=(300, 50, 500, 120)), field_name="Nguoi")
    for content in (await odd.signed(pki, prepared, "seal", field_name="Dau"), await odd.signed(pki, paper, box=box)):
        assert "SIG_BOX_ADDED" not in check(content, policy).codes


async def test_what_an_honest_program_leaves_alone_may_dangle(pki, policy):
    """A reference to nothing is null (ISO 32000-1, 7.3.10), and many programs leave some."""
    signed = await odd.signed(pki, shadow.dangling_note())

    assert check(await odd.signed(pki, signed, "bizother", field_name="Sau"), policy).verdict is Verdict.VALID


async def test_a_revision_of_nothing_new_changes_nothing(pki, policy, approved):
    same = append(approved, {900: b"<</Khong/co>>"})

    assert check(same, policy).verdict is Verdict.VALID


async def test_objects_that_no_table_lists_are_found(pki, policy, approved):
    """A viewer that rebuilds a broken table finds them; no other does."""
    hidden = append(approved, {900: b"<</Length 60>>\nstream\n3 0 obj\n<</Type/Page>>\nendobj\nendstream"})

    report = check(hidden, policy)
    assert (report.verdict, "DOC_TRAILING_BYTES" in report.codes) == (Verdict.INVALID, True)


async def test_a_box_of_a_quarter_page_is_too_large_for_a_signature(pki, policy, approved):
    small, large = (50, 50, 300, 400), (50, 50, 500, 500)

    assert check(await odd.signed(pki, approved, "bizother", field_name="Sau", box=small), policy).verdict is Verdict.VALID
    assert check(await odd.signed(pki, approved, "bizother", field_name="Sau", box=large), policy).verdict is Verdict.INVALID
