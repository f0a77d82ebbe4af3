"""From facts to a verdict: pure, and closed unless every fact is positively there."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

from signing.codes import CODES
from signing.model import Finding, Indication, Signature, Verdict


@dataclass(frozen=True)
class Positive:
    """What must be so for TOTAL_PASSED. None means that nobody looked or could tell: that is not fine."""

    supported: bool | None = None
    unique: bool | None = None
    range_exact: bool | None = None
    digest_equal: bool | None = None
    signature_right: bool | None = None
    unchanged: bool | None = None
    docmdp_kept: bool | None = None
    algorithms_allowed: bool | None = None
    may_sign: bool | None = None
    chain_trusted: bool | None = None
    role_allowed: bool | None = None
    not_revoked: bool | None = None

    @property
    def complete(self) -> bool:
        """Every fact is there and good."""
        return all(getattr(self, fact.name) is True for fact in fields(self))


_ORDER = (Verdict.INVALID, Verdict.UNREADABLE, Verdict.INDETERMINATE, Verdict.UNSIGNED)


def indicate(facts: Positive, findings: Iterable[Finding]) -> tuple[Indication, str | None]:
    """ETSI EN 319 102-1 indication and subindication of one signature."""
    worst = _worst(findings)
    if worst is None:
        return (Indication.TOTAL_PASSED, None) if facts.complete else (Indication.INDETERMINATE, "GENERIC")
    failed = CODES[worst.code].forces is Verdict.INVALID
    return (Indication.TOTAL_FAILED if failed else Indication.INDETERMINATE), CODES[worst.code].subindication


def conclude(findings: Iterable[Finding], signatures: Iterable[Signature]) -> Verdict:
    """The worst of everything; VALID only when there is a signature and all of them passed."""
    signatures = tuple(signatures)
    everything = [*findings, *(f for s in signatures for f in s.findings)]
    worst = _worst(everything)
    if worst is not None:
        return CODES[worst.code].forces or Verdict.INDETERMINATE
    if signatures and all(s.indication is Indication.TOTAL_PASSED for s in signatures):
        return Verdict.VALID
    return Verdict.INDETERMINATE


def _worst(findings: Iterable[Finding]) -> Finding | None:
    forcing = [f for f in findings if CODES[f.code].forces is not None]
    return min(forcing, key=lambda f: _ORDER.index(CODES[f.code].forces or Verdict.UNSIGNED), default=None)
