"""A filed file is judged as of its filing, however late somebody asks: our receipt proves when it was there.

What the check said in the receipt is judged by the trust store of then. What it could not say then is judged, for that moment,
by the store in force: there was nothing settled to preserve.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from app.core.db import Sessions, transaction
from app.core.errors import NotFound
from app.documents import proving
from app.documents.queries import CheckOrder
from app.trust.actions import Gather
from signing import Evidence, Need, Policy, Pool, Report, TrustSnapshot, Verdict
from signing.longterm import prove, stamp_facts

_UNHEARD = frozenset({"REV_UNKNOWN", "REV_STALE"})


@dataclass(frozen=True, slots=True)
class Filing:
    """When the file (`sha256`) is proven to have been there, whom to trust for that moment, and what was heard of it."""

    at: datetime
    sha256: str
    trust: TrustSnapshot
    evidence: Evidence


async def filing_of(sessions: Sessions, order: CheckOrder, *, gather: Gather, at: datetime) -> Filing | None:
    """None before the receipt is made, and where what is kept does not prove it at `at`.

    A time-stamp authority that is silent just now takes nothing back: what it said when it stamped carries on, as in `proving`.
    """
    async with transaction(sessions) as session:
        try:
            found = await proving.material(session, order.dossier_id, order.document_id)
        except NotFound:
            return None
    heard = await gather([need for chain in found.chains for need in _needs(chain[-1].stamp.token, found.now)])
    today = Policy(at=at, trust=found.now, evidence=found.heard_now.with_items(heard.items))
    judged = [await asyncio.to_thread(prove, [link.stamp for link in chain], today, lasting=True) for chain in found.chains]
    since, last = judged[0][0].value, found.receipts[-1]
    sound = not any(link.wrong for chain in found.chains for link in chain)
    if since is None or not sound or any(check.code for checks in judged for check in checks):
        return None
    settled = last.verdict != Verdict.INDETERMINATE
    return Filing(since, last.sha256, found.then if settled else found.now, found.evidence)


def _needs(token: bytes, trust: TrustSnapshot) -> tuple[Need, ...]:
    """Nothing to ask about a token that somebody damaged: the proof says what is wrong with it."""
    with suppress(ValueError, TypeError, KeyError, AttributeError):
        return stamp_facts(token, trust).needs
    return ()


async def as_filed(path: Path, filing: Filing, today: Policy, pool: Pool, gather: Gather) -> Report:
    """Judge at the filing, with what was heard then and what is heard now of revocations before it.

    What authorities say years later may be unusable; then what was kept suffices.
    """
    heard = await gather(await pool.revocation_needs(path, today.trust))
    then = replace(today, at=filing.at, trust=filing.trust, evidence=filing.evidence)
    report = await pool.check(path, replace(then, evidence=filing.evidence.with_items(heard.items)))
    if report.verdict is Verdict.INDETERMINATE and report.codes & _UNHEARD and "CERT_ON_HOLD" not in report.codes:
        alone = await pool.check(path, then)
        return alone if alone.verdict is Verdict.VALID else report
    return report
