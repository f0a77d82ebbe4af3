"""The stand-alone verifier: a program of one file that imports nothing of ours, over logs as the portal exports them."""

import json
import subprocess
import sys

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from app.audit import export, proofs, seal
from app.audit.record import record
from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from tests.audit import exported

KEY = Ed25519PrivateKey.generate()
ROW, COUNT, EVERY = 33, 60, 7


@pytest.fixture(scope="module")
def program():
    return exported.verifier()


@pytest.fixture(scope="module")
def lines():
    return list(exported.log(COUNT, every=EVERY, key=KEY))


@pytest.fixture
def judged(program, lines, tmp_path, capsys):
    """What the program says of some lines, with the newest checkpoint of the true log kept."""
    kept = tmp_path / "kept.txt"
    kept.write_text(exported.last_note(lines))

    def judge(tampered, *more):
        file = tmp_path / "log.ndjson"
        file.write_bytes(b"".join(tampered))
        return program.main([str(file), "--kept", str(kept), *more]), capsys.readouterr().out

    return judge


def test_an_untouched_log_holds(judged, lines):
    code, told = judged(lines)

    assert (code, f"{COUNT} rows" in told, "signatures checked" in told) == (0, True, True), told


def test_a_log_laid_out_anew_by_another_program_still_holds(judged, lines):
    assert judged(json.dumps(json.loads(line)).encode() + b"\n" for line in lines)[0] == 0


def test_a_line_nested_too_deep_is_a_finding(judged, lines):
    code, told = judged([*lines[:-1], b"[" * 100_000 + b"\n", lines[-1]])

    assert (code, "cannot be read" in told) == (1, True), told


FOUND = {
    "altered": "root:",
    "deleted": "checkpoint:",
    "reordered": "root:",
    "truncated": "truncated: a checkpoint you kept",
    "backdated": "back-dated:",
}


@pytest.mark.parametrize("tampering", FOUND)
def test_tampering_is_found(judged, lines, tampering):
    code, told = judged(exported.TAMPERING[tampering](lines, ROW))

    assert code == 1
    assert FOUND[tampering] in told


def test_another_log_under_the_real_key_is_found_by_who_kept_a_checkpoint(judged, lines):
    code, told = judged(exported.log(COUNT, every=EVERY, key=KEY, forked_at=ROW))

    assert (code, "fork:" in told) == (1, True)


def test_a_log_under_another_key_is_found_by_who_knows_the_key(judged, lines):
    ours = json.loads(lines[0])["public_key"]
    forged = list(exported.log(COUNT, every=EVERY, key=Ed25519PrivateKey.generate()))

    assert "signature:" in judged(forged, "--key", ours)[1]


def test_a_row_that_lost_its_leaf_or_stands_twice_is_found(judged, lines):
    at = exported.place_of(lines, ROW)
    emptied = b'{"event":null,"index":%d,"leaf":"%b"}\n' % (ROW, json.loads(lines[at])["leaf"].encode())

    assert "deleted:" in judged([*lines[:at], emptied, *lines[at + 1 :]])[1]
    assert "twice:" in judged([*lines[:at], lines[at - 1], *lines[at + 1 :]])[1]


@pytest.mark.parametrize("content", [b"", b"{}\n", b"[]\n", b"nothing\n", b'{"format": "other"}\n'])
def test_a_file_that_is_no_log_is_said_to_be_none(judged, content):
    assert judged([content])[0] == 2


def test_it_imports_nothing_of_ours(tmp_path, lines):
    file = tmp_path / "log.ndjson"
    file.write_bytes(b"".join(lines))
    alone = subprocess.run(
        [sys.executable, "-I", exported.VERIFIER, file], capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert (alone.returncode, alone.stderr) == (0, "")
    assert "import app" not in exported.VERIFIER.read_text()


async def test_the_log_of_the_portal_is_exported_so_that_it_holds(sessions, settings, judged, tmp_path, owner):
    key = seal.checkpoint_key(settings)
    for _ in range(3):
        async with transaction(sessions) as session:
            for number in range(5):
                record(session, SYSTEM, "test.act", subject_kind="thing", subject_id=f"{number} “ế”", at=clock.now())
        async with transaction(sessions) as session:
            await seal.seal(session, "audit", key, at=clock.now())

    async def written():
        async with transaction(sessions) as session:
            return [line async for line in export.lines(session, "audit", key.public_key(), at=clock.now())]

    async with transaction(sessions) as session:
        (tmp_path / "own.txt").write_text(str(await proofs.newest(session, "audit")))
    untouched = await written()
    await owner.execute(text("DELETE FROM audit_row WHERE id = (SELECT event_id FROM log_leaf WHERE leaf_index = 7)"))
    await owner.commit()

    program, file = exported.verifier(), tmp_path / "audit.ndjson"
    file.write_bytes(b"".join(untouched))
    assert program.main([str(file), "--kept", str(tmp_path / "own.txt")]) == 0
    file.write_bytes(b"".join(await written()))
    assert program.main([str(file)]) == 1
