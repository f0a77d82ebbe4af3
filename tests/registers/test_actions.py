"""Shared records: written by the act that makes them true, with a version that says when they changed."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.errors import NotFound
from app.registers import actions, queries
from app.registers.rules import SCHEMAS, Dataset

AT = clock.now()
KEY = "07/2026/GCN-UBCT"


async def _row(session):
    statement = "select version, etag, deleted, changed_at, changed_xid = (pg_current_xact_id()::text)::bigint from shared_record"
    return (await session.execute(text(statement))).one()


async def test_the_version_grows_only_when_the_content_changes(session):
    await actions.put(session, Dataset.LICENCES, KEY, {"number": KEY, "status": "valid"}, "1", at=AT)
    first = await _row(session)
    await actions.put(session, Dataset.LICENCES, KEY, {"status": "valid", "number": KEY}, "1", at=AT + timedelta(hours=1))
    assert await _row(session) == first
    await actions.put(session, Dataset.LICENCES, KEY, {"number": KEY, "status": "revoked"}, "1", at=AT + timedelta(hours=2))
    second = await _row(session)
    assert (first[0], second[0]) == (1, 2)
    assert first[1] != second[1]
    assert second[4]


async def test_a_deleted_record_leaves_its_place_and_can_come_back(session):
    doc = {"number": KEY}
    await actions.put(session, Dataset.LICENCES, KEY, doc, None, at=AT)
    await actions.delete(session, Dataset.LICENCES, KEY, at=AT)
    with pytest.raises(NotFound):
        await queries.one(session, Dataset.LICENCES, KEY)
    await actions.put(session, Dataset.LICENCES, KEY, doc, None, at=AT)
    assert await queries.one(session, Dataset.LICENCES, KEY) == doc
    assert (await _row(session))[0] == 3


async def test_a_field_that_the_dataset_does_not_have_is_a_mistake_of_ours(session):
    with pytest.raises(ValueError, match="no field"):
        await actions.put(session, Dataset.LICENCES, KEY, {"số": "1"}, None, at=AT)


async def test_every_value_that_a_filterable_field_had_is_kept(session):
    for status in ("valid", "expired", "valid", "revoked"):
        await actions.put(session, Dataset.LICENCES, KEY, {"number": KEY, "status": status, "kind": "a"}, "1", at=AT)
    assert await session.scalar(text("select former from shared_record")) == {"status": ["valid", "expired"]}


async def test_a_licence_expires_the_day_after_its_last_and_its_history_says_so(session):
    today = clock.day_in_vietnam(AT)
    doc = {"number": KEY, "status": "valid", "valid_from": "2021-01-01", "valid_to": today.isoformat()}
    await actions.put(session, Dataset.LICENCES, KEY, doc, "1", at=AT)
    assert await actions.expire(session, at=AT) == 0
    assert await actions.expire(session, at=AT + timedelta(days=1)) == 1
    assert await actions.expire(session, at=AT + timedelta(days=1)) == 0
    found = await queries.one(session, Dataset.LICENCES, KEY)
    tomorrow = (today + timedelta(days=1)).isoformat()
    assert found["status"] == "expired"
    assert found["status_history"] == [{"status": "valid", "from": "2021-01-01"}, {"status": "expired", "from": tomorrow}]


async def test_a_revoked_licence_and_one_without_an_end_do_not_expire(session):
    doc = {"number": KEY, "status": "revoked", "valid_to": "2020-01-01"}
    await actions.put(session, Dataset.LICENCES, KEY, doc, "1", at=AT)
    await actions.put(session, Dataset.LICENCES, "2", {"number": "2", "status": "valid"}, "1", at=AT)
    assert await actions.expire(session, at=AT) == 0


@pytest.mark.parametrize("dataset", Dataset)
def test_every_dataset_says_its_fields_in_both_languages(dataset):
    schema = SCHEMAS[dataset]
    assert all(field.title.vi and field.title.en for field in schema.fields)
    assert not schema.accepts_key("a\x00b")
