"""The replacements are in use with the versions that were fuzzed, and only with those."""

import pytest
from asn1crypto import core, x509
from pyhanko.pdf_utils import generic, xref
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko_certvalidator.revinfo import validate_crl

from signing import fasthex, fastlists, fastmap, fastnames, fastobjects, fastpath, fasttable, fastvalues


def in_use() -> list[bool]:
    return [
        generic.read_hex_string_from_stream is fasthex.read_hex_string,
        generic.read_object is fastobjects.read_object,
        HistoricalResolver._load_reverse_xref_cache is fastmap.load_reverse_xref_cache,
        x509.Name.__eq__ is fastnames.equal,
        core.ObjectIdentifier.dotted is not fastvalues.original_dotted,
        x509.iri_to_uri is fastvalues.iri_to_uri,
        xref.parse_xref_table is fasttable.parse_xref_table,
        validate_crl._handle_single_crl is fastlists.handle_single_crl,
        validate_crl.find_cert_in_list is fastlists.find_cert_in_list,
    ]


@pytest.fixture
def engine_as_it_came(monkeypatch):
    monkeypatch.setattr(generic, "read_hex_string_from_stream", fasthex.original)
    monkeypatch.setattr(generic, "read_object", fastobjects.original)
    monkeypatch.setattr(HistoricalResolver, "_load_reverse_xref_cache", fastmap.original)
    monkeypatch.setattr(x509.Name, "__eq__", fastnames.original_equal)
    monkeypatch.setattr(x509.Name, "hashable", fastnames.original_hashable)
    monkeypatch.setattr(core.ObjectIdentifier, "dotted", fastvalues.original_dotted)
    monkeypatch.setattr(x509, "iri_to_uri", fastvalues.original_uri)
    monkeypatch.setattr(xref, "parse_xref_table", fasttable.original)
    monkeypatch.setattr(validate_crl, "_handle_single_crl", fastlists.original_handle)
    monkeypatch.setattr(validate_crl, "find_cert_in_list", fastlists.original_find)


def test_they_are_in_use_with_the_versions_that_were_fuzzed():
    assert in_use() == [True] * 9


def test_other_versions_keep_their_own_code(monkeypatch, engine_as_it_came):
    monkeypatch.setattr(fastpath, "version", lambda _: "9.9.9")

    assert fastpath.install() == frozenset()
    assert in_use() == [False] * 9
