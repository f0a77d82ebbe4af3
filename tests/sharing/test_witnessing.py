"""Witnesses of the logs: a time-stamp authority each hour, the parties each week; and the check of it all by one command."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from app import cli
from app.audit import seal
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.core.outbox import OutboxMessage
from app.sharing import witnessing
from app.trust import actions as trust
from tests import read_log
from tests.audit import exported
from tests.pki import NOW
from tests.years import decade

MINE = "9900000030"


@pytest.fixture(scope="module")
async def authorities(tmp_path_factory):
    async with decade(tmp_path_factory.mktemp("decade")) as made:
        yield made


@pytest.fixture
async def stamped(sessions, settings, authorities):
    """A log of three readings, and the settings that name a time-stamp authority we trust."""
    authorities.at, authorities.silent = NOW, False
    own = settings.model_copy(update={"tsa_url": authorities.tsa_url})
    async with transaction(sessions) as session:
        store = authorities.trust()
        await trust.put_into_force(session, SYSTEM, store, "thử", key=trust.store_key(own), at=NOW)
    await read_log.an_agreement(sessions)
    for _ in range(3):
        await read_log.read(sessions, MINE)
    await read_log.sealed(sessions, own)
    assert await witnessing.stamp_log(sessions, own, "access", at=NOW)
    return own


async def verified(sessions):
    async with transaction(sessions) as session:
        return await witnessing.verify_stamps(session, "access", at=NOW)


async def test_a_checkpoint_is_stamped_once_an_hour_and_the_stamp_holds(stamped, sessions):
    await read_log.read(sessions, MINE)
    await read_log.sealed(sessions, stamped)

    soon = await witnessing.stamp_log(sessions, stamped, "access", at=NOW + timedelta(minutes=59))
    later = await witnessing.stamp_log(sessions, stamped, "access", at=NOW + timedelta(minutes=61))

    assert (soon, later) == (False, True)
    assert await verified(sessions) == witnessing.StampReport(2, [])
    assert len(list((stamped.var / "audit" / "stamps").glob("access-*.tst"))) == 2


@pytest.mark.parametrize(
    "change",
    ["UPDATE log_stamp SET note = replace(note, '3', '4')", "UPDATE log_seal SET root = sha256('x')"],
    ids=["another text", "another checkpoint"],
)
async def test_a_stamp_over_something_else_is_found(stamped, sessions, owner, change):
    await owner.execute(text(change))
    await owner.commit()

    assert len((await verified(sessions)).findings) == 1


async def test_every_party_gets_the_checkpoints_once_a_week_as_a_file_the_verifier_takes(stamped, sessions):
    async def called(at):
        async with transaction(sessions) as session:
            return await witnessing.call_witnesses(session, at=at)

    monday = clock.now()
    assert [await called(at) for at in (monday, monday, monday + timedelta(days=7))] == [2, 0, 2]
    async with transaction(sessions) as session:
        jobs = await session.scalars(select(OutboxMessage).where(OutboxMessage.topic == witnessing.MAIL))
        payload = next(job.payload for job in jobs if job.payload["party"] == "CT")
        address, letter = await witnessing.letter(session, payload["week"], payload["party"], url="https://x.example")
    note = exported.verifier().Note(letter.attached.partition("\nkey:")[0])
    assert address == "a@example.vn"
    assert (note.origin, note.size) == ("motcua/access", 3)


def test_one_command_checks_the_whole_log_and_one_writes_it_down(stamped, monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(cli, "_settings", lambda: stamped)

    with pytest.raises(SystemExit) as ended:
        cli.main(["sharing", "verify-log", "--json"])
    told = json.loads(capsys.readouterr().out)
    assert (ended.value.code, told["leaves"], told["stamps"], told["findings"]) == (0, 3, 1, [])
    with pytest.raises(SystemExit):
        cli.main(["sharing", "export-log", "--to", str(tmp_path / "log.ndjson")])
    assert exported.verifier().main([str(tmp_path / "log.ndjson")]) == 0


async def test_a_kept_copy_is_not_written_over_by_a_smaller_log(stamped, sessions, tmp_path):
    key = seal.checkpoint_key(stamped)
    async with transaction(sessions) as session:
        note = await seal.beat(session, "access", key, at=clock.now() + timedelta(minutes=1))
    seal.keep_copy(tmp_path, note)
    smaller = seal.Note.signed(seal.Checkpoint("access", 2, bytes(32), note.checkpoint.at), key)

    with pytest.raises(seal.Shrunk):
        seal.keep_copy(tmp_path, smaller)
    assert json.loads((tmp_path / "access.json").read_text())["size"] == 3
