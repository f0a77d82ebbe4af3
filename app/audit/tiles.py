"""Proofs from tiles: 256 neighbouring hashes of one level at a time, so that a proof needs a few of them and never the whole log.

A span is a range of leaves; its hash is that of the tree over them. Pure: `tiles_for` says what to fetch, `Tiles` makes proofs.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from app.audit.merkle import TILE_BITS, node_hash, tree_root

WIDTH = 1 << TILE_BITS

Span = tuple[int, int]
Place = tuple[int, int]
"""Level and number of a tile."""


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The spans whose hashes are the path from leaf `index` to the root (RFC 9162, 2.1.3.1)."""
    low, high, path = 0, size, list[Span]()
    while high - low > 1:
        middle = low + _split(high - low)
        if index < middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low = middle
    return path[::-1]


def consistency_spans(old: int, size: int) -> list[Span]:
    """The spans whose hashes prove that the tree of `old` leaves is a part of that of `size` (RFC 9162, 2.1.4.1)."""
    if not 0 < old < size:
        return []
    low, high, path, whole = 0, size, list[Span](), True
    while high != old:
        middle = low + _split(high - low)
        if old <= middle:
            path.append((middle, high))
            high = middle
        else:
            path.append((low, middle))
            low, whole = middle, False
    return [*([] if whole else [(low, high)]), *path[::-1]]


def _split(n: int) -> int:
    return 1 << (n - 1).bit_length() - 1


def _pieces(span: Span) -> Iterator[Span]:
    """The complete subtrees of a span, the largest first: spans of a path begin where such a subtree may begin."""
    low, high = span
    while low < high:
        step = 1 << (high - low).bit_length() - 1
        yield low, low + step
        low += step


def _coordinates(piece: Span) -> tuple[int, int, int]:
    """Level, first hash and number of hashes that a complete subtree is made of."""
    low, high = piece
    level, rest = divmod((high - low).bit_length() - 1, TILE_BITS)
    return level, low >> (TILE_BITS * level), 1 << rest


def tiles_for(spans: Iterable[Span]) -> set[Place]:
    """The tiles that the hashes of `spans` are made from."""
    found = (_coordinates(piece) for span in spans for piece in _pieces(span))
    return {(level, start // WIDTH) for level, start, _ in found}


def width_of(level: int, n: int, size: int) -> int:
    """How many hashes the tile has in a tree of `size` leaves; 0 when it is not there."""
    return max(0, min(WIDTH, (size >> (TILE_BITS * level)) - n * WIDTH))


@dataclass(frozen=True, slots=True)
class Tiles:
    """The tiles that were fetched, by place: the hashes of each in order."""

    fetched: Mapping[Place, Sequence[bytes]]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The path from leaf `index` to the root of the tree of `size` leaves."""
        return [self._hash(span) for span in inclusion_spans(index, size)]

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the tree of `size` leaves only adds to that of `old`."""
        return [self._hash(span) for span in consistency_spans(old, size)]

    def _hash(self, span: Span) -> bytes:
        *before, last = [self._complete(piece) for piece in _pieces(span)]
        return reduce(lambda right, left: node_hash(left, right), reversed(before), last)

    def _complete(self, piece: Span) -> bytes:
        level, start, count = _coordinates(piece)
        tile, at = self.fetched[level, start // WIDTH], start % WIDTH
        return tree_root(tile[at : at + count])
