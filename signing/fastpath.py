"""The guarded replacements of slow parts of the engine, installed once for each process.

Each gives what the original gives, and leaves to the original whatever it does not know. They are installed only for versions
that passed the equivalence fuzz in the tests; with any other version the engine works as it came, more slowly.
"""

from importlib.metadata import version

from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from signing import fasthex, fastmap, fastnames, fastobjects

FUZZED = {"pyHanko": "0.38.0", "asn1crypto": "1.5.1"}


def install() -> frozenset[str]:
    """The packages that were made faster; the others are of a version that was not fuzzed and stay as they are."""
    known = frozenset(name for name, fuzzed in FUZZED.items() if version(name) == fuzzed)
    if "pyHanko" in known:
        generic.read_hex_string_from_stream = fasthex.read_hex_string
        generic.read_object = fastobjects.read_object
        HistoricalResolver._load_reverse_xref_cache = fastmap.load_reverse_xref_cache  # type: ignore[method-assign]  # noqa: SLF001  # that is the patch
    if "asn1crypto" in known:
        x509.Name.__eq__ = fastnames.equal
        x509.Name.hashable = property(fastnames.hashable)
    return known
