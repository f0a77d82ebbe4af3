"""What a report says of one signature: facts put into words, nothing judged any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing import binding
from signing.algorithms import bits_of
from signing.chain import Chain
from signing.integrity import Draft
from signing.model import (
    Algorithms,
    Kind,
    Label,
    Level,
    Link,
    Revocation,
    Revoked,
    Role,
    Signature,
    Signer,
    Timestamp,
)
from signing.remembered import of_certificate
from signing.verdict import indicate

HANOI = timezone(timedelta(hours=7))
_LABELS = {Role.FILER: Label.PUBLIC, Role.OFFICIAL: Label.OFFICIAL, Role.FOREIGN: Label.FOREIGN}
_NOT_ASKED = Revocation(Revoked.UNKNOWN)


def row(draft: Draft, level: Level, covered_by: Sequence[Timestamp] = ()) -> Signature:
    """The finished row; draws the conclusion. `covered_by`: the document time stamps made after this signature."""
    certificate = draft.cms.signer_cert if draft.cms else None
    role = _role(draft.chain)
    indication, subindication = indicate(draft.facts, draft.findings)
    algorithms = _algorithms(draft.cms) if draft.cms else None
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
        algorithm=algorithms.signature if algorithms else None,
        findings=tuple(draft.findings),
        subfilter=draft.slot.subfilter.removeprefix("/"),
        algorithms=algorithms,
        timestamps=(*draft.timestamps, *covered_by),
        chain=_links(draft.chain),
    )


def level_of(draft: Draft, *, has_store: bool, archived: bool) -> Level:
    """What the file carries; whether it is right is the verdict's business."""
    if draft.is_doc_ts or archived:
        return Level.LTA if has_store else Level.T
    if draft.has_token:
        return Level.LT if has_store else Level.T
    is_pades = isinstance(draft.slot.value, generic.DictionaryObject) and draft.slot.subfilter.startswith("/ETSI")
    return Level.B if is_pades else Level.P7


def claimed_time(signature: EmbeddedPdfSignature) -> datetime | None:
    """What the signer's machine wrote; without a zone it is read as Hà Nội time. For display only."""
    try:
        moment = signature.self_reported_timestamp
    except Exception:  # noqa: BLE001  # a damaged date is no date
        return None
    return moment.replace(tzinfo=HANOI) if moment is not None and moment.tzinfo is None else moment


def scheme(signature: EmbeddedPdfSignature) -> str:
    """What was done with the key: rsassa_pss, rsassa_pkcs1v15, ecdsa."""
    algorithm = signature.signer_info["signature_algorithm"]
    try:
        return str(algorithm.signature_algo)
    except ValueError:
        return str(algorithm["algorithm"].native)


def common_name(name: x509.Name) -> str:
    """For showing; a body without one is shown by its organisation."""
    who = binding.identity(name)
    return who.cn or who.o


def _algorithms(signature: EmbeddedPdfSignature) -> Algorithms:
    key = signature.signer_cert.public_key
    digest = signature.signer_info["digest_algorithm"]["algorithm"].native
    return Algorithms(digest=str(digest), signature=scheme(signature), key=str(key.algorithm), key_bits=bits_of(key))


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


@of_certificate
def _signer(certificate: x509.Certificate) -> Signer:
    who = binding.identity(certificate.subject)
    return Signer(
        cn=who.cn,
        o=who.o,
        mst=who.mst,
        branch=who.branch,
        person_id=who.cccd or who.cmnd,
        serial=f"{certificate.serial_number:x}",
        issuer=common_name(certificate.issuer),
        certificate_sha256=_sha256(certificate),
        passport=who.passport,
        mns=who.mns,
        valid_from=certificate.not_valid_before,
        valid_until=certificate.not_valid_after,
    )


def _links(chain: Chain | None) -> tuple[Link, ...]:
    return tuple(_link(authority) for authority in reversed(chain.authorities)) if chain else ()


@of_certificate
def _link(authority: x509.Certificate) -> Link:
    return Link(
        common_name(authority.subject),
        f"{authority.serial_number:x}",
        _sha256(authority),
        authority.not_valid_before,
        authority.not_valid_after,
    )


def _sha256(certificate: x509.Certificate) -> str:
    return str(certificate.sha256.hex())
