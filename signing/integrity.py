"""One signature's bytes: format, mathematics, what came later. Nothing here depends on time or trust."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from asn1crypto import cms, core, parser
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel, SuspiciousModification
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing import reader
from signing.chain import Chain
from signing.changes import page_number, placed_after
from signing.codes import finding
from signing.damage import DAMAGE, TooMuch, is_exhaustion
from signing.digests import Digests
from signing.evidence import Evidence
from signing.model import Coverage, Finding, Modification, SigningTime, Timestamp
from signing.policy import DIFFERENCES, WITH_FORM_FILLING, Policy, may_sign
from signing.timestamps import read_token
from signing.verdict import Positive

_COVERAGE = {
    SignatureCoverageLevel.ENTIRE_FILE: Coverage.ENTIRE_FILE,
    SignatureCoverageLevel.ENTIRE_REVISION: Coverage.ENTIRE_REVISION,
}
_DOC_TS = "/ETSI.RFC3161"


@dataclass(frozen=True)
class Document:
    """What every signature of a file shares."""

    data: bytes
    digests: Digests
    pdf: PdfFileReader
    policy: Policy
    embedded: Evidence
    shared_keys: frozenset[str]
    """Values that more than one field points to."""
    exact_ranges: frozenset[tuple[int, ...]]
    slots: Sequence[reader.Slot]


@dataclass
class Draft:
    """A row in the making. Everything starts unknown."""

    slot: reader.Slot
    cms: EmbeddedPdfSignature | None = None
    facts: Positive = field(default_factory=Positive)
    findings: list[Finding] = field(default_factory=list)
    coverage: Coverage = Coverage.UNKNOWN
    modification: Modification = Modification.UNKNOWN
    chain: Chain | None = None
    timestamp: Timestamp | None = None
    timestamps: tuple[Timestamp, ...] = ()
    """Its own, good or not."""
    time: SigningTime | None = None
    has_token: bool = False

    def note(self, code: str, detail: str = "") -> None:
        """Each code once."""
        if all(known.code != code for known in self.findings):
            self.findings.append(finding(code, detail))

    def know(self, **facts: bool | None) -> None:
        """Facts learnt, by their names in `Positive`."""
        self.facts = Positive(**{**vars(self.facts), **facts})

    def stumbled_over(self, error: Exception) -> None:
        """The signature's fault where parsers are known to raise so; else ours."""
        code = "SIG_FORMAT" if isinstance(error, DAMAGE) else "ENGINE_ERROR"
        self.note(code, f"{type(error).__name__}: {error}")

    @property
    def answers_until(self) -> int:
        """Where the bytes end that this signature answers for; 0 unless its mathematics is right."""
        right = self.facts.range_exact and self.facts.digest_equal and self.facts.signature_right
        return sum(self.slot.byte_range[2:]) if right else 0

    @property
    def is_doc_ts(self) -> bool:
        """A time stamp over the document, not somebody's signature."""
        return self.slot.subfilter == _DOC_TS


def examine(slot: reader.Slot, document: Document) -> Draft:
    """Format and mathematics: what can be said without looking at anything else in the file."""
    draft = Draft(slot)
    supported = slot.subfilter in reader.SUPPORTED
    draft.know(supported=supported, unique=slot.key not in document.shared_keys)
    if not draft.facts.unique:
        draft.note("SIG_DUPLICATE_REF")
    if not supported:
        draft.note("SIG_SUBFILTER_UNSUPPORTED", slot.subfilter)
        return draft
    try:
        _integrity(draft, document)
    except Exception as broken:  # noqa: BLE001  # what parsers raise shares no base class
        _raise_exhaustion(broken)
        draft.stumbled_over(broken)
    return draft


def compare(draft: Draft, document: Document, answered_until: int) -> None:
    """What came after the signed bytes. After `answered_until` no signature answers for anything."""
    if draft.cms is None:
        return
    try:
        _later_changes(draft, draft.cms, document, answered_until)
        with suppress(SuspiciousModification):  # then the earlier signature has a graver finding
            _own_box(draft, document)
    except Exception as broken:  # noqa: BLE001  # what parsers raise shares no base class
        _raise_exhaustion(broken)
        draft.stumbled_over(broken)


def _raise_exhaustion(error: Exception) -> None:
    """Too much is the document's matter, not one signature's."""
    if is_exhaustion(error):
        raise error


def _integrity(draft: Draft, document: Document) -> None:
    exact = draft.slot.byte_range in document.exact_ranges
    draft.know(range_exact=exact)
    if not exact:
        draft.note("SIG_BYTERANGE_BAD", str(draft.slot.byte_range))
    signature = EmbeddedPdfSignature(document.pdf, draft.slot.field, draft.slot.name)
    if exact:
        _refuse_odd_value(draft, signature, document.data)
        _take_digest(signature, draft.slot.byte_range, document.digests)
    _ = signature.signer_cert  # raises when the certificate is missing or is not the one that the signature names
    _cryptography(draft, signature)
    draft.cms = signature


def _take_digest(signature: EmbeddedPdfSignature, byte_range: tuple[int, ...], digests: Digests) -> None:
    """Where the engine keeps what it has computed; for other algorithms it computes itself."""
    method = signature.external_md_algorithm
    as_read = all(isinstance(n, int) for n in signature.byte_range) and tuple(signature.byte_range) == byte_range
    if as_read and digests.knows(method):
        signature.external_digests[method] = digests.of_range(byte_range, method)


def _cryptography(draft: Draft, signature: EmbeddedPdfSignature) -> None:
    if draft.is_doc_ts:
        facts = read_token(signature.signed_data, signature.compute_digest)
        intact, valid, purpose_ok = facts.imprint_ok, facts.signature_ok, facts.purpose_ok
    else:
        _refuse_odd_envelope(draft, signature)
        intact, valid = validate_sig_integrity(
            signature.signer_info,
            signature.signer_cert,
            expected_content_type="data",
            actual_digest=signature.compute_digest(),
        )
        purpose_ok = may_sign(signature.signer_cert)
    draft.know(digest_equal=intact is True, signature_right=valid is True, may_sign=purpose_ok)
    for fact, code in (
        ("digest_equal", "SIG_HASH_MISMATCH"),
        ("signature_right", "SIG_CRYPTO_INVALID"),
        ("may_sign", "CERT_KEY_USAGE"),
    ):
        if getattr(draft.facts, fact) is not True:
            draft.note(code)


def _refuse_odd_envelope(draft: Draft, signature: EmbeddedPdfSignature) -> None:
    """Raise for what no program makes and the mathematics would not mind."""
    if signature.signed_data["encap_content_info"]["content"] is not core.VOID:
        raise ValueError("a detached signature must not carry content")
    if len(signature.signed_data["signer_infos"]) != 1:
        raise ValueError("exactly one signer is allowed")
    if signature.signer_info["signed_attrs"] is core.VOID and draft.slot.subfilter.startswith("/ETSI"):
        raise ValueError("PAdES signs attributes, and there are none")


def _refuse_odd_value(draft: Draft, signature: EmbeddedPdfSignature, data: bytes) -> None:
    """What stands in the gap is not signed: it is this signature's value, padded with zeros, and nothing else."""
    _, begin, end, _ = draft.slot.byte_range
    if bytes.fromhex(data[begin + 1 : end - 1].decode("ascii")) != signature.pkcs7_content:
        raise ValueError("the gap holds another value than the signature")
    if signature.pkcs7_content[_length_of(signature.pkcs7_content) :].strip(b"\0"):
        raise ValueError("data after the end of the signature")


def _length_of(content: bytes) -> int:
    """Of the first value in it. One of indefinite length counts as if it were spelled as DER demands."""
    return len(cms.ContentInfo.load(content).dump()) if content[1:2] == b"\x80" else int(parser.peek(content))


def _later_changes(draft: Draft, signature: EmbeddedPdfSignature, document: Document, answered_until: int) -> None:
    """The library compares only when something follows the signed bytes; it is never told to skip."""
    objects = reader.object_count(document.pdf)
    coverage = signature.evaluate_signature_coverage()
    if coverage != SignatureCoverageLevel.ENTIRE_FILE and objects > document.policy.limits.diff_objects:
        raise TooMuch(f"{objects} objects to compare")
    try:
        signature.compute_integrity_info(diff_policy=DIFFERENCES)
    except NotImplementedError as unclear:  # the comparison itself gives up: not judged is not fine
        draft.note("SIG_LATER_REVISION_UNCLEAR", str(unclear))
        return
    except DAMAGE as broken:  # what follows the signed bytes is no revision at all
        if document.pdf.strict:  # or it only refers to something that is not there: the tolerant look decides
            draft.note("SIG_LATER_REVISION_UNCLEAR", f"{type(broken).__name__}: {broken}")
            return
        draft.know(unchanged=False)
        draft.note("SIG_MODIFIED_AFTER", f"{type(broken).__name__}: {broken}")
        return
    _note_changes(draft, signature, answered_until)


def _note_changes(draft: Draft, signature: EmbeddedPdfSignature, answered_until: int) -> None:
    draft.coverage = _COVERAGE.get(signature.evaluate_signature_coverage(), Coverage.PARTIAL)
    is_last = sum(draft.slot.byte_range[2:]) >= answered_until
    draft.modification = _modification(signature.diff_result, is_last=is_last)
    kept = signature.summarise_integrity_info()["docmdp_ok"]
    unchanged = draft.modification in (Modification.NONE, Modification.SIGNATURES)
    draft.know(unchanged=unchanged, docmdp_kept=kept is True)
    if draft.coverage is Coverage.PARTIAL:
        draft.note("SIG_BYTERANGE_BAD", "the range does not cover its revision")
    elif not unchanged:
        draft.note(_name_of_change(signature), str(signature.diff_result))
    elif kept is not True:
        draft.note("SIG_DOCMDP_VIOLATED")


def _own_box(draft: Draft, document: Document) -> None:
    """Whether this signature put a box on a page that somebody had signed already: it breaks nothing, a reader must look."""
    pdf, mine = document.pdf, sum(draft.slot.byte_range[2:])
    earlier = [s for s in document.slots if sum(s.byte_range[2:]) < mine]
    values = [s.value.container_ref for s in earlier if s.subfilter != _DOC_TS]
    if not values:
        return
    first = pdf.get_historical_resolver(min(pdf.xrefs.get_introducing_revision(value) for value in values))
    box = placed_after(draft.slot.field, first)
    if box is not None:
        page = page_number(pdf.get_historical_resolver(pdf.total_revisions - 1), box)
        draft.note("SIG_BOX_ADDED", f"page {page}" if page else "")


def _modification(result: Any, *, is_last: bool) -> Modification:
    """`result` is a DiffResult, or the exception that says what could not be explained."""
    if not isinstance(result, DiffResult):
        return Modification.OTHER
    if result.modification_level == ModificationLevel.NONE:
        return Modification.NONE
    if result.modification_level == ModificationLevel.LTA_UPDATES:
        return Modification.SIGNATURES
    # what shows on a page may come only with a signature that answers for it
    answered = result.modification_level == ModificationLevel.FORM_FILLING and not is_last
    return Modification.SIGNATURES if answered else Modification.OTHER


def _name_of_change(signature: EmbeddedPdfSignature) -> str:
    """Genuine form filling deserves its own sentence: sign again."""
    if signature.docmdp_level is not None:
        return "SIG_DOCMDP_VIOLATED"
    if isinstance(signature.diff_result, DiffResult):  # explained, but no signature answers for it
        return "SIG_MODIFIED_AFTER"
    try:
        tolerant = signature.evaluate_modifications(WITH_FORM_FILLING)
    except Exception:  # noqa: BLE001  # only the wording depends on it
        return "SIG_MODIFIED_AFTER"
    is_explained = isinstance(tolerant, DiffResult) and tolerant.modification_level == ModificationLevel.FORM_FILLING
    return "SIG_FORM_FILLED_AFTER" if is_explained else "SIG_MODIFIED_AFTER"
