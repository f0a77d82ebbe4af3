"""The read of one shared record as SQL: a single statement that judges, counts, spends, reads and remembers.

Values are parameters, written `:name`. Only names of fields are ever put into the text; they come from an agreement and
are checked against the schema once more here.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from app.registers.rules import SCHEMAS, Dataset


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as the driver takes it, and the names of its values in their order."""

    text: str
    names: tuple[str, ...]

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the statement."""
        return [given[name] for name in self.names]


_NAME = re.compile(r"(?<!:):([a-z]\w*)")


def statement(text: str) -> Statement:
    """The statement in `text`, whose values are named."""
    names = tuple(dict.fromkeys(_NAME.findall(text)))
    place = {name: f"${number}" for number, name in enumerate(names, 1)}
    return Statement(_NAME.sub(lambda match: place[match[1]], text), names)


# Does everything still stand that the token and the proof were judged by? A crash that emptied the spent proofs took the epoch.
GATE = """
    gate as (
      select {epoch} as epoch,
             not exists (select from revoked_jti where jti = :jti::text)
             and exists (select from oauth_client where client_id = :client_id::text and status = 'active')
             and exists (select from agreement where code = :agreement::text and version = :version::int
                         and status = 'active' and :day::date between valid_from and valid_to) as stands)"""
EPOCH = "exists (select from used_proof where owner = 'epoch' and jti = :epoch::text)"

# Rate (GCRA) and quota of the day in one row, moved on only when both allow it.
USED = """
    used as (
      insert into grant_use as u (agreement, dataset, tat, day, used)
      select :agreement, :dataset::text, :at::timestamptz + :gap::interval, :day, {count} from {source}
      where gate.epoch and stands {when}
      on conflict (agreement, dataset) do update
        set tat = greatest(u.tat, :at) + :gap, day = :day,
            used = case when u.day = :day then u.used else 0 end + excluded.used
        where greatest(u.tat, :at) - :at <= :slack::interval and (u.day <> :day or u.used < :quota::int)
      returning tat, used)"""
SPENT = """
    proof as (
      insert into used_proof (owner, jti, expires) select :jkt::text, :proof_jti::text, :expires::timestamptz from used
      on conflict do nothing returning true as fresh)"""
NO_PROOF = """
    proof as (select true as fresh from used)"""
QUOTA_GONE = """case when used.tat is null then
      (select day = :day and used >= :quota from grant_use
       where agreement = :agreement and dataset = :dataset) end as quota_gone"""

EVENT = """
    event as (
      insert into access_event (id, at, party, client_id, agreement, agreement_version, purpose, legal_basis, action,
        dataset, key, subject_ref, fields, rows, status, jti, jkt, proof, case_ref, acting_user, request_id,
        response_digest, asked, subjects_hash, hidden_until, hidden_basis, salt)
      select :id::uuid, :at, :party::text, :client_id, :agreement, :version, :purpose::text, :legal_basis::jsonb,
        :action::text, :dataset, {key}, {subject_ref}, :fields::jsonb, {rows}, {status}, :jti, :jkt::text, :proof::text,
        :case_ref::text, :acting_user::text, :request_id::text, {digest}, {asked}, {subjects_hash},
        :hidden_until::timestamptz, :hidden_basis::text, :salt::text
      from {source}
      returning id, status)"""


def granted_columns(dataset: Dataset, fields: Sequence[str], filters: Sequence[str], *, build: str = "jsonb_build_object") -> str:
    """The granted columns of a record `r`, and nothing else; many of them are built faster by `json_build_object`."""
    if not {*fields, *filters} <= SCHEMAS[dataset].names:
        raise ValueError("an agreement names a field that the dataset does not have")
    return f"{build}(" + ", ".join(f"'{name}', r.doc -> '{name}'" for name in fields) + ")"


def inside(filters: Sequence[str]) -> str:
    """The condition that a record `r` is one of those the agreement gives."""
    return "".join(f" and r.doc ->> '{name}' = any(:only_{name}::text[])" for name in filters)


def gate(*, bound_by_proof: bool) -> str:
    """Whether everything still stands that the token and the proof were judged by."""
    return GATE.format(epoch=EPOCH if bound_by_proof else "true")


@lru_cache(512)
def single(dataset: Dataset, fields: tuple[str, ...], filters: tuple[str, ...], *, bound_by_proof: bool) -> Statement:
    """One record by its key."""
    event = EVENT.format(
        key=":key",
        subject_ref="found.subject_ref",
        rows="case when found.etag is null then 0 else 1 end",
        status="case when found.etag is null then 404 when found.etag = any(:etags::text[]) then 304 else 200 end",
        digest="encode(sha256(convert_to(found.body, 'UTF8')), 'hex')",
        asked="null",
        subjects_hash="null",
        source="proof left join found on true",
    )
    return statement(f"""
    with {gate(bound_by_proof=bound_by_proof)},
    {USED.format(count="1", source="gate", when="")},
    {SPENT if bound_by_proof else NO_PROOF},
    found as (
      select {granted_columns(dataset, fields, filters)}::text as body, r.etag, r.subject_ref
      from shared_record r, proof
      where r.dataset = :dataset and r.key = :key::text and not r.deleted{inside(filters)}),
    {event}
    select gate.epoch, gate.stands, used.tat, used.used, {QUOTA_GONE}, event.status, found.etag,
      case when event.status = 200 then found.body end as body
    from gate left join used on true left join event on true left join found on true""")  # noqa: S608  (names checked above, values are parameters)
