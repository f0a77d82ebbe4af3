"""The guarded replacements of slow parts of the engine, installed once for each process.

Each gives what the original gives, and leaves to the original whatever it does not know. They are installed only for versions
that passed the equivalence fuzz in the tests; with any other version the engine works as it came, more slowly.
"""

from importlib.metadata import version

from asn1crypto import core, x509
from pyhanko.pdf_utils import generic, xref
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko_certvalidator.revinfo import validate_crl

from signing import fasthex, fastlists, fastmap, fastnames, fastobjects, fasttable, fastvalues

FUZZED = {"pyHanko": "0.38.0", "asn1crypto": "1.5.1", "pyhanko-certvalidator": "0.33.0"}


def install() -> frozenset[str]:
    """The packages that were made faster; the others are of a version that was not fuzzed and stay as they are."""
    known = frozenset(name for name, fuzzed in FUZZED.items() if version(name) == fuzzed)
    if "pyHanko" in known:
        generic.read_hex_string_from_stream = fasthex.read_hex_string
        generic.read_object = fastobjects.read_object
        xref.parse_xref_table = fasttable.parse_xref_table
        HistoricalResolver._load_reverse_xref_cache = fastmap.load_reverse_xref_cache  # type: ignore[method-assign]  # noqa: SLF001  # that is the patch
    if "asn1crypto" in known:
        x509.Name.__eq__ = fastnames.equal
        x509.Name.hashable = property(fastnames.hashable)
        core.ObjectIdentifier.dotted = property(fastvalues.dotted)
        x509.iri_to_uri = fastvalues.iri_to_uri
    if "pyhanko-certvalidator" in known:
        validate_crl._handle_single_crl = fastlists.handle_single_crl  # type: ignore[assignment]  # noqa: SLF001  # that is the patch; the engine names all it gives
        validate_crl.find_cert_in_list = fastlists.find_cert_in_list
    return known
