"""What an enterprise may see of who read its data, and the proof that it can check alone."""

import asyncio
import hashlib
import json
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from app.audit import proofs
from app.core import clock
from app.core.db import transaction
from app.sharing import reads, subjects
from tests import read_log
from tests.audit import exported
from tests.judges.conftest import node

__all__ = ["node"]

MINE, OTHER = "9900000030", "9900000048"
SCRIPT = Path(__file__).parents[2] / "app" / "web" / "static" / "log-proof.js"


@pytest.fixture
async def log(sessions, settings):
    """A reading of one record of mine, a list with two of mine and one of another's, one of another's alone."""
    await read_log.an_agreement(sessions)
    single = await read_log.read(sessions, MINE)
    many = await read_log.read(sessions, None, subjects=[(OTHER, "A"), (MINE, "B"), (MINE, "C")])
    await read_log.read(sessions, OTHER)
    await read_log.sealed(sessions, settings)
    return single, many


async def shown(sessions, tax_code=MINE, **asked):
    async with transaction(sessions) as session:
        return await reads.reads_of(session, tax_code, **{"at": clock.now(), **asked})


async def proof(sessions, tax_code=MINE):
    async with transaction(sessions) as session:
        return await reads.proof_of(session, tax_code, at=clock.now())


async def test_it_sees_its_own_records_of_a_list_and_nobody_elses(sessions, log):
    single, many = log

    assert [(read.id, read.action, read.keys) for read in await shown(sessions)] == [
        (many, "list", ("B", "C")),
        (single, "read", ("07/2026/GCN-UBCT",)),
    ]
    assert [read.id for read in await shown(sessions, before=many)] == [single]
    assert [read.keys for read in await shown(sessions, OTHER, limit=1)] == [("07/2026/GCN-UBCT",)]


async def test_what_the_law_hides_is_counted_and_appears_when_the_time_ends(sessions, log):
    until = clock.now() + timedelta(days=30)
    hidden = await read_log.read(sessions, MINE, hidden_until=until, hidden_basis="Luật Thanh tra, Điều 11")
    listed = await read_log.read(sessions, None, subjects=[(MINE, "D")], hidden_until=until, hidden_basis="b")

    async def counted(at):
        async with transaction(sessions) as session:
            return await reads.hidden_reads(session, MINE, at=at), await reads.hidden_reads(session, OTHER, at=at)

    assert hidden not in [read.id for read in await shown(sessions)]
    assert str(hidden) not in json.dumps(await proof(sessions))
    assert await counted(clock.now()) == (2, 0)
    later = until + timedelta(seconds=1)
    assert await counted(later) == (0, 0)
    assert [read.id for read in await shown(sessions, at=later)][:2] == [listed, hidden]
    assert (await shown(sessions, at=later))[1].was_hidden == "Luật Thanh tra, Điều 11"


async def test_the_proof_holds_before_the_stand_alone_program_and_tells_of_nobody_else(sessions, log, tmp_path):
    bundle, program, file = await proof(sessions), exported.verifier(), tmp_path / "proof.json"

    file.write_text(json.dumps(bundle))
    assert program.main([str(file)]) == 0
    assert OTHER not in file.read_text()
    forged = json.loads(json.dumps(bundle))
    forged["reads"][1]["mine"][0]["key"] = "A"
    file.write_text(json.dumps(forged))
    assert program.main([str(file)]) == 1
    file.write_text(json.dumps(bundle).replace("HS-1", "HS-2"))
    assert program.main([str(file)]) == 1


CASES = """
import { bytes, isSigned, leafHash, readNote, verifyConsistency, verifyInclusion, verifyRead } from '%s'
const { bundle, said, older, path } = JSON.parse(process.argv[2])
const note = readNote(bundle.checkpoint), before = readNote(older)
const [single, many] = bundle.reads
const twisted = { ...single, event: single.event.replace('HS-1', 'HS-2') }
const foreign = { ...many, mine: [{ ...many.mine[0], at: 0 }] }
console.log(JSON.stringify({
  signed: await isSigned(note, bundle.public_key),
  unsigned: await isSigned({ ...note, signed: note.signed + ' ' }, bundle.public_key),
  single: await verifyRead(single, note, bundle.subject, said[0]),
  many: await verifyRead(many, note, bundle.subject, said[1]),
  twisted: await verifyRead(twisted, note, bundle.subject, said[0]),
  misread: await verifyRead(single, note, bundle.subject, { ...said[0], case_ref: 'HS-9' }),
  foreign: await verifyRead(foreign, note, bundle.subject, said[1]),
  other: await verifyRead(single, note, '9900000048', said[0]),
  grown: await verifyConsistency(before.size, before.root, note.size, note.root, path.map(bytes)),
  forked: await verifyConsistency(before.size, note.root, note.size, note.root, path.map(bytes)),
  outside: await verifyInclusion(await leafHash('x'), 5, 5, [], note.root),
}))
"""
EXPECTED = {
    **dict.fromkeys(["signed", "single", "many", "grown"], True),
    **dict.fromkeys(["unsigned", "twisted", "misread", "foreign", "other", "forked", "outside"], False),
}


async def test_the_browsers_check_says_the_same(sessions, log, settings, tmp_path, node):
    async with transaction(sessions) as session:
        older = await proofs.newest(session, "access")
    for _ in range(4):
        await read_log.read(sessions, OTHER)
    await read_log.sealed(sessions, settings)
    bundle = await proof(sessions)
    async with transaction(sessions) as session:
        newer = await proofs.newest(session, "access")
        path = await proofs.consistency(session, "access", older.checkpoint.size, newer.checkpoint.size)
    said = [read.said for read in reversed(await shown(sessions))]
    given = {"bundle": bundle, "said": said, "older": str(older), "path": [step.hex() for step in path]}

    program = tmp_path / "cases.mjs"
    (tmp_path / "log-proof.mjs").write_text(SCRIPT.read_text())
    program.write_text(CASES % "./log-proof.mjs")
    command = [node, program, json.dumps(given)]
    told = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)

    assert json.loads(told.stdout) == EXPECTED


async def test_subjects_that_were_changed_afterwards_are_found(sessions, log, owner):
    _, many = log

    async def broken():
        async with transaction(sessions) as session:
            return await subjects.broken(session)

    assert await broken() == []
    await owner.execute(text("UPDATE access_subject SET subject_ref = 'x' WHERE n = 1"))
    await owner.commit()
    assert await broken() == [many]
    await owner.execute(text("DELETE FROM access_subject"))
    await owner.commit()
    assert await broken() == [many]


async def test_a_digest_made_in_the_database_is_that_of_the_agreement(sessions, log):
    _, many = log
    async with transaction(sessions) as session:
        found = (await subjects.digests(session, [many]))[many]
        sealed = await session.scalar(text("SELECT subjects_hash FROM access_event WHERE subjects_hash IS NOT NULL"))

    assert hashlib.sha256(b"".join(one.digest for one in found)).hexdigest() == sealed
