"""A chain of our own time stamps, each covering the one before: what it still proves when every certificate has ended.

The newest stamp is judged now; each older one at the moment that the next newer proves, with what authorities said before
the next was made. So the oldest stands although its certificate ended long ago (the idea of RFC 4998).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from asn1crypto import cms, x509
from pyhanko.sign.general import extract_certificate_info

from signing import chain
from signing.chain import Moment
from signing.evidence import Evidence, Need
from signing.policy import Policy
from signing.revocation import issuer_of, needs_of
from signing.timestamps import TimestampCheck, check_token
from signing.trust import TrustSnapshot

KEPT = "by the revocation data kept with it: nothing fresh is known"
"""Detail of a stamp that holds by what its authorities said when it was made."""


@dataclass(frozen=True)
class KeptStamp:
    """A token over a SHA-256 `digest`, with what was known of its authorities before the next stamp was made."""

    digest: bytes
    token: bytes
    trust: TrustSnapshot
    evidence: Evidence


@dataclass(frozen=True)
class StampFacts:
    """What must be known of a fresh token: its own time, who made it, when the first certificate behind it ends."""

    value: datetime
    tsa: str
    ends_at: datetime
    needs: tuple[Need, ...]
    certificate: str
    """SHA-256 of the certificate it was made with."""


def stamp_facts(token: bytes, trust: TrustSnapshot) -> StampFacts:
    """Of a token that `timestamp` has just brought. Raises ValueError for anything else."""
    signed = cms.ContentInfo.load(token, strict=True)["content"]
    value = signed["encap_content_info"]["content"].parsed["gen_time"].native
    signer = extract_certificate_info(signed).signer_cert
    names = signer.subject.native
    ends = _ends(signer, trust)
    tsa = str(names.get("common_name") or names.get("organization_name", ""))
    return StampFacts(value, tsa, ends, tuple(needs_of([signer], trust)), signer.sha256.hex())


def prove(stamps: Sequence[KeptStamp], policy: Policy, *, lasting: bool = False) -> tuple[TimestampCheck, ...]:
    """Judge `stamps`, given oldest first, backwards from the policy's moment; what fails leaves everything older unproven.

    The newest is judged with the policy's trust and evidence besides its own. `lasting`: where nothing fresh is known of its
    authorities, what they said when it was made carries it to the end of its certificates, unless any answer says otherwise.
    """
    checks: list[TimestampCheck] = []
    moment = Moment(policy.at)
    for number, stamp in enumerate(reversed(stamps)):
        newest = number == 0
        trust = policy.trust if newest else stamp.trust
        known = stamp.evidence.with_items(policy.evidence.items) if newest else stamp.evidence
        asked = replace(policy, trust=trust, evidence=known)
        check = _judge(stamp, moment, asked)
        if newest and lasting and check.code == "TS_STATUS_UNKNOWN":
            check = _carried(stamp, check, asked)
        checks.append(check)
        if check.trusted is None or check.value is None or check.value > moment.at:
            break
        moment = Moment(check.value, proven=True)
    unproven = [TimestampCheck(None, "", "TS_UNTRUSTED", "a later time stamp does not hold")] * (len(stamps) - len(checks))
    return (*unproven, *reversed(checks))


def _carried(stamp: KeptStamp, check: TimestampCheck, policy: Policy) -> TimestampCheck:
    """Judged by the answers kept with it at its own time; `check` is what came out at the moment asked about."""
    signer = _signer(stamp.token)
    above = tuple(reversed(tuple(_above(signer, policy.trust))))
    if policy.at > _ends(signer, policy.trust):
        return replace(check, code="TS_UNTRUSTED", detail="CERT_EXPIRED: it was not renewed in time")
    if check.value is None or chain.revoked_by(policy.evidence, signer, above):
        return check
    then = _judge(stamp, Moment(check.value), replace(policy, evidence=stamp.evidence))
    return replace(then, detail=KEPT) if then.code is None else check


def _judge(stamp: KeptStamp, moment: Moment, policy: Policy) -> TimestampCheck:
    """The service must have been recognised when it stamped; its certificate must still count at the moment asked about."""
    try:
        content = cms.ContentInfo.load(stamp.token, strict=True)["content"]
        made = content["encap_content_info"]["content"].parsed["gen_time"].native
    except (ValueError, TypeError, AttributeError, KeyError) as broken:
        return TimestampCheck(None, "", "TS_INVALID", type(broken).__name__)
    then = replace(policy, trust=policy.trust.as_of(made))
    return check_token(content, lambda name: stamp.digest if name == "sha256" else b"", moment, then)


def _signer(token: bytes) -> x509.Certificate:
    return extract_certificate_info(cms.ContentInfo.load(token, strict=True)["content"]).signer_cert


def _ends(signer: x509.Certificate, trust: TrustSnapshot) -> datetime:
    """When the first certificate of the chain ends."""
    ends: datetime = min(certificate.not_valid_after for certificate in (signer, *_above(signer, trust)))
    return ends


def _above(certificate: x509.Certificate, trust: TrustSnapshot) -> Iterator[x509.Certificate]:
    anchors = {anchor.sha256 for anchor in trust.anchors}
    for _ in range(len(trust.authorities)):
        issuer = issuer_of(certificate, trust)
        if issuer is None or certificate.sha256.hex() in anchors:
            return
        certificate = chain.certificate(issuer)
        yield certificate
