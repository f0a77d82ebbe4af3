"""Who is asking, for whom, and who holds which role where."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.sql.elements import ColumnElement

from app.approvals import queries as approvals
from app.core.actor import Actor, ActorKind
from app.core.errors import NotFound
from app.core.permissions import Role
from app.identity.kept import hashed
from app.identity.models import Enterprise, Mandate, Person, RoleGrant, Unit, WebSession
from app.identity.rules import ROLE_GRANT, TOUCH_EVERY, ends_at, withheld_by

T = TypeVar("T")

PREFILL = (
    "tax_code",
    "name_vi",
    "name_en",
    "head_office",
    "province",
    "phone",
    "email",
    "website",
    "legal_representative",
    "representative_title",
    "representative_personal_number",
    "legal_form",
    "founded",
    "status",
)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A live session. `stale`: its last use should be written down (`actions.keep_alive`); `expires_at` if not used again.

    `elsewhere`: the same official in the other units where roles are held.
    """

    actor: Actor
    csrf: str
    acr: str
    auth_time: datetime
    expires_at: datetime
    stale: bool
    elsewhere: tuple[Actor, ...] = ()


@dataclass(frozen=True, slots=True)
class Grant:
    """A role someone holds."""

    id: UUID
    person_id: UUID
    name: str
    role: Role
    unit: str
    valid_from: datetime


def _current(table: type[Mandate | RoleGrant], at: datetime) -> ColumnElement[bool]:
    return (table.valid_from <= at) & (table.valid_to.is_(None) | (table.valid_to > at))


def _session_with_rights(cookie: str, at: datetime) -> Select[WebSession, str, list[str] | None, list[list[str]] | None]:
    rights = (
        select(Mandate.rights)
        .where(Mandate.person_id == WebSession.person_id, Mandate.tax_code == WebSession.tax_code, _current(Mandate, at))
        .order_by(Mandate.valid_from.desc())
        .limit(1)
        .scalar_subquery()
    )
    grant = func.jsonb_build_array(RoleGrant.unit, RoleGrant.role)
    roles = (
        select(func.jsonb_agg(grant))
        .where(RoleGrant.person_id == WebSession.person_id, WebSession.tax_code.is_(None), _current(RoleGrant, at))
        .scalar_subquery()
    )
    return (
        select(WebSession, Person.name, rights, roles)
        .join(Person, Person.id == WebSession.person_id)
        .where(WebSession.id_hash == hashed(cookie), WebSession.revoked_at.is_(None))
    )


async def session_actor(session: AsyncSession, cookie: str | None, *, at: datetime) -> SignedIn | None:
    """Who sits behind a session cookie, with today's rights; None when signed out, idle too long or without any right left."""
    if not cookie:
        return None
    row = (await session.execute(_session_with_rights(cookie, at))).one_or_none()
    if row is None:
        return None
    web, name, rights, roles = row
    ends = ends_at(official=web.tax_code is None, seen_at=web.seen_at, expires_at=web.expires_at)
    places = [] if web.tax_code else _officials(web, name, roles or [])
    actor = _business(web, name, rights) if web.tax_code else next(iter(places), None)
    if actor is None or at >= ends:
        return None
    stale = at - web.seen_at >= TOUCH_EVERY
    return SignedIn(actor, web.csrf, web.acr, web.auth_time, ends, stale, elsewhere=tuple(places[1:]))


def _business(web: WebSession, name: str, rights: list[str] | None) -> Actor | None:
    if rights is None:
        return None
    return Actor(
        kind=ActorKind.BUSINESS,
        name=name,
        person_id=web.person_id,
        tax_code=web.tax_code,
        roles=frozenset({Role.APPLICANT}),
        withheld=withheld_by(rights),
    )


def _officials(web: WebSession, name: str, roles: list[list[str]]) -> list[Actor]:
    """The official in each unit where roles are held, first where they work now: one unit at a time, roles never mix."""
    units = sorted({unit for unit, _ in roles}, key=lambda unit: (unit != web.unit, unit))
    return [
        Actor(
            kind=ActorKind.OFFICIAL,
            name=name,
            person_id=web.person_id,
            unit=here,
            roles=frozenset(Role(role) for unit, role in roles if unit == here),
        )
        for here in units
    ]


async def enterprise(session: AsyncSession, tax_code: str) -> Enterprise:
    """The enterprise of a tax code."""
    return _found(await session.get(Enterprise, tax_code))


async def prefill(session: AsyncSession, tax_code: str) -> dict[str, Any]:
    """What is known of an enterprise, ready for a form: text values (dates ISO 8601), unknown ones left out."""
    known = await enterprise(session, tax_code)
    values = ((name, getattr(known, name)) for name in PREFILL)
    return {name: value if isinstance(value, str) else value.isoformat() for name, value in values if value}


async def mail_addresses(session: AsyncSession, tax_code: str) -> list[str]:
    """Where notices to an enterprise go."""
    address = await session.scalar(select(Enterprise.email).where(Enterprise.tax_code == tax_code))
    return [address] if address else []


async def unit(session: AsyncSession, code: str) -> Unit:
    """The agency of a code."""
    return _found(await session.get(Unit, code))


async def units(session: AsyncSession, *, kind: str | None = None) -> Sequence[Unit]:
    """Agencies by code, of one kind or all."""
    wanted = select(Unit).order_by(Unit.code)
    return (await session.scalars(wanted.where(Unit.kind == kind) if kind else wanted)).all()


async def person(session: AsyncSession, person_id: UUID) -> Person:
    """A person by id."""
    return _found(await session.get(Person, person_id))


async def persons(session: AsyncSession, ids: Iterable[UUID]) -> dict[UUID, Person]:
    """Several people at once."""
    found = await session.scalars(select(Person).where(Person.id.in_(set(ids))))
    return {one.id: one for one in found}


async def officials(session: AsyncSession, unit: str, role: Role, *, at: datetime) -> Sequence[Person]:
    """Who holds `role` in `unit` at `at`, by name."""
    held = select(RoleGrant.person_id).where(RoleGrant.unit == unit, RoleGrant.role == role, _current(RoleGrant, at))
    return (await session.scalars(select(Person).where(Person.id.in_(held)).order_by(Person.name))).all()


async def grants(session: AsyncSession, *, at: datetime) -> list[Grant]:
    """Every role held at `at`, by unit and name."""
    wanted = (
        select(RoleGrant, Person.name)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(_current(RoleGrant, at))
        .order_by(RoleGrant.unit, Person.name, RoleGrant.role)
    )
    rows = await session.execute(wanted)
    return [Grant(g.id, g.person_id, name, Role(g.role), g.unit, g.valid_from) for g, name in rows]


@dataclass(frozen=True, slots=True)
class WaitingRole:
    """A role that one administrator asked for and another has yet to confirm."""

    id: UUID
    name: str
    role: Role
    unit: str
    asked_by_name: str
    asked_at: datetime


async def waiting_roles(session: AsyncSession) -> list[WaitingRole]:
    """Roles asked for and not yet decided, oldest first."""
    asked = await approvals.waiting(session, ROLE_GRANT)
    ids = [*(one.asked_by for one in asked), *(UUID(one.payload["person_id"]) for one in asked)]
    names = {key: person.name for key, person in (await persons(session, ids)).items()}
    return [
        WaitingRole(
            one.id,
            names[UUID(one.payload["person_id"])],
            Role(one.payload["role"]),
            one.payload["unit"],
            names[one.asked_by],
            one.asked_at,
        )
        for one in asked
    ]


async def people_of_the_ministry(session: AsyncSession) -> Sequence[Person]:
    """Everyone who has signed in or been entered without acting for an enterprise, by name."""
    for_an_enterprise = select(Mandate.person_id)
    return (await session.scalars(select(Person).where(Person.id.not_in(for_an_enterprise)).order_by(Person.name))).all()


async def has_role(session: AsyncSession, person_id: UUID, *, at: datetime) -> bool:
    """Whether the person holds any role."""
    held = select(RoleGrant.id).where(RoleGrant.person_id == person_id, _current(RoleGrant, at)).limit(1)
    return await session.scalar(held) is not None


async def held_roles(session: AsyncSession, *, at: datetime) -> set[tuple[UUID, str, str]]:
    """Who holds which role in which unit."""
    rows = await session.execute(select(RoleGrant.person_id, RoleGrant.role, RoleGrant.unit).where(_current(RoleGrant, at)))
    return {(person, role, unit) for person, role, unit in rows}


async def grant_exists(session: AsyncSession, person_id: UUID, role: Role, unit: str, *, at: datetime) -> bool:
    """Whether the person already holds this role in this unit."""
    same = (RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.unit == unit)
    return await session.scalar(select(RoleGrant.id).where(*same, _current(RoleGrant, at)).limit(1)) is not None


def _found(row: T | None) -> T:
    if row is None:
        raise NotFound
    return row
