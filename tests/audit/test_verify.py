"""Six ways to tamper with the log, all by someone who passes every guard of the database."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.audit import seal, verify
from app.audit.record import record, refused
from app.core import clock, ids
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.tables import METADATA, append_only


@pytest.fixture
def key(settings):
    return seal.checkpoint_key(settings)


async def write(sessions, count, *, at=None):
    async with transaction(sessions) as session:
        for number in range(count):
            record(session, SYSTEM, "test.act", subject_kind="thing", subject_id=str(number), at=at or clock.now())


async def sealed(sessions, key, folder, at=None):
    async with transaction(sessions) as session:
        made = await seal.seal(session, "audit", key, at=at or clock.now())
    if made:
        seal.keep_copy(folder, made.note)
    return made


@pytest.fixture
async def log(sessions, key, tmp_path):
    """Twelve rows under three checkpoints."""
    for _ in range(3):
        await write(sessions, 4)
        await sealed(sessions, key, tmp_path)


async def findings(sessions, key, folder, later=timedelta(0)):
    async with transaction(sessions) as session:
        reports = await verify.verify(session, key.public_key(), copies=folder, at=clock.now() + later)
    return [finding for report in reports for finding in report.findings]


async def test_an_untouched_log_verifies(sessions, key, tmp_path, log):
    async with transaction(sessions) as session:
        [report] = [
            r for r in await verify.verify(session, key.public_key(), copies=tmp_path, at=clock.now()) if r.log == "audit"
        ]

    assert (report.leaves, report.seals, report.wrong) == (12, 3, 0)


TAMPERING = {
    "altered": ["UPDATE audit_row SET action = 'nothing' WHERE id = (SELECT event_id FROM log_leaf WHERE leaf_index = 5)"],
    "deleted": ["DELETE FROM audit_row WHERE id = (SELECT event_id FROM log_leaf WHERE leaf_index = 5)"],
    "root": [
        "UPDATE log_leaf SET leaf_index = -1 WHERE leaf_index = 2",
        "UPDATE log_leaf SET leaf_index = 2 WHERE leaf_index = 3",
        "UPDATE log_leaf SET leaf_index = 3 WHERE leaf_index = -1",
    ],
    "truncated": [
        "DELETE FROM audit_row WHERE id IN (SELECT event_id FROM log_leaf WHERE leaf_index >= 8)",
        "DELETE FROM log_leaf WHERE leaf_index >= 8",
        "DELETE FROM log_seal WHERE size > 8",
    ],
    "signature": ["UPDATE log_seal SET at = at - interval '1 day' WHERE size = 8"],
    "tail": ["DELETE FROM log_seal WHERE size = 12"],
    "missing leaf": ["DELETE FROM log_leaf WHERE leaf_index = 4"],
}


@pytest.mark.parametrize("found, tampering", TAMPERING.items(), ids=list(TAMPERING))
async def test_tampering_past_every_guard_is_found(sessions, key, tmp_path, log, owner, found, tampering):
    for statement in tampering:
        await owner.execute(text(statement))
    await owner.commit()

    told = await findings(sessions, key, tmp_path)

    assert any(sentence.startswith(found) for sentence in told), told


async def test_a_row_slipped_into_the_past_is_never_sealed_and_found(sessions, key, tmp_path, log):
    past = datetime.now(UTC) - timedelta(days=3)
    old = UUID(int=int(past.timestamp() * 1000) << 80 | ids.uuid7().int & ((1 << 80) - 1))
    async with transaction(sessions) as session:
        record(session, SYSTEM, "test.act", subject_kind="thing", subject_id="x", at=past).id = old

    assert await sealed(sessions, key, tmp_path) is None
    assert any(sentence.startswith("unsealed") for sentence in await findings(sessions, key, tmp_path))


async def test_a_new_row_that_claims_an_earlier_moment_is_found(sessions, key, tmp_path, log):
    await write(sessions, 1, at=clock.now() - timedelta(days=3))
    await sealed(sessions, key, tmp_path)

    assert any(sentence.startswith("back-dated") for sentence in await findings(sessions, key, tmp_path))


async def test_a_log_rewritten_under_another_key_is_found(sessions, settings, tmp_path, log):
    other = settings.model_copy(update={"secret_key": type(settings.secret_key)("another")})

    told = await findings(sessions, seal.checkpoint_key(other), tmp_path)

    assert any("under another key" in sentence for sentence in told)


async def test_a_sealer_that_stands_still_is_noticed(sessions, key, tmp_path, log):
    await write(sessions, 1)

    assert not await findings(sessions, key, tmp_path)
    assert await findings(sessions, key, tmp_path, later=timedelta(minutes=2))


@pytest.mark.parametrize("statement", ["UPDATE {table} SET {column} = {column}", "DELETE FROM {table}", "TRUNCATE {table}"])
@pytest.mark.parametrize("table", append_only())
async def test_the_applications_role_cannot_change_what_only_grows(session, statement, table):
    column = next(iter(METADATA.tables[table].columns)).name

    with pytest.raises(DBAPIError, match="permission denied"):
        await session.execute(text(statement.format(table=table, column=column)))


def test_history_only_grows():
    history = {
        "audit_row",
        "log_leaf",
        "log_seal",
        "dossier_event",
        "ledger_entry",
        "submission",
        "access_event",
        "gateway_notice",
    }

    assert history <= set(append_only())


async def test_even_the_owner_cannot_change_it_in_passing(database):
    import psycopg

    with psycopg.connect(database.owner_url) as connection, pytest.raises(psycopg.errors.RaiseException, match="append-only"):
        connection.execute("UPDATE audit_row SET actor = 'x'")


async def test_a_refusal_is_remembered_though_its_transaction_was_rolled_back(sessions):
    at = clock.now()
    await refused(sessions, SYSTEM, "dossier.read", "not-found", subject_kind="dossier", subject_id="x", at=at)

    async with transaction(sessions) as session:
        row = (await session.execute(text("SELECT action, detail FROM audit_row"))).one()
    assert row == ("refused", {"action": "dossier.read", "slug": "not-found"})
