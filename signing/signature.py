"""One signature: collect its facts, say what they mean."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from asn1crypto import core, x509
from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DiffResult, ModificationLevel
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter, validate_sig_integrity
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import SignatureCoverageLevel

from signing import binding, preflight, reader
from signing.chain import Chain, Moment, judge
from signing.codes import finding
from signing.evidence import Evidence
from signing.model import (
    Coverage,
    Finding,
    Kind,
    Label,
    Level,
    Modification,
    Revocation,
    Revoked,
    Role,
    Signature,
    Signer,
    SigningTime,
    TimeSource,
    Timestamp,
)
from signing.policy import DIFFERENCES, WITH_FORM_FILLING, Policy, may_sign
from signing.timestamps import TimestampCheck, allowed_algorithms, check_token, imprint_of, read_token
from signing.verdict import Positive, indicate

HANOI = timezone(timedelta(hours=7))
_LABELS = {Role.FILER: Label.PUBLIC, Role.OFFICIAL: Label.OFFICIAL, Role.FOREIGN: Label.FOREIGN}
_COVERAGE = {
    SignatureCoverageLevel.ENTIRE_FILE: Coverage.ENTIRE_FILE,
    SignatureCoverageLevel.ENTIRE_REVISION: Coverage.ENTIRE_REVISION,
}
_DAMAGE = (misc.PdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, AssertionError)
_NOT_ASKED = Revocation(Revoked.UNKNOWN)


@dataclass(frozen=True)
class Document:
    """What every signature of a file shares."""

    data: bytes
    pdf: PdfFileReader
    policy: Policy
    embedded: Evidence
    shared_keys: frozenset[str]
    """Values that more than one field points to."""
    signed_until: int
    """Where the last signature's range ends: what came after it, no signature answers for."""


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
    time: SigningTime | None = None
    has_token: bool = False

    def note(self, code: str, detail: str = "") -> None:
        """Each code once."""
        if all(known.code != code for known in self.findings):
            self.findings.append(finding(code, detail))

    def know(self, **facts: bool | None) -> None:
        """Facts learnt, by their names in `Positive`."""
        self.facts = replace(self.facts, **facts)

    @property
    def is_doc_ts(self) -> bool:
        """A time stamp over the document, not somebody's signature."""
        return self.slot.subfilter == "/ETSI.RFC3161"


def examine(slot: reader.Slot, document: Document) -> Draft:
    """Everything that does not depend on time: format, integrity, what came later, algorithms."""
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
    except (reader.TooMuch, MemoryError, RecursionError):
        raise
    except Exception as broken:  # noqa: BLE001  # every way in which a damaged signature makes the parser raise
        draft.note("SIG_FORMAT", f"{type(broken).__name__}: {broken}")
    return draft


def judge_at(draft: Draft, moment: Moment, document: Document) -> Moment:
    """Everything that depends on time. Returns the moment by which earlier signatures are known to exist."""
    signature = draft.cms
    if signature is None:
        return moment
    if document.policy.integrity_only:
        _take_on_trust(draft, signature, document.policy)
        return moment
    if draft.is_doc_ts:
        return _judge_document_timestamp(draft, signature, moment, document)
    _judge_signer(draft, signature, moment, document)
    return moment


def row(draft: Draft, level: Level) -> Signature:
    """The finished row; draws the conclusion."""
    certificate = draft.cms.signer_cert if draft.cms else None
    role = _role(draft.chain)
    indication, subindication = indicate(draft.facts, draft.findings)
    return Signature(
        field=draft.slot.name,
        kind=_kind(draft, certificate),
        level=level,
        indication=indication,
        subindication=subindication,
        signer=_signer(certificate) if certificate is not None else None,
        role=role,
        label=_LABELS.get(role, Label.UNTRUSTED) if role else Label.UNTRUSTED,
        signing_time=draft.time,
        coverage=draft.coverage,
        modification=draft.modification,
        revocation=draft.chain.revocation if draft.chain else _NOT_ASKED,
        timestamp=draft.timestamp,
        algorithm=_algorithm(draft),
        findings=tuple(draft.findings),
    )


# -- what the bytes say ------------------------------------------------------------------------------------------


def _integrity(draft: Draft, document: Document) -> None:
    exact = preflight.exact_range(document.data, draft.slot.byte_range)
    draft.know(range_exact=exact)
    if not exact:
        draft.note("SIG_BYTERANGE_BAD", str(draft.slot.byte_range))
    signature = EmbeddedPdfSignature(document.pdf, draft.slot.field, draft.slot.name)
    _ = signature.signer_cert  # raises when the certificate is missing or is not the one that the signature names
    _cryptography(draft, signature)
    draft.cms = signature
    _later_changes(draft, signature, document)


def _cryptography(draft: Draft, signature: EmbeddedPdfSignature) -> None:
    if draft.is_doc_ts:
        facts = read_token(signature.signed_data, signature.compute_digest)
        intact, valid, broken_rule = facts.imprint_ok, facts.signature_ok, "" if facts.algorithms_ok else "ALG_SHA1"
        draft.know(may_sign=facts.purpose_ok)
    else:
        _refuse_content_inside(signature)
        intact, valid = validate_sig_integrity(
            signature.signer_info,
            signature.signer_cert,
            expected_content_type="data",
            actual_digest=signature.compute_digest(),
        )
        broken_rule = allowed_algorithms(signature.signer_info, signature.signer_cert, None) or ""
        draft.know(may_sign=may_sign(signature.signer_cert))
    _note_cryptography(draft, intact=intact is True, valid=valid is True, broken_rule=broken_rule)


def _note_cryptography(draft: Draft, *, intact: bool, valid: bool, broken_rule: str) -> None:
    draft.know(digest_equal=intact, signature_right=valid, algorithms_allowed=not broken_rule)
    if not intact:
        draft.note("SIG_HASH_MISMATCH")
    if not valid:
        draft.note("SIG_CRYPTO_INVALID")
    if broken_rule:
        draft.note(broken_rule)
    if not draft.facts.may_sign:
        draft.note("CERT_KEY_USAGE")


def _refuse_content_inside(signature: EmbeddedPdfSignature) -> None:
    if signature.signed_data["encap_content_info"]["content"] is not core.VOID:
        raise ValueError("a detached signature must not carry content")
    if len(signature.signed_data["signer_infos"]) != 1:
        raise ValueError("exactly one signer is allowed")


def _later_changes(draft: Draft, signature: EmbeddedPdfSignature, document: Document) -> None:
    """The library compares only when something follows the signed bytes; it is never told to skip."""
    objects = reader.object_count(document.pdf)
    coverage = signature.evaluate_signature_coverage()
    if coverage != SignatureCoverageLevel.ENTIRE_FILE and objects > document.policy.limits.diff_objects:
        raise reader.TooMuch(f"{objects} objects to compare")
    try:
        signature.compute_integrity_info(diff_policy=DIFFERENCES)
    except NotImplementedError as unclear:  # the comparison itself gives up: not judged is not fine
        draft.note("SIG_LATER_REVISION_UNCLEAR", str(unclear))
        return
    except _DAMAGE as broken:  # what follows the signed bytes is no revision at all
        draft.know(unchanged=False)
        draft.note("SIG_MODIFIED_AFTER", f"{type(broken).__name__}: {broken}")
        return
    _note_changes(draft, signature, document)


def _note_changes(draft: Draft, signature: EmbeddedPdfSignature, document: Document) -> None:
    draft.coverage = _COVERAGE.get(signature.evaluate_signature_coverage(), Coverage.PARTIAL)
    is_last = sum(draft.slot.byte_range[2:]) == document.signed_until
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
    try:
        tolerant = signature.evaluate_modifications(WITH_FORM_FILLING)
    except Exception:  # noqa: BLE001  # only the wording depends on it
        return "SIG_MODIFIED_AFTER"
    is_explained = isinstance(tolerant, DiffResult) and tolerant.modification_level == ModificationLevel.FORM_FILLING
    return "SIG_FORM_FILLED_AFTER" if is_explained else "SIG_MODIFIED_AFTER"


# -- what the certificates say -----------------------------------------------------------------------------------


def _judge_signer(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> None:
    policy = document.policy
    moment = _proven_time(draft, signature, moment, document)
    source = TimeSource.TSA if moment.proven else TimeSource.RECEIPT
    draft.time = SigningTime(moment.at, source, claimed_time(signature))
    chain = judge(signature.signer_cert, moment, policy.trust, policy.evidence, document.embedded)
    _note_chain(draft, chain, policy.roles - {Role.TSA})
    _note_identity(draft, signature.signer_cert)


def _judge_document_timestamp(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> Moment:
    policy = document.policy
    value = signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    chain = judge(signature.signer_cert, moment, policy.trust, policy.evidence, document.embedded)
    _note_chain(draft, chain, frozenset({Role.TSA}))
    draft.time = SigningTime(value, TimeSource.TSA)
    if not (draft.facts.complete and not any(f.severity == "error" for f in draft.findings)):
        return moment
    draft.timestamp = Timestamp(value, _common_name(signature.signer_cert))
    return Moment(value, proven=True)


def _proven_time(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> Moment:
    """The signature's own time stamp, else what a later document time stamp proves, else the receipt."""
    check = _own_timestamp(signature, moment, document)
    draft.has_token = check is not None
    if check is None:
        if not moment.proven:
            draft.note("TS_MISSING")
            draft.note("TIME_CLAIMED_ONLY")
        return moment
    if check.trusted is None:
        draft.note(check.code or "TS_INVALID", check.detail)
        return moment
    draft.timestamp = check.trusted
    return Moment(check.trusted.value, proven=True)


def _own_timestamp(signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> TimestampCheck | None:
    tokens = list(_tokens(signature))
    checks = [
        check_token(t, imprint_of(signature.signer_info["signature"]), moment, document.policy, document.embedded)
        for t in tokens[:4]
    ]
    return next((check for check in checks if check.trusted), checks[0] if checks else None)


def _tokens(signature: EmbeddedPdfSignature) -> Iterator[Any]:
    yield from extract_tst_data_iter(signature.signer_info, signed=False)


def _note_chain(draft: Draft, chain: Chain, roles: frozenset[Role]) -> None:
    draft.chain = chain
    good = chain.code is None
    unsure = chain.code in ("REV_UNKNOWN", "REV_STALE")
    draft.know(
        chain_trusted=good or (None if unsure else False),
        role_allowed=bool(chain.roles & roles) if chain.roles else None,
        not_revoked=True if good and chain.revocation.status is Revoked.GOOD else None,
    )
    if chain.code:
        draft.note(chain.code, chain.detail)
    if draft.facts.role_allowed is False:
        draft.note("ROLE_NOT_ALLOWED", ", ".join(sorted(chain.roles)))


def _note_identity(draft: Draft, certificate: x509.Certificate) -> None:
    """Tax codes matter in filers' certificates only."""
    status = binding.identity(certificate.subject).tax_code
    is_filer = draft.chain is not None and Role.FILER in draft.chain.roles
    if is_filer and status is binding.TaxCode.MISSING:
        draft.note("MST_MISSING")
    elif is_filer and status is not binding.TaxCode.OK:
        draft.note("MST_MALFORMED", status.value)
    if _algorithm(draft) == "rsassa_pkcs1v15":
        draft.note("ALG_PKCS1V15")


def _take_on_trust(draft: Draft, signature: EmbeddedPdfSignature, policy: Policy) -> None:
    """The integrity-only mode: structure and mathematics have spoken, the rest is assumed."""
    claimed = claimed_time(signature)
    draft.time = SigningTime(claimed or policy.at, TimeSource.CLAIMED, claimed)
    draft.findings = [f for f in draft.findings if f.code != "CERT_KEY_USAGE"]
    draft.know(may_sign=True, chain_trusted=True, role_allowed=True, not_revoked=True)


# -- for the reader ----------------------------------------------------------------------------------------------


def claimed_time(signature: EmbeddedPdfSignature) -> datetime | None:
    """What the signer's machine wrote; without a zone it is read as Hà Nội time. For display only."""
    try:
        moment = signature.self_reported_timestamp
    except Exception:  # noqa: BLE001  # a damaged date is no date
        return None
    return moment.replace(tzinfo=HANOI) if moment is not None and moment.tzinfo is None else moment


def _role(chain: Chain | None) -> Role | None:
    """The first that fits, in the order in which a reader cares."""
    roles = chain.roles if chain else frozenset()
    return next((role for role in (Role.OFFICIAL, Role.FILER, Role.FOREIGN, Role.TSA) if role in roles), None)


def _kind(draft: Draft, certificate: x509.Certificate | None) -> Kind:
    if draft.is_doc_ts:
        return Kind.DOC_TS
    if certificate is None:
        return Kind.SIG
    who = binding.identity(certificate.subject)
    named_after_itself = bool(who.cn) and who.cn.casefold() == who.o.casefold()
    return Kind.SEAL if named_after_itself and not (who.cccd or who.cmnd) else Kind.SIG


def _signer(certificate: x509.Certificate) -> Signer:
    who = binding.identity(certificate.subject)
    return Signer(
        cn=who.cn,
        o=who.o,
        mst=who.mst,
        branch=who.branch,
        person_id=who.cccd or who.cmnd,
        serial=f"{certificate.serial_number:x}",
        issuer=_common_name_of(certificate.issuer),
        certificate_sha256=hashlib.sha256(certificate.dump()).hexdigest(),
    )


def _common_name(certificate: x509.Certificate) -> str:
    return _common_name_of(certificate.subject)


def _common_name_of(name: x509.Name) -> str:
    who = binding.identity(name)
    return who.cn or who.o


def _algorithm(draft: Draft) -> str | None:
    if draft.cms is None:
        return None
    try:
        return str(draft.cms.signer_info["signature_algorithm"].signature_algo)
    except ValueError:
        return str(draft.cms.signer_info["signature_algorithm"]["algorithm"].native)


def level_of(draft: Draft, *, has_store: bool, archived: bool) -> Level:
    """What the file carries; whether it is right is the verdict's business."""
    if draft.is_doc_ts or archived:
        return Level.LTA if has_store else Level.T
    if draft.has_token:
        return Level.LT if has_store else Level.T
    is_pades = isinstance(draft.slot.value, generic.DictionaryObject) and draft.slot.subfilter.startswith("/ETSI")
    return Level.B if is_pades else Level.P7
