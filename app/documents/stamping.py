"""The ministry's own receipt: a time stamp over each filed file and its check, renewed before its certificates end.

For the worker. The user's bytes are never touched: everything is kept beside the file. A time-stamp authority that does not
answer holds nothing up; the file waits, and is asked for again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.core.ids import uuid7
from app.documents import receipts, statements
from app.documents.models import Document, EvidenceRenewal, ReceiptEvidence, ReceiptRenewal
from app.documents.receipts import StampOrder
from app.trust import actions as trust_actions
from signing.longterm import KeptStamp, StampFacts, prove, stamp_facts

LEASE = timedelta(minutes=2)
"""A file that was handed to a job is not handed out again before this."""
RETRY = timedelta(minutes=5)
AHEAD = timedelta(days=90)
"""Stamps are renewed so long before the first certificate behind them ends."""
MOST_RENEWED = 20_000
PDF = "application/pdf"


@dataclass(frozen=True, slots=True)
class Stamped:
    """A statement with its token, and what is to be known of the token."""

    statement: str
    token: bytes
    facts: StampFacts
    evidence: signing.Evidence
    """On the token's own authorities, heard right after it was made."""


@dataclass(frozen=True, slots=True)
class Checked:
    """The check at filing that a receipt is about: the report and exactly the answers it could rest on."""

    report: signing.Report
    evidence: signing.Evidence


def await_stamp(document: Document, *, at: datetime) -> None:
    """From now on this file waits for a receipt. Only PDFs are checked, so only they have something to prove."""
    if document.media_type == PDF:
        document.stamp_due_at = at


async def hand_out(session: AsyncSession, *, at: datetime, limit: int = 50) -> list[tuple[UUID, UUID]]:
    """The files whose receipt is due; each comes again after a while unless its receipt has been made by then."""
    documents = await receipts.due_for_stamp(session, at=at, limit=limit)
    for document in documents:
        document.stamp_due_at = at + LEASE
    return [(document.dossier_id, document.id) for document in documents]


async def put_off(session: AsyncSession, dossier_id: UUID, document_id: UUID, *, at: datetime) -> None:
    """Nobody stamped: try again a little later."""
    mine = (Document.dossier_id == dossier_id, Document.id == document_id)
    await session.execute(update(Document).where(*mine).values(stamp_due_at=at + RETRY))


async def stamp(
    statement: str, *, tsa: signing.Tsa, trust: signing.TrustSnapshot, gather: "trust_actions.Gather", at: datetime
) -> Stamped:
    """Have a statement stamped. Raises `signing.FetchFailed`, or `Unproven` when the token would prove nothing."""
    token = await _token(statement, tsa)
    facts = stamp_facts(token, trust)
    evidence = await gather(facts.needs)
    policy = signing.Policy(at=at, trust=trust, evidence=evidence)
    check = signing.verify_timestamp(token, statements.digest(statement), policy)
    if check.code is not None:
        raise Unproven(f"{check.code}: {check.detail}")
    return Stamped(statement, token, facts, evidence)


async def _token(statement: str, tsa: signing.Tsa) -> bytes:
    try:
        return await signing.timestamp(statements.digest(statement), tsa)
    except signing.FetchFailed:
        raise
    except Exception as broken:  # whatever an odd answer makes the library raise
        raise Unproven(f"no time stamp in the answer: {type(broken).__name__}") from broken


class Unproven(RuntimeError):
    """A time stamp came that we could not trust ourselves: its authority is unknown, ended or not to be heard."""


async def keep_receipt(session: AsyncSession, order: StampOrder, checked: Checked, stamped: Stamped, *, at: datetime) -> None:
    """Write the receipt down, for good, and what it rests on."""
    own = await trust_actions.keep_for_good(session, checked.evidence.items, at=at)
    heard = await trust_actions.keep_for_good(session, stamped.evidence.items, at=at)
    dossier_id, document_id = order.check.dossier_id, order.check.document_id
    session.add(
        ReceiptEvidence(
            dossier_id=dossier_id,
            document_id=document_id,
            number=order.made + 1,
            at=stamped.facts.value,
            sha256=order.sha256,
            verdict=checked.report.verdict,
            report=checked.report.to_json(),
            trust_epoch=checked.report.trust_epoch,
            evidence=own,
            statement=stamped.statement,
            token=stamped.token,
            tsa=stamped.facts.tsa,
            stamp_evidence=heard,
            ends_at=stamped.facts.ends_at,
        )
    )
    mine = (Document.dossier_id == dossier_id, Document.id == document_id)
    await session.execute(update(Document).where(*mine).values(stamp_due_at=None))


@dataclass(frozen=True, slots=True)
class Ending:
    """Stamps that are to be renewed together."""

    renewals: tuple[EvidenceRenewal, ...]
    receipts: tuple[ReceiptEvidence, ...]

    @property
    def rows(self) -> tuple[EvidenceRenewal | ReceiptEvidence, ...]:
        """In the order of their leaves: earlier renewals first."""
        return (*self.renewals, *self.receipts)

    @property
    def leaves(self) -> list[bytes]:
        """Of their tree."""
        return [statements.leaf(row.statement, row.token) for row in self.rows]

    def needs(self, trust: signing.TrustSnapshot) -> list[signing.Need]:
        """What to ask of the authorities behind them, each once."""
        asked = {n.key: n for row in self.rows for n in stamp_facts(row.token, trust).needs}
        return list(asked.values())

    def answered(self, trust: signing.TrustSnapshot, heard: signing.Evidence, at: datetime) -> "Ending":
        """Those whose authorities have answered: renewing the others now would prove less than trying again tomorrow."""
        policy, stands = signing.Policy(at=at, trust=trust, evidence=heard), dict[str, bool]()

        def good(row: EvidenceRenewal | ReceiptEvidence) -> bool:
            signer = stamp_facts(row.token, trust).certificate
            if signer not in stands:
                (check,) = prove([KeptStamp(statements.digest(row.statement), row.token, trust, heard)], policy)
                stands[signer] = check.trusted is not None
            return stands[signer]

        return Ending(tuple(filter(good, self.renewals)), tuple(filter(good, self.receipts)))


async def ending(session: AsyncSession, *, at: datetime) -> Ending:
    """What ends soon. What has ended already is beyond help, and the proof says so."""
    until = at + AHEAD
    renewals = await receipts.renewals_ending(session, after=at, before=until)
    rows = await receipts.receipts_ending(session, after=at, before=until, limit=MOST_RENEWED)
    return Ending(tuple(renewals), tuple(rows))


async def keep_renewal(
    session: AsyncSession,
    renewed: Ending,
    heard: signing.Evidence,
    stamped: Stamped,
    *,
    trust: signing.TrustSnapshot,
    at: datetime,
) -> None:
    """Write down one new stamp over many old ones."""
    renewal = EvidenceRenewal(
        id=uuid7(),
        at=stamped.facts.value,
        leaves=b"".join(renewed.leaves),
        renews=[str(row.id) for row in renewed.renewals],
        evidence=await trust_actions.keep_for_good(session, heard.items, at=at),
        trust_epoch=trust.epoch,
        statement=stamped.statement,
        token=stamped.token,
        tsa=stamped.facts.tsa,
        stamp_evidence=await trust_actions.keep_for_good(session, stamped.evidence.items, at=at),
        ends_at=stamped.facts.ends_at,
    )
    session.add(renewal)
    await session.flush()
    session.add_all(_places(renewal.id, renewed.receipts, first=len(renewed.renewals)))


def _places(renewal_id: UUID, rows: Sequence[ReceiptEvidence], *, first: int) -> list[ReceiptRenewal]:
    return [
        ReceiptRenewal(
            dossier_id=row.dossier_id,
            document_id=row.document_id,
            number=row.number,
            renewal_id=renewal_id,
            leaf_index=first + place,
        )
        for place, row in enumerate(rows)
    ]
