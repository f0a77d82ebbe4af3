"""RFC 3161 time stamps: what a token proves."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, core, tsp, x509
from pyhanko.sign import general
from pyhanko.sign.validation.generic_cms import validate_sig_integrity

from signing.algorithms import ALGORITHMS
from signing.chain import Chain, Moment, judge
from signing.evidence import NO_EVIDENCE, Evidence
from signing.model import Role, Timestamp
from signing.policy import Policy

Imprint = Callable[[str], bytes]
"""From the name of a digest algorithm to the digest that the token must carry."""


@dataclass(frozen=True)
class TimestampCheck:
    """`code` is None when the token is right, its issuer is a time-stamping authority we trust, and not revoked."""

    value: datetime | None
    tsa: str
    code: str | None
    detail: str = ""
    digest: str | None = None

    @property
    def shown(self) -> Timestamp | None:
        """For the report, good or not; None when not even a time could be read."""
        return Timestamp(self.value, self.tsa, digest=self.digest, code=self.code) if self.value else None

    @property
    def trusted(self) -> Timestamp | None:
        """The proof, or None when there is none."""
        return self.shown if self.code is None else None


@dataclass(frozen=True)
class Facts:
    """Of a token's own structure and cryptography, before trust."""

    value: datetime
    signer: x509.Certificate
    imprint_ok: bool
    signature_ok: bool
    signer_info: cms.SignerInfo
    purpose_ok: bool
    digest: str

    def weakness(self, known_since: datetime) -> str | None:
        """A token's own time vindicates nothing: who can forge its signature can choose the time as well."""
        return allowed_algorithms(self.signer_info, self.signer, known_since) or ALGORITHMS.digest_problem(
            self.digest, known_since
        )


def verify_timestamp(token: bytes, digest: bytes, policy: Policy) -> TimestampCheck:
    """`token` is what `timestamp` gave for this SHA-256 `digest`; judged at the policy's moment."""
    try:
        content = cms.ContentInfo.load(token, strict=True)["content"]
    except (ValueError, TypeError) as broken:
        return TimestampCheck(None, "", "TS_INVALID", str(broken))
    return check_token(content, lambda name: digest if name == "sha256" else b"", Moment(policy.at), policy)


def check_token(
    token: cms.SignedData, imprint: Imprint, moment: Moment, policy: Policy, embedded: Evidence = NO_EVIDENCE
) -> TimestampCheck:
    """Structure, imprint, signature, purpose and chain; a token that is wrong in any way proves nothing."""
    try:
        facts = read_token(token, imprint)
    except Exception as broken:  # noqa: BLE001  # whatever a hostile token makes the parser raise
        return TimestampCheck(None, "", "TS_INVALID", f"{type(broken).__name__}: {broken}")
    name = facts.signer.subject.native.get("common_name", "")
    if not (facts.imprint_ok and facts.signature_ok):
        return TimestampCheck(facts.value, str(name), "TS_INVALID", "imprint or signature", facts.digest)
    if weak := facts.weakness(moment.at):
        return TimestampCheck(facts.value, str(name), "TS_INVALID", weak, facts.digest)
    if not policy.integrity_only:
        found = judge(facts.signer, moment, policy.trust, policy.evidence, embedded)
        if problem := _trust_problem(facts, found):
            return TimestampCheck(facts.value, str(name), *problem, facts.digest)
    return TimestampCheck(facts.value, str(name), None, digest=facts.digest)


def read_token(token: cms.SignedData, imprint: Imprint) -> Facts:
    """Raises anything on a malformed token."""
    info = token["encap_content_info"]["content"].parsed
    if not isinstance(info, tsp.TSTInfo):
        raise TypeError("no TSTInfo inside")
    signer_info, signer = general.extract_signer_info(token), general.extract_certificate_info(token).signer_cert
    method = info["message_imprint"]["hash_algorithm"]["algorithm"].native
    intact, valid = validate_sig_integrity(
        signer_info, signer, expected_content_type="tst_info", actual_digest=_content_digest(token, signer_info)
    )
    return Facts(
        info["gen_time"].native,
        signer,
        info["message_imprint"]["hashed_message"].native == imprint(method),
        intact is True and valid is True,
        signer_info,
        _is_for_time_stamping(signer),
        str(method),
    )


def allowed_algorithms(signer_info: cms.SignerInfo, signer: x509.Certificate, at: datetime) -> str | None:
    """The code of the rule that is broken, or None."""
    key = signer.public_key
    verdicts = (
        ALGORITHMS.signature_algorithm_allowed(signer_info["signature_algorithm"], at, key),
        ALGORITHMS.digest_algorithm_allowed(signer_info["digest_algorithm"], at),
    )
    return next((str(verdict.failure_reason) for verdict in verdicts if not verdict), None)


def _content_digest(token: cms.SignedData, signer_info: cms.SignerInfo) -> bytes:
    method = signer_info["digest_algorithm"]["algorithm"].native
    return hashlib.new(method, bytes(token["encap_content_info"]["content"])).digest()


def _is_for_time_stamping(signer: x509.Certificate) -> bool:
    """RFC 3161 § 2.3: this purpose and no other."""
    usage: Any = signer.extended_key_usage_value
    return usage is not None and usage.native == ["time_stamping"]


def _trust_problem(facts: Facts, found: Chain) -> tuple[str, str] | None:
    """A code and its detail: an issuer that is not trusted is another matter than one of whom nothing fresh is known."""
    unheard = found.code in ("REV_UNKNOWN", "REV_STALE")
    if not facts.purpose_ok:
        return "TS_UNTRUSTED", "certificate is not for time stamping"
    if found.code and not unheard:
        return "TS_UNTRUSTED", f"{found.code}: {found.detail}"
    if Role.TSA not in found.roles:
        return "TS_UNTRUSTED", "chain ends in an anchor of another role"
    return ("TS_STATUS_UNKNOWN", f"{found.code}: {found.detail}") if unheard else None


def imprint_of(value: core.OctetString) -> Imprint:
    """For a token over a CMS signature value."""
    return lambda name: hashlib.new(name, value.native).digest()
