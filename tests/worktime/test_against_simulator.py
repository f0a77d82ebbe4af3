"""The clock against a clerk who walks day by day, over ten years of random calendars, pauses and restarts."""

import os
import random
import sys

from tests.worktime import drawn

CASES = 2_000


def test_ledger_and_clerk_name_the_same_moment() -> None:
    seed = int(os.environ.get("CLOCK_SEED") or random.randrange(2**31))
    sys.stdout.write(f"CLOCK_SEED={seed}\n")  # shown when the test fails; set it to draw the same again
    differences = drawn.compare(CASES, seed)
    assert not differences, "\n".join(differences[:3])
