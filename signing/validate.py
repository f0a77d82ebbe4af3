"""`check`: a PDF in, a verdict out. No network, no exception on a hostile file."""

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

from pyhanko.pdf_utils.reader import PdfFileReader

from signing import fastpath, gate, preflight, reader, revocation
from signing.chain import Moment
from signing.codes import finding
from signing.damage import DAMAGE, is_exhaustion
from signing.digests import Digests
from signing.integrity import Document, Draft, compare, examine
from signing.model import Finding, Level, Report, Signature, Timestamp, Verdict
from signing.policy import Policy
from signing.row import level_of, row
from signing.signature import judge_at
from signing.verdict import conclude

fastpath.install()
ENGINE = f"mot-cua/1 pyHanko/{version('pyHanko')}"
for _chatty in ("pyhanko", "pyhanko_certvalidator", "pikepdf"):  # their warnings name signers; everything is in the report
    logging.getLogger(_chatty).addHandler(logging.NullHandler())
    logging.getLogger(_chatty).propagate = False


def check(source: Path | bytes, policy: Policy) -> Report:
    """Judge a PDF at the policy's moment with the policy's trust and evidence.

    Raises OSError when the path cannot be read, and nothing else: what goes wrong with the content is in the report.
    """
    started = time.thread_time()
    data = source if isinstance(source, bytes) else source.read_bytes()
    digests = Digests(data)
    findings, signatures = _judged(data, policy, digests)
    made = report(data, policy, findings, signatures, sha256=digests.of_file())
    return replace(made, cpu_ms=(time.thread_time() - started) * 1000)


def report(
    data: bytes,
    policy: Policy,
    findings: Sequence[Finding],
    signatures: Sequence[Signature] = (),
    sha256: str | None = None,
) -> Report:
    """Draw the conclusion from what was found."""
    if policy.integrity_only:
        findings = [finding("DOC_INTEGRITY_ONLY"), *findings]
    return Report(
        verdict=conclude(findings, signatures),
        sha256=sha256 or hashlib.sha256(data).hexdigest(),
        size=len(data),
        engine=ENGINE,
        trust_epoch=policy.trust.epoch,
        checked_at=policy.at,
        findings=tuple(findings),
        signatures=tuple(signatures),
        integrity_only=policy.integrity_only,
    )


def _judged(data: bytes, policy: Policy, digests: Digests) -> tuple[list[Finding], list[Signature]]:
    if problem := preflight.refuse(data, policy.limits):
        return [problem], []
    findings, signatures = _signatures(data, policy, digests)
    if policy.gate is None and preflight.hides_foreign_data(data):
        findings.append(finding("DOC_FOREIGN_DATA"))
    if policy.gate is not None and conclude(findings, ()) is not Verdict.UNREADABLE:
        findings += gate.inspect(data, policy.gate, policy.limits)
    return findings, signatures


def _signatures(data: bytes, policy: Policy, digests: Digests) -> tuple[list[Finding], list[Signature]]:
    """Strictly first; what honest programs write less strictly gets a second, tolerant look, and the report says so."""
    # any failure of the strict parser leads to the second look
    with suppress(Exception), reader.opened(data, policy.limits, strict=True) as pdf:
        if not reader.is_hybrid(pdf):
            findings, signatures = _read(data, pdf, policy, digests)
            if not any(f.code in _WORTH_A_SECOND_LOOK for s in signatures for f in s.findings):
                return findings, signatures
    try:
        return _tolerant(data, policy, digests)
    except Exception as error:  # noqa: BLE001  # the parser's exceptions share no base class
        return [unreadable(error)], []


_WORTH_A_SECOND_LOOK = {"SIG_FORMAT", "SIG_LATER_REVISION_UNCLEAR"}


def _tolerant(data: bytes, policy: Policy, digests: Digests) -> tuple[list[Finding], list[Signature]]:
    with reader.opened(data, policy.limits, strict=False) as pdf:
        findings, signatures = _read(data, pdf, policy, digests)
        findings.insert(0, finding("DOC_HYBRID_XREF" if reader.is_hybrid(pdf) else "DOC_LENIENT_PARSE"))
        if not _scans_agree(data, pdf, policy):
            findings.append(finding("DOC_FIELD_MISMATCH", "the bytes show other signed ranges than the fields"))
    return findings, signatures


def unreadable(error: BaseException) -> Finding:
    """Name what stopped us; the text is technical and goes to `detail`."""
    code = "DOC_UNREADABLE" if isinstance(error, DAMAGE) else "ENGINE_ERROR"
    return finding("DOC_RESOURCE_LIMIT" if is_exhaustion(error) else code, f"{type(error).__name__}: {error}")


def _read(data: bytes, pdf: PdfFileReader, policy: Policy, digests: Digests) -> tuple[list[Finding], list[Signature]]:
    if pdf.encrypted:
        return [finding("DOC_ENCRYPTED")], []
    found = reader.slots(pdf, policy.limits)
    if not found:
        return [_unsigned(data)], []
    exact = frozenset(slot.byte_range for slot in found if preflight.exact_range(data, slot.byte_range))
    findings = _document_findings(data, pdf, exact)
    document = Document(
        data=data,
        digests=digests,
        pdf=pdf,
        policy=policy,
        embedded=revocation.embedded(pdf),
        shared_keys=_shared(found),
        exact_ranges=exact,
        slots=found,
    )
    return findings, _rows(found, document)


def _unsigned(data: bytes) -> Finding:
    """Unsigned only when the fields and the bytes agree."""
    if preflight.look(data).signed:
        return finding("DOC_FIELD_MISMATCH", "the bytes show a signature, the fields do not")
    return finding("DOC_NO_SIGNATURE")


def _document_findings(data: bytes, pdf: PdfFileReader, exact: Collection[tuple[int, ...]]) -> list[Finding]:
    ends = [second + rest for _, _, second, rest in exact]
    findings = []
    tables = reader.known_tables(pdf)
    problem = preflight.tail_problem(data, int(pdf.last_startxref or 0), tables, max(ends, default=0))
    if ends and not problem:
        problem = preflight.stowaway(data, min(ends), reader.listed_offsets(pdf) | tables)
    if problem:
        findings.append(finding("DOC_TRAILING_BYTES", problem))
    if reader.has_hidden_content(pdf):
        findings.append(finding("DOC_HIDDEN_CONTENT"))
    return findings


def _shared(found: Sequence[reader.Slot]) -> frozenset[str]:
    """Keys of values that two fields point to, and of different values over the same bytes."""
    keys = Counter(slot.key for slot in found)
    ranges = Counter(slot.byte_range for slot in found if slot.byte_range)
    return frozenset(slot.key for slot in found if keys[slot.key] > 1 or ranges[slot.byte_range] > 1)


def _rows(found: Sequence[reader.Slot], document: Document) -> list[Signature]:
    """Backwards through time: each good document time stamp proves that what it covers existed by then."""
    drafts = sorted((examine(slot, document) for slot in found), key=_order)
    answered_until = max((draft.answers_until for draft in drafts), default=0)
    for draft in drafts:
        compare(draft, document, answered_until)
    moment = Moment(document.policy.at)
    for draft in reversed(drafts):
        moment = _judge_safely(draft, moment, document)
    has_store = bool(document.embedded.items)
    last_stamp = max((n for n, d in enumerate(drafts) if d.is_doc_ts), default=-1)
    levels = [level_of(d, has_store=has_store, archived=n < last_stamp) for n, d in enumerate(drafts)]
    return [_row_safely(d, levels[n], _stamps(drafts[n + 1 :])) for n, d in enumerate(drafts)]


def _stamps(later: Sequence[Draft]) -> tuple[Timestamp, ...]:
    """The document time stamps that count, of those that cover a signature."""
    return tuple(draft.timestamp for draft in later if draft.is_doc_ts and draft.timestamp)


def _judge_safely(draft: Draft, moment: Moment, document: Document) -> Moment:
    try:
        return judge_at(draft, moment, document)
    except Exception as error:  # noqa: BLE001  # an engine that stumbles has proven nothing
        draft.stumbled_over(error)
        return moment


def _row_safely(draft: Draft, level: Level, covered_by: Sequence[Timestamp]) -> Signature:
    """A certificate can be good enough for the mathematics and too damaged to be shown."""
    try:
        return row(draft, level, covered_by)
    except Exception as error:  # noqa: BLE001  # see above
        draft.stumbled_over(error)
        draft.cms = None
        return row(draft, level, covered_by)


def _order(draft: Draft) -> int:
    """By the signed revision; what could not be read comes first, so that it proves nothing about the others."""
    return int(draft.cms.signed_revision) if draft.cms else -1


def _scans_agree(data: bytes, pdf: PdfFileReader, policy: Policy) -> bool:
    """The tolerant parser repairs; the bytes themselves must tell of the same signatures."""
    shown = set(preflight.look(data).ranges)
    read = {slot.byte_range for slot in reader.slots(pdf, policy.limits)}
    return shown == read
