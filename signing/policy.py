"""What a check demands: of the moment, of algorithms, of keys, of what may follow a signature."""

from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import algos, keys, x509
from pyhanko.sign.diff_analysis import FormUpdatingRule
from pyhanko.sign.diff_analysis.policies import DEFAULT_DIFF_POLICY
from pyhanko.sign.diff_analysis.rules.form_field_rules import SigFieldCreationRule, SigFieldModificationRule
from pyhanko.sign.validation.utils import CMSAlgorithmUsagePolicy
from pyhanko_certvalidator.policy_decl import AlgorithmUsageConstraint

from signing.changes import Changes
from signing.evidence import NO_EVIDENCE, Evidence
from signing.limits import Limits
from signing.model import Role
from signing.trust import NO_TRUST, TrustSnapshot


@dataclass(frozen=True)
class Gate:
    """What a PDF may contain to enter a dossier. `embedded_files`: the paper's type permits attachments."""

    embedded_files: bool = False


@dataclass(frozen=True)
class Policy:
    """`at` is the receipt: aware, and the moment judged when a signature carries no valid time stamp of its own."""

    at: datetime
    trust: TrustSnapshot = NO_TRUST
    evidence: Evidence = NO_EVIDENCE
    roles: frozenset[Role] = frozenset({Role.FILER, Role.OFFICIAL})
    """Whose signatures count; any other trusted chain is ROLE_NOT_ALLOWED."""
    limits: Limits = field(default_factory=Limits)
    gate: Gate | None = None
    """Input rules for uploads; None checks signatures only."""
    integrity_only: bool = False
    """The signer's own certificate is trusted and unrevoked at the claimed time: structure, integrity and
    algorithms alone decide. For studying files; never for a filing."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("policy.at must carry a time zone")


# Form filling swaps what a signed page shows, so the library's generic field rule is left out: what may follow a
# signature is further signatures, time stamps and validation data.
DIFFERENCES = Changes(
    global_rules=DEFAULT_DIFF_POLICY.global_rules,
    form_rule=FormUpdatingRule(field_rules=[SigFieldCreationRule(), SigFieldModificationRule()]),
)
WITH_FORM_FILLING = Changes(DEFAULT_DIFF_POLICY.global_rules, DEFAULT_DIFF_POLICY.form_rule)
"""Only to name the reason: would the document pass if forms might be filled?"""

# Thông tư 15/2025/TT-BKHCN: RSA from 2048, ECDSA from 256 bits, SHA-2 and SHA-3 (annex to be confirmed).
# A digest that is retired later gets its last day here instead of leaving the table.
DIGESTS: dict[str, datetime | None] = dict.fromkeys(
    ("sha256", "sha384", "sha512", "sha224", "sha512_256", "sha3_256", "sha3_384", "sha3_512")
)
KEY_BITS = {"rsa": 2048, "rsassa_pss": 2048, "ec": 256}
KEY_USAGES = frozenset({"digital_signature", "non_repudiation"})
"""Either will do: both occur in the field."""

_OTHER_PURPOSES = frozenset({"time_stamping", "ocsp_signing", "server_auth", "code_signing"})

_ALLOWED = AlgorithmUsageConstraint(allowed=True)


class Algorithms(CMSAlgorithmUsagePolicy):
    """The table above in the library's words; reasons are codes of ours."""

    def digest_algorithm_allowed(self, algo: algos.DigestAlgorithm, moment: datetime | None) -> AlgorithmUsageConstraint:
        """Asked by the library."""
        return _digest_allowed(algo["algorithm"].native, moment)

    def signature_algorithm_allowed(
        self, algo: algos.SignedDigestAlgorithm, moment: datetime | None, public_key: keys.PublicKeyInfo | None
    ) -> AlgorithmUsageConstraint:
        """Asked by the library."""
        if public_key is not None and not strong_key(public_key):
            return AlgorithmUsageConstraint(allowed=False, failure_reason="ALG_WEAK_KEY")
        try:
            return _digest_allowed(algo.hash_algo, moment)
        except ValueError:  # the algorithm does not name its digest; the signed attributes do
            return _ALLOWED


ALGORITHMS = Algorithms()


def strong_key(public_key: keys.PublicKeyInfo) -> bool:
    """Long enough, and of a kind that the law names."""
    return bool(public_key.bit_size >= KEY_BITS.get(public_key.algorithm, 1 << 30))


def may_sign(certificate: x509.Certificate) -> bool:
    """A certificate without the extension may not: Vietnamese profiles all carry it."""
    usage, purposes = certificate.key_usage_value, certificate.extended_key_usage_value
    if purposes is not None and set(purposes.native) <= _OTHER_PURPOSES:
        return False
    return usage is not None and bool(KEY_USAGES & set(usage.native))


def _digest_allowed(name: str, moment: datetime | None) -> AlgorithmUsageConstraint:
    if name not in DIGESTS:
        return AlgorithmUsageConstraint(allowed=False, failure_reason="ALG_SHA1")
    until = DIGESTS[name]
    if until is None or (moment is not None and moment <= until):
        return _ALLOWED
    return AlgorithmUsageConstraint(allowed=False, failure_reason="ALG_SHA1", not_allowed_after=until)
