"""One signature at a moment: its time, its chain, its row in the report."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing import binding
from signing.chain import Chain, Moment, judge
from signing.integrity import Document, Draft
from signing.model import (
    Kind,
    Label,
    Level,
    Revocation,
    Revoked,
    Role,
    Signature,
    Signer,
    SigningTime,
    TimeSource,
    Timestamp,
)
from signing.policy import Policy
from signing.timestamps import TimestampCheck, allowed_algorithms, check_token, imprint_of
from signing.verdict import indicate

HANOI = timezone(timedelta(hours=7))
_LABELS = {Role.FILER: Label.PUBLIC, Role.OFFICIAL: Label.OFFICIAL, Role.FOREIGN: Label.FOREIGN}
_NOT_ASKED = Revocation(Revoked.UNKNOWN)


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


# -- what the certificates say -----------------------------------------------------------------------------------


def _judge_signer(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> None:
    policy = document.policy
    moment = _proven_time(draft, signature, moment, document)
    source = TimeSource.TSA if moment.proven else TimeSource.RECEIPT
    _note_algorithms(draft, signature, moment.at)
    draft.time = SigningTime(moment.at, source, claimed_time(signature))
    chain = judge(signature.signer_cert, moment, policy.trust, policy.evidence, document.embedded)
    _note_chain(draft, chain, policy.roles - {Role.TSA})
    _note_identity(draft, signature.signer_cert)


def _judge_document_timestamp(draft: Draft, signature: EmbeddedPdfSignature, moment: Moment, document: Document) -> Moment:
    policy = document.policy
    value = signature.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
    chain = judge(signature.signer_cert, moment, policy.trust, policy.evidence, document.embedded)
    _note_algorithms(draft, signature, value)
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


def _note_algorithms(draft: Draft, signature: EmbeddedPdfSignature, at: datetime) -> None:
    broken_rule = allowed_algorithms(signature.signer_info, signature.signer_cert, at)
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
    if _algorithm(draft) == "rsassa_pkcs1v15":
        draft.note("ALG_PKCS1V15")


def _take_on_trust(draft: Draft, signature: EmbeddedPdfSignature, policy: Policy) -> None:
    """The integrity-only mode: structure and mathematics have spoken, the rest is assumed."""
    claimed = claimed_time(signature)
    draft.time = SigningTime(claimed or policy.at, TimeSource.CLAIMED, claimed)
    _note_algorithms(draft, signature, claimed or policy.at)
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
    # A body's certificate is named after the body itself, or carries its budget-unit code; a person's carries a personal number.
    of_a_body = bool(who.mns) or (bool(who.cn) and who.cn.casefold() == who.o.casefold())
    return Kind.SEAL if of_a_body and not (who.cccd or who.cmnd) else Kind.SIG


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
