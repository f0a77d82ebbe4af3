"""Signing in and out, keeping what was typed, and giving roles by two persons."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import delete, exists, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.approvals import actions as approvals
from app.audit.events import Event
from app.audit.record import record
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, NotFound
from app.core.ids import uuid7
from app.core.permissions import Permission, Role
from app.core.text import Language, Text, fold
from app.identity import kept, oidc
from app.identity.claims import Claims, Organisation
from app.identity.kept import Kept, hashed
from app.identity.models import (
    Enterprise,
    KeptForm,
    Mandate,
    Person,
    ProviderMetadata,
    RoleGrant,
    SignInAttempt,
    Unit,
    WebSession,
)
from app.identity.queries import grant_exists, has_role, session_actor
from app.identity.roster import Listed, changes, read
from app.identity.rules import (
    ABSOLUTE,
    ATTEMPT_LIFE,
    KEPT_FORM_LIFE,
    NO_ROLE,
    ROLE_GRANT,
    TOUCH_EVERY,
    SignInRefused,
    safe_return,
)
from app.identity.shared import share_enterprise

HAS_ADMINISTRATOR = Text(
    "Cổng đã có người quản trị. Người quản trị mới do hai người quản trị hiện có giao vai trò.",
    "The portal has an administrator already. Two administrators give the role to the next one.",
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What was remembered of a sign-in while the person was at the identity provider."""

    nonce: str
    verifier: str
    return_to: str


async def begin_sign_in(
    session: AsyncSession, client: oidc.Client, *, browser: str, return_to: str | None, language: Language, at: datetime
) -> str:
    """Remember a new attempt of this browser; the answer is the address to send it to."""
    provider = await _provider(session, client, at=at)
    made = oidc.new_secrets()
    session.add(
        SignInAttempt(
            state_hash=hashed(made.state),
            nonce=made.nonce,
            verifier=made.verifier,
            return_to=safe_return(return_to),
            browser_hash=hashed(browser),
            expires_at=at + ATTEMPT_LIFE,
        )
    )
    return oidc.authorization_url(client, provider, made, language)


async def take_attempt(
    session: AsyncSession, client: oidc.Client, state: str, *, browser: str | None, at: datetime
) -> tuple[Attempt, oidc.Provider]:
    """The attempt a callback belongs to, once only and only for the browser that began it."""
    wanted = (
        delete(SignInAttempt)
        .where(SignInAttempt.state_hash == hashed(state), SignInAttempt.browser_hash == hashed(browser or ""))
        .returning(SignInAttempt)
    )
    row = await session.scalar(wanted)
    if row is None or row.expires_at <= at:
        raise SignInRefused("state")
    return Attempt(row.nonce, row.verifier, row.return_to), await _provider(session, client, at=at)


async def meet(session: AsyncSession, claims: Claims) -> UUID:
    """Know the person, whether or not they may enter: an administrator gives a role to someone who has been here once."""
    return await put_person(session, claims.iss, claims.sub, claims.name, claims.email, claims.personal_number)


async def sign_in(session: AsyncSession, person_id: UUID, claims: Claims, *, replaces: str | None, at: datetime) -> str:
    """Open a session for a person we have met; the answer is its cookie, a new one at every sign-in.

    An organisation account brings its enterprise and a mandate. An official's roles come from the portal's own table,
    never from claims: whoever runs the identity provider must not be able to appoint a head of unit.
    """
    if claims.organisation is not None:
        await _admit(session, person_id, claims.organisation, at=at)
    elif not await has_role(session, person_id, at=at):
        raise SignInRefused("no-role", NO_ROLE)
    if replaces:
        await _revoke(session, replaces, at)
    return _open_session(session, person_id, claims, at)


def _open_session(session: AsyncSession, person_id: UUID, claims: Claims, at: datetime) -> str:
    cookie = secrets.token_urlsafe(32)
    tax_code = claims.organisation.tax_code if claims.organisation else None
    session.add(
        WebSession(
            id_hash=hashed(cookie),
            person_id=person_id,
            tax_code=tax_code,
            csrf=secrets.token_urlsafe(32),
            created_at=at,
            seen_at=at,
            expires_at=at + ABSOLUTE,
            acr=claims.acr,
            auth_time=datetime.fromtimestamp(claims.auth_time, UTC),
            provider_sid=claims.sid,
        )
    )
    who = Actor(kind=ActorKind.BUSINESS if tax_code else ActorKind.OFFICIAL, person_id=person_id)
    record(session, who, Event.SIGNED_IN, subject_kind="person", subject_id=person_id, detail={"acr": claims.acr}, at=at)
    return cookie


async def sign_out(session: AsyncSession, actor: Actor, cookie: str, *, at: datetime) -> None:
    """End the session on the server; its cookie is worth nothing from here."""
    await _revoke(session, cookie, at)
    record(session, actor, Event.SIGNED_OUT, subject_kind="person", subject_id=str(actor.person_id), at=at)


async def keep_alive(session: AsyncSession, cookie: str, *, at: datetime) -> None:
    """Write down that the session was used; at most once a minute, whatever the traffic."""
    used = update(WebSession).where(WebSession.id_hash == hashed(cookie), WebSession.seen_at <= at - TOUCH_EVERY)
    await session.execute(used.values(seen_at=at))


async def _revoke(session: AsyncSession, cookie: str, at: datetime) -> None:
    live = update(WebSession).where(WebSession.id_hash == hashed(cookie), WebSession.revoked_at.is_(None))
    await session.execute(live.values(revoked_at=at))


async def _admit(session: AsyncSession, person_id: UUID, organisation: Organisation, *, at: datetime) -> None:
    """An enterprise seen for the first time is written down as its account tells; a known one is the registry's to change."""
    known = organisation.model_dump(exclude={"rights"})
    search_key = fold(f"{organisation.tax_code} {organisation.name_vi} {organisation.name_en or ''}")
    added = insert(Enterprise).values(**known, search_key=search_key, source="sign-in").on_conflict_do_nothing()
    await session.execute(added)
    await share_enterprise(session, organisation.tax_code, at=at)
    rights = sorted(organisation.rights)
    held = select(Mandate).where(
        Mandate.person_id == person_id, Mandate.tax_code == organisation.tax_code, Mandate.valid_to.is_(None)
    )
    mandate = await session.scalar(held)
    if mandate is not None and mandate.rights == rights:
        return
    if mandate is not None:
        mandate.valid_to = at
    session.add(
        Mandate(id=uuid7(), person_id=person_id, tax_code=organisation.tax_code, rights=rights, valid_from=at, valid_to=None)
    )


async def refresh_provider(session: AsyncSession, client: oidc.Client, *, at: datetime) -> oidc.Provider:
    """Fetch and store what the provider publishes: a job of the worker, and once at the very first sign-in."""
    document, jwks = await oidc.fetch_metadata(client)
    fresh = {"document": document, "jwks": jwks, "fetched_at": at}
    stored = insert(ProviderMetadata).values(issuer=client.issuer, **fresh)
    await session.execute(stored.on_conflict_do_update(index_elements=["issuer"], set_=fresh))
    return oidc.provider_of(client, document, jwks)


async def _provider(session: AsyncSession, client: oidc.Client, *, at: datetime) -> oidc.Provider:
    row = await session.get(ProviderMetadata, client.issuer)
    return oidc.provider_of(client, row.document, row.jwks) if row else await refresh_provider(session, client, at=at)


async def keep_form(
    session: AsyncSession,
    *,
    cookie: str | None,
    browser: str | None,
    path: str,
    pairs: list[tuple[str, str]],
    secret: bytes,
    at: datetime,
) -> UUID | None:
    """Keep a form that arrived after its session had expired; None when there is nobody to keep it for.

    Only a session that ran out counts: one that was signed out, or a cookie we never gave, leaves nothing behind.
    """
    owner = select(WebSession.person_id).where(WebSession.id_hash == hashed(cookie or ""), WebSession.revoked_at.is_(None))
    person_id = await session.scalar(owner)
    if person_id is None or not browser or sum(len(name) + len(value) for name, value in pairs) > kept.MAX_BYTES:
        return None
    form_id = uuid7()
    body = kept.seal(secret, form_id, Kept(safe_return(path), pairs))
    expires_at = at + KEPT_FORM_LIFE
    session.add(KeptForm(id=form_id, browser_hash=hashed(browser), person_id=person_id, body=body, expires_at=expires_at))
    return form_id


async def work_in(session: AsyncSession, actor: Actor, cookie: str, unit: str, *, at: datetime) -> None:
    """From now on the official works in another of the units where they hold roles. `NotFound` for any other unit."""
    signed_in = await session_actor(session, cookie, at=at)
    if signed_in is None or actor.person_id is None or unit not in {one.unit for one in (signed_in.actor, *signed_in.elsewhere)}:
        raise NotFound
    await session.execute(update(WebSession).where(WebSession.id_hash == hashed(cookie)).values(unit=unit))
    record(session, actor, Event.UNIT_CHOSEN, subject_kind="unit", subject_id=unit, at=at)


async def take_form(
    session: AsyncSession, actor: Actor, form_id: UUID, *, browser: str | None, secret: bytes, at: datetime
) -> Kept:
    """The kept form, for the same person in the same browser, until it expires. `NotFound` for everyone else.

    It stays until then: a page that shows it may be reloaded.
    """
    row = await session.get(KeptForm, form_id)
    if row is None or row.person_id != actor.person_id or row.browser_hash != hashed(browser or "") or row.expires_at <= at:
        raise NotFound
    return kept.unseal(secret, form_id, row.body)


async def sweep(session: AsyncSession, *, at: datetime) -> None:
    """Forget what has expired: attempts, kept forms, and sessions once no form can be kept for them any more."""
    await session.execute(delete(SignInAttempt).where(SignInAttempt.expires_at <= at))
    await session.execute(delete(KeptForm).where(KeptForm.expires_at <= at))
    await session.execute(delete(WebSession).where(WebSession.expires_at <= at - ABSOLUTE))


async def ask_role(session: AsyncSession, actor: Actor, person_id: UUID, role: Role, unit: str, *, at: datetime) -> UUID:
    """Ask that a person be given a role in a unit; another administrator confirms."""
    actor.must(Permission.ACCOUNT_MANAGE)
    if await session.get(Person, person_id) is None or await session.get(Unit, unit) is None:
        raise NotFound
    if await grant_exists(session, person_id, role, unit, at=at):
        raise Conflict
    payload = {"person_id": str(person_id), "role": role, "unit": unit}
    record(
        session, actor, Event.ROLE_ASKED, subject_kind="person", subject_id=person_id, detail={"role": role, "unit": unit}, at=at
    )
    return await approvals.ask(session, actor, ROLE_GRANT, payload, at=at)


async def confirm_role(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """Give the role that someone else asked for."""
    actor.must(Permission.ACCOUNT_MANAGE)
    wanted = await approvals.confirm(session, actor, approval_id, ROLE_GRANT, at=at)
    person_id, role = UUID(wanted["person_id"]), Role(wanted["role"])
    give_role(session, actor, person_id, role, wanted["unit"], approval_id=approval_id, at=at)


async def reject_role(session: AsyncSession, actor: Actor, approval_id: UUID, *, at: datetime) -> None:
    """Turn down a role that someone else asked for."""
    actor.must(Permission.ACCOUNT_MANAGE)
    await approvals.reject(session, actor, approval_id, ROLE_GRANT, at=at)
    record(session, actor, Event.ROLE_REJECTED, subject_kind="approval", subject_id=approval_id, at=at)


async def end_role(session: AsyncSession, actor: Actor, grant_id: UUID, *, at: datetime) -> None:
    """Take a role away from now on; one administrator suffices, because this can only reduce what may be done."""
    actor.must(Permission.ACCOUNT_MANAGE)
    grant = await session.get(RoleGrant, grant_id)
    if grant is None or grant.valid_to is not None:
        raise NotFound
    grant.valid_to = at
    record(session, actor, Event.ROLE_ENDED, subject_kind="person", subject_id=grant.person_id, detail=_told(grant), at=at)


def give_role(
    session: AsyncSession, actor: Actor, person_id: UUID, role: Role, unit: str, *, approval_id: UUID | None = None, at: datetime
) -> None:
    """Write the grant down. Two-person acts come through `confirm_role`; set-up and the first administrator directly."""
    grant = RoleGrant(
        id=uuid7(), person_id=person_id, role=role, unit=unit, valid_from=at, granted_by=actor.ref, approval_id=approval_id
    )
    session.add(grant)
    record(session, actor, Event.ROLE_GRANTED, subject_kind="person", subject_id=person_id, detail=_told(grant), at=at)


def _told(grant: RoleGrant) -> dict[str, str]:
    return {"role": grant.role, "unit": grant.unit}


async def create_first_admin(
    session: AsyncSession, *, issuer: str, subject: str, name: str, email: str | None, unit: str, at: datetime
) -> UUID:
    """Make someone administrator without a second person, as long as the portal has none. `Conflict` afterwards."""
    if await session.scalar(select(exists().where(RoleGrant.role == Role.SYSTEM_ADMIN, RoleGrant.valid_to.is_(None)))):
        raise Conflict(HAS_ADMINISTRATOR, slug="has-administrator")
    if await session.get(Unit, unit) is None:
        await put_unit(session, unit, name_vi=unit, name_en=unit, parent=None, kind="ministry", demo=False)
    person_id = await put_person(session, issuer, subject, name, email, None)
    give_role(session, SYSTEM, person_id, Role.SYSTEM_ADMIN, unit, at=at)
    record(session, SYSTEM, Event.ADMIN_CREATED, subject_kind="person", subject_id=person_id, at=at)
    return person_id


async def put_person(
    session: AsyncSession,
    issuer: str,
    subject: str,
    name: str,
    email: str | None,
    personal_number: str | None,
    *,
    person_id: UUID | None = None,
) -> UUID:
    """Add a person, or bring name and address up to date; the answer is the person's id."""
    told = {"name": name, "email": email, "personal_number": personal_number}
    row = insert(Person).values(id=person_id or uuid7(), issuer=issuer, subject=subject, **told)
    upsert = row.on_conflict_do_update(index_elements=["issuer", "subject"], set_=told).returning(Person.id)
    return (await session.execute(upsert)).scalar_one()


_MOST_NAMED = 100
"""Agencies that one line of the log names."""


async def adopt_list(session: AsyncSession, actor: Actor, content: bytes, *, at: datetime) -> int:
    """The same from a file. `Incomplete` names every fault of it by line and column; then nothing is taken."""
    known = {unit.code: unit.parent for unit in await session.scalars(select(Unit))}
    return await adopt_units(session, actor, read(content, known=known), at=at)


async def adopt_units(session: AsyncSession, actor: Actor, listed: Sequence[Listed], *, at: datetime) -> int:
    """Add the agencies of a list or bring them up to date; the answer is how many were new or different.

    Nothing is taken away: dossiers and the log go on naming an agency that is no more.
    """
    actor.must(Permission.ACCOUNT_MANAGE)
    changed = changes(listed, (await session.scalars(select(Unit))).all())
    for each in changed:
        one = each.listed
        names, demo = (one.name_vi, one.name_en), not each.certain
        await put_unit(session, one.code, *names, one.parent, one.kind, demo=demo, certainty=one.certainty)
    codes = [each.listed.code for each in changed][:_MOST_NAMED]
    if changed:
        record(session, actor, Event.UNITS_ADOPTED, subject_kind="unit", subject_id="-", detail={"units": codes}, at=at)
    return len(changed)


async def put_unit(
    session: AsyncSession,
    code: str,
    name_vi: str,
    name_en: str,
    parent: str | None,
    kind: str,
    *,
    demo: bool,
    certainty: str = "found",
) -> None:
    """Add an agency or bring its names up to date."""
    told = {"name_vi": name_vi, "name_en": name_en, "parent": parent, "kind": kind, "demo": demo, "certainty": certainty}
    await session.execute(insert(Unit).values(code=code, **told).on_conflict_do_update(index_elements=["code"], set_=told))


async def put_enterprise(session: AsyncSession, organisation: Organisation, *, source: str, at: datetime) -> None:
    """Add an enterprise or bring it up to date from a registry."""
    told = organisation.model_dump(exclude={"rights", "tax_code"})
    told["search_key"] = fold(f"{organisation.tax_code} {organisation.name_vi} {organisation.name_en or ''}")
    row = insert(Enterprise).values(tax_code=organisation.tax_code, source=source, **told)
    await session.execute(row.on_conflict_do_update(index_elements=["tax_code"], set_={**told, "source": source}))
    await share_enterprise(session, organisation.tax_code, at=at)
