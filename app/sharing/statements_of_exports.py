"""Exports as SQL: the request with its entry, and each portion of the file with its entry and a row for each subject."""

from functools import lru_cache

from app.registers.rules import Dataset
from app.sharing.statements import EVENT, NO_PROOF, QUOTA_GONE, USED, Statement, gate, granted_columns, inside, statement
from app.sharing.statements_of_many import DIGEST, wanted_values

# Every value that `EVENT` leaves to be guessed gets its type here.
_TYPED = """
    typed as (
      select :at::timestamptz as at, :jti::text as jti, :client_id::text as client_id, :agreement::text as agreement,
        :version::int as version, :dataset::text as dataset)"""


@lru_cache(1)
def step() -> Statement:
    """A step that reads nothing itself: an export asked for, or its file fetched. Judged, counted, and entered in the log."""
    event = EVENT.format(
        key=":key::text",
        subject_ref="null",
        rows="0",
        status="200",
        digest="null",
        asked=":asked::jsonb",
        subjects_hash="null",
        source="proof",
    )
    return statement(f"""
    with {gate(bound_by_proof=False)},
    {USED.format(count="0", source="gate", when="")},
    {NO_PROOF},
    {event}
    select gate.epoch, gate.stands, used.tat, used.used, {QUOTA_GONE}, event.status
    from gate left join used on true left join event on true""")  # noqa: S608  (every part is ours)


def _given(dataset: Dataset, filters: tuple[str, ...], wanted: tuple[str, ...]) -> str:
    granted_columns(dataset, (), [*filters, *wanted])  # checks the names
    return f"r.dataset = :dataset::text and not r.deleted{inside(filters)}{wanted_values(wanted)}"


@lru_cache(256)
def count(dataset: Dataset, filters: tuple[str, ...], wanted: tuple[str, ...]) -> Statement:
    """How many records there are."""
    return statement(f"select count(*)::int as rows from shared_record r where {_given(dataset, filters, wanted)}")  # noqa: S608  (names checked)


def _line(fields: tuple[str, ...]) -> str:
    """A record `r` as a list gives it, in one line; joined as text, which costs a quarter of building it as JSON."""
    record = " || ',' || ".join(f"""'"{name}":' || coalesce((r.doc -> '{name}')::text, 'null')""" for name in fields)
    own = """'{"key":' || to_json(r.key)::text || ',"version":' || r.version || ',"etag":"' || r.etag || :mark::text"""
    return f"""{own} || '","record":{{' || {record} || '}}}}'"""


@lru_cache(256)
def portion(dataset: Dataset, fields: tuple[str, ...], filters: tuple[str, ...], wanted: tuple[str, ...]) -> Statement:
    """The records after a key, a line each, and where to go on; None at the end. A portion without records leaves no entry.

    The salts of the subjects come from `seed`, which nobody keeps: asking for a random one each takes longer than all else.
    """
    granted_columns(dataset, fields, [*filters, *wanted])  # checks the names
    event = EVENT.format(
        key="''",
        subject_ref="null",
        rows="told.rows",
        status="200",
        digest="encode(sha256(convert_to(told.lines, 'UTF8')), 'hex')",
        asked=":asked::jsonb",
        subjects_hash="told.subjects_hash",
        source="told where told.rows > 0",
    )
    return statement(f"""
    with {_TYPED},
    seen as materialized (
      select r.key, r.version, r.etag, r.doc, r.subject_ref from shared_record r
      where r.dataset = :dataset and r.key > :after::text and not r.deleted order by r.key limit :scan::int),
    chosen as (
      select row_number() over (order by r.key) as n, r.* from seen r
      where true{inside(filters)}{wanted_values(wanted)} order by r.key limit :limit::int),
    found as materialized (
      select r.n, r.key, r.subject_ref, {_line(fields)} as item,
        encode(substring(sha256(:seed::bytea || int8send(r.n)) for 16), 'hex')::uuid as salt
      from chosen r),
    told as (
      select count(*)::int as rows, coalesce(string_agg(item, chr(10) order by n), '') as lines,
        encode(sha256(string_agg({DIGEST}, ''::bytea order by n) filter (where subject_ref is not null)), 'hex') as subjects_hash
      from found),
    {event},
    kept as (
      insert into access_subject (event_id, n, subject_ref, key, salt)
      select event.id, found.n, found.subject_ref, found.key, found.salt from found, event where found.subject_ref is not null)
    select told.rows, told.lines, case when told.rows = :limit then (select max(key) from found)
      else (select case when count(*) = :scan then max(key) end from seen) end as last
    from told""")  # noqa: S608  (names checked, values are parameters)
