"""Letting others in: parties, their clients and keys. Agreements have a room of their own (`agreements`)."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import Actor
from app.core.errors import Conflict, Incomplete, NotFound, Problem, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing import keys, scopes
from app.sharing.models import ClientKey, IssuedToken, OauthClient, Party, RevokedJti, UsedAssertion, UsedProof
from app.sharing.rules import IDENTIFIER, Status, fault_of_key


async def register_party(
    session: AsyncSession,
    actor: Actor,
    *,
    code: str,
    name_vi: str,
    name_en: str,
    contact: str,
    phone: str,
    email: str,
    budget_code: str | None = None,
    at: datetime,
) -> None:
    """Enter an agency or company, or correct what is known of it. One contact officer and one public phone (NĐ 47/2020 Đ.7).

    `budget_code` (mã đơn vị quan hệ ngân sách) is what an agency's certificate must say when it signs an agreement.
    """
    actor.must(Permission.SHARING_MANAGE)
    _must_be_identifier("code", code)
    fresh = {"name_vi": name_vi, "name_en": name_en, "contact": contact, "phone": phone, "email": email}
    fresh |= {"budget_code": budget_code} if budget_code else {}
    row = insert(Party).values(code=code, created_at=at, **fresh)
    await session.execute(row.on_conflict_do_update(index_elements=["code"], set_=fresh))
    record(session, actor, Event.PARTY_REGISTERED, subject_kind="party", subject_id=code, at=at)


async def register_client(
    session: AsyncSession,
    actor: Actor,
    *,
    client_id: str,
    party: str,
    name: str,
    scopes: Sequence[str],
    jwks: Sequence[Mapping[str, Any]],
    tax_code: str | None = None,
    environment: str = "production",
    sender_constraint: str = "dpop",
    jwks_uri: str | None = None,
    at: datetime,
) -> None:
    """Enter a machine of a party with its first keys, or correct it. A filing client is bound to one company's tax code.

    Its tokens are bound to a key of its proofs (`dpop`) or to the certificate it calls with (`mtls`). With `jwks_uri` the
    worker takes its keys from there, once the host is on the list of MOTCUA_CLIENT_JWKS_HOSTS.
    """
    actor.must(Permission.SHARING_MANAGE)
    _must_be_identifier("client_id", client_id)
    _must_be_scopes(scopes, tax_code)
    _must_be_bound(sender_constraint, scopes)
    fresh = {"party": party, "name": name, "scopes": list(scopes), "tax_code": tax_code, "environment": environment}
    fresh |= {"sender_constraint": sender_constraint, "jwks_uri": jwks_uri}
    row = insert(OauthClient).values(client_id=client_id, status=Status.ACTIVE, created_at=at, **fresh)
    await session.execute(row.on_conflict_do_update(index_elements=["client_id"], set_=fresh))
    record(session, actor, Event.CLIENT_REGISTERED, subject_kind="oauth_client", subject_id=client_id, at=at)
    for jwk in jwks:
        await add_client_key(session, actor, client_id=client_id, jwk=jwk, valid_from=at, at=at)


def _must_be_identifier(where: str, value: str) -> None:
    if not IDENTIFIER.fullmatch(value):
        raise Incomplete([Problem(where, "identifier", Text("Mã không hợp lệ.", "This is not a valid code."))])


def _must_be_scopes(wanted: Sequence[str], tax_code: str | None) -> None:
    if not wanted or not set(wanted) <= set(scopes.ALL):
        raise Incomplete([Problem("scopes", "unknown-scope", Text("Phạm vi không hợp lệ.", "There is no such scope."))])
    if (scopes.FILING in wanted) != (tax_code is not None):
        text = Text(
            "Ứng dụng nộp hồ sơ phải gắn với mã số thuế; ứng dụng khác thì không.",
            "A filing client needs a tax code; others have none.",
        )
        raise Incomplete([Problem("tax_code", "tax-code", text)])


def _must_be_bound(constraint: str, wanted: Sequence[str]) -> None:
    if constraint == "dpop" or (constraint == "mtls" and scopes.FILING not in wanted):
        return
    text = Text(
        "Mã truy cập phải gắn với khóa DPoP; chỉ ứng dụng đọc dữ liệu mới có thể gắn với chứng thư số (mtls).",
        "Tokens are bound to a DPoP key; only clients that read data may bind them to a certificate (mtls).",
    )
    raise Incomplete([Problem("sender_constraint", "sender-constraint", text)])


async def add_client_key(
    session: AsyncSession,
    actor: Actor,
    *,
    client_id: str,
    jwk: Mapping[str, Any],
    valid_from: datetime,
    valid_to: datetime | None = None,
    at: datetime,
) -> None:
    """Add a public key; the same key again changes nothing, another key under the same `kid` is a conflict."""
    actor.must(Permission.SHARING_MANAGE)
    if fault := fault_of_key(jwk):
        raise Incomplete([Problem("jwk", "client-key", fault)])
    known = await session.get(ClientKey, (client_id, jwk["kid"]))
    if known is not None:
        if known.jwk != dict(jwk):
            raise Conflict
        return
    key = ClientKey(client_id=client_id, kid=jwk["kid"], jwk=dict(jwk), valid_from=valid_from, valid_to=valid_to, revoked_at=None)
    session.add(key)
    await session.flush()
    detail = {"kid": jwk["kid"]}
    record(session, actor, Event.KEY_ADDED, subject_kind="oauth_client", subject_id=client_id, detail=detail, at=at)


async def revoke_client_key(session: AsyncSession, actor: Actor, *, client_id: str, kid: str, at: datetime) -> None:
    """Refuse a key from now on, and every token that was got with it."""
    actor.must(Permission.SHARING_MANAGE)
    key = await session.get(ClientKey, (client_id, kid))
    if key is None:
        raise NotFound
    key.revoked_at = key.revoked_at or at
    await end_tokens_of_key(session, client_id, kid, at=at)
    record(session, actor, Event.KEY_REVOKED, subject_kind="oauth_client", subject_id=client_id, detail={"kid": kid}, at=at)


async def end_tokens_of_key(session: AsyncSession, client_id: str, kid: str, *, at: datetime) -> None:
    """Take back the living tokens that were got with one key: whoever held it may hold them too."""
    theirs = select(IssuedToken.jti, IssuedToken.expires, literal(at)).where(
        IssuedToken.client_id == client_id, IssuedToken.kid == kid, IssuedToken.expires > at
    )
    await session.execute(insert(RevokedJti).from_select(["jti", "expires", "at"], theirs).on_conflict_do_nothing())


async def suspend_client(session: AsyncSession, actor: Actor, *, client_id: str, at: datetime) -> None:
    """Shut a client out at once: no new token, and no token of its any longer works."""
    actor.must(Permission.SHARING_MANAGE)
    client = await session.get(OauthClient, client_id)
    if client is None:
        raise NotFound
    client.status = Status.SUSPENDED
    record(session, actor, Event.CLIENT_SUSPENDED, subject_kind="oauth_client", subject_id=client_id, at=at)


async def resume_client(session: AsyncSession, actor: Actor, *, client_id: str, at: datetime) -> None:
    """Let a suspended client in again, with the keys it still has."""
    actor.must(Permission.SHARING_MANAGE)
    client = await session.get(OauthClient, client_id)
    if client is None:
        raise NotFound
    if client.status != Status.SUSPENDED:
        raise WrongState
    client.status = Status.ACTIVE
    record(session, actor, Event.CLIENT_RESUMED, subject_kind="oauth_client", subject_id=client_id, at=at)


# ---------------------------------------------------------------- the server's own keys and memory


async def rotate_server_key(session: AsyncSession, actor: Actor, *, secret: bytes, at: datetime) -> str:
    """Make the next signing key: published now, used once every cache has seen it. Returns its `kid`."""
    actor.must(Permission.SHARING_MANAGE)
    key = keys.add_key(session, secret, active_from=at + keys.PUBLISHED_AHEAD, at=at)
    record(session, actor, Event.SERVER_KEY_ROTATED, subject_kind="server_key", subject_id=key.kid, at=at)
    return key.kid


async def sweep(session: AsyncSession, *, at: datetime) -> None:
    """Forget what can no longer be replayed: spent proofs and assertions, ended tokens."""
    for table in (UsedProof, UsedAssertion, RevokedJti, IssuedToken):
        await session.execute(delete(table).where(table.expires < at))
