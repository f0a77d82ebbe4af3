"""Change the trust store by two persons; ask certificate authorities and keep what they say (worker only)."""

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from datetime import datetime
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jws
from joserfc.jwk import OKPKey
from sqlalchemy import delete, func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

import signing
from app.approvals import actions as approvals
from app.audit.events import Event
from app.audit.record import record
from app.core.actor import Actor
from app.core.db import Sessions, transaction
from app.core.errors import Conflict
from app.core.permissions import Permission
from app.core.settings import Settings
from app.core.text import Text
from app.trust import queries
from app.trust.models import KeptAnswer, RevocationEvidence, TrustEpoch
from app.trust.rules import KEPT_AFTER_END, SKEW
from signing.revocation import fits

TRUST_CHANGE = "trust.change"
_OVERTAKEN = Text(
    "Kho tin cậy đã thay đổi sau khi có đề nghị này. Hãy từ chối đề nghị và lập lại trên đợt đang áp dụng.",
    "The trust store has changed since this was proposed. Turn it down and propose it anew on what is in force.",
)
Gather = Callable[[Sequence[signing.Need]], Awaitable[signing.Evidence]]
"""`gather` with everything but the questions filled in: what jobs hand around."""


def store_key(settings: Settings) -> OKPKey:
    """The key that signs the trust store, derived from the portal's secret: only its processes can put an epoch into force."""
    if not settings.secret_key:
        raise RuntimeError("no key for the trust store: set MOTCUA_SECRET_KEY")
    derive = HKDF(SHA256(), 32, salt=None, info=b"mot-cua trust store")
    private = Ed25519PrivateKey.from_private_bytes(derive.derive(settings.secret_key.get_secret_value().encode()))
    return OKPKey.import_key(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


async def propose(session: AsyncSession, actor: Actor, content: signing.TrustSnapshot, note: str, *, at: datetime) -> UUID:
    """Propose a whole new trust store; another administrator adopts it, unless another epoch has come into force by then."""
    actor.must(Permission.TRUST_MANAGE)
    in_force = await queries.snapshot(session)
    payload = {"content": content.to_json(), "note": note, "base": in_force.epoch}
    approval_id = await approvals.ask(session, actor, TRUST_CHANGE, payload, at=at)
    record(session, actor, Event.TRUST_PROPOSED, subject_kind="approval", subject_id=approval_id, at=at)
    return approval_id


async def reject(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """Turn a proposed trust store down."""
    actor.must(Permission.TRUST_MANAGE)
    await approvals.reject(session, actor, approval_id, TRUST_CHANGE, at=at)
    record(session, actor, Event.TRUST_REJECTED, subject_kind="approval", subject_id=approval_id, at=at)


async def adopt(session: AsyncSession, actor: Actor, approval_id: UUID, *, key: OKPKey, at: datetime) -> int:
    """Put a proposed trust store into force; the answer is its epoch. Checks made from now on use it."""
    actor.must(Permission.TRUST_MANAGE)
    proposal = await approvals.confirm(session, actor, approval_id, TRUST_CHANGE, at=at)
    content = signing.TrustSnapshot.from_json(proposal["content"])
    await session.execute(text("SELECT pg_advisory_xact_lock(hashtext('trust epoch'))"))
    in_force = await queries.snapshot(session)
    if proposal.get("base", in_force.epoch) != in_force.epoch:
        raise Conflict(_OVERTAKEN)
    return await put_into_force(session, actor, content, proposal["note"], approval_id=approval_id, key=key, at=at)


async def put_into_force(
    session: AsyncSession,
    actor: Actor,
    content: signing.TrustSnapshot,
    note: str,
    *,
    approval_id: UUID | None = None,
    key: OKPKey,
    at: datetime,
) -> int:
    """Write the next epoch, signed with the portal's key. Two-person acts come through `adopt`; set-up directly."""
    last = await session.scalar(select(func.max(TrustEpoch.epoch)))
    stamped = dataclasses.replace(content, epoch=(last or 0) + 1)
    row = TrustEpoch(
        epoch=stamped.epoch,
        content=stamped.to_json(),
        note=note,
        adopted_at=at,
        approval_id=approval_id,
        signature=jws.serialize_compact({"alg": "Ed25519", "kid": key.thumbprint()}, stamped.digest, key, ["Ed25519"]),
    )
    session.add(row)
    detail = {"digest": stamped.digest}
    record(session, actor, Event.TRUST_ADOPTED, subject_kind="trust_epoch", subject_id=str(stamped.epoch), detail=detail, at=at)
    return stamped.epoch


async def gather(sessions: Sessions, needs: Iterable[signing.Need], *, loopback: bool, at: datetime) -> signing.Evidence:
    """Answers to `needs`: those kept that still serve, the rest from the network and kept. What nobody answers is left out.

    For the worker only, and with sessions instead of a session: no transaction stays open while an authority thinks.
    """
    wanted = list(needs)
    async with transaction(sessions) as session:
        known = await queries.answers(session, wanted, at=at)
        rules = await queries.fetch_rules(session, loopback=loopback)
        trust = await queries.snapshot(session)
    fetched = await _fetch_all([need for need in wanted if need.key not in known], rules, trust, at)
    async with transaction(sessions) as session:
        await keep(session, fetched, at=at)
    return signing.Evidence().with_items([*known.values(), *(item for _, item in fetched)])


async def refresh(sessions: Sessions, *, loopback: bool, at: datetime, serials: Collection[str] = ()) -> int:
    """Fetch the revocation lists that are due, ahead of their end; the answer is how many came. A job of the worker.

    Authorities that answer one by one are asked again about the certificates with these `serials`.
    """
    async with transaction(sessions) as session:
        needs = [*await queries.due_lists(session, at=at), *await queries.due_answers(session, serials, at=at)]
        rules = await queries.fetch_rules(session, loopback=loopback)
        trust = await queries.snapshot(session)
    fetched = await _fetch_all(needs, rules, trust, at)
    async with transaction(sessions) as session:
        await keep(session, fetched, at=at)
        ended = RevocationEvidence.next_update < at - KEPT_AFTER_END
        await session.execute(delete(RevocationEvidence).where(RevocationEvidence.kind == signing.Source.OCSP, ended))
    return len(fetched)


async def keep(session: AsyncSession, fetched: Iterable[tuple[signing.Need, signing.Item]], *, at: datetime) -> None:
    """Keep answers, each in place of the older one to the same question."""
    for need, item in sorted(
        fetched, key=lambda pair: pair[0].key
    ):  # one order for all, so that two writers never lock crosswise
        told = {
            "kind": need.source,
            "url": need.url,
            "issuer_sha256": need.issuer_sha256,
            "serial": need.serial,
            "request": need.request,
            "der": item.der,
            "sha256": item.sha256,
            "this_update": item.this_update,
            "next_update": item.next_update,
            "fetched_at": at,
        }
        row = insert(RevocationEvidence).values(key=need.key, **told)
        await session.execute(row.on_conflict_do_update(index_elements=["key"], set_=told))


async def keep_for_good(session: AsyncSession, items: Iterable[signing.Item], *, at: datetime) -> list[str]:
    """Keep the answers that something rests on, each once; their hashes."""
    rows = [
        {
            "sha256": item.sha256,
            "kind": item.source,
            "url": item.url,
            "der": item.der,
            "this_update": item.this_update,
            "next_update": item.next_update,
            "kept_at": at,
        }
        for item in sorted(items, key=lambda item: item.sha256)  # one order for all writers
    ]
    if rows:
        await session.execute(insert(KeptAnswer).on_conflict_do_nothing(), rows)
    return [str(row["sha256"]) for row in rows]


async def _fetch_all(
    needs: list[signing.Need], rules: signing.FetchRules, trust: signing.TrustSnapshot, at: datetime
) -> list[tuple[signing.Need, signing.Item]]:
    """What came and may be kept: a forged list, or one from a day to come, must not push a good one out."""
    answers = await asyncio.gather(*(_fetch(need, rules) for need in needs))
    found = [answer for answer in answers if answer is not None]
    return [(need, item) for need, item in found if item.this_update <= at + SKEW and fits(need, item, trust)]


async def _fetch(need: signing.Need, rules: signing.FetchRules) -> tuple[signing.Need, signing.Item] | None:
    try:
        return need, await signing.fetch(need, rules)
    except signing.FetchFailed:
        return None
