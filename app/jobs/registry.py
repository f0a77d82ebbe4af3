"""Every job by its topic. A handler gets the tools, the payload (ids as text) and the moment; it may be called twice."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from app.core import clock
from app.core.blobs import Blobs
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.documents import examine
from app.documents import queries as documents
from app.documents.filed import filing_of
from app.documents.notary import Notary
from app.documents.pool import CheckingPool
from app.dossiers.actions import automatic, closing, decide, deliver, minutes, papers, recount
from app.dossiers.code import Numbering
from app.issued import actions as issued
from app.issued import approving, archiving
from app.issued.press import Press
from app.issued.rules import RESULTS
from app.notices import actions as notices
from app.notices.channels import Mailer
from app.sharing import agreements_papers, asking_back, webhooks, witnessing
from app.trust import actions as trust_actions
from app.trust import queries as trust


@dataclass(frozen=True, slots=True)
class Tools:
    """What a job may use: made once when the worker starts."""

    settings: Settings
    sessions: Sessions
    blobs: Blobs
    pool: CheckingPool
    press: Press
    mailer: Mailer


Payload = Mapping[str, str]
Job = Callable[[Tools, Payload, datetime], Awaitable[None]]


async def check_document(tools: Tools, payload: Payload, at: datetime) -> None:
    """Check one uploaded file; no transaction is open while the network or the CPU works."""
    dossier_id, document_id = UUID(payload["dossier_id"]), UUID(payload["document_id"])
    async with transaction(tools.sessions) as session:
        order = await documents.to_check(session, dossier_id, document_id)
        store, evidence = await trust.snapshot(session), await trust.evidence(session)
    if order is None:
        return
    gather = partial(trust_actions.gather, tools.sessions, loopback=tools.settings.fetch_loopback, at=at)
    filing = await filing_of(tools.sessions, order, gather=gather, at=at) if order.filed else None
    desk = partial(examine.examine, order, pool=tools.pool, blobs=tools.blobs, filing=filing)
    found = await desk(trust=store, evidence=evidence, gather=gather, at=at)
    async with transaction(tools.sessions) as session:
        await papers.checked(session, dossier_id, document_id, found, at=clock.now())


async def stamp_document(tools: Tools, payload: Payload, at: datetime) -> None:
    """Make the receipt of a filed file: our own time stamp over it, its check, and what authorities said."""
    await notary(tools, at).stamp(UUID(payload["dossier_id"]), UUID(payload["document_id"]), at=at)


def notary(tools: Tools, at: datetime) -> Notary:
    """Whoever makes and renews receipts."""
    return Notary(tools.settings, tools.sessions, tools.blobs, tools.pool, partial(papers.checked, at=at))


async def erase_document(tools: Tools, payload: Payload, _at: datetime) -> None:
    """Remove the file of a document that was taken back."""
    await tools.blobs.erase(UUID(payload["document_id"]))


async def make_paper(tools: Tools, payload: Payload, at: datetime) -> None:
    """Render and seal a receipt, form or letter; or a result that nobody signs in person, which answers the dossier."""
    dossier_id, issued_id = UUID(payload["dossier_id"]), UUID(payload["issued_id"])
    async with transaction(tools.sessions) as session:
        document = await issued.make(session, dossier_id, issued_id, press=tools.press, at=at)
        if document is not None and document.kind in RESULTS:
            await deliver.publish(session, dossier_id, issued_id, at=at)


async def proceed(tools: Tools, payload: Payload, at: datetime) -> None:
    """Do what the procedure leaves to the portal: take the dossier in, and answer it."""
    numbering = Numbering(tools.settings.number_pattern, tools.settings.agency_code)
    async with transaction(tools.sessions) as session:
        await automatic.proceed(session, UUID(payload["dossier_id"]), numbering=numbering, at=at)


async def sign_result(tools: Tools, payload: Payload, at: datetime) -> None:
    """Render a result and put the leader's personal signature on it, or let it wait for him."""
    await _signed(tools, payload, issued.sign, at)


async def approve_results(tools: Tools, payload: Payload, at: datetime) -> None:
    """Ask a leader's key for the signatures he approved. It may take minutes: no transaction is open meanwhile."""
    approval_id = UUID(payload["approval_id"])
    async with transaction(tools.sessions) as session:
        batch = await approving.prepare(session, approval_id, press=tools.press, at=at)
    if batch is None:
        return
    answer = await approving.ask(batch, press=tools.press, key=approving.box_key(tools.settings))
    async with transaction(tools.sessions) as session:
        await approving.keep(session, approval_id, answer, at=clock.now())


async def complete_result(tools: Tools, payload: Payload, at: datetime) -> None:
    """Put the signature that a leader's key gave into its file."""
    await _signed(tools, payload, issued.complete, at)


async def accept_result(tools: Tools, payload: Payload, at: datetime) -> None:
    """Look at a file that a leader signed himself."""
    await _signed(tools, payload, issued.accept, at)


async def _signed(tools: Tools, payload: Payload, act: Callable[..., Awaitable[Any]], at: datetime) -> None:
    dossier_id, issued_id = UUID(payload["dossier_id"]), UUID(payload["issued_id"])
    async with transaction(tools.sessions) as session:
        document = await act(session, dossier_id, issued_id, press=tools.press, at=at)
        if document is not None:
            await decide.signed(session, dossier_id, issued_id, at=at)


async def extend_paper(tools: Tools, payload: Payload, at: datetime) -> None:
    """One more time stamp over an issued file, before the last one's certificate ends."""
    async with transaction(tools.sessions) as session:
        await archiving.extend(session, UUID(payload["dossier_id"]), UUID(payload["issued_id"]), press=tools.press, at=at)


async def seal_result(tools: Tools, payload: Payload, at: datetime) -> None:
    """Put the organisation's seal on a signed result; when it is ready, the dossier is answered in the same transaction."""
    dossier_id, issued_id = UUID(payload["dossier_id"]), UUID(payload["issued_id"])
    async with transaction(tools.sessions) as session:
        document = await issued.seal(session, dossier_id, issued_id, press=tools.press, at=at)
        if document is not None and document.kind in RESULTS:
            await deliver.publish(session, dossier_id, issued_id, at=at)


async def accept_minutes(tools: Tools, payload: Payload, at: datetime) -> None:
    """Look at minutes that a business signed."""
    async with transaction(tools.sessions) as session:
        await minutes.accept(session, UUID(payload["dossier_id"]), UUID(payload["issued_id"]), press=tools.press, at=at)


async def close_book(tools: Tools, payload: Payload, at: datetime) -> None:
    """Close a desk's register book of a year: every volume printed and sealed."""
    async with transaction(tools.sessions) as session:
        year, by = int(payload["year"]), payload["by"]
        await closing.close(session, payload["desk"], year, by=by, press=tools.press, at=at)


async def recount_deadlines(tools: Tools, _payload: Payload, at: datetime) -> None:
    """The calendar has changed: count open due dates anew, a hundred in a transaction."""
    after: UUID | None = None
    while True:
        async with transaction(tools.sessions) as session:
            after = await recount.recount(session, after=after, at=at)
        if after is None:
            return


async def deliver_notice(tools: Tools, payload: Payload, at: datetime) -> None:
    """Send one notice by mail."""
    async with transaction(tools.sessions) as session:
        await notices.deliver(session, UUID(payload["notice_id"]), mailer=tools.mailer, at=at)


async def print_agreement(tools: Tools, payload: Payload, _at: datetime) -> None:
    """Print the paper of a proposed agreement version."""
    async with transaction(tools.sessions) as session:
        await agreements_papers.prepare(session, payload["agreement"], int(payload["version"]), press=tools.press)


async def accept_agreement(tools: Tools, payload: Payload, at: datetime) -> None:
    """Look at the paper that the other side signed."""
    async with transaction(tools.sessions) as session:
        await agreements_papers.accept(session, payload["agreement"], int(payload["version"]), press=tools.press, at=at)


async def sign_agreement(tools: Tools, payload: Payload, at: datetime) -> None:
    """Put the ministry's signatures on an agreement."""
    async with transaction(tools.sessions) as session:
        await agreements_papers.sign(session, payload["agreement"], int(payload["version"]), press=tools.press, at=at)


async def mail_witness(tools: Tools, payload: Payload, _at: datetime) -> None:
    """Send one party the checkpoints of a week."""
    async with transaction(tools.sessions) as session:
        address, letter = await witnessing.letter(session, payload["week"], payload["party"], url=tools.settings.issuer)
    await tools.mailer.write(letter, address)


async def forward_question(tools: Tools, payload: Payload, _at: datetime) -> None:
    """Pass an enterprise's question on to whoever read its data."""
    async with transaction(tools.sessions) as session:
        address, letter = await asking_back.letter(session, UUID(payload["question_id"]))
    await tools.mailer.write(letter, address)


async def tell_suspended(tools: Tools, payload: Payload, _at: datetime) -> None:
    """Tell a party that its address takes no notices, unless that is mended already."""
    async with transaction(tools.sessions) as session:
        told = await webhooks.letter(session, UUID(payload["subscription_id"]))
    if told is not None:
        address, letter = told
        await tools.mailer.write(letter, address)


JOBS: dict[str, Job] = {
    automatic.PROCEED: proceed,
    "documents.check": check_document,
    "documents.stamp": stamp_document,
    "documents.erase": erase_document,
    "issued.make": make_paper,
    "issued.sign": sign_result,
    "issued.approve": approve_results,
    "issued.complete": complete_result,
    "issued.accept": accept_result,
    "issued.seal": seal_result,
    "issued.extend": extend_paper,
    "issued.countersigned": accept_minutes,
    closing.CLOSE: close_book,
    "dossiers.recount": recount_deadlines,
    "notices.deliver": deliver_notice,
    witnessing.MAIL: mail_witness,
    asking_back.FORWARD: forward_question,
    webhooks.SUSPENDED: tell_suspended,
    agreements_papers.PRINT: print_agreement,
    agreements_papers.ACCEPT: accept_agreement,
    agreements_papers.SIGN: sign_agreement,
}
