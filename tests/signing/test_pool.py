"""Workers that may be killed: the pool goes on, whatever a file does to one of them."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

from signing import NO_EVIDENCE, NO_TRUST, Bounds, Pool, Verdict, check, revocation_needs, sign_paper
from signing.parcels import Sender, unpack
from signing.preflight import QUICK_BYTES, is_quick
from tests import make
from tests.signing import odd


@pytest.fixture(scope="module")
async def pool():
    async with Pool(size=1, bounds=Bounds(cpu_s=2, deadline_s=20, recycle=50)) as opened:
        yield opened


def xref_bomb(mib: int) -> bytes:
    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(bytes(1 << 20)) for _ in range(mib)) + packer.flush()
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
    entries = b"<</Type/XRef/W[1 2 1]/Size %d/Root 1 0 R/Filter/FlateDecode/Length %d>>" % (mib << 18, len(packed))
    return body + b"3 0 obj\n%s\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % (entries, packed, len(body))


def wide_fields(count: int) -> bytes:
    def fields(writer: make.PdfWriter) -> None:
        for number in range(count):
            writer.add(b"<</T(f%d)/FT/Tx>>" % number)

    return make.pdf(catalog=b"/AcroForm<</Fields[%s]>>" % b" ".join(b"%d 0 R" % n for n in range(6, 6 + count)), objects=fields)


def deep_fields(depth: int) -> bytes:
    def fields(writer: make.PdfWriter) -> None:
        for number in range(6, 6 + depth):
            writer.add(b"<</T(a)/FT/Sig/Kids[%d 0 R]>>" % (number + 1))

    return make.pdf(catalog=b"/AcroForm<</Fields[6 0 R]>>", objects=fields)


async def test_a_worker_answers_what_the_library_answers(pool, pki, policy, paper, tmp_path):
    signed = await sign_paper(paper, pki.signer("biz"))
    (tmp_path / "don.pdf").write_bytes(signed)

    assert await pool.check(signed, policy) == check(signed, policy)
    assert await pool.check(tmp_path / "don.pdf", policy) == check(signed, policy)
    assert await pool.revocation_needs(signed, pki.trust) == revocation_needs(signed, pki.trust)


async def test_a_worker_finds_a_file_named_from_our_own_folder(pool, policy, paper, tmp_path, monkeypatch):
    (tmp_path / "don.pdf").write_bytes(paper)
    monkeypatch.chdir(tmp_path)
    assert (await pool.check(Path("don.pdf"), policy)).verdict is Verdict.UNSIGNED


def test_what_a_worker_has_does_not_travel_again(policy, paper):
    sender, known = Sender(), {}
    first, second = sender.pack(("check", paper, policy)), sender.pack(("check", paper, policy))

    assert unpack(first, known) == unpack(second, known) == ("check", paper, policy)
    assert len(second) < len(paper) + 4_000 < len(first)


async def test_a_worker_judges_with_what_it_is_given_each_time(pool, pki, policy, paper):
    signed = await sign_paper(paper, pki.signer("biz"))
    given = [policy, replace(policy, evidence=NO_EVIDENCE), replace(policy, trust=NO_TRUST), policy]

    answers = [(await pool.check(signed, one)).verdict for one in given]
    assert answers == ["VALID", "INDETERMINATE", "INDETERMINATE", "VALID"]


async def test_a_missing_file_is_the_caller_s_error(pool, policy):
    with pytest.raises(FileNotFoundError):
        await pool.check(Path("/khong/co.pdf"), policy)


@pytest.mark.parametrize(
    "content, code",
    [
        (xref_bomb(64), "DOC_RESOURCE_LIMIT"),
        (deep_fields(3_000), "DOC_RESOURCE_LIMIT"),
        (wide_fields(60_000), "DOC_TIMEOUT"),
    ],
    ids=["bomb", "deep", "slow"],
)
async def test_a_hostile_file_ends_with_a_reason_and_the_next_one_is_served(pool, policy, paper, content, code):
    started = time.monotonic()
    report = await pool.check(content, policy)

    assert (report.verdict, code in report.codes) == (Verdict.UNREADABLE, True)
    assert time.monotonic() - started < 20
    assert (await pool.check(paper, policy)).verdict is Verdict.UNSIGNED


async def test_small_files_do_not_wait_behind_large_ones(pool, policy, paper):
    """One worker for each lane: the large file keeps its own busy until its time is up."""
    large = asyncio.create_task(pool.check(wide_fields(60_000), policy))
    await asyncio.sleep(0.3)

    assert (await pool.check(paper, policy)).verdict is Verdict.UNSIGNED
    assert not large.done()
    assert (await large).codes == {"DOC_TIMEOUT"}


async def test_a_small_file_that_takes_long_goes_to_the_large_ones(policy, paper):
    """No time at all in the fast lane, so that every file is one of those."""
    async with Pool(size=1, bounds=Bounds(quick_cpu_s=0)) as pool:
        liar = wide_fields(25_000)
        assert is_quick(liar)
        assert "DOC_TIMEOUT" not in (await pool.check(liar, policy)).codes
        assert pool._slow.idle


async def test_a_file_with_two_signatures_is_none_for_the_fast_lane(pool, pki, policy, paper):
    twice = await odd.signed(pki, await odd.signed(pki, paper), "person", field_name="ChuKy2")

    assert (is_quick(paper), is_quick(twice), is_quick(bytes(QUICK_BYTES + 1))) == (True, False, False)
    assert await pool.check(twice, policy) == check(twice, policy)


async def test_large_content_is_handed_over_in_memory_and_leaves_nothing(pool, policy):
    before = set(Path("/dev/shm").glob("motcua-check-*"))  # noqa: ASYNC240  # a directory in memory
    large = make.pdf(400_000)

    assert (await pool.check(large, policy)).sha256 == hashlib.sha256(large).hexdigest()
    assert set(Path("/dev/shm").glob("motcua-check-*")) <= before  # noqa: ASYNC240  # a directory in memory


async def test_workers_give_way_to_whoever_answers_people(pool, policy, paper):
    await pool.check(paper, policy)

    assert {os.getpriority(os.PRIO_PROCESS, pid) for pid in pool.idle} == {min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)}


async def test_a_worker_that_does_not_come_back_is_killed(policy, paper):
    async with Pool(size=1, bounds=Bounds(cpu_s=60, deadline_s=1)) as pool:
        report = await pool.check(wide_fields(60_000), policy)

        assert report.codes == {"DOC_TIMEOUT"}
        assert (await pool.check(paper, policy)).verdict is Verdict.UNSIGNED


async def test_a_worker_killed_by_somebody_else_costs_the_file_nothing(pool, policy, paper):
    await pool.check(paper, policy)
    former = pool.idle
    for pid in former:
        os.kill(pid, signal.SIGKILL)

    assert (await pool.check(paper, policy)).verdict is Verdict.UNSIGNED
    assert not set(former) >= set(pool.idle)


async def test_the_nursery_is_replaced_when_it_dies(policy, paper):
    async with Pool(size=1) as pool:
        await pool.check(paper, policy)
        os.kill(pool._nursery._process.pid, signal.SIGKILL)
        await asyncio.sleep(0.2)

        assert (await pool.check(paper, policy)).verdict is Verdict.UNSIGNED


async def test_workers_are_replaced_after_their_share_of_jobs(policy, paper):
    async with Pool(size=1, bounds=Bounds(recycle=1)) as pool:
        await pool.check(paper, policy)
        (first,) = pool.idle
        await pool.check(paper, policy)

        assert pool.idle != (first,)


async def test_a_cancelled_check_leaves_nothing_behind(pool, policy, paper):
    task = asyncio.create_task(pool.check(wide_fields(60_000), policy))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert (await pool.check(paper, policy)).verdict is Verdict.UNSIGNED


async def test_workers_know_no_secrets(monkeypatch, policy, paper):
    monkeypatch.setenv("SECRET_KEY", "khong-duoc-lo")
    async with Pool(size=1) as pool:
        await pool.check(paper, policy)
        (pid,) = pool.idle

        assert b"khong-duoc-lo" not in await asyncio.to_thread(Path(f"/proc/{pid}/environ").read_bytes)


async def test_closing_leaves_no_process(policy, paper):
    async with Pool(size=1) as pool:
        await pool.check(paper, policy)
        everyone = [*pool.idle, pool._nursery._process.pid]

    await asyncio.sleep(0.1)
    assert [pid for pid in everyone if os.path.exists(f"/proc/{pid}")] == []  # noqa: ASYNC240, PTH110


async def test_when_the_owner_is_killed_nobody_stays(tmp_path):
    script = """
import asyncio, os, signal, sys
from signing import Pool, Policy
from datetime import datetime, UTC
async def main():
    async with Pool(size=1) as pool:
        await pool.check(b"%PDF-", Policy(at=datetime.now(UTC)))
        print(pool.idle[0], pool._nursery._process.pid, flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(main())
"""
    done = await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=60
    )
    left = [int(pid) for pid in done.stdout.split()]
    assert len(left) == 2, done.stderr

    for _ in range(50):
        if not any(_is_running(pid) for pid in left):
            return
        await asyncio.sleep(0.1)
    pytest.fail("a process outlived its owner")


def _is_running(pid: int) -> bool:
    """A process that ended and waits for its new parent to look is not running."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
