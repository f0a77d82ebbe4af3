"""What a check demands: of the moment, of keys, of what may follow a signature. Algorithms are in `algorithms`."""

from dataclasses import dataclass, field
from datetime import datetime

from asn1crypto import x509
from pyhanko.sign.diff_analysis import FormUpdatingRule
from pyhanko.sign.diff_analysis.policies import DEFAULT_DIFF_POLICY
from pyhanko.sign.diff_analysis.rules.form_field_rules import SigFieldCreationRule, SigFieldModificationRule

from signing.changes import Changes
from signing.evidence import NO_EVIDENCE, Evidence
from signing.limits import Limits
from signing.model import Role
from signing.remembered import of_certificate
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

KEY_USAGES = frozenset({"digital_signature", "non_repudiation"})
"""Either will do: both occur in the field."""

_OTHER_PURPOSES = frozenset({"time_stamping", "ocsp_signing", "server_auth", "code_signing"})


@of_certificate
def may_sign(certificate: x509.Certificate) -> bool:
    """A certificate without the extension may not: Vietnamese profiles all carry it."""
    usage, purposes = certificate.key_usage_value, certificate.extended_key_usage_value
    if certificate.ca:  # an authority signs certificates, whatever its own says besides
        return False
    if purposes is not None and set(purposes.native) <= _OTHER_PURPOSES:
        return False
    return usage is not None and bool(KEY_USAGES & set(usage.native))
