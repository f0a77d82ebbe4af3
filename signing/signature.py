"""One signature at a moment: its time, its chain, and what they let it prove."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from asn1crypto import x509
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing import binding
from signing.algorithms import ALGORITHMS
from signing.chain import Chain, Moment, answered_by, judge
from signing.integrity import Document, Draft
from signing.model import Revoked, Role, SigningTime, StampKind, TimeSource, Timestamp
from signing.policy import Policy
from signing.row import claimed_time, common_name, scheme
from signing.timestamps import TimestampCheck, allowed_algorithms, check_token, imprint_of

_MOST_STAMPS = 4
"""Looked at for one signature: an honest one carries a single one."""


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


def _judge_signer(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> None:
    policy = document.policy
    moment = _proven_time(draft, signature, moment, document)
    source = TimeSource.TSA if moment.proven else TimeSource.RECEIPT
    _note_algorithms(draft, signature, moment.at)
    draft.time = SigningTime(moment.at, source, claimed_time(signature))
    chain = judge(signature.signer_cert, moment, policy.trust, policy.evidence, document.embedded)
    _note_chain(draft, chain, policy.roles - {Role.TSA})
    brought = document.embedded
    if brought.items and chain.authorities and not answered_by(brought, signature.signer_cert, chain.authorities):
        draft.note("LTV_INCOMPLETE")
    _note_identity(draft, signature.signer_cert)


def _judge_document_timestamp(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> Moment:
    policy = document.policy
    value = signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    chain = judge(signature.signer_cert, moment, policy.trust, policy.evidence, document.embedded)
    _note_algorithms(draft, signature, moment.at)
    _note_chain(draft, chain, frozenset({Role.TSA}))
    draft.time = SigningTime(value, TimeSource.TSA)
    if not (draft.facts.complete and not any(f.severity == "error" for f in draft.findings)):
        return moment
    digest = str(signature.signer_info["digest_algorithm"]["algorithm"].native)
    draft.timestamp = Timestamp(value, common_name(signature.signer_cert.subject), StampKind.DOCUMENT, digest)
    return Moment(value, proven=True)


def _proven_time(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> Moment:
    """The signature's own time stamp, else what a later document time stamp proves, else the receipt."""
    check, draft.timestamps = _own_timestamps(signature, moment, document)
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


def _own_timestamps(
    signature: EmbeddedPdfSignature, moment: Moment, document: Document
) -> tuple[TimestampCheck | None, tuple[Timestamp, ...]]:
    """The one that counts (a trusted one, if any), and all of them for the report."""
    tokens = list(_tokens(signature))
    imprint = imprint_of(signature.signer_info["signature"])
    checks = [check_token(t, imprint, moment, document.policy, document.embedded) for t in tokens[:_MOST_STAMPS]]
    counts = next((check for check in checks if check.trusted), checks[0] if checks else None)
    return counts, tuple(check.shown for check in checks if check.shown)


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


def _note_algorithms(draft: Draft, signature: EmbeddedPdfSignature, at: datetime) -> None:
    """`at` is when the signature is known to have existed; of a time stamp its own time does not count."""
    broken_rule = allowed_algorithms(signature.signer_info, signature.signer_cert, at) or ALGORITHMS.digest_problem(
        signature.external_md_algorithm, at
    )
    draft.know(algorithms_allowed=broken_rule is None)
    if broken_rule:
        draft.note(broken_rule)


def _note_identity(draft: Draft, certificate: x509.Certificate) -> None:
    """Tax codes matter in filers' certificates only."""
    status = binding.identity(certificate.subject).tax_code
    is_filer = draft.chain is not None and Role.FILER in draft.chain.roles
    if is_filer and status is binding.TaxCode.MISSING:
        draft.note("MST_MISSING")
    elif is_filer and status is not binding.TaxCode.OK:
        draft.note("MST_MALFORMED", status.value)
    if draft.cms is not None and scheme(draft.cms) == "rsassa_pkcs1v15":
        draft.note("ALG_PKCS1V15")


def _take_on_trust(draft: Draft, signature: EmbeddedPdfSignature, policy: Policy) -> None:
    """The integrity-only mode: structure and mathematics have spoken, the rest is assumed."""
    claimed = claimed_time(signature)
    draft.time = SigningTime(claimed or policy.at, TimeSource.CLAIMED, claimed)
    _note_algorithms(draft, signature, claimed or policy.at)
    draft.findings = [f for f in draft.findings if f.code != "CERT_KEY_USAGE"]
    draft.know(may_sign=True, chain_trusted=True, role_allowed=True, not_revoked=True)
