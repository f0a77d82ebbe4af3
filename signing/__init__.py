"""Check and make PDF signatures: a PDF in, a verdict out. Never imports the portal."""

from signing.binding import Binding, bound_to, bound_to_person, split_tax_code
from signing.evidence import NO_EVIDENCE, Evidence, Item, Need, Source
from signing.fetch import FetchFailed, FetchRules, HttpTsa, exchange, fetch, gather, may_connect
from signing.fields import FieldBox, prepare
from signing.keys import SignerPort, SoftSigner, Tsa, timestamp
from signing.limits import Limits
from signing.model import Finding, Report, Role, Signature, Signer, Verdict
from signing.policy import Gate, Policy
from signing.pool import Pool
from signing.report import as_text, binding_of, schema, to_etsi
from signing.revocation import is_fresh, needs_of, revocation_needs
from signing.sign import Gather, Seat, finish, personal_sign, seal, seal_only, sign_paper, sign_result
from signing.stamp import StampStyle, stamp_style
from signing.timestamps import TimestampCheck, verify_timestamp
from signing.trust import NO_TRUST, Authority, TrustSnapshot
from signing.trustfile import read_trust
from signing.validate import check
from signing.workers import Bounds

__all__ = [
    "NO_EVIDENCE",
    "NO_TRUST",
    "Authority",
    "Binding",
    "Bounds",
    "Evidence",
    "FetchFailed",
    "FetchRules",
    "FieldBox",
    "Finding",
    "Gate",
    "Gather",
    "HttpTsa",
    "Item",
    "Limits",
    "Need",
    "Policy",
    "Pool",
    "Report",
    "Role",
    "Seat",
    "Signature",
    "Signer",
    "SignerPort",
    "SoftSigner",
    "Source",
    "StampStyle",
    "TimestampCheck",
    "TrustSnapshot",
    "Tsa",
    "Verdict",
    "as_text",
    "binding_of",
    "bound_to",
    "bound_to_person",
    "check",
    "exchange",
    "fetch",
    "finish",
    "gather",
    "is_fresh",
    "may_connect",
    "needs_of",
    "personal_sign",
    "prepare",
    "read_trust",
    "revocation_needs",
    "schema",
    "seal",
    "seal_only",
    "sign_paper",
    "sign_result",
    "split_tax_code",
    "stamp_style",
    "timestamp",
    "to_etsi",
    "verify_timestamp",
]
