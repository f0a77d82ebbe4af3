"""What a check says: frozen values, readable as JSON, without any reference to the engine behind them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from signing.plain import from_plain, to_plain

VERSION = 1
"""Of the report's JSON form: raised when a reader of the old form would misread the new one."""


class Verdict(StrEnum):
    """Of a whole document. Three-valued for signed ones: INDETERMINATE is neither good nor bad."""

    VALID = "VALID"
    INDETERMINATE = "INDETERMINATE"
    INVALID = "INVALID"
    UNREADABLE = "UNREADABLE"
    UNSIGNED = "UNSIGNED"


class Indication(StrEnum):
    """Of one signature (ETSI EN 319 102-1)."""

    TOTAL_PASSED = "TOTAL_PASSED"
    INDETERMINATE = "INDETERMINATE"
    TOTAL_FAILED = "TOTAL_FAILED"


class Severity(StrEnum):
    """How a finding is shown; what it does to the verdict is in its code."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Role(StrEnum):
    """What a trust anchor may vouch for. Chains to the wrong role do not count."""

    FILER = "filer"
    OFFICIAL = "official"
    TSA = "tsa"
    FOREIGN = "foreign"


class Kind(StrEnum):
    """A person's signature, an organisation's, or a time stamp over the document."""

    SIG = "sig"
    SEAL = "seal"
    DOC_TS = "doc_ts"


class Level(StrEnum):
    """What the file carries, derived from its content: P7 is adbe.pkcs7.detached without time stamp."""

    P7 = "P7"
    B = "B"
    T = "T"
    LT = "LT"
    LTA = "LTA"


class Label(StrEnum):
    """The words by which a Vietnamese reader tells whose certificate it is."""

    PUBLIC = "CÔNG CỘNG"
    OFFICIAL = "CÔNG VỤ"
    FOREIGN = "NƯỚC NGOÀI"
    UNTRUSTED = "KHÔNG TIN CẬY"


class Coverage(StrEnum):
    """How much of the file the signed bytes are."""

    ENTIRE_FILE = "entire_file"
    ENTIRE_REVISION = "entire_revision"
    PARTIAL = "partial"
    UNKNOWN = "unknown"


class Modification(StrEnum):
    """What came after the signed bytes. SIGNATURES: only further signatures, time stamps, validation data."""

    NONE = "none"
    SIGNATURES = "signatures"
    OTHER = "other"
    UNKNOWN = "unknown"


class TimeSource(StrEnum):
    """Where the time comes from on which a verdict rests."""

    TSA = "tsa"
    RECEIPT = "receipt"
    CLAIMED = "claimed"


class Revoked(StrEnum):
    """What the authority says, as far as we could hear it."""

    GOOD = "good"
    REVOKED = "revoked"
    ON_HOLD = "on_hold"
    UNKNOWN = "unknown"
    STALE = "stale"


class Origin(StrEnum):
    """Who brought a revocation answer: we fetched it, or the document carries it."""

    PORTAL = "portal"
    DOCUMENT = "document"


class StampKind(StrEnum):
    """Over one signature's value, or over the whole document."""

    SIGNATURE = "signature"
    DOCUMENT = "document"


@dataclass(frozen=True)
class Finding:
    """One thing to say about a document or a signature. `detail` is technical, English, without personal data."""

    code: str
    severity: Severity
    en: str
    vi: str
    detail: str = ""
    refuses: bool = False
    """The file must stay out of a dossier, whatever its signatures are worth."""


@dataclass(frozen=True)
class Signer:
    """Who signed, read from the certificate's RDN sequence, never from a printed name.

    `mst` is the ten-digit tax code, `branch` its three-digit suffix; `person_id` a CCCD or CMND number.
    `certificate_sha256` tells certificates apart that share a serial number.
    """

    cn: str
    o: str
    mst: str | None
    branch: str | None
    person_id: str | None
    serial: str
    issuer: str
    certificate_sha256: str
    passport: str | None = None
    mns: str | None = None
    """Budget-unit code of a state body."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True)
class SigningTime:
    """`value` is the time the verdict rests on; `claimed` what the signer's machine wrote, shown and never trusted."""

    value: datetime
    source: TimeSource
    claimed: datetime | None = None


@dataclass(frozen=True)
class Answer:
    """One revocation answer (crl or ocsp) that spoke for one certificate of the chain.

    `about` is that certificate's common name, `sha256` the digest of the raw answer, `origin` where it came from:
    what the portal fetched and keeps, or the document itself.
    """

    about: str
    source: str
    sha256: str
    this_update: datetime
    next_update: datetime | None
    origin: Origin


@dataclass(frozen=True)
class Revocation:
    """The weakest answer over all certificates below the anchor; `source` and `this_update` are of the signer's own."""

    status: Revoked
    source: str | None = None
    this_update: datetime | None = None
    revoked_at: datetime | None = None
    reason: str | None = None
    """The authority's word (RFC 5280 § 5.3.1): key_compromise, cessation_of_operation, …"""
    answers: tuple[Answer, ...] = ()
    """Signer first, one for each certificate below the anchor that somebody spoke for."""


@dataclass(frozen=True)
class Timestamp:
    """A time stamp and what it is worth: `code` is None when it verified and chains to a time-stamping anchor."""

    value: datetime
    tsa: str
    kind: StampKind = StampKind.SIGNATURE
    digest: str | None = None
    code: str | None = None


@dataclass(frozen=True)
class Algorithms:
    """`signature` names the scheme (rsassa_pss, rsassa_pkcs1v15, ecdsa), `key` the kind of key (rsa, ec)."""

    digest: str | None
    signature: str | None
    key: str | None
    key_bits: int | None


@dataclass(frozen=True)
class Link:
    """A certificate above the signer's."""

    cn: str
    serial: str
    certificate_sha256: str
    valid_from: datetime
    valid_until: datetime


@dataclass(frozen=True)
class Signature:
    """One signature field with a value, judged."""

    field: str
    kind: Kind
    level: Level
    indication: Indication
    subindication: str | None
    signer: Signer | None
    role: Role | None
    label: Label
    signing_time: SigningTime | None
    coverage: Coverage
    modification: Modification
    revocation: Revocation
    timestamp: Timestamp | None
    algorithm: str | None
    findings: tuple[Finding, ...] = ()
    subfilter: str = ""
    algorithms: Algorithms | None = None
    timestamps: tuple[Timestamp, ...] = ()
    """All that speak for this signature, trusted or not: its own, then the document time stamps that cover it."""
    chain: tuple[Link, ...] = ()
    """From the issuer to the anchor; empty when none was found."""

    @property
    def covers_document(self) -> bool:
        """The whole file is covered, or only honest signatures came later."""
        return self.coverage is Coverage.ENTIRE_FILE or self.modification in (Modification.NONE, Modification.SIGNATURES)


@dataclass(frozen=True)
class Report:
    """The answer to `check`. `checked_at` is the policy's moment (receipt), not the clock of the machine."""

    verdict: Verdict
    sha256: str
    size: int
    engine: str
    trust_epoch: int
    checked_at: datetime
    findings: tuple[Finding, ...] = ()
    signatures: tuple[Signature, ...] = ()
    integrity_only: bool = False
    """Trust and revocation were assumed, not judged: never good enough for a filing."""
    cpu_ms: float = field(default=0.0, compare=False)
    """Processor time of the check; not part of the answer and not in the JSON."""

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """What keeps the file out of a dossier whatever its signatures are worth (encrypted, JavaScript, …)."""
        return tuple(f for f in self.findings if f.refuses)

    @property
    def codes(self) -> frozenset[str]:
        """Every code of the document and its signatures."""
        return frozenset(f.code for f in self.findings) | {f.code for s in self.signatures for f in s.findings}

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict that says its version."""
        return {"version": VERSION, **to_plain(self)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Report":
        """Raises ValueError for a version this program does not know."""
        if document.get("version") != VERSION:
            raise ValueError(f"unknown report version {document.get('version')!r}")
        return from_plain(cls, document)
