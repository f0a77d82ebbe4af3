"""How much a file may cost. One gate for every PDF that comes in."""

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """`file_bytes` is the paper's own limit; the rest protects the machine (measured, see the design notes)."""

    file_bytes: int = 100 * MIB
    revisions: int = 200
    signatures: int = 20
    diff_objects: int = 60_000
    """Objects of a file whose later revisions are compared: the comparison costs 0.3 ms for each."""
    xref_stream_bytes: int = 2 * MIB
    stream_bytes: int = 64 * MIB
    document_bytes: int = 128 * MIB
    document_ratio: int = 20
    pages: int = 2_000
    objects: int = 500_000
    depth: int = 100
    image_pixels: int = 100_000_000
