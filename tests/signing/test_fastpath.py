"""The replacements are in use with the versions that were fuzzed, and only with those."""

import pytest

from signing import fastpath

EACH = [part for parts in fastpath.PARTS.values() for part in parts]


def in_use() -> list[bool]:
    return [vars(owner)[name] is part for owner, name, part in EACH]


@pytest.fixture
def engine_as_it_came(monkeypatch):
    for owner, name, _ in EACH:
        monkeypatch.setattr(owner, name, object())


def test_they_are_in_use_with_the_versions_that_were_fuzzed():
    assert in_use() == [True] * len(EACH)


def test_other_versions_keep_their_own_code(monkeypatch, engine_as_it_came):
    monkeypatch.setattr(fastpath, "version", lambda _: "9.9.9")

    assert fastpath.install() == frozenset()
    assert in_use() == [False] * len(EACH)
