"""News for a subscription as SQL: what changed since its place in the feed becomes events to deliver, in one statement.

The same statement writes the access event, says whom it was about, and moves the place on: nothing is told without its entry,
and nothing twice or never, whoever runs it at the same time.
"""

from functools import lru_cache

from app.registers.rules import Dataset
from app.sharing.statements import EVENT, Statement, granted_columns, inside, statement
from app.sharing.statements_of_many import DIGEST

_MINE = """
    mine as (
      select s.id, s.after_xid, s.after_key, :at::timestamptz as at, :jti::text as jti from subscription s
      where s.id = :subscription::uuid and s.status = 'active'
        and exists (select from oauth_client where client_id = :client_id::text and status = 'active')
        and exists (select from agreement where code = :agreement::text and version = :version::int
                    and status = 'active' and :day::date between valid_from and valid_to)
      for update of s),
    safe as (select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin),
    seen as materialized (
      select r.key, r.version, r.doc, r.former, r.subject_ref, r.deleted, r.changed_xid
      from shared_record r, mine, safe
      where r.dataset = :dataset::text and (r.changed_xid, r.key) > (mine.after_xid, mine.after_key)
        and r.changed_xid < safe.xmin
      order by r.changed_xid, r.key limit :scan::int)"""

_TOLD = f"""
    told as (
      select count(*)::int as rows,
        encode(sha256(string_agg({DIGEST}, ''::bytea order by n) filter (where subject_ref is not null)), 'hex') as subjects_hash
      from found)"""  # noqa: S608  (every part is written above)

_KEPT = """
    kept as (
      insert into access_subject (event_id, n, subject_ref, key, salt)
      select event.id, found.n, found.subject_ref, found.key, found.salt from found, event where found.subject_ref is not null),
    put as (
      insert into webhook_delivery (id, subscription_id, kind, key, version, at, attempts, next_at)
      select gen_random_uuid(), mine.id, found.kind, found.key, found.version, :at, 0, :at from found, mine),
    edge as (select changed_xid, key from seen order by changed_xid desc, key desc limit 1),
    moved as (
      update subscription s set after_xid = edge.changed_xid, after_key = edge.key from edge, mine where s.id = mine.id)"""


@lru_cache(64)
def news(dataset: Dataset, filters: tuple[str, ...]) -> Statement:
    """Take the next window of changes of a subscription that stands; one row `(taken, window_full)`."""
    granted_columns(dataset, (), filters)  # for its look at the names
    once = "".join(
        f" and (r.doc ->> '{name}' = any(:only_{name}::text[]) or r.former -> '{name}' ?| :only_{name}::text[])"
        for name in filters
    )
    event = EVENT.format(
        key="''",
        subject_ref="null",
        rows="told.rows",
        status="200",
        digest="null",
        asked=":asked::jsonb",
        subjects_hash="told.subjects_hash",
        source="told where told.rows > 0",
    )
    return statement(f"""
    with {_MINE},
    found as materialized (
      select row_number() over (order by r.changed_xid, r.key) as n, r.key, r.version, r.subject_ref, r.changed_xid,
        case when not r.deleted{inside(filters)} then 'changed' else 'deleted' end as kind, gen_random_uuid() as salt
      from seen r where true{once}),
    {_TOLD}, {event}, {_KEPT}
    select (select rows from told) as taken, (select count(*) = :scan from seen) as window_full""")  # noqa: S608  (names checked, values are parameters)
