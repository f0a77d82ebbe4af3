"""A list read in a process of its own says what it says in ours, and costs no more than it may."""

import pytest

from signing import apart
from signing.apart import read_apart
from signing.model import Role
from signing.trustlist import ListRefused
from tests.pki import NOW, Pki
from tests.signing.test_trustlist import CA, GRANTED, a_list, a_service, read, signed


@pytest.fixture(scope="module")
def listed(pki: Pki) -> bytes:
    return signed(pki, a_list(a_service(CA, "Dịch vụ", [pki.cert("natroot").dump()], (GRANTED, 0))))


def asked(pki: Pki, xml: bytes, **bounds):
    return read_apart(xml, [pki.cert("seal").dump()], role=Role.FILER, at=NOW, **bounds)


def test_a_list_says_the_same_apart(pki, listed):
    assert asked(pki, listed) == read(listed, pki)


def test_a_refusal_comes_back_with_its_reason(pki):
    with pytest.raises(ListRefused) as refused:
        asked(pki, b"<a/>")
    assert refused.value.reason == "signature"


def test_a_list_that_takes_too_long_is_given_up(pki, listed):
    with pytest.raises(ListRefused) as refused:
        asked(pki, listed, patience_s=0.01)
    assert refused.value.reason == "too-slow"


def test_a_process_that_dies_of_its_limits_is_a_refusal_too(pki, listed, monkeypatch):
    monkeypatch.setattr(apart.sys, "executable", "/bin/false")
    with pytest.raises(ListRefused, match="too-slow"):
        asked(pki, listed)
