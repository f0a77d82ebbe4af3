"""The Merkle tree of RFC 9162 section 2.1: the sealer's state, inclusion and consistency proofs, and their verification.

`Frontier` is what the sealer keeps between batches; `verify_*` is what any reader of a proof runs. Pure.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple


def _sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def leaf_hash(content: bytes) -> bytes:
    """The hash of one leaf."""
    return _sha(b"\0" + content)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of an inner node."""
    return _sha(b"\1" + left + right)


TILE_BITS = 8
"""A level of kept nodes is so many levels of the tree: its nodes cover 256, 65,536, … leaves."""


class Node(NamedTuple):
    """The root of the `n`th complete subtree of 256^`level` leaves."""

    level: int
    n: int
    digest: bytes


class Frontier:
    """The roots of the complete subtrees, largest first: enough to append and to name the root, in O(log n).

    `grown` collects the nodes that became complete and are worth keeping for proofs.
    """

    def __init__(self, size: int = 0, roots: Iterable[bytes] = ()) -> None:
        self.size = size
        self.roots = list(roots)
        self.grown: list[Node] = []

    def append(self, digest: bytes) -> None:
        """Add one leaf by its hash."""
        self.size += 1
        rest, height = self.size, 0
        while rest % 2 == 0:
            digest = node_hash(self.roots.pop(), digest)
            rest //= 2
            height += 1
            if height % TILE_BITS == 0:
                self.grown.append(Node(height // TILE_BITS, rest - 1, digest))
        self.roots.append(digest)

    def root(self) -> bytes:
        """The root over everything appended so far."""
        if not self.roots:
            return _sha(b"")
        digest = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            digest = node_hash(left, digest)
        return digest


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    return 1 << (n - 1).bit_length() - 1


def tree_root(leaves: Sequence[bytes]) -> bytes:
    """2.1.1 over leaf hashes: the definition."""
    if not leaves:
        return _sha(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = _split(len(leaves))
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """2.1.3.1: the path from leaf `index` to the root."""
    if len(leaves) == 1:
        return []
    k = _split(len(leaves))
    if index < k:
        return [*inclusion(index, leaves[:k]), tree_root(leaves[k:])]
    return [*inclusion(index - k, leaves[k:]), tree_root(leaves[:k])]


def consistency(old: int, leaves: Sequence[bytes]) -> list[bytes]:
    """2.1.4.1: that the tree of the first `old` leaves is a part of this one."""
    return _consistency(old, leaves, whole=True) if 0 < old < len(leaves) else []


def _consistency(old: int, leaves: Sequence[bytes], *, whole: bool) -> list[bytes]:
    if old == len(leaves):
        return [] if whole else [tree_root(leaves)]
    k = _split(len(leaves))
    if old <= k:
        return [*_consistency(old, leaves[:k], whole=whole), tree_root(leaves[k:])]
    return [*_consistency(old - k, leaves[k:], whole=False), tree_root(leaves[:k])]


def verify_inclusion(digest: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """2.1.3.2: whether `path` leads from the leaf to `root`."""
    if not 0 <= index < size:
        return False
    fn, sn, r = index, size - 1, digest
    for p in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            fn, sn = _up_to_left_turn(fn, sn)
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and r == root


def verify_consistency(old_size: int, old_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """2.1.4.2: whether the tree of `size` leaves only adds to the tree of `old_size`."""
    if old_size == size:
        return not path and old_root == root
    if not 0 < old_size < size or not path:
        return False
    path = [old_root, *path] if old_size & (old_size - 1) == 0 else list(path)
    fn, sn = old_size - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            fn, sn = _up_to_left_turn(fn, sn)
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and fr == old_root and sr == root


def _up_to_left_turn(fn: int, sn: int) -> tuple[int, int]:
    while fn and not fn & 1:
        fn, sn = fn >> 1, sn >> 1
    return fn, sn
