"""The one read of shared data, as a single SQL statement.

It checks that token, client and agreement stand, counts against the rate, spends the proof, takes the granted columns of
one record, and writes the access event. A read without its event cannot happen.
"""

import hashlib
import json
import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_in_vietnam
from app.core.errors import NotAllowed, TooMany, Unreachable
from app.core.ids import uuid7
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.keys import Ring
from app.sharing.models import Agreement, AgreementGrant
from app.sharing.proofs import MEMORY_SECONDS, Proof
from app.sharing.tokens import TokenRefused


class FieldNotGranted(NotAllowed):
    """A field outside the agreement; the text names the clauses the agreement rests on."""

    slug = "field-not-granted"


class NotGranted(NotAllowed):
    """The token's agreement does not give this dataset."""

    slug = "insufficient-scope"
    text = Text(
        "Thỏa thuận của mã truy cập này không gồm dữ liệu được hỏi. Hãy xin mã với đúng thỏa thuận và phạm vi.",
        "The agreement of this token does not cover these data. Ask for a token with the right agreement and scope.",
    )


@dataclass(frozen=True, slots=True)
class Granted:
    """What an agreement version gives on one dataset; never changes, so a process keeps it."""

    party: str
    fields: tuple[str, ...]
    row_filter: tuple[tuple[str, tuple[str, ...]], ...]
    clause: str
    rate: int

    @property
    def gap(self) -> timedelta:
        """The time between two questions when they come evenly."""
        return timedelta(seconds=3600 / self.rate)

    @property
    def burst(self) -> int:
        """How many questions may come at once: what an hour allows in three minutes, and twenty at least."""
        return max(20, self.rate // 20)


@dataclass(frozen=True, slots=True)
class Question:
    """One question of a consumer, already authenticated: the token's claims, the proof, and the case it is for."""

    dataset: Dataset
    key: str
    claims: Mapping[str, Any]
    proof: Proof
    case_ref: str
    acting_user: str | None
    request_id: str | None
    fields: tuple[str, ...]
    known_etags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The answer: 200 with a body, 304 or 404; always with the id of its access event.

    `rate` is what the grant allows per hour, `left` what may be asked at once now, `full_in` seconds until all of it again.
    """

    status: int
    event_id: UUID
    body: str | None
    etag: str | None
    rate: int
    left: int
    full_in: int


def detail_for(claims: Mapping[str, Any], dataset: Dataset) -> Mapping[str, Any]:
    """The authorization detail of the token that covers `dataset`. Raises `NotGranted`."""
    for detail in claims["authorization_details"]:
        if (
            dataset in detail.get("datatypes", ())
            and "read" in detail["actions"]
            and f"{dataset}.read" in claims["scope"].split()
        ):
            return detail  # type: ignore[no-any-return]  # claims have no types
    raise NotGranted


async def grant_of(session: AsyncSession, ring: Ring, detail: Mapping[str, Any], dataset: Dataset) -> Granted:
    """The grant behind a detail, from memory after the first time."""
    place = (detail["agreement"], detail["agreement_version"], dataset.value)
    if place not in ring.grants:
        ring.grants[place] = await _grant(session, *place)
    return ring.grants[place]  # type: ignore[no-any-return]  # the ring takes whatever it is to remember


async def _grant(session: AsyncSession, code: str, version: int, dataset: str) -> Granted:
    found = await session.execute(
        select(Agreement, AgreementGrant)
        .join(AgreementGrant, (AgreementGrant.agreement == Agreement.code) & (AgreementGrant.version == Agreement.version))
        .where(Agreement.code == code, Agreement.version == version, AgreementGrant.dataset == dataset)
    )
    agreement, grant = found.one()
    clause = "; ".join(f"{basis['van_ban']} {basis['dieu_khoan']}" for basis in agreement.legal_basis)
    row_filter = tuple(sorted((name, tuple(values)) for name, values in grant.row_filter.items()))
    return Granted(agreement.party, tuple(grant.fields), row_filter, f"{code} v{version}: {clause}", grant.rate)


def chosen_fields(dataset: Dataset, grant: Granted, wanted: Sequence[str]) -> tuple[str, ...]:
    """The columns to read: all that are granted, or the wanted ones among them. Raises `FieldNotGranted`."""
    if refused := [name for name in wanted if name not in grant.fields]:
        known = [name for name in refused if name in SCHEMAS[dataset].names]
        shown = ", ".join(known) or "?"
        raise FieldNotGranted(
            Text(
                f"Thỏa thuận {grant.clause} không gồm trường: {shown}. Hãy bỏ trường đó hoặc đề nghị sửa thỏa thuận.",
                f"Agreement {grant.clause} does not give the field: {shown}. Leave it out or ask for an amendment.",
            )
        )
    return tuple(name for name in grant.fields if not wanted or name in wanted)


async def read(session: AsyncSession, ring: Ring, question: Question, grant: Granted, *, at: datetime) -> Reading:
    """Answer one question in one statement. `TokenRefused` when proof, token, client or agreement no longer stand."""
    detail = detail_for(question.claims, question.dataset)
    statement = _statement(question.dataset, question.fields, tuple(name for name, _ in grant.row_filter))
    event_id, mark = uuid7(), _mark(question.fields)
    values = _values(ring, question, grant, detail, event_id, mark, at)
    row = await _ask(session, statement, values)
    if not row["epoch"]:
        raise TokenRefused("use_dpop_nonce")
    if not row["stands"]:
        raise TokenRefused
    if row["tat"] is None:
        raise TooMany(math.ceil(grant.gap.total_seconds()))
    if row["status"] is None:
        raise TokenRefused("invalid_dpop_proof")
    ahead = row["tat"] - at
    return Reading(
        status=row["status"],
        event_id=event_id,
        body=row["body"],
        etag=f"{row['etag']}.{mark}" if row["etag"] else None,
        rate=grant.rate,
        left=max(0, int((grant.gap * grant.burst - ahead) / grant.gap)),
        full_in=math.ceil(ahead.total_seconds()),
    )


async def _ask(session: AsyncSession, statement: str, values: list[Any]) -> Any:
    """One round trip on the driver's own connection. Its errors are not SQLAlchemy's, so they are told here."""
    connection = (await (await session.connection()).get_raw_connection()).driver_connection
    try:
        return await connection.fetchrow(statement, *values)  # type: ignore[union-attr]
    except asyncpg.LockNotAvailableError as error:
        raise TooMany(1) from error
    except (asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
        raise Unreachable from error


def _mark(fields: tuple[str, ...]) -> str:
    """Two answers with other columns are two representations; their tags must differ."""
    return hashlib.sha256(",".join(fields).encode()).hexdigest()[:8]


def _values(
    ring: Ring, question: Question, grant: Granted, detail: Mapping[str, Any], event_id: UUID, mark: str, at: datetime
) -> list[Any]:
    claims, ending = question.claims, f".{mark}"
    etags = [tag.removesuffix(ending) for tag in question.known_etags if tag.endswith(ending)]
    return [
        claims["jti"],
        ring.epoch,
        claims["client_id"],
        detail["agreement"],
        detail["agreement_version"],
        day_in_vietnam(at),
        question.proof.jkt,
        question.proof.jti,
        at + timedelta(seconds=MEMORY_SECONDS),
        question.key,
        etags,
        event_id,
        at,
        grant.party,
        detail["purpose"],
        json.dumps(detail["legal_basis"], ensure_ascii=False),
        json.dumps(question.fields),
        question.proof.compact,
        question.case_ref,
        question.acting_user,
        question.request_id,
        secrets.token_hex(16),
        f"sharing:{claims['client_id']}:{question.dataset.value}",
        grant.gap,
        grant.gap * (grant.burst - 1),
        *(list(values) for _, values in grant.row_filter),
    ]


@lru_cache(512)
def _statement(dataset: Dataset, fields: tuple[str, ...], filters: tuple[str, ...]) -> str:
    """The column list is the permission: names come from the agreement, and are checked against the schema once more here."""
    if not {*fields, *filters} <= SCHEMAS[dataset].names:
        raise ValueError("an agreement names a field that the dataset does not have")
    pairs = ", ".join(f"'{name}', r.doc -> '{name}'" for name in fields)
    limits = "".join(f" and r.doc ->> '{name}' = any(${number}::text[])" for number, name in enumerate(filters, _FILTERS_FROM))
    return f"""
    with gate as (
      select exists (select from used_proof where owner = 'epoch' and jti = $2::text) as epoch,
             not exists (select from revoked_jti where jti = $1::text)
             and exists (select from oauth_client where client_id = $3::text and status = 'active')
             and exists (select from agreement where code = $4::text and version = $5::int and status = 'active'
                         and $6::date between valid_from and valid_to) as stands),
    allowance as (
      insert into rate_limit as l (key, tat) select $23::text, $13::timestamptz + $24::interval from gate where epoch and stands
      on conflict (key) do update set tat = greatest(l.tat, $13) + $24
      where greatest(l.tat, $13) - $13 <= $25::interval
      returning tat),
    proof as (
      insert into used_proof (owner, jti, expires)
      select $7::text, $8::text, $9::timestamptz from allowance
      on conflict do nothing returning true),
    found as (
      select jsonb_build_object({pairs})::text as body, r.etag, r.subject_ref
      from shared_record r, proof
      where r.dataset = '{dataset.value}' and r.key = $10::text and not r.deleted{limits}),
    event as (
      insert into access_event (id, at, party, client_id, agreement, agreement_version, purpose, legal_basis, action,
        dataset, key, subject_ref, fields, rows, status, jti, jkt, proof, case_ref, acting_user, request_id,
        response_digest, salt)
      select $12::uuid, $13::timestamptz, $14::text, $3, $4, $5, $15::text, $16::jsonb, 'read', '{dataset.value}', $10,
        found.subject_ref, $17::jsonb, case when found.etag is null then 0 else 1 end,
        case when found.etag is null then 404 when found.etag = any($11::text[]) then 304 else 200 end,
        $1, $7, $18::text, $19::text, $20::text, $21::text,
        encode(sha256(convert_to(found.body, 'UTF8')), 'hex'), $22::text
      from proof left join found on true
      returning status)
    select gate.epoch, gate.stands, allowance.tat, event.status, found.etag,
      case when event.status = 200 then found.body end as body
    from gate left join allowance on true left join event on true left join found on true"""  # noqa: S608  (names checked above, values are parameters)


_FILTERS_FROM = 26
