"""A right signature is remembered under everything that makes it right; a wrong one never is."""

import pytest
from cryptography.exceptions import InvalidSignature

from signing import remembered
from signing.remembered import REMEMBERING


@pytest.fixture(autouse=True)
def nothing_yet(monkeypatch):
    monkeypatch.setattr(remembered, "_right", set())


def given(certificate, issuer) -> list:
    return [
        certificate["signature_value"].native,
        certificate["tbs_certificate"].dump(),
        issuer.public_key,
        certificate["signature_algorithm"],
    ]


def test_a_right_signature_is_right_again(pki):
    asked = given(pki.cert("biz"), pki.cert("pubca"))

    for _ in range(2):
        REMEMBERING.validate_signature(*asked)
        assert len(remembered._right) == 1


def test_nothing_like_it_profits_from_it(pki):
    asked = given(pki.cert("biz"), pki.cert("pubca"))
    REMEMBERING.validate_signature(*asked)
    others = given(pki.cert("evilbiz"), pki.cert("evilroot"))

    for place in (0, 1, 2):
        forged = [*asked[:place], others[place], *asked[place + 1 :]]
        for _ in range(2):
            with pytest.raises(InvalidSignature):
                REMEMBERING.validate_signature(*forged)
    assert len(remembered._right) == 1


def test_memory_has_an_end(pki, monkeypatch):
    monkeypatch.setattr(remembered, "_MOST", 1)
    for label in ("biz", "person", "branch"):
        REMEMBERING.validate_signature(*given(pki.cert(label), pki.cert("pubca")))

    assert len(remembered._right) == 1
