"""The replacements are in use with the versions that were fuzzed, and only with those."""

import pytest
from asn1crypto import x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver

from signing import fasthex, fastmap, fastnames, fastobjects, fastpath


def in_use() -> list[bool]:
    return [
        generic.read_hex_string_from_stream is fasthex.read_hex_string,
        generic.read_object is fastobjects.read_object,
        HistoricalResolver._load_reverse_xref_cache is fastmap.load_reverse_xref_cache,
        x509.Name.__eq__ is fastnames.equal,
    ]


@pytest.fixture
def engine_as_it_came(monkeypatch):
    monkeypatch.setattr(generic, "read_hex_string_from_stream", fasthex.original)
    monkeypatch.setattr(generic, "read_object", fastobjects.original)
    monkeypatch.setattr(HistoricalResolver, "_load_reverse_xref_cache", fastmap.original)
    monkeypatch.setattr(x509.Name, "__eq__", fastnames.original_equal)
    monkeypatch.setattr(x509.Name, "hashable", fastnames.original_hashable)


def test_they_are_in_use_with_the_versions_that_were_fuzzed():
    assert in_use() == [True] * 4


def test_other_versions_keep_their_own_code(monkeypatch, engine_as_it_came):
    monkeypatch.setattr(fastpath, "version", lambda _: "9.9.9")

    assert fastpath.install() == frozenset()
    assert in_use() == [False] * 4
