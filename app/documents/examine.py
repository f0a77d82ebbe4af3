"""The check itself: decrypt, look, ask for revocation data once, look again. Burns CPU and waits: for the worker only."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.core.blobs import Blobs
from app.documents.formats import ending_of, flaw_in
from app.documents.queries import CheckOrder
from signing import Evidence, Gate, Need, Policy, Pool, Report, TrustSnapshot, Verdict

Gather = Callable[[Sequence[Need]], Awaitable[Evidence]]


@dataclass(frozen=True, slots=True)
class Findings:
    """What came out: the engine's report for a PDF, or the flaw (None: sound) of any other format."""

    report: Report | None
    flaw: str | None = None


async def examine(
    order: CheckOrder,
    *,
    pool: Pool,
    blobs: Blobs,
    trust: TrustSnapshot,
    evidence: Evidence,
    gather: Gather,
    at: datetime,
) -> Findings:
    """Check one file against the trust store. Never raises on a hostile file."""
    ending = ending_of(order.name)
    async with blobs.plain(order.document_id, order.dossier_id) as path:
        if ending != "pdf":
            return Findings(None, await asyncio.to_thread(flaw_in, path, ending))
        policy = Policy(at=at, trust=trust, evidence=evidence, gate=Gate())
        return Findings(await _with_evidence(path, policy, pool, gather))


async def _with_evidence(path: Path, policy: Policy, pool: Pool, gather: Gather) -> Report:
    report = await pool.check(path, policy)
    if report.verdict is not Verdict.INDETERMINATE or not report.codes & {"REV_UNKNOWN", "REV_STALE"}:
        return report
    needs = await pool.revocation_needs(path, policy.trust)
    if not needs:
        return report
    fresh = policy.evidence.with_items((await gather(needs)).items)
    again = Policy(at=policy.at, trust=policy.trust, evidence=fresh, gate=policy.gate)
    return await pool.check(path, again)
