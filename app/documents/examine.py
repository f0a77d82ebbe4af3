"""The check itself: decrypt, look, ask for revocation data once, look again. Burns CPU and waits: for the worker only."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.core.blobs import Blobs
from app.documents.filed import Filing, as_filed
from app.documents.formats import ending_of, flaw_in
from app.documents.queries import CheckOrder
from app.trust.actions import Gather
from signing import Evidence, Gate, Policy, Pool, Report, TrustSnapshot, Verdict


@dataclass(frozen=True, slots=True)
class Findings:
    """What came out: the engine's report for a PDF, or the flaw (None: sound) of any other format."""

    report: Report | None
    flaw: str | None = None
    today: Report | None = None
    """Where `report` judges as of the filing at `filed_at`: what it would say today."""
    filed_at: datetime | None = None


async def examine(
    order: CheckOrder,
    *,
    pool: Pool,
    blobs: Blobs,
    trust: TrustSnapshot,
    evidence: Evidence,
    gather: Gather,
    at: datetime,
    filing: Filing | None = None,
) -> Findings:
    """Check one file against the trust store, as of its `filing` where that is proven. Never raises on a hostile file."""
    ending = ending_of(order.name)
    async with blobs.plain(order.document_id, order.dossier_id) as path:
        if ending != "pdf":
            return Findings(None, await asyncio.to_thread(flaw_in, path, ending))
        policy = Policy(at=at, trust=trust, evidence=evidence, gate=Gate())
        today = await _with_evidence(path, policy, pool, gather)
        if filing is None or today.sha256 != filing.sha256:
            return Findings(today)
        return Findings(await as_filed(path, filing, policy, pool, gather), today=today, filed_at=filing.at)


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
