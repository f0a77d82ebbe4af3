"""Order a document, make or sign and seal it (jobs), void or revoke it."""

import asyncio
from collections.abc import Awaitable
from datetime import date, datetime
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core import outbox
from app.core.actor import SYSTEM, Actor
from app.core.blobs import Stored
from app.core.clock import day_in_vietnam
from app.core.errors import NotFound, WrongState
from app.core.ids import secret as new_secret
from app.core.ids import uuid7
from app.issued import numbering
from app.issued.editions import Edition, in_force
from app.issued.facts import Facts
from app.issued.models import IssuedDocument, IssuedSecret
from app.issued.press import Ground, Press, person_key
from app.issued.rules import State, Way, wait_after
from signing import archive
from signing.pending import Begun, Pending

T = TypeVar("T")

MAKE, SIGN, SEAL = "issued.make", "issued.sign", "issued.seal"
COMPLETE, ACCEPT, ERASE = "issued.complete", "issued.accept", "documents.erase"

# Below the database's own limit for an idle transaction (30 s): the lock on the row is kept while we sign.
PATIENCE_SECONDS = 25


async def order(
    session: AsyncSession,
    facts: Facts,
    *,
    dossier_id: UUID,
    unit: str,
    at: datetime,
    template: str | None = None,
    series: str | None = None,
    personal_signer: UUID | None = None,
    valid_until: date | None = None,
    replaces: UUID | None = None,
) -> IssuedDocument:
    """Ask for a document; a job makes it after the commit.

    With a personal signer the number is reserved here, in the decision's own transaction. Otherwise the job takes it, so that
    no two receptions wait for each other. `unit` is the agency whose organisation seals. Raises `ValueError` for a template
    that does not exist: the procedure's data are wrong.
    """
    layout = in_force(template or facts.template, day_in_vietnam(at))
    document = _ordered(facts, layout, dossier_id=dossier_id, unit=unit, series=series, at=at)
    document.personal_signer, document.valid_until, document.replaces = personal_signer, valid_until, replaces
    session.add(document)
    await session.flush()
    session.add(IssuedSecret(secret=document.secret, dossier_id=dossier_id, issued_id=document.id))
    if personal_signer is not None:
        await _number(session, document, at=at)
    outbox.put(session, SIGN if personal_signer else MAKE, dossier_id=dossier_id, issued_id=document.id)
    return document


async def make(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime) -> IssuedDocument | None:
    """Job: print and seal a document that needs no personal signature. The document when this run finished it, else None."""
    document = await _locked(session, dossier_id, issued_id)
    if document.state != State.ORDERED or document.personal_signer is not None:
        return None
    await _number(session, document, at=at)
    ground = await press.ground(session, at)
    return await _finished(session, document, _made(press, document, ground), topic=MAKE, at=at)


async def sign(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime) -> IssuedDocument | None:
    """Job: print, prepare and put the leader's signature on, or wait for him. The document when this run signed it, else None."""
    document = await _locked(session, dossier_id, issued_id)
    if document.state != State.ORDERED or document.personal_signer is None or document.revoked_at is not None:
        return None
    ground, key = await press.ground(session, at), uuid7()
    way = await _attempt(session, document, _signed(press, document, document.personal_signer, key, ground), topic=SIGN, at=at)
    if way is Way.AT_ONCE:
        return _now_signed(document, key, at)
    if way is not None:
        document.state, document.way = State.WAITING, way
        document.prepared_key = key if way is Way.UPLOAD else None
    return None


async def complete(
    session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime
) -> IssuedDocument | None:
    """Job: put the signature that the leader's key gave into the file that waits. The document when this run signed it."""
    document = await _locked(session, dossier_id, issued_id)
    if document.state != State.WAITING or document.signature is None or document.revoked_at is not None:
        return None
    ground, key = await press.ground(session, at), uuid7()
    work = _completed(press, document, document.signature, key, ground)
    if await _attempt(session, document, work, topic=COMPLETE, at=at) is None:
        return None
    outbox.put(session, ERASE, document_id=document.prepared_key)
    return _now_signed(document, key, at)


async def accept(
    session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime
) -> IssuedDocument | None:
    """Job: look at the file that the leader signed himself. The document when it is taken; else he is told why not."""
    document = await _locked(session, dossier_id, issued_id)
    if document.state != State.WAITING or document.upload_key is None or document.revoked_at is not None:
        return None
    ground = await press.ground(session, at)
    problem = await _attempt(session, document, _looked_at(press, document, document.upload_key, ground), topic=ACCEPT, at=at)
    if problem is None:
        return None
    if problem:
        outbox.put(session, ERASE, document_id=document.upload_key)
        document.upload_key, document.error = None, problem
        return None
    outbox.put(session, ERASE, document_id=document.prepared_key)
    return _now_signed(document, document.upload_key, at)


def _now_signed(document: IssuedDocument, key: UUID, at: datetime) -> IssuedDocument:
    document.state, document.signed_key, document.signed_at = State.SIGNED, key, at
    document.prepared_key = document.upload_key = document.pending = document.signature = None
    return document


async def ask_seal(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, at: datetime) -> None:
    """The records officer issues the document: the job seals it. Asking twice is asking once."""
    document = await _locked(session, dossier_id, issued_id)
    if document.state != State.SIGNED or document.revoked_at is not None:
        raise WrongState
    if document.seal_asked_at is None:
        document.seal_asked_at = at
        outbox.put(session, SEAL, dossier_id=dossier_id, issued_id=issued_id)


async def seal(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime) -> IssuedDocument | None:
    """Job: the organisation's seal, evidence, time stamp, our own check. The document when this run finished it, else None."""
    document = await _locked(session, dossier_id, issued_id)
    if not _to_be_sealed(document) or document.signed_key is None:
        return None
    ground = await press.ground(session, at)
    return await _finished(session, document, _sealed(press, document, document.signed_key, ground), topic=SEAL, at=at)


def _to_be_sealed(document: IssuedDocument) -> bool:
    """Signed and issued by the records officer, and not voided since."""
    return document.state == State.SIGNED and document.seal_asked_at is not None and document.revoked_at is None


async def void(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID, *, reason: str, at: datetime) -> None:
    """Withdraw a document with its number: the number stays in the register, void, with the reason."""
    document = await _locked(session, dossier_id, issued_id)
    if document.number is not None:
        await numbering.void(session, document.number, reason=reason, at=at)
    document.revoked_at, document.revoked_reason = at, reason
    _remember(session, actor, Event.NUMBER_VOIDED, document, at=at)


async def revoke(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID, *, reason: str, at: datetime) -> None:
    """The document was valid and no longer is; whoever verifies it is told so from now on."""
    document = await _locked(session, dossier_id, issued_id)
    if document.state != State.READY or document.revoked_at is not None:
        raise WrongState
    document.revoked_at, document.revoked_reason = at, reason
    _remember(session, actor, Event.PAPER_REVOKED, document, at=at)


def _ordered(facts: Facts, layout: Edition, *, dossier_id: UUID, unit: str, series: str | None, at: datetime) -> IssuedDocument:
    return IssuedDocument(
        dossier_id=dossier_id,
        id=uuid7(),
        unit=unit,
        kind=facts.kind,
        template=layout.template,
        edition=layout.number,
        series=series,
        title_vi=facts.title.vi,
        title_en=facts.title.en,
        facts=facts.model_dump(mode="json"),
        secret=new_secret(),
        state=State.ORDERED,
        attempts=0,
        asked_at=at,
    )


async def _locked(session: AsyncSession, dossier_id: UUID, issued_id: UUID) -> IssuedDocument:
    found = select(IssuedDocument).where(IssuedDocument.dossier_id == dossier_id, IssuedDocument.id == issued_id)
    document = await session.scalar(found.with_for_update().execution_options(populate_existing=True))
    if document is None:
        raise NotFound
    return document


async def _number(session: AsyncSession, document: IssuedDocument, *, at: datetime) -> None:
    if document.series is not None and document.number is None:
        document.number = await numbering.reserve(
            session, document.series, dossier_id=document.dossier_id, issued_id=document.id, at=at
        )


async def _made(press: Press, document: IssuedDocument, ground: Ground) -> Stored:
    pdf = await press.seal_alone(document, ground)
    await press.examine(pdf, ground, strict=False)
    return await press.blobs.put_bytes(document.id, document.dossier_id, pdf)


async def _signed(press: Press, document: IssuedDocument, signer: UUID, key: UUID, ground: Ground) -> Way:
    """How his signature comes about; kept under `key` is the file that is signed now or waits to be signed elsewhere."""
    way = press.keyring.way(person_key(signer))
    if way is Way.AT_ONCE:
        await press.blobs.put_bytes(key, document.dossier_id, await press.sign(document, signer, ground))
    if way is Way.UPLOAD:
        prepared, _ = await press.prepare(document)
        await press.blobs.put_bytes(key, document.dossier_id, prepared)
    return way


async def _completed(press: Press, document: IssuedDocument, signature: bytes, key: UUID, ground: Ground) -> Stored:
    if document.prepared_key is None or document.pending is None:
        raise ValueError("a signature without the file it belongs to")
    prepared = await press.blobs.get(document.prepared_key, document.dossier_id)
    signed = await press.complete(Begun(prepared, Pending.from_json(document.pending)), signature, ground)
    return await press.blobs.put_bytes(key, document.dossier_id, signed)


async def _looked_at(press: Press, document: IssuedDocument, key: UUID, ground: Ground) -> str:
    """Empty when the file may be taken; a word of `WHY_NOT` when it may not."""
    if document.prepared_key is None or document.personal_signer is None:
        raise ValueError("a signed file for a document that was not given out")
    prepared = await press.blobs.get(document.prepared_key, document.dossier_id)
    signed = await press.blobs.get(key, document.dossier_id)
    return await press.problem_of(prepared, signed, document.personal_signer, ground)


async def _sealed(press: Press, document: IssuedDocument, signed_key: UUID, ground: Ground) -> Stored:
    signed = await press.blobs.get(signed_key, document.dossier_id)
    pdf = await press.seal(document, signed, ground)
    await press.examine(pdf, ground, strict=True)
    document.stamped_until = archive.stamped_until(pdf)
    return await press.blobs.put_bytes(document.id, document.dossier_id, pdf)


async def _finished(
    session: AsyncSession, document: IssuedDocument, work: Awaitable[Stored], *, topic: str, at: datetime
) -> IssuedDocument | None:
    stored = await _attempt(session, document, work, topic=topic, at=at)
    if stored is None:
        return None
    document.state, document.ready_at = State.READY, at
    document.sha256, document.size = stored.sha256, stored.size
    _remember(session, SYSTEM, Event.PAPER_ISSUED, document, at=at)
    return document


def _remember(session: AsyncSession, actor: Actor, event: Event, document: IssuedDocument, *, at: datetime) -> None:
    about = {"kind": document.kind, "sha256": document.sha256}
    record(
        session, actor, event, subject_kind="issued", subject_id=document.id, dossier_id=document.dossier_id, detail=about, at=at
    )


async def _attempt(session: AsyncSession, document: IssuedDocument, work: Awaitable[T], *, topic: str, at: datetime) -> T | None:
    """Do the work, or note why not and ask for another try: number and reason must outlive the failure, so nothing is raised."""
    document.attempts += 1
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            done = await work
    except SQLAlchemyError:
        raise  # the transaction is broken: nothing can be noted in it
    except Exception as error:  # noqa: BLE001  (whatever went wrong is kept with the document, and a job tries again)
        document.error = f"{type(error).__name__}: {error}"[:500]
        again = at + wait_after(document.attempts)
        outbox.put(session, topic, not_before=again, dossier_id=document.dossier_id, issued_id=document.id)
        return None
    document.error = None
    return done
