"""From a certificate to a trust anchor, at one moment, with the evidence at hand. No network."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from asn1crypto import crl, ocsp, x509
from cryptography.x509 import load_der_x509_crl
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator import errors as reasons
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
from pyhanko_certvalidator.registry import CertificateRegistry, PathBuilder, SimpleTrustManager
from pyhanko_certvalidator.validate import async_validate_path

from signing import offline
from signing.algorithms import ALGORITHMS
from signing.evidence import EMBEDDED, NO_EVIDENCE, Evidence, Item, Source
from signing.model import Answer, Origin, Revocation, Revoked, Role
from signing.remembered import REMEMBERING, Asked, Memory, good_chains
from signing.trust import Authority, TrustSnapshot

_LONGEST = 8_192
"""A longer certificate is judged anew each time."""
UNKNOWN = Revocation(Revoked.UNKNOWN)


@dataclass(frozen=True)
class Chain:
    """What was found. `code` is None only when the chain is good in every respect at the moment asked about."""

    code: str | None
    detail: str = ""
    roles: frozenset[Role] = frozenset()
    revocation: Revocation = UNKNOWN
    authorities: tuple[x509.Certificate, ...] = ()
    """The certificates above the leaf, anchor first."""


@dataclass(frozen=True)
class Moment:
    """`proven`: a trusted time stamp says so. Only then may evidence inside the document help."""

    at: datetime
    proven: bool = False


def judge(
    leaf: x509.Certificate, moment: Moment, trust: TrustSnapshot, evidence: Evidence, embedded: Evidence = NO_EVIDENCE
) -> Chain:
    """Judge with our own evidence; only where that says nothing about a proven past, with the document's as well.

    What our own evidence finds good is remembered: a dossier's papers are signed by the same few and judged at the same moment.
    """
    asked = leaf.dump(), moment.at
    known: Memory[Asked, Chain] = good_chains(trust, evidence)
    if asked in known:
        return known[asked]
    ours = Evidence(tuple(item for item in evidence.items if _speaks_of(item, leaf)))
    chain = _judge(leaf, moment.at, trust, ours)
    if moment.proven and chain.code in ("REV_UNKNOWN", "REV_STALE") and embedded.items:
        return _judge(leaf, moment.at, trust, ours.with_items(embedded.items))
    if chain.code is None and len(asked[0]) <= _LONGEST:
        known[asked] = chain
    return chain


def _speaks_of(item: Item, leaf: x509.Certificate) -> bool:
    """Authorities drop expired certificates from their lists: what is issued later says nothing about them."""
    if item.this_update <= leaf.not_valid_after:
        return True
    return item.source is Source.CRL and bool(parsed(item).issuer != leaf.issuer)


def _judge(leaf: x509.Certificate, at: datetime, trust: TrustSnapshot, evidence: Evidence) -> Chain:
    try:
        paths = offline.run(PathBuilder(_anchors(trust, at), _registry(trust, at)).async_build_paths(leaf))
    except reasons.PathBuildingError as unknown:
        return Chain("CERT_UNTRUSTED", type(unknown).__name__)
    answers = [_judge_path(path, at, trust, evidence) for path in paths]
    return next((answer for answer in answers if answer.code is None), answers[0])


def _judge_path(path: ValidationPath, at: datetime, trust: TrustSnapshot, evidence: Evidence) -> Chain:
    certificates = list(path.iter_certs(include_root=True))
    evidence = _about(certificates, evidence)
    context = _context(trust, evidence, at)
    roles = _roles(certificates[0], trust)
    above = tuple(certificates[:-1])
    heard = _heard(certificates, evidence)
    try:
        offline.run(async_validate_path(context, path))
    except Exception as error:  # noqa: BLE001  # the library's errors share no base class; an unknown one must never pass
        code, status = _reason(error)
        if code == "REV_UNKNOWN" and _all_answered(certificates, evidence):
            code, status = "REV_STALE", Revoked.STALE
        return Chain(code, type(error).__name__, roles, replace(heard, status=status, **_when_revoked(error)), above)
    return Chain(None, "", roles, heard, above)


def _reason(error: Exception) -> tuple[str, Revoked]:
    if isinstance(error, reasons.RevokedError):
        held = error.reason.native == "certificate_hold"
        return ("CERT_ON_HOLD", Revoked.ON_HOLD) if held else ("CERT_REVOKED", Revoked.REVOKED)
    if isinstance(error, reasons.DisallowedAlgorithmError):
        return next((code for code in _WEAK if code in str(error)), "ALG_NOT_ALLOWED"), Revoked.UNKNOWN
    if isinstance(error, reasons.NotYetValidError):
        return ("CERT_NOT_YET_VALID" if error.is_ee_cert else "CERT_UNTRUSTED"), Revoked.UNKNOWN
    if isinstance(error, reasons.StaleRevinfoError):
        return "REV_STALE", Revoked.STALE
    for kind, code in _CODES.items():
        if isinstance(error, kind):
            return code, Revoked.UNKNOWN
    return "ENGINE_ERROR", Revoked.UNKNOWN


_WEAK = ("ALG_WEAK_KEY", "ALG_SHA1")
_CODES: dict[type[Exception], str] = {
    reasons.InsufficientRevinfoError: "REV_UNKNOWN",
    reasons.ExpiredError: "CERT_EXPIRED",
    reasons.ValidationError: "CERT_UNTRUSTED",
    reasons.PathBuildingError: "CERT_UNTRUSTED",
}


def _roles(anchor: x509.Certificate, trust: TrustSnapshot) -> frozenset[Role]:
    digest = anchor.sha256.hex()
    return frozenset().union(*(known.roles for known in trust.anchors if known.sha256 == digest))


def _heard(certificates: Sequence[x509.Certificate], evidence: Evidence) -> Revocation:
    """Which answers spoke, the signer's first; good unless the engine objects. It asks OCSP answers first, and so do we."""
    answers = [_answer(below, above, evidence) for above, below in reversed(list(pairwise(certificates)))]
    own = answers[0] if answers else None
    source, this_update = (own.source, own.this_update) if own else (None, None)
    return Revocation(Revoked.GOOD, source, this_update, answers=tuple(answer for answer in answers if answer))


def _answer(below: x509.Certificate, above: x509.Certificate, evidence: Evidence) -> Answer | None:
    spoke = [item for item in evidence.items if _is_about(item, below, above)]
    best = max(spoke, key=lambda item: (item.source is Source.OCSP, item.this_update), default=None)
    if best is None:
        return None
    origin = Origin.DOCUMENT if best.url == EMBEDDED else Origin.PORTAL
    about = str(below.subject.native.get("common_name", ""))
    return Answer(about, best.source.value, best.sha256, best.this_update, best.next_update, origin)


def _when_revoked(error: Exception) -> dict[str, Any]:
    if not isinstance(error, reasons.RevokedError):
        return {}
    return {"revoked_at": error.revocation_dt, "reason": str(error.reason.native)}


def answered_by(evidence: Evidence, leaf: x509.Certificate, authorities: Sequence[x509.Certificate]) -> bool:
    """Whether it speaks of every certificate below the anchor (`authorities`: anchor first)."""
    return _all_answered([*authorities, leaf], evidence)


def revoked_by(evidence: Evidence, leaf: x509.Certificate, authorities: Sequence[x509.Certificate]) -> bool:
    """Whether any answer, however old, says that one certificate below the anchor was revoked or put on hold."""
    pairs = list(pairwise([*authorities, leaf]))
    return any(_names(item, below) for above, below in pairs for item in evidence.items if _is_about(item, below, above))


def _names(item: Item, certificate: x509.Certificate) -> bool:
    if item.source is Source.CRL:
        listed = load_der_x509_crl(item.der).get_revoked_certificate_by_serial_number(certificate.serial_number)
        return listed is not None
    return bool(parsed(item).response_data["responses"][0]["cert_status"].name == "revoked")


def _all_answered(certificates: Sequence[x509.Certificate], evidence: Evidence) -> bool:
    """Somebody spoke for every certificate below the anchor; if that was not enough, it was too old."""
    return all(any(_is_about(item, below, above) for item in evidence.items) for above, below in pairwise(certificates))


def _about(certificates: Sequence[x509.Certificate], evidence: Evidence) -> Evidence:
    """Only what speaks of this chain: the engine tries every list it is given, with its issuer's chain and all.

    An OCSP answer older than a list at hand is left out: the engine would believe it and not look at the list.
    """
    spoken = [_newest([i for i in evidence.items if _is_about(i, below, above)]) for above, below in pairwise(certificates)]
    return Evidence(tuple(dict.fromkeys(item for items in spoken for item in items)))


def _newest(items: Sequence[Item]) -> list[Item]:
    newest_list = max((i.this_update for i in items if i.source is Source.CRL), default=None)
    return [i for i in items if newest_list is None or i.source is Source.CRL or i.this_update >= newest_list]


def _is_about(item: Item, leaf: x509.Certificate, issuer: x509.Certificate) -> bool:
    if item.source is Source.CRL:
        return bool(_issuer_name(item) == leaf.issuer.hashable)
    answer = parsed(item).response_data["responses"][0]["cert_id"]
    if answer["serial_number"].native != leaf.serial_number:
        return False
    method = answer["hash_algorithm"]["algorithm"].native
    return bool(answer["issuer_key_hash"].native == hashlib.new(method, bytes(issuer.public_key["public_key"])).digest())


@lru_cache(maxsize=512)
def _issuer_name(item: Item) -> str:
    return str(parsed(item).issuer.hashable)


def _context(trust: TrustSnapshot, evidence: Evidence, at: datetime) -> ValidationContext:
    """Hostile certificates never enter it: all authorities are known, so what a document brings along is not needed.

    Evidence may be younger than the moment asked about (it is fetched after receipt); revocations carry their date.
    """
    lists = [parsed(item) for item in evidence.items if item.source is Source.CRL]
    answers = [parsed(item) for item in evidence.items if item.source is Source.OCSP]
    return ValidationContext(
        trust_manager=_anchors(trust, at),
        certificate_registry=_registry(trust, at),
        moment=at,
        crls=lists,
        ocsps=answers,
        revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO, retroactive_revinfo=True),
        algorithm_usage_policy=ALGORITHMS,
        allow_fetching=False,
        signature_validator=REMEMBERING,
    )


def _anchors(trust: TrustSnapshot, at: datetime) -> SimpleTrustManager:
    return _manager(tuple(a for a in trust.anchors if a.recognised_at(at)))


@lru_cache(maxsize=16)
def _manager(anchors: tuple[Authority, ...]) -> SimpleTrustManager:
    """Only read once it is built."""
    return SimpleTrustManager.build([certificate(a) for a in anchors])


def _registry(trust: TrustSnapshot, at: datetime) -> CertificateRegistry:
    """A new one for each context: the engine puts into it what answers bring along."""
    registry: CertificateRegistry = CertificateRegistry.build(
        [certificate(a) for a in trust.intermediates if a.recognised_at(at)]
    )
    return registry


@lru_cache(maxsize=256)
def certificate(authority: Authority) -> x509.Certificate:
    """Parsed once for each process."""
    return x509.Certificate.load(authority.der)


@lru_cache(maxsize=512)
def parsed(item: Item) -> Any:
    """A CertificateList or an OCSPResponse, parsed once for each process."""
    return (crl.CertificateList if item.source is Source.CRL else ocsp.OCSPResponse).load(item.der)
