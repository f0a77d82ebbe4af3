import os

import pymerkle
import pytest

from app.audit.merkle import (
    Frontier,
    consistency,
    inclusion,
    leaf_hash,
    tree_root,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [leaf_hash(os.urandom(20)) for _ in range(40)]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 7, 8, 33])
def test_the_sealers_state_gives_the_root_of_the_definition(size):
    frontier = Frontier()
    for leaf in LEAVES[:size]:
        frontier.append(leaf)

    assert frontier.root() == tree_root(LEAVES[:size])


def test_another_implementation_of_the_standard_gives_the_same_root():
    rows, other, ours = [os.urandom(9) for _ in range(21)], pymerkle.InmemoryTree(algorithm="sha256"), Frontier()
    for row in rows:
        other.append_entry(row)
        ours.append(leaf_hash(row))

    assert ours.root() == other.get_root()


@pytest.mark.parametrize("size", [1, 2, 5, 8, 13, 40])
def test_every_proof_verifies_and_none_for_another_leaf_or_tree(size):
    root = tree_root(LEAVES[:size])
    for index in range(size):
        path = inclusion(index, LEAVES[:size])
        assert verify_inclusion(LEAVES[index], index, size, path, root)
        assert not verify_inclusion(leaf_hash(b"other"), index, size, path, root)
    for old in range(1, size + 1):
        path = consistency(old, LEAVES[:size])
        assert verify_consistency(old, tree_root(LEAVES[:old]), size, root, path)
        assert not verify_consistency(old, leaf_hash(b"x"), size, root, path)


@pytest.mark.parametrize("index", [-1, 5])
def test_a_leaf_outside_the_tree_is_not_in_it(index):
    assert not verify_inclusion(LEAVES[0], index, 5, inclusion(0, LEAVES[:5]), tree_root(LEAVES[:5]))
