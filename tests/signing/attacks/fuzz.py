"""Mutants of signed files against `check`, for as long as one likes. `make audit` runs it for minutes, `make test` for seconds.

Three promises: nothing but a report comes out, no report says ENGINE_ERROR, and a file whose signed bytes were touched is
never VALID.
"""

import asyncio
import signal
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from signing import Evidence, FieldBox, Gate, Policy, Seat, Verdict, check, sign_result
from signing.revocation import revocation_needs
from tests import make
from tests.pki import NOW, Pki, build
from tests.signing import odd
from tests.signing.attacks import shadow
from tests.signing.attacks.mutations import Mutant, mutants

SLOWEST_S = 10
"""Processor time for one file."""


@dataclass
class Tally:
    """What came of it; `broken` names each promise that was not kept, with the file."""

    seed: int
    verdicts: Counter[str] = field(default_factory=Counter)
    broken: list[tuple[str, Mutant]] = field(default_factory=list)

    @property
    def judged(self) -> int:
        return self.verdicts.total()


class _TooSlow(BaseException):
    pass


def run(documents: dict[str, bytes], policy: Policy, *, seconds: float, seed: int) -> Tally:
    """Judge mutants for that long (wall time)."""
    tally, end = Tally(seed), time.monotonic() + seconds
    policies = [policy, replace(policy, integrity_only=True), replace(policy, gate=Gate())]
    before = signal.signal(signal.SIGVTALRM, _too_slow)
    try:
        for number, mutant in enumerate(mutants(documents, seed)):
            if time.monotonic() > end:
                return tally
            _judge(mutant, policies[number % len(policies)], tally)
    finally:
        signal.signal(signal.SIGVTALRM, before)
    raise AssertionError("mutants never end")


def _judge(mutant: Mutant, policy: Policy, tally: Tally) -> None:
    signal.setitimer(signal.ITIMER_VIRTUAL, SLOWEST_S)
    try:
        report = check(mutant.data, policy)
        revocation_needs(mutant.data, policy.trust)
    except (Exception, _TooSlow) as escaped:  # noqa: BLE001  # whatever comes out is what we look for
        tally.broken.append((f"{type(escaped).__name__}: {escaped}", mutant))
        return
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    tally.verdicts[report.verdict] += 1
    everything = [*report.findings, *(f for s in report.signatures for f in s.findings)]
    if unknown := [f.detail for f in everything if f.code == "ENGINE_ERROR"]:
        tally.broken.append((f"ENGINE_ERROR {unknown[0]}", mutant))
    if mutant.touched and report.verdict is Verdict.VALID:
        tally.broken.append(("VALID although signed bytes were touched", mutant))


def _too_slow(_number: int, _frame: object) -> NoReturn:
    raise _TooSlow(f"more than {SLOWEST_S} s")


async def documents_of(pki: Pki) -> dict[str, bytes]:
    """One of each kind that people file."""
    paper = make.pdf()
    plain = await odd.signed(pki, paper)
    visible = await odd.signed(pki, paper, box=(50, 50, 250, 120))
    return {
        "B-B": plain,
        "PKCS#7": await odd.signed(pki, paper, subfilter=odd.P7),
        "ECDSA, B-T": await odd.signed(pki, paper, "bizother", tsa=pki.tsa()),
        "two visible": await odd.signed(pki, visible, "bizother", field_name="ChuKy2", box=(300, 50, 500, 120)),
        "certified, stamped": await odd.stamped(pki, await odd.signed(pki, paper, certify=True)),
        "packed": await odd.signed(pki, shadow.packed()),
        "hybrid": await odd.signed(pki, make.hybrid_pdf()),
        "form": await odd.signed(pki, shadow.hidden_field()),
        "notes": await odd.signed(pki, shadow.two_notes(), certify=True),
        "B-LTA": await _result(pki),
    }


async def _result(pki: Pki) -> bytes:
    async def gather(needs) -> Evidence:
        return Evidence(tuple(pki.answer(need) for need in needs))

    boxes = [FieldBox("Nguoi", "Người ký"), FieldBox("Dau", "Con dấu")]
    person, body = Seat(pki.signer("official"), "Nguoi"), Seat(pki.signer("seal"), "Dau")
    return await sign_result(make.pdf(), person, body, boxes, pki.tsa(), pki.trust, gather)


def sample(folder: Path, *, seconds: float, seed: int) -> Tally:
    """Make an authority, sign one of each kind, judge mutants."""
    pki = build(folder)
    policy = Policy(at=NOW, trust=pki.trust, evidence=pki.evidence())
    return run(asyncio.run(documents_of(pki)), policy, seconds=seconds, seed=seed)
