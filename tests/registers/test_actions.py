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


async def test_a_code_list_is_shared_as_one_record(session):
    codes = [actions.Code("0", "bản chính", "original"), actions.Code("1", "bản sao", "copy")]
    await actions.adopt_codes(session, "LoaiBan", codes, at=AT)
    await actions.adopt_codes(session, "LoaiBan", codes[:1], at=AT)
    assert [row.code for row in await queries.codes(session, "LoaiBan")] == ["0", "1"]
    assert (await queries.one(session, Dataset.CODELISTS, "LoaiBan"))["entries"] == [
        {"code": "0", "name_vi": "bản chính", "name_en": "original"}
    ]


@pytest.mark.parametrize("dataset", Dataset)
def test_every_dataset_says_its_fields_in_both_languages(dataset):
    schema = SCHEMAS[dataset]
    assert all(field.title.vi and field.title.en for field in schema.fields)
    assert not schema.accepts_key("a\x00b")
