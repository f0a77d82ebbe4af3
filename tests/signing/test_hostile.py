"""Files made to cost too much, through the workers: each ends within its limits and with a reason; the worker goes on."""

import time

import pytest

from signing import Bounds, Gate, Pool, Verdict
from signing.codes import CODES
from tests.signing.attacks import hostile

CPU_S = 2
"""Less than the ten seconds of the real thing, so that those who use up everything cost the run little."""


@pytest.fixture(scope="module")
async def pool():
    async with Pool(size=1, bounds=Bounds(cpu_s=CPU_S, deadline_s=60)) as opened:
        yield opened


async def judged(pool, content, policy):
    started = time.process_time()
    report = await pool.check(content, policy)
    assert time.process_time() - started < 5, "the caller pays"
    assert report.cpu_ms < (CPU_S + 2) * 1000
    assert report.codes <= CODES.keys()
    assert "ENGINE_ERROR" not in report.codes
    return report


@pytest.mark.parametrize("name", hostile.UNSIGNED)
async def test_a_file_without_a_good_signature_ends_with_a_reason(pool, policy, name):
    content = hostile.UNSIGNED[name]()

    assert (await judged(pool, content, policy)).verdict not in (Verdict.VALID, Verdict.INDETERMINATE)


@pytest.mark.parametrize("name", hostile.SIGNED)
async def test_a_signature_that_costs_too_much_ends_with_a_reason(pool, pki, policy, name):
    report = await judged(pool, hostile.SIGNED[name](pki), policy)

    assert (report.verdict is Verdict.VALID) == (name in hostile.ACCEPTED)


async def test_what_may_come_in_is_found_out_within_the_limits_too(pool, policy):
    """The other parser, the one that looks at what a file contains."""
    from dataclasses import replace

    gated = replace(policy, gate=Gate())
    for name in ("content of 128 MB", "filters on filters", "10,000 pages", "multiplying pages"):
        assert (await judged(pool, hostile.UNSIGNED[name](), gated)).refusals, name
