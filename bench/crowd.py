"""Many checks at once: how many a second two workers finish, and how late the event loop beside them is."""

import asyncio
import os
import resource
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from signing import Policy, Pool, Report, Verdict

DOCUMENTS = 600
CHECKS = 200
TICK_S = 0.005


async def throughput(paths: Sequence[Path], policies: Iterator[Policy]) -> dict[str, float]:
    """Documents a second with two workers, by the clock; and what one costs all processes together."""
    each = [paths[number % len(paths)] for number in range(DOCUMENTS)]
    async with Pool(size=2) as pool:
        await asyncio.gather(*(pool.check(path, policy) for path, policy in zip(each[:40], policies, strict=False)))
        cpu, began = _cpu_s(pool), time.perf_counter()
        reports = await asyncio.gather(*(pool.check(path, policy) for path, policy in zip(each, policies, strict=False)))
        took, burnt = time.perf_counter() - began, _cpu_s(pool) - cpu
    if any(report.verdict is not Verdict.VALID for report in reports):
        raise RuntimeError(f"the measured document is {reports[0].verdict}")
    return {
        "documents_per_s": round(len(reports) / took, 1),
        "cpu_ms_each": round(burnt / len(reports) * 1000, 2),
        "documents_per_s_of_two_free_cores": round(2 * len(reports) / burnt, 1),
        "load": round(os.getloadavg()[0], 1),
    }


async def lag(paths: Sequence[Path], policy: Policy) -> dict[str, float]:
    """How much later than asked a timer wakes up while 200 checks of all documents run in the pool of this process."""
    late: list[float] = []
    async with Pool(size=2) as pool:
        await _all(pool, [*paths, *paths], policy)
        ticking = asyncio.create_task(_tick(late))
        await _all(pool, [paths[number % len(paths)] for number in range(CHECKS)], policy)
        ticking.cancel()
    ranked = statistics.quantiles(late, n=100)
    return {
        "p50": round(ranked[49], 2),
        "p99": round(ranked[98], 2),
        "worst": round(max(late), 2),
        "checks": CHECKS,
        "load": round(os.getloadavg()[0], 1),
    }


async def _all(pool: Pool, paths: Sequence[Path], policy: Policy) -> list[Report]:
    return list(await asyncio.gather(*(pool.check(path, policy) for path in paths)))


async def _tick(late: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(TICK_S)
        late.append((time.perf_counter() - began - TICK_S) * 1000)


def _cpu_s(pool: Pool) -> float:
    """Of this process and of the workers that wait."""
    ours = resource.getrusage(resource.RUSAGE_SELF)
    theirs = [int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pool.idle]  # nanoseconds
    return ours.ru_utime + ours.ru_stime + sum(theirs) / 1e9
