"""Which public keys are taken: no weak one, and none that cannot be used."""

import pytest
from joserfc.jwk import ECKey, OKPKey

from app.sharing.jwks import is_strong
from tests.machines import CLIENT_KEY, EDWARDS_KEY, RSA_KEY

EC, RSA = CLIENT_KEY.as_dict(private=False), RSA_KEY.as_dict(private=False)
GOOD = {"P-256": EC, "Ed25519": EDWARDS_KEY.as_dict(private=False), "RSA 2048": RSA}
BAD = {
    "P-384": ECKey.generate_key("P-384").as_dict(private=False),
    "Ed448": OKPKey.generate_key("Ed448").as_dict(private=False),
    "X25519": OKPKey.generate_key("X25519").as_dict(private=False),
    "RSA 1024": {**RSA, "n": RSA["n"][:171]},
    "RSA 8192": {**RSA, "n": RSA["n"] * 4},
    "RSA slow": {**RSA, "e": "_" * 40},
    "RSA e 1": {**RSA, "e": "AQ"},
    "RSA no e": {name: value for name, value in RSA.items() if name != "e"},
    "n a number": {**RSA, "n": 7},
    "off the curve": {**EC, "y": EC["x"]},
    "no x": {name: value for name, value in EC.items() if name != "x"},
    "symmetric": {"kty": "oct", "k": "AAAA"},
    "nothing": {},
}


@pytest.mark.parametrize("jwk", GOOD.values(), ids=GOOD)
def test_a_strong_key_is_taken(jwk):
    assert is_strong(jwk)


@pytest.mark.parametrize("jwk", BAD.values(), ids=BAD)
def test_a_weak_or_broken_key_is_not(jwk):
    assert not is_strong(jwk)
