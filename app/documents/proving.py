"""Is the state of a file at its filing still proven, and would it be judged the same today? For auditors, years later.

Nothing is taken from the database on trust: file, report, answers and trust store are compared with what was stamped.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.audit.merkle import tree_root
from app.core.blobs import Blobs
from app.core.errors import NotFound
from app.documents import receipts, statements
from app.documents.models import EvidenceRenewal, ReceiptEvidence
from app.documents.queries import one
from app.trust import queries as trust
from signing.longterm import KeptStamp, prove
from signing.timestamps import TimestampCheck

Check = Callable[[Path, signing.Policy], Awaitable[signing.Report]]
"""How the file is judged: in a pool, as everywhere that hostile files may come."""


@dataclass(frozen=True, slots=True)
class Link:
    """One stamp of a chain: what is wrong with what it covers (words, empty: nothing), and the stamp itself."""

    stamp: KeptStamp
    wrong: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Material:
    """All that is kept of one file. `first` proves when it was there, `last` what its check rested on."""

    dossier_id: UUID
    document_id: UUID
    receipts: tuple[ReceiptEvidence, ...]
    chains: tuple[tuple[Link, ...], ...]
    evidence: signing.Evidence
    then: signing.TrustSnapshot
    now: signing.TrustSnapshot
    heard_now: signing.Evidence


@dataclass(frozen=True, slots=True)
class Proof:
    """What stands at the moment asked about. `stamps` oldest first, of the first receipt; `problems` in technical words."""

    proven: bool
    filed_at: datetime | None
    recorded: str
    """The verdict in the receipt."""
    again: signing.Report
    """The verdict of today's program, on the trust and the evidence of then, or of the epoch asked for."""
    epoch: int
    stamps: tuple[TimestampCheck, ...]
    problems: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Whether the check says again what it said then."""
        return self.again.verdict == self.recorded

    def to_json(self) -> dict[str, Any]:
        """For machines; times in ISO 8601."""
        stamps = [
            {"at": each.value and each.value.isoformat(), "tsa": each.tsa, "code": each.code, "detail": each.detail}
            for each in self.stamps
        ]
        return {
            "proven": self.proven,
            "filed_at": self.filed_at and self.filed_at.isoformat(),
            "recorded": self.recorded,
            "again": self.again.to_json(),
            "same": self.same,
            "epoch": self.epoch,
            "stamps": stamps,
            "problems": list(self.problems),
        }

    def lines(self) -> list[str]:
        """For a terminal, Vietnamese before English."""
        said = ("ĐƯỢC CHỨNG MINH / PROVEN", "CHƯA CHỨNG MINH ĐƯỢC / NOT PROVEN")[not self.proven]
        then = f"{self.recorded} → {self.again.verdict} (đợt tin cậy / trust epoch {self.epoch})"
        stamps = [
            f"  {each.value and each.value.isoformat()}  {each.tsa}  {each.code or each.detail or 'OK'}" for each in self.stamps
        ]
        return [
            said,
            f"  có mặt lúc / there at: {self.filed_at and self.filed_at.isoformat()}",
            f"  {then}",
            *stamps,
            *self.problems,
        ]


async def material(session: AsyncSession, dossier_id: UUID, document_id: UUID, *, epoch: int | None = None) -> Material:
    """Read what is kept. `epoch` judges by another trust store than that of then. `NotFound` while nothing is kept."""
    document = await one(session, dossier_id, document_id)
    rows = await receipts.kept(session, dossier_id, document.id)
    if not rows:
        raise NotFound
    return Material(
        dossier_id=dossier_id,
        document_id=document.id,
        receipts=tuple(rows),
        chains=tuple([await _chain(session, row) for row in rows]),
        evidence=await trust.kept_evidence(session, {sha for row in rows for sha in row.evidence}),
        then=await trust.at_epoch(session, epoch or rows[-1].trust_epoch),
        now=await trust.snapshot(session),
        heard_now=await trust.evidence(session),
    )


async def _chain(session: AsyncSession, row: ReceiptEvidence) -> tuple[Link, ...]:
    """A receipt and the renewals that carry it on. What is known of a stamp was gathered when the next was made."""
    place, renewals = await receipts.renewals_of(session, row)
    known = [renewal.evidence for renewal in renewals] + [[]]
    links = [Link(await _kept(session, row, known[0]), await _receipt_faults(session, row))]
    below = statements.leaf(row.statement, row.token)
    for number, renewal in enumerate(renewals):
        faults = _renewal_faults(renewal, below, place if number == 0 else _place_in(renewal, renewals[number - 1]))
        links.append(Link(await _kept(session, renewal, known[number + 1]), faults))
        below = statements.leaf(renewal.statement, renewal.token)
    return tuple(links)


async def _kept(session: AsyncSession, row: ReceiptEvidence | EvidenceRenewal, later: list[str]) -> KeptStamp:
    heard = await trust.kept_evidence(session, {*row.stamp_evidence, *later})
    store = await trust.at_epoch(session, row.trust_epoch)
    return KeptStamp(statements.digest(row.statement), row.token, store, heard)


async def _receipt_faults(session: AsyncSession, row: ReceiptEvidence) -> tuple[str, ...]:
    """The row against the text that was stamped."""
    store = await trust.at_epoch(session, row.trust_epoch)
    at = datetime.fromisoformat(statements.read(row.statement)["at"])
    held = (await trust.kept_evidence(session, set(row.evidence))).items
    again = statements.receipt(row.document_id, row.sha256, row.report, [item.sha256 for item in held], store, at)
    return () if again == row.statement else ("the receipt is not what was stamped",)


def _renewal_faults(renewal: EvidenceRenewal, below: bytes, place: int) -> tuple[str, ...]:
    said, leaves = statements.read(renewal.statement), statements.leaves_of(renewal.leaves)
    faults = []
    if not leaves or tree_root(leaves).hex() != said["root"] or len(leaves) != said["size"]:
        faults.append("the tree of a renewal is not what was stamped")
    if not 0 <= place < len(leaves) or leaves[place] != below:
        faults.append("a renewal does not cover the time stamp before it")
    return tuple(faults)


def _place_in(renewal: EvidenceRenewal, earlier: EvidenceRenewal) -> int:
    return renewal.renews.index(str(earlier.id))


async def proof(found: Material, *, check: Check, blobs: Blobs, at: datetime) -> Proof:
    """Prove it, at `at`. The file is judged by `check`; the tokens are verified in a thread, a few milliseconds each."""
    today = signing.Policy(at=at, trust=found.now, evidence=found.heard_now)
    judged = [await asyncio.to_thread(prove, [link.stamp for link in chain], today, lasting=True) for chain in found.chains]
    problems = [fault for chain in found.chains for link in chain for fault in link.wrong]
    problems += [f"{check.code}: {check.detail}" for checks in judged for check in checks if check.code]
    filed_at, recorded = judged[0][0].value, found.receipts[-1].verdict
    moment = filed_at or found.receipts[0].at
    policy = replace(today, at=moment, trust=found.then, evidence=found.evidence, gate=signing.Gate())
    async with blobs.plain(found.document_id, found.dossier_id) as path:
        again = await check(path, policy)
    if {row.sha256 for row in found.receipts} != {again.sha256}:
        problems.append("the file is not the one that was filed")
    return Proof(not problems, filed_at, recorded, again, found.then.epoch, judged[0], tuple(dict.fromkeys(problems)))
