"""A client's keys in its own hands: it puts in the next, ends the old, or publishes them where the worker fetches them.

Two keys are good at the same time for as long as the client likes, so nothing of it stands still while it changes over.
"""

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.db import Sessions, transaction
from app.core.errors import Conflict, Incomplete, NotFound, Problem, WrongState
from app.core.text import Text
from app.sharing.actions import end_tokens_of_key
from app.sharing.models import ClientKey, OauthClient
from app.sharing.oauth import ASSERTION_ALGORITHMS
from app.sharing.proofs import WITH_KEY
from app.sharing.rules import Status, fault_of_key
from signing.fetch import FetchFailed, FetchRules, exchange

log = logging.getLogger("motcua.sharing")

INTRODUCTION = "client-key+jwt"
"""The `typ` of the JWS by which a new key introduces itself."""

KEY_LIFE = timedelta(days=730)
MOST_KEYS = 4
MOST_PUBLISHED = 8
FRESH_SECONDS = 60
LARGEST_SET = 65_536


class Origin(StrEnum):
    """Who brought a key: an officer of ours, the client itself, or the worker from the client's `jwks_uri`."""

    REGISTERED = "registered"
    OWN = "own"
    PUBLISHED = "published"


class TooManyKeys(WrongState):
    """As many keys as a client may have are good already."""

    slug = "too-many-keys"
    text = Text(
        f"Ứng dụng đã có {MOST_KEYS} khóa dùng được. Hãy kết thúc một khóa cũ rồi thêm khóa mới.",
        f"The client has {MOST_KEYS} good keys already. End an old one, then add the new one.",
    )


class LastKey(WrongState):
    """Without it the client could never come back."""

    slug = "last-key"
    text = Text(
        "Đây là khóa dùng được cuối cùng. Hãy thêm khóa mới trước khi kết thúc khóa này.",
        "This is the last good key. Add a new one before you end it.",
    )


class KeysPublished(WrongState):
    """The client's keys come from its own address."""

    slug = "keys-published"
    text = Text(
        "Khóa của ứng dụng này lấy từ jwks_uri. Hãy thay khóa tại địa chỉ đó.",
        "The keys of this client come from its jwks_uri. Change them there.",
    )


class UsedKey(Conflict):
    """The name or the key itself has been used before, for another key or by one that was ended."""

    slug = "key-used-before"
    text = Text(
        "Khóa hoặc kid này đã được dùng trước đây. Hãy tạo khóa mới với kid mới.",
        "This key or its kid has been used before. Make a new key with a new kid.",
    )


def _refused(vi: str, en: str) -> Incomplete:
    return Incomplete([Problem("introduction", "introduction", Text(vi, en))])


@dataclass(frozen=True, slots=True)
class KeyCard:
    """A key as its client sees it. `good` says whether an assertion signed with it is taken now."""

    kid: str
    kind: str
    origin: Origin
    valid_from: datetime
    valid_to: datetime | None
    revoked_at: datetime | None
    good: bool


async def own_keys(session: AsyncSession, client_id: str, *, at: datetime) -> list[KeyCard]:
    """All keys that a client ever had, the newest first."""
    rows = await session.scalars(
        select(ClientKey).where(ClientKey.client_id == client_id).order_by(ClientKey.valid_from.desc(), ClientKey.kid)
    )
    return [_card(row, at) for row in rows]


@dataclass(frozen=True, slots=True)
class Keyring:
    """A client as those see it who look after keys."""

    client_id: str
    name: str
    status: str
    sender_constraint: str
    jwks_uri: str | None
    jwks_fetched_at: datetime | None
    keys: tuple[KeyCard, ...]


async def keyrings(session: AsyncSession, *, party: str | None = None, at: datetime) -> list[Keyring]:
    """All clients, or those of one party, with all their keys, by party and id."""
    chosen = select(OauthClient).order_by(OauthClient.party, OauthClient.client_id)
    clients = list(await session.scalars(chosen.where(OauthClient.party == party) if party else chosen))
    held: dict[str, list[KeyCard]] = {}
    for row in await session.scalars(select(ClientKey).order_by(ClientKey.valid_from.desc(), ClientKey.kid)):
        held.setdefault(row.client_id, []).append(_card(row, at))
    return [
        Keyring(
            one.client_id,
            one.name,
            one.status,
            one.sender_constraint,
            one.jwks_uri,
            one.jwks_fetched_at,
            tuple(held.get(one.client_id, ())),
        )
        for one in clients
    ]


async def add_own_key(
    session: AsyncSession, client_id: str, introduction: str, *, resource: str, by: Actor | None = None, at: datetime
) -> KeyCard:
    """Take a new key that introduces itself; the same again changes nothing. `by`: its party's officer, when not the client.

    The introduction is a JWS signed with that key: `typ` client-key+jwt and `jwk` (public, with `kid`) in the header; `iss`
    (the client), `aud` (`resource`) and `iat` as claims. So nobody can put in a key that he does not hold.
    """
    jwk = _introduced(introduction, client_id, resource, at)
    client, keys = await _locked(session, client_id)
    if client.jwks_uri:
        raise KeysPublished
    same = next((key for key in keys if key.kid == jwk["kid"] or _material(key.jwk) == _material(jwk)), None)
    if same is not None:
        if not _is_good(same, at) or same.jwk != jwk:
            raise UsedKey
        return _card(same, at)
    if sum(_is_good(key, at) for key in keys) >= MOST_KEYS:
        raise TooManyKeys
    made = _put(session, client_id, jwk, Origin.OWN, until=at + KEY_LIFE, at=at)
    _note(session, by or _itself(client_id), Event.KEY_ADDED, made, at)
    return _card(made, at)


async def end_own_key(session: AsyncSession, client_id: str, kid: str, *, by: Actor | None = None, at: datetime) -> None:
    """Refuse a key and the tokens got with it from now on; it never comes back. `LastKey` for the last good one."""
    client, keys = await _locked(session, client_id)
    if client.jwks_uri:
        raise KeysPublished
    good = [key for key in keys if _is_good(key, at)]
    key = next((one for one in good if one.kid == kid), None)
    if key is None:
        raise NotFound
    if len(good) == 1:
        raise LastKey
    key.revoked_at = at
    await end_tokens_of_key(session, client_id, kid, at=at)
    _note(session, by or _itself(client_id), Event.KEY_REVOKED, key, at)


# ---------------------------------------------------------------- published by the client


async def fetch_published(sessions: Sessions, hosts: Collection[str], *, loopback: bool, at: datetime) -> int:
    """Fetch the keys of all clients that publish them. What cannot be fetched or read changes nothing."""
    async with transaction(sessions) as session:
        chosen = select(OauthClient.client_id, OauthClient.jwks_uri).where(
            OauthClient.jwks_uri.is_not(None), OauthClient.status == Status.ACTIVE
        )
        clients = list(await session.execute(chosen))
    taken = 0
    for client_id, uri in clients:
        found = await _fetched(uri or "", hosts, loopback=loopback)
        if found:
            async with transaction(sessions) as session:
                await take_published(session, client_id, found, at=at)
            taken += 1
    return taken


async def take_published(session: AsyncSession, client_id: str, published: Sequence[Mapping[str, Any]], *, at: datetime) -> None:
    """Make the published keys the client's keys: new ones are added, those no longer there end. A revoked key stays so."""
    client, keys = await _locked(session, client_id)
    client.jwks_fetched_at = at
    known = {key.kid: key for key in keys}
    wanted = {str(jwk["kid"]): jwk for jwk in published}
    for kid, jwk in wanted.items():
        key = known.get(kid)
        if key is None:
            made = _put(session, client_id, _public(jwk), Origin.PUBLISHED, until=None, at=at)
            _note(session, SYSTEM, Event.KEY_ADDED, made, at)
        elif _material(key.jwk) != _material(jwk):
            log.warning("a client published another key under a known kid", extra={"client": client_id})
        elif key.valid_to is not None and key.valid_to <= at:
            key.valid_to = None
    for key in keys:
        if key.kid not in wanted and _is_good(key, at):
            key.valid_to = at
            await end_tokens_of_key(session, client_id, key.kid, at=at)
            _note(session, SYSTEM, Event.KEY_REVOKED, key, at)


async def _fetched(uri: str, hosts: Collection[str], *, loopback: bool) -> list[Mapping[str, Any]]:
    """The usable keys at `uri`; none when it may not be asked, does not answer, or answers something else."""
    if urlsplit(uri).scheme != "https" and not loopback:
        return []
    rules = FetchRules(hosts=frozenset(hosts), allow_loopback=loopback, max_bytes=LARGEST_SET)
    try:
        said = json.loads(await exchange(uri, rules))["keys"][:MOST_PUBLISHED]
        return [jwk for jwk in said if isinstance(jwk, dict) and fault_of_key(jwk) is None]
    except (FetchFailed, ValueError, KeyError, TypeError, RecursionError) as failed:
        log.warning("a client's keys were not fetched: %s", type(failed).__name__, extra={"host": urlsplit(uri).hostname})
        return []


# ---------------------------------------------------------------- what both share


async def _locked(session: AsyncSession, client_id: str) -> tuple[OauthClient, list[ClientKey]]:
    """The client, held so that two changes of its keys cannot pass each other, and all its keys."""
    client = await session.scalar(select(OauthClient).where(OauthClient.client_id == client_id).with_for_update())
    if client is None:
        raise NotFound
    return client, list(await session.scalars(select(ClientKey).where(ClientKey.client_id == client_id)))


def _put(
    session: AsyncSession, client_id: str, jwk: dict[str, Any], origin: Origin, *, until: datetime | None, at: datetime
) -> ClientKey:
    key = ClientKey(
        client_id=client_id, kid=jwk["kid"], jwk=jwk, valid_from=at, valid_to=until, revoked_at=None, origin=origin.value
    )
    session.add(key)
    return key


def _introduced(introduction: str, client_id: str, resource: str, at: datetime) -> dict[str, Any]:
    """The new public key, shown to be in the client's hands. Raises `Incomplete`."""
    try:
        header = jws.extract_compact(introduction.encode(), registry=WITH_KEY).headers()
        jwk = header["jwk"]
        if header.get("typ") != INTRODUCTION or fault_of_key(jwk):
            raise _refused("Sai “typ” hoặc khóa không dùng được.", "The typ is wrong or the key cannot be used.")
        claims = jwt.decode(introduction, import_key(_public(jwk)), algorithms=ASSERTION_ALGORITHMS, registry=WITH_KEY).claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _refused("Không đọc được hoặc chữ ký sai.", "It cannot be read, or its signature is wrong.") from error
    now, iat = at.timestamp(), claims.get("iat")
    if claims.get("iss") != client_id or claims.get("aud") != resource:
        raise _refused("“iss” hoặc “aud” không đúng.", "iss must be the client_id and aud this resource.")
    if isinstance(iat, bool) or not isinstance(iat, int | float) or abs(now - iat) > FRESH_SECONDS:
        raise _refused("“iat” phải là bây giờ.", "iat must be now.")
    return _public(jwk)


_MATERIAL = ("kty", "crv", "x", "y", "n", "e")


def _public(jwk: Mapping[str, Any]) -> dict[str, Any]:
    """Only what we use of a key: what else a client says of it is not kept."""
    return {name: jwk[name] for name in (*_MATERIAL, "kid") if name in jwk}


def _material(jwk: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(jwk.get(name) for name in _MATERIAL)


def _is_good(key: ClientKey, at: datetime) -> bool:
    return key.valid_from <= at and (key.valid_to is None or key.valid_to > at) and key.revoked_at is None


def _card(key: ClientKey, at: datetime) -> KeyCard:
    kind = f"{key.jwk['kty']} {key.jwk.get('crv', '')}".strip()
    return KeyCard(key.kid, kind, Origin(key.origin), key.valid_from, key.valid_to, key.revoked_at, _is_good(key, at))


def _itself(client_id: str) -> Actor:
    return Actor(ActorKind.CLIENT, client_id=client_id)


def _note(session: AsyncSession, actor: Actor, event: Event, key: ClientKey, at: datetime) -> None:
    detail = {"kid": key.kid, "origin": key.origin}
    record(session, actor, event, subject_kind="oauth_client", subject_id=key.client_id, detail=detail, at=at)
