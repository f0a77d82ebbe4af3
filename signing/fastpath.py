"""The guarded replacements of slow parts of the engine, installed once for each process.

Each gives what the original gives, and leaves to the original whatever it does not know. They are installed only for versions
that passed the equivalence fuzz in the tests; with any other version the engine works as it came, more slowly.
"""

from importlib.metadata import version
from typing import Any

from asn1crypto import core, x509
from pyhanko.pdf_utils import generic, xref
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign import general
from pyhanko.sign.validation import generic_cms
from pyhanko_certvalidator import sig_validate
from pyhanko_certvalidator.revinfo import validate_crl

from signing import fastcerts, fasthex, fastlists, fastmap, fastnames, fastobjects, fasttable, fastvalues

FUZZED = {"pyHanko": "0.38.0", "asn1crypto": "1.5.1", "pyhanko-certvalidator": "0.33.0"}


PARTS: dict[str, tuple[tuple[Any, str, Any], ...]] = {
    "pyHanko": (
        (generic, "read_hex_string_from_stream", fasthex.read_hex_string),
        (generic, "read_object", fastobjects.read_object),
        (generic.DictionaryObject, "read_from_stream", staticmethod(fastobjects.read_dictionary)),
        (xref, "parse_xref_table", fasttable.parse_xref_table),
        (HistoricalResolver, "_load_reverse_xref_cache", fastmap.load_reverse_xref_cache),
        (general, "extract_certificate_info", fastcerts.extract_certificate_info),
        (generic_cms, "extract_certificate_info", fastcerts.extract_certificate_info),
        (generic_cms, "check_ess_certid", fastcerts.check_ess_certid),
    ),
    "asn1crypto": (
        (x509.Name, "__eq__", fastnames.equal),
        (x509.Name, "hashable", property(fastnames.hashable)),
        (core.ObjectIdentifier, "dotted", property(fastvalues.dotted)),
        (x509, "iri_to_uri", fastvalues.iri_to_uri),
    ),
    "pyhanko-certvalidator": (
        (validate_crl, "_handle_single_crl", fastlists.handle_single_crl),
        (validate_crl, "find_cert_in_list", fastlists.find_cert_in_list),
        (sig_validate, "serialization", fastcerts.keys),
        (sig_validate, "process_pss_params", fastcerts.process_pss_params),
    ),
}
"""Where each stands in the engine."""


def install() -> frozenset[str]:
    """The packages that were made faster; the others are of a version that was not fuzzed and stay as they are."""
    known = frozenset(name for name, fuzzed in FUZZED.items() if version(name) == fuzzed)
    for package in known:
        for owner, name, part in PARTS[package]:
            setattr(owner, name, part)
    return known
