"""A sample of what `make audit` does for minutes. The seed stands in the head of the run; MOTCUA_MUTATION_SEED repeats it."""

import os

import pytest

from tests.signing.attacks import fuzz
from tests.signing.attacks.mutations import mutants


@pytest.fixture(scope="module")
async def documents(pki) -> dict[str, bytes]:
    return await fuzz.documents_of(pki)


def test_nothing_unforeseen_comes_of_damaged_files_and_touched_bytes_are_never_valid(documents, policy):
    seed = int(os.environ["MOTCUA_MUTATION_SEED"])
    tally = fuzz.run(documents, policy, seconds=20, seed=seed)

    assert [(what, mutant.kind) for what, mutant in tally.broken] == [], f"seed {seed}"
    assert tally.judged > 50


def test_a_seed_makes_the_same_mutants_again(documents):
    first, second = (mutants(documents, 7) for _ in range(2))

    assert [next(first) for _ in range(20)] == [next(second) for _ in range(20)]
