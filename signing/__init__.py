"""Check and make PDF signatures: a PDF in, a verdict out. Never imports the portal."""

from signing.binding import Binding, bound_to, bound_to_person, split_tax_code
from signing.evidence import NO_EVIDENCE, Evidence, Item, Need, Source
from signing.limits import Limits
from signing.model import Finding, Report, Role, Signature, Signer, Verdict
from signing.policy import Gate, Policy
from signing.trust import NO_TRUST, Authority, TrustSnapshot

__all__ = [
    "NO_EVIDENCE",
    "NO_TRUST",
    "Authority",
    "Binding",
    "Evidence",
    "Finding",
    "Gate",
    "Item",
    "Limits",
    "Need",
    "Policy",
    "Report",
    "Role",
    "Signature",
    "Signer",
    "Source",
    "TrustSnapshot",
    "Verdict",
    "bound_to",
    "bound_to_person",
    "split_tax_code",
]
