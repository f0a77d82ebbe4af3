"""What a check demands."""

from dataclasses import dataclass, field
from datetime import datetime

from signing.limits import Limits
from signing.model import Role
from signing.evidence import NO_EVIDENCE, Evidence
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
