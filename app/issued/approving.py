"""When the signer is awaited: he approves several documents at once, or brings back a file that he signed himself.

An approval in steps, each safe to repeat: `approve` (the signer's act), `prepare` (files with their gaps, kept), `ask` (his key,
no transaction open), `keep` (what it gave), and a job for each document that puts it in. A worker may die between any two.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core import outbox
from app.core.actor import Actor
from app.core.errors import Incomplete, NotFound, Problem, WrongState
from app.core.ids import uuid7
from app.core.settings import Settings
from app.core.text import Text
from app.issued.actions import ACCEPT, COMPLETE, ERASE
from app.issued.models import IssuedApproval, IssuedDocument
from app.issued.press import Press, person_key
from app.issued.rules import WHY_NOT, State, Way
from signing.csc import Consent, CscSigner
from signing.keys import KeyFailed
from signing.pending import Pending

APPROVE = "issued.approve"

MOST_AT_ONCE = 50
MOST_BYTES = 40 << 20
"""Of a file that comes back signed: ours is small, a program may add fonts and pictures."""
PATIENCE = timedelta(minutes=10)
_AGAIN = timedelta(seconds=15)
_NONCE_BYTES = 12

_CHOOSE = Text("Hãy chọn ít nhất một và không quá {most} văn bản.", "Choose at least one and at most {most} documents.")
_UNDER_WAY = Text(
    "Văn bản đang được ký hoặc đã ký. Hãy tải lại trang.", "The document is being signed or is signed. Reload the page."
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one approval puts before the signer's key."""

    approval_id: UUID
    person_id: UUID
    expires_at: datetime
    secret: bytes | None
    waiting: Mapping[UUID, Pending]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the key gave, by document; or why it gave nothing, as a word of `WHY_NOT`."""

    signatures: Mapping[UUID, bytes]
    problem: str | None = None


async def approve(
    session: AsyncSession, actor: Actor, chosen: Sequence[tuple[UUID, UUID]], *, pin: str, otp: str, key: bytes, at: datetime
) -> UUID:
    """The signer approves his documents (dossier, document), all or none of them. The answer is the approval's id.

    `pin` and `otp` are what his key asks for, empty when it asks by itself; sealed with `key` and kept until used.
    """
    if not 0 < len(set(chosen)) <= MOST_AT_ONCE:
        text = _CHOOSE.filled(most=MOST_AT_ONCE)
        raise Incomplete([Problem("chosen", "number", text)], text)
    documents = [await _own(session, actor, Way.APPROVAL, *pair) for pair in sorted(set(chosen))]
    if any(document.approval_id is not None for document in documents):
        raise WrongState(_UNDER_WAY, slug="being-signed")
    approval = IssuedApproval(
        id=uuid7(), person_id=actor.person_id, asked_at=at, expires_at=at + PATIENCE, total=len(documents), secret=None
    )
    approval.secret = _sealed(key, approval.id, pin, otp) if pin or otp else None
    session.add(approval)
    await session.flush()
    for document in documents:
        document.approval_id, document.error = approval.id, None
        _remember(session, actor, Event.SIGNATURES_APPROVED, document, at=at)
    outbox.put(session, APPROVE, approval_id=approval.id)
    return approval.id


async def prepare(session: AsyncSession, approval_id: UUID, *, press: Press, at: datetime) -> Batch | None:
    """Job, first: print each document and leave the gap for its signature, unless that was done before. None: nothing to ask."""
    approval = await session.get_one(IssuedApproval, approval_id, with_for_update=True)
    if approval.done_at is not None:
        return None
    waiting = {}
    for document in await _of_approval(session, approval_id):
        if document.signature is None and document.revoked_at is None:
            waiting[document.id] = await _prepared(document, approval.person_id, press, at)
    if not waiting or at > approval.expires_at:
        await keep(session, approval_id, Answer({}, "too-late" if waiting else None), at=at)
        return None
    return Batch(approval_id, approval.person_id, approval.expires_at, approval.secret, waiting)


async def ask(batch: Batch, *, press: Press, key: bytes) -> Answer:
    """Job, second: the key signs all digests under one consent. The network is used, the database is not."""
    digests = [pending.digest for pending in batch.waiting.values()]
    try:
        signer = await press.keyring.signer(person_key(batch.person_id))
        mechanism = next(iter(batch.waiting.values())).mechanism
        if isinstance(signer, CscSigner):
            given = await signer.sign_many(digests, mechanism, _opened(key, batch))
        else:
            given = [await signer.sign(digest, mechanism) for digest in digests]
    except KeyFailed as failed:
        return Answer({}, failed.reason)
    return Answer(dict(zip(batch.waiting, given, strict=True)))


async def keep(session: AsyncSession, approval_id: UUID, answer: Answer, *, at: datetime) -> None:
    """Job, third: hold on to what the key gave. A key that was not reached is asked again while the approval lasts."""
    approval = await session.get_one(IssuedApproval, approval_id, with_for_update=True)
    if answer.problem == "unreachable" and at + _AGAIN < approval.expires_at:
        outbox.put(session, APPROVE, not_before=at + _AGAIN, approval_id=approval_id)
        return
    approval.done_at, approval.error, approval.secret = at, answer.problem, None
    for document in await _of_approval(session, approval_id):
        given = answer.signatures.get(document.id)
        if given is not None:
            document.signature = given
            outbox.put(session, COMPLETE, dossier_id=document.dossier_id, issued_id=document.id)
        elif document.signature is None:
            _release(session, document, answer.problem)


async def take_signed(session: AsyncSession, actor: Actor, dossier_id: UUID, issued_id: UUID, *, key: UUID, at: datetime) -> None:
    """The signer brings back the file (blob `key`) that he signed with his own program; a job looks at it."""
    document = await _own(session, actor, Way.UPLOAD, dossier_id, issued_id)
    if document.upload_key is not None:
        raise WrongState(_UNDER_WAY, slug="being-signed")
    document.upload_key, document.error = key, None
    _remember(session, actor, Event.SIGNED_FILE_GIVEN, document, at=at)
    outbox.put(session, ACCEPT, dossier_id=dossier_id, issued_id=issued_id)


async def _own(session: AsyncSession, actor: Actor, way: Way, dossier_id: UUID, issued_id: UUID) -> IssuedDocument:
    document = await session.get(IssuedDocument, (dossier_id, issued_id), with_for_update=True, populate_existing=True)
    if document is None or actor.person_id is None or document.personal_signer != actor.person_id:
        raise NotFound
    if document.state != State.WAITING or document.way != way or document.revoked_at is not None:
        raise WrongState(_UNDER_WAY, slug="being-signed")
    return document


async def _of_approval(session: AsyncSession, approval_id: UUID) -> Sequence[IssuedDocument]:
    waiting = select(IssuedDocument).where(IssuedDocument.approval_id == approval_id, IssuedDocument.state == State.WAITING)
    return (await session.scalars(waiting.order_by(IssuedDocument.id).with_for_update())).all()


async def _prepared(document: IssuedDocument, person_id: UUID, press: Press, at: datetime) -> Pending:
    """Once for each approval: the person's telephone shows the digest, and the same must be asked for again."""
    if document.pending is not None:
        return Pending.from_json(document.pending)
    begun = await press.begin(document, person_id, at)
    document.prepared_key, document.pending = uuid7(), begun.pending.to_json()
    await press.blobs.put_bytes(document.prepared_key, document.dossier_id, begun.pdf)
    return begun.pending


def _release(session: AsyncSession, document: IssuedDocument, problem: str | None) -> None:
    """Back into the signer's queue; the next approval begins anew, with its own moment on the stamp."""
    if document.prepared_key is not None:
        outbox.put(session, ERASE, document_id=document.prepared_key)
    document.approval_id = document.prepared_key = document.pending = None
    document.error = problem if problem in WHY_NOT else None


def _remember(session: AsyncSession, actor: Actor, event: Event, document: IssuedDocument, *, at: datetime) -> None:
    about = {"kind": document.kind, "number": document.number}
    record(
        session, actor, event, subject_kind="issued", subject_id=document.id, dossier_id=document.dossier_id, detail=about, at=at
    )


def _sealed(key: bytes, approval_id: UUID, pin: str, otp: str) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + _box(key).encrypt(nonce, json.dumps([pin, otp]).encode(), approval_id.bytes)


def _opened(key: bytes, batch: Batch) -> Consent:
    """An approval whose secret does not open (the portal's key was changed meanwhile) is asked for without it."""
    if batch.secret is None:
        return Consent()
    try:
        plain = _box(key).decrypt(batch.secret[:_NONCE_BYTES], batch.secret[_NONCE_BYTES:], batch.approval_id.bytes)
    except InvalidTag as changed:
        raise KeyFailed("wrong-pin", "the secret does not open") from changed
    pin, otp = json.loads(plain)
    return Consent(pin, otp)


def box_key(settings: Settings) -> bytes:
    """What seals the signers' secrets: the portal's own secret."""
    if not settings.secret_key:
        raise RuntimeError("no key for signers' secrets: set MOTCUA_SECRET_KEY")
    return settings.secret_key.get_secret_value().encode()


def _box(key: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=b"motcua signing approval").derive(key))
