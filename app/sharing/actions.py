"""Letting others in: parties, their clients and keys, and agreements from proposal to end."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, literal, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor
from app.core.errors import Conflict, Incomplete, NotAllowed, NotFound, Problem, WrongState
from app.core.permissions import Permission
from app.core.text import Text
from app.sharing import keys, scopes
from app.sharing.models import (
    Agreement,
    AgreementGrant,
    ClientKey,
    IssuedToken,
    OauthClient,
    Party,
    RevokedJti,
    UsedAssertion,
    UsedProof,
)
from app.sharing.rules import IDENTIFIER, Status, Terms, fault_of_key, faults_of_terms

MINISTRY = "G02"


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
    at: datetime,
) -> None:
    """Enter an agency or company, or correct what is known of it. One contact officer and one public phone (NĐ 47/2020 Đ.7)."""
    actor.must(Permission.SHARING_MANAGE)
    _must_be_identifier("code", code)
    fresh = {"name_vi": name_vi, "name_en": name_en, "contact": contact, "phone": phone, "email": email}
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


# ---------------------------------------------------------------- agreements


@dataclass(frozen=True, slots=True)
class Proposed:
    """An agreement version ready to be signed; both sides sign `content_hash`."""

    code: str
    version: int
    content_hash: str


async def propose_agreement(session: AsyncSession, actor: Actor, terms: Terms, *, at: datetime) -> Proposed:
    """Write down the terms as the next version. Nothing of them changes afterwards."""
    actor.must(Permission.SHARING_MANAGE)
    if problems := faults_of_terms(terms):
        raise Incomplete(problems)
    last = await session.scalar(select(func.max(Agreement.version)).where(Agreement.code == terms.code))
    version = (last or 0) + 1
    agreement = _agreement_row(terms, version, actor, at)
    session.add(agreement)
    await session.flush()
    session.add_all(
        AgreementGrant(
            agreement=terms.code,
            version=version,
            dataset=grant.dataset.value,
            actions=list(grant.actions),
            fields=list(grant.fields),
            row_filter=dict(grant.row_filter),
            rate=grant.rate,
            quota_day=grant.quota_day,
            signed_response=grant.signed_response,
            notify_subject=grant.notify_subject,
        )
        for grant in terms.grants
    )
    await session.flush()
    _note(session, actor, Event.AGREEMENT_PROPOSED, agreement, at)
    return Proposed(terms.code, version, agreement.content_hash)


def _agreement_row(terms: Terms, version: int, actor: Actor, at: datetime) -> Agreement:
    return Agreement(
        code=terms.code,
        version=version,
        party=terms.party,
        title_vi=terms.title.vi,
        title_en=terms.title.en,
        purposes=[asdict(purpose) for purpose in terms.purposes],
        legal_basis=[asdict(basis) for basis in terms.legal_basis],
        items=dict(terms.items),
        valid_from=terms.valid_from,
        valid_to=terms.valid_to,
        content_hash=terms.content_hash(version),
        status=Status.DRAFT,
        signatures=[],
        proposed_by=actor.ref,
        proposed_at=at,
        activated_at=None,
        ended_at=None,
    )


async def sign_agreement(
    session: AsyncSession, actor: Actor, *, code: str, version: int, party: str, signer: str, signature: str, at: datetime
) -> None:
    """Enter the signature of one side over the content hash; with both sides the version is signed."""
    actor.must(Permission.SHARING_MANAGE)
    agreement = await _agreement(session, code, version, Status.DRAFT)
    if party not in {MINISTRY, agreement.party} or any(one["party"] == party for one in agreement.signatures):
        raise Conflict
    line = {
        "party": party,
        "signer": signer,
        "signature": signature,
        "content_hash": agreement.content_hash,
        "at": at.isoformat(),
    }
    agreement.signatures = [*agreement.signatures, line]
    if {one["party"] for one in agreement.signatures} == {MINISTRY, agreement.party}:
        agreement.status = Status.SIGNED
    _note(session, actor, Event.AGREEMENT_SIGNED, agreement, at)


async def activate_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, at: datetime) -> None:
    """Bring a signed version into force, which ends the one before. Not by whoever proposed it."""
    actor.must(Permission.SHARING_MANAGE)
    agreement = await _agreement(session, code, version, Status.SIGNED)
    if agreement.proposed_by == actor.ref and actor is not SYSTEM:
        raise NotAllowed(
            Text(
                "Người đề xuất không được tự đưa thỏa thuận vào hiệu lực. Hãy để người khác xác nhận.",
                "Whoever proposed an agreement may not bring it into force. Let another person confirm it.",
            )
        )
    before = (Agreement.code == code) & (Agreement.status.in_([Status.ACTIVE, Status.SUSPENDED]))
    await session.execute(update(Agreement).where(before).values(status=Status.ENDED, ended_at=at))
    agreement.status, agreement.activated_at = Status.ACTIVE, at
    _note(session, actor, Event.AGREEMENT_ACTIVATED, agreement, at)


async def end_agreement(session: AsyncSession, actor: Actor, *, code: str, version: int, at: datetime) -> None:
    """End a version at once; tokens under it no longer read."""
    actor.must(Permission.SHARING_MANAGE)
    agreement = await _agreement(session, code, version, Status.ACTIVE)
    agreement.status, agreement.ended_at = Status.ENDED, at
    _note(session, actor, Event.AGREEMENT_ENDED, agreement, at)


async def _agreement(session: AsyncSession, code: str, version: int, status: Status) -> Agreement:
    chosen = select(Agreement).where(Agreement.code == code, Agreement.version == version).with_for_update()
    agreement = await session.scalar(chosen)
    if agreement is None:
        raise NotFound
    if agreement.status != status:
        raise WrongState
    return agreement


def _note(session: AsyncSession, actor: Actor, event: Event, agreement: Agreement, at: datetime) -> None:
    detail = {"version": agreement.version, "content_hash": agreement.content_hash}
    record(session, actor, event, subject_kind="agreement", subject_id=agreement.code, detail=detail, at=at)


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
