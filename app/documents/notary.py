"""Makes a receipt for each filed file, and renews it. For the worker: no transaction is open while anybody is asked."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.core.blobs import Blobs
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.documents import receipts, stamping, statements
from app.documents.examine import Findings
from app.documents.filed import filing_of
from app.documents.receipts import StampOrder
from app.trust import actions as trust_actions
from app.trust import queries as trust

log = logging.getLogger(__name__)
Checked = Callable[[AsyncSession, UUID, UUID, Findings], Awaitable[object]]
"""What becomes of a check that says something else than before: the heart's business."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known before anybody is asked: whom to trust, and who stamps."""

    trust: signing.TrustSnapshot
    tsa: signing.HttpTsa


@dataclass(frozen=True, slots=True)
class Notary:
    """Everything that making a receipt takes. Without an address of a time-stamp authority, receipts wait."""

    settings: Settings
    sessions: Sessions
    blobs: Blobs
    pool: signing.Pool
    checked: Checked

    async def stamp(self, dossier_id: UUID, document_id: UUID, *, at: datetime) -> None:
        """Check a filed file once more, with what authorities say now, and have the whole stamped."""
        async with transaction(self.sessions) as session:
            order = await receipts.to_stamp(session, dossier_id, document_id)
            ground = await self._ground(session)
        if order is None or ground is None:
            return
        try:
            checked = await self._checked(order, ground.trust, at)
            text = statements.receipt(
                document_id, order.sha256, checked.report.to_json(), _hashes(checked.evidence), ground.trust, at
            )
            made = await stamping.stamp(text, tsa=ground.tsa, trust=ground.trust, gather=self._asked(at), at=at)
        except (signing.FetchFailed, stamping.Unproven) as failed:
            log.warning("no receipt time stamp yet: %s", failed)
            async with transaction(self.sessions) as session:
                await stamping.put_off(session, dossier_id, document_id, at=at)
            return
        async with transaction(self.sessions) as session:
            if checked.report.verdict != order.verdict:
                await self.checked(session, dossier_id, document_id, Findings(checked.report))
            await stamping.keep_receipt(session, order, checked, made, at=at)

    async def renew(self, *, at: datetime) -> int:
        """One new time stamp over everything whose certificates will end; the answer is over how many."""
        async with transaction(self.sessions) as session:
            due, ground = await stamping.ending(session, at=at), await self._ground(session)
        if ground is None or not due.rows:
            return 0
        heard = await self._asked(at)(await asyncio.to_thread(due.needs, ground.trust))
        due = await asyncio.to_thread(due.answered, ground.trust, heard, at)
        if not due.rows:
            raise stamping.Unproven("no authority behind the stamps that end has answered")
        text = statements.renewal(due.leaves, _hashes(heard), ground.trust, at)
        made = await stamping.stamp(text, tsa=ground.tsa, trust=ground.trust, gather=self._asked(at), at=at)
        async with transaction(self.sessions) as session:
            await stamping.keep_renewal(session, due, heard, made, trust=ground.trust, at=at)
        return len(due.rows)

    async def _ground(self, session: AsyncSession) -> Ground | None:
        url = self.settings.tsa_url
        if not url:
            return None
        rules = await trust.fetch_rules(session, loopback=self.settings.fetch_loopback, also=[url])
        return Ground(await trust.snapshot(session), signing.HttpTsa(url, rules))

    async def _checked(self, order: StampOrder, store: signing.TrustSnapshot, at: datetime) -> stamping.Checked:
        """What was asked about exactly this file is what its receipt keeps. A second receipt, too, judges as of the first."""
        earlier = await filing_of(self.sessions, order.check, gather=self._asked(at), at=at) if order.made else None
        async with self.blobs.plain(order.check.document_id, order.check.dossier_id) as path:
            heard = await self._asked(at)(await self.pool.revocation_needs(path, store))
            policy = signing.Policy(at=at, trust=store, evidence=heard, gate=signing.Gate())
            if earlier is not None:
                policy = replace(policy, at=earlier.at, evidence=earlier.evidence.with_items(heard.items))
                heard = policy.evidence
            return stamping.Checked(await self.pool.check(path, policy), heard)

    def _asked(self, at: datetime) -> trust_actions.Gather:
        async def gather(needs: Sequence[signing.Need]) -> signing.Evidence:
            return await trust_actions.gather(self.sessions, needs, loopback=self.settings.fetch_loopback, at=at)

        return gather


def _hashes(evidence: signing.Evidence) -> list[str]:
    return [item.sha256 for item in evidence.items]
