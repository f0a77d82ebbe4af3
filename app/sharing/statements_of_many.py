"""The reads of many shared records as SQL: one event for all, a row for each subject, in the statement that reads them.

Each looks at a window of records first, so that a filter which hardly any record passes cannot make a statement long: a
page may hold fewer records than asked, and go on all the same.
"""

from collections.abc import Sequence
from functools import lru_cache

from app.registers.models import CLUSTER
from app.registers.rules import Dataset
from app.sharing.statements import (
    EVENT,
    NO_PROOF,
    QUOTA_GONE,
    SPENT,
    USED,
    Statement,
    gate,
    granted_columns,
    inside,
    statement,
)

# What a subject needs to show that its row belongs to the event: its own salt, and the digests of all.
DIGEST = "sha256(uuid_send(salt) || convert_to(subject_ref, 'UTF8') || '\\x00'::bytea || convert_to(key, 'UTF8'))"

_TOLD = f"""
    told as (
      select count(*) filter (where n <= :limit)::int as rows, count(*) > :limit as more,
        coalesce(string_agg(item, ',' order by n) filter (where n <= :limit), '') as items,
        array_agg(key order by n) filter (where n <= :limit) as keys,
        encode(sha256(string_agg({DIGEST}, ''::bytea order by n) filter (where n <= :limit and subject_ref is not null)), 'hex')
          as subjects_hash
      from found)"""  # noqa: S608  (every part is written above)

_KEPT = """
    kept as (
      insert into access_subject (event_id, n, subject_ref, key, salt)
      select event.id, found.n, found.subject_ref, found.key, found.salt from found, event
      where found.n <= :limit and found.subject_ref is not null)"""

_ANSWER = f"""
    select gate.epoch, gate.stands, used.tat, used.used, {QUOTA_GONE}, event.status, told.more,
      case when event.status is not null then told.items end as items,
      case when event.status is not null then told.keys end as keys"""


def _remembered(*, bound_by_proof: bool, source: str, when: str = "") -> str:
    event = EVENT.format(
        key="''",
        subject_ref="null",
        rows="told.rows",
        status="200",
        digest="encode(sha256(convert_to('[' || told.items || ']', 'UTF8')), 'hex')",
        asked=":asked::jsonb",
        subjects_hash="told.subjects_hash",
        source="proof, told",
    )
    used = USED.format(count="greatest(told.rows, 1)", source=source, when=when)
    return ",".join([_TOLD, used, SPENT if bound_by_proof else NO_PROOF, event, _KEPT])


def item_of(columns: str, *more: str) -> str:
    """A record `r` among many, as JSON text."""
    members = ["'key', r.key", "'version', r.version", "'etag', r.etag || :mark::text", f"'record', {columns}", *more]
    return f"json_build_object({', '.join(members)})::text"


def _columns(dataset: Dataset, fields: Sequence[str], filters: Sequence[str]) -> str:
    return granted_columns(dataset, fields, filters, build="json_build_object")


def _salt(order: str) -> str:
    """A salt of its own for each row, all from one secret that nobody keeps: a thousand random numbers cost ten times as much."""
    return f"encode(substr(sha256(:seed::bytea || int8send(row_number() over (order by {order}))), 1, 16), 'hex')::uuid as salt"


def wanted_values(names: Sequence[str]) -> str:
    """The filters of the question itself, on top of those of the agreement."""
    return "".join(f" and r.doc ->> '{name}' = any(:wanted_{name}::text[])" for name in names)


@lru_cache(256)
def listing(
    dataset: Dataset, fields: tuple[str, ...], filters: tuple[str, ...], wanted: tuple[str, ...], *, bound_by_proof: bool
) -> Statement:
    """The records after a key, in the order of their keys."""
    columns = _columns(dataset, fields, [*filters, *wanted])
    return statement(f"""
    with {gate(bound_by_proof=bound_by_proof)},
    seen as materialized (
      select r.key, r.version, r.etag, r.doc, r.subject_ref from shared_record r, gate
      where gate.epoch and gate.stands and r.dataset = :dataset and r.key > :after::text and not r.deleted
      order by r.key limit :scan::int),
    found as materialized (
      select row_number() over (order by r.key) as n, r.key, r.subject_ref, {item_of(columns)} as item,
        {_salt("r.key")}
      from seen r where true{inside(filters)}{wanted_values(wanted)}
      order by r.key limit :limit::int + 1),
    {_remembered(bound_by_proof=bound_by_proof, source="gate, told")}
    {_ANSWER}, (select max(key) from found where n <= :limit) as last,
      (select case when count(*) = :scan then max(key) end from seen) as edge
    from gate left join told on true left join used on true left join event on true""")  # noqa: S608  (names checked, values are parameters)


@lru_cache(256)
def lookup(dataset: Dataset, fields: tuple[str, ...], filters: tuple[str, ...], *, bound_by_proof: bool) -> Statement:
    """The records under some keys, in the order in which the keys were given."""
    columns = _columns(dataset, fields, filters)
    return statement(f"""
    with {gate(bound_by_proof=bound_by_proof)},
    found as materialized (
      select row_number() over (order by asked.place) as n, r.key, r.subject_ref, {item_of(columns)} as item,
        {_salt("asked.place")}
      from gate, unnest(:keys::text[]) with ordinality as asked(key, place)
      join shared_record r on r.dataset = :dataset and r.key = asked.key
      where gate.epoch and gate.stands and not r.deleted{inside(filters)}
      limit :limit::int),
    {_remembered(bound_by_proof=bound_by_proof, source="gate, told")}
    {_ANSWER}
    from gate left join told on true left join used on true left join event on true""")  # noqa: S608  (names checked, values are parameters)


_FEED = f"""
    feed as (
      select epoch, cluster = {CLUSTER} and epoch = coalesce(:feed_epoch::text, epoch) as same
      from feed_epoch order by began_at desc limit 1),
    safe as (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin)"""  # noqa: S608  (every part is ours)


@lru_cache(256)
def changes(dataset: Dataset, fields: tuple[str, ...], filters: tuple[str, ...], *, bound_by_proof: bool) -> Statement:
    """What changed after a place, in the order of (transaction, key), only as far as no older transaction is still open.

    A record that has left the filter of the agreement is told as deleted to whoever may have had it.
    """
    columns = _columns(dataset, fields, filters)
    there = f"not r.deleted{inside(filters)}"
    once = "".join(
        f" and (r.doc ->> '{name}' = any(:only_{name}::text[]) or r.former -> '{name}' ?| :only_{name}::text[])"
        for name in filters
    )
    item = f"""case when {there} then {item_of(columns, "'op', 'upsert'")}
        else json_build_object('key', r.key, 'version', r.version, 'op', 'delete')::text end"""
    return statement(f"""
    with {gate(bound_by_proof=bound_by_proof)},{_FEED},
    seen as materialized (
      select r.key, r.version, r.etag, r.doc, r.former, r.subject_ref, r.deleted, r.changed_xid, r.changed_at
      from shared_record r, gate, feed, safe
      where gate.epoch and gate.stands and feed.same and r.dataset = :dataset
        and (r.changed_xid, r.key) > (:after_xid::bigint, :after_key::text) and r.changed_xid < safe.xmin
      order by r.changed_xid, r.key limit :scan::int),
    found as materialized (
      select row_number() over (order by r.changed_xid, r.key) as n, r.key, r.subject_ref, r.changed_xid, r.changed_at,
        {item} as item,
        {_salt("r.changed_xid, r.key")}
      from seen r where true{once}
      order by r.changed_xid, r.key limit :limit::int + 1),
    {_remembered(bound_by_proof=bound_by_proof, source="gate, told, feed", when="and same")},
    last as (select changed_xid, key from found where n <= :limit order by n desc limit 1),
    edge as (
      select changed_xid, key from seen where (select count(*) from seen) = :scan order by changed_xid desc, key desc limit 1)
    {_ANSWER}, feed.epoch as feed_epoch, feed.same, safe.xmin, last.changed_xid as last_xid, last.key as last_key,
      edge.changed_xid as edge_xid, edge.key as edge_key,
      extract(epoch from :at - coalesce(
        (select changed_at from found where n = :limit + 1),
        (select min(changed_at) from shared_record where dataset = :dataset and changed_xid >= safe.xmin)))::float as lag_s
    from gate cross join safe left join feed on true left join told on true left join used on true left join event on true
      left join last on true left join edge on true""")  # noqa: S608  (names checked, values are parameters)


@lru_cache(8)
def waiting(dataset: Dataset) -> Statement:
    """Whether anything has changed after a place."""
    return statement(f"""
    select exists (
      select from shared_record where dataset = '{dataset.value}' and (changed_xid, key) > (:after_xid::bigint, :after_key::text)
        and changed_xid < pg_snapshot_xmin(pg_current_snapshot())::text::bigint) as news""")  # noqa: S608  (the name of a dataset is ours)
