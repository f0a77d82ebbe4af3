"""The one read of shared data, as a single SQL statement.

It spends the proof, checks that token, client and agreement stand, takes the granted columns of one record, and writes
the access event. A read without its event cannot happen.
"""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.clock import day_in_vietnam
from app.core.errors import Refusal
from app.core.ids import uuid7
from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset
from app.sharing.keys import Ring
from app.sharing.models import Agreement, AgreementGrant
from app.sharing.proofs import MEMORY_SECONDS, Proof
from app.sharing.tokens import TokenRefused


class FieldNotGranted(Refusal):
    """A field outside the agreement; `clause` names what the agreement rests on."""

    slug = "field-not-granted"


class NotGranted(Refusal):
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
    """The answer: 200 with a body, 304 or 404; always with the id of its access event."""

    status: int
    event_id: UUID
    body: str | None
    etag: str | None


def detail_for(claims: Mapping[str, Any], dataset: Dataset) -> Mapping[str, Any]:
    """The authorization detail of the token that covers `dataset`. Raises `NotGranted`."""
    for detail in claims["authorization_details"]:
        if (
            dataset in detail.get("datatypes", ())
            and "read" in detail["actions"]
            and f"{dataset}.read" in claims["scope"].split()
        ):
            return detail  # type: ignore[no-any-return]
    raise NotGranted


async def grant_of(session: AsyncSession, ring: Ring, detail: Mapping[str, Any], dataset: Dataset) -> Granted:
    """The grant behind a detail, from memory after the first time."""
    place = (detail["agreement"], detail["agreement_version"], dataset.value)
    if place not in ring.grants:
        ring.grants[place] = await _grant(session, *place)
    return ring.grants[place]  # type: ignore[no-any-return]


async def _grant(session: AsyncSession, code: str, version: int, dataset: str) -> Granted:
    found = await session.execute(
        select(Agreement, AgreementGrant)
        .join(AgreementGrant, (AgreementGrant.agreement == Agreement.code) & (AgreementGrant.version == Agreement.version))
        .where(Agreement.code == code, Agreement.version == version, AgreementGrant.dataset == dataset)
    )
    agreement, grant = found.tuples().one()
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
    connection = await (await session.connection()).get_raw_connection()
    row = await connection.driver_connection.fetchrow(statement, *values)  # type: ignore[union-attr]
    if not row["epoch"]:
        raise TokenRefused("use_dpop_nonce")
    if not row["stands"]:
        raise TokenRefused
    if row["status"] is None:
        raise TokenRefused("invalid_dpop_proof")
    etag = f"{row['etag']}.{mark}" if row["etag"] else None
    return Reading(row["status"], event_id, row["body"], etag)


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
    proof as (
      insert into used_proof (owner, jti, expires)
      select $7::text, $8::text, $9::timestamptz from gate where epoch and stands
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
    select gate.epoch, gate.stands, event.status, found.etag, case when event.status = 200 then found.body end as body
    from gate left join event on true left join found on true"""  # noqa: S608  (names checked above, values are parameters)


_FILTERS_FROM = 23
