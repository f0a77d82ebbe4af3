"""What happens as time passes. Each is safe to run twice and in several workers at once."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

from app.core import limits, outbox
from app.core.db import transaction
from app.documents import queries as documents
from app.documents import stamping
from app.dossiers import awaited
from app.dossiers.actions import closing, lapse, version, warn
from app.fees import actions as fees
from app.identity import actions as identity
from app.identity import oidc
from app.issued import archiving
from app.jobs.exports import make_exports, remove_exports
from app.jobs.keys import fetch_client_keys, rotate_server_key
from app.jobs.records import expire_licences, keep_feed, share_procedures
from app.jobs.registry import Tools, notary
from app.jobs.sealing import call_witnesses, reveal_reads, seal_late, seal_logs, stamp_logs
from app.jobs.webhooks import forget_webhooks, send_webhooks
from app.sharing import actions as sharing
from app.sharing import agreements
from app.trust import actions as trust

Chore = Callable[[Tools, datetime], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Every:
    """A chore and how often it is done; a failure is logged and the next turn comes all the same."""

    name: str
    seconds: float
    chore: Chore


async def lapse_overdue(tools: Tools, at: datetime) -> None:
    """Close what the procedure closes when a deadline of the business has passed."""
    async with transaction(tools.sessions) as session:
        await lapse.lapse_overdue(session, at)


async def warn_officials(tools: Tools, at: datetime) -> None:
    """Tell officials of the limits that have come near."""
    async with transaction(tools.sessions) as session:
        await warn.warn_due(session, at)


async def move_drafts(tools: Tools, at: datetime) -> None:
    """Take drafts over to newer versions of their procedures, where these say so."""
    async with transaction(tools.sessions) as session:
        await version.move_drafts(session, at)


async def recheck_documents(tools: Tools, at: datetime) -> None:
    """Ask again for files whose signatures could not be judged yet."""
    async with transaction(tools.sessions) as session:
        for dossier_id, document_id in await documents.due_for_recheck(session, at=at):
            outbox.put(session, "documents.check", dossier_id=dossier_id, document_id=document_id)


async def stamp_documents(tools: Tools, at: datetime) -> None:
    """Hand out the filed files that wait for their receipt; those that nobody would stamp come again."""
    if not tools.settings.tsa_url:
        return
    async with transaction(tools.sessions) as session:
        for dossier_id, document_id in await stamping.hand_out(session, at=at):
            outbox.put(session, "documents.stamp", dossier_id=dossier_id, document_id=document_id)


async def renew_receipts(tools: Tools, at: datetime) -> None:
    """Put a new time stamp over receipts whose certificates will end."""
    while await notary(tools, at).renew(at=at):
        pass


async def refresh_trust(tools: Tools, at: datetime) -> None:
    """Fetch revocation lists before they run out, and what was said of the signers in undecided dossiers."""
    async with transaction(tools.sessions) as session:
        serials = await awaited.serials(session)
    await trust.refresh(tools.sessions, loopback=tools.settings.fetch_loopback, serials=serials, at=at)


async def extend_papers(tools: Tools, at: datetime) -> None:
    """Extend what was issued before the certificate of its last time stamp ends."""
    async with transaction(tools.sessions) as session:
        await archiving.ask_extensions(session, at=at)


async def expire_payments(tools: Tools, at: datetime) -> None:
    """Close payment attempts that the gateway never answered."""
    async with transaction(tools.sessions) as session:
        await fees.expire(session, at=at)


async def sweep(tools: Tools, at: datetime) -> None:
    """Forget what has run out: sessions, sign-in attempts, spent proofs, recovered limits."""
    for forget in (identity.sweep, sharing.sweep, limits.sweep):
        async with transaction(tools.sessions) as session:
            await forget(session, at=at)


async def close_books(tools: Tools, at: datetime) -> None:
    """Have last year's register books closed, once their day has come."""
    async with transaction(tools.sessions) as session:
        await closing.ask_due(session, at=at)


async def end_agreements(tools: Tools, at: datetime) -> None:
    """End agreements whose term has passed."""
    async with transaction(tools.sessions) as session:
        await agreements.end_by_term(session, at=at)


async def refresh_provider(tools: Tools, at: datetime) -> None:
    """Keep the identity provider's metadata and keys fresh, so that signing in needs one call only."""
    async with transaction(tools.sessions) as session:
        await identity.refresh_provider(session, oidc.client_of(tools.settings), at=at)


SCHEDULE = (
    Every("audit.seal", 1, seal_logs),
    Every("audit.seal_late", 60, seal_late),
    Every("audit.stamp", 300, stamp_logs),
    Every("sharing.witnesses", 3600, call_witnesses),
    Every("sharing.reveal", 60, reveal_reads),
    Every("dossiers.lapse", 60, lapse_overdue),
    Every("dossiers.warn", 60, warn_officials),
    Every("dossiers.versions", 300, move_drafts),
    Every("documents.recheck", 10, recheck_documents),
    Every("documents.stamp", 2, stamp_documents),
    Every("documents.renew", 86_400, renew_receipts),
    Every("trust.refresh", 60, refresh_trust),
    Every("fees.expire", 60, expire_payments),
    Every("issued.extend", 6 * 3600, extend_papers),
    Every("agreements.end", 60, end_agreements),
    Every("registers.expire", 600, expire_licences),
    Every("registers.procedures", 3600, share_procedures),
    Every("registers.feed", 60, keep_feed),
    Every("books.close", 86_400, close_books),
    Every("sweep", 60, sweep),
    Every("identity.provider", 60, refresh_provider),
    Every("sharing.webhooks", 2, send_webhooks),
    Every("sharing.exports", 2, make_exports),
    Every("sharing.exports.remove", 600, remove_exports),
    Every("sharing.webhooks.forget", 3600, forget_webhooks),
    Every("sharing.client_keys", 300, fetch_client_keys),
    Every("sharing.server_keys", 3600, rotate_server_key),
)
