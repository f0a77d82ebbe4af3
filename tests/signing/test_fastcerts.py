"""Certificates and keys that are remembered say what the engine's own reading says, the first time and every time after."""

import random
import re

import pytest
from asn1crypto import algos, cms, x509
from cryptography.hazmat.primitives import serialization
from pyhanko.sign import general

from signing import fastcerts, remembered, sign_paper
from tests.pki import Pki
from tests.signing import odd
from tests.signing.alike import rounds

LABELS = ("biz", "person", "seal", "tsa", "bizother", "branch", "pubca", "natroot")


def outcome(ask, *given):
    try:
        return ask(*given)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)


def damaged(dice: random.Random, content: bytes, share: float = 0.5) -> bytes:
    if dice.random() > share:
        return content
    changed = bytearray(content)
    for _ in range(dice.randrange(1, 4)):
        changed[dice.randrange(len(changed))] = dice.choice((dice.randrange(256), 0, 0x30, 0x80))
    return bytes(changed)


def value_in(pdf: bytes) -> bytes:
    return bytes.fromhex(re.search(rb"/Contents\s*<([0-9a-fA-F]+)>", pdf)[1].decode()).rstrip(b"\0")


@pytest.fixture(scope="module")
async def values(pki: Pki, paper: bytes) -> list[bytes]:
    """Of signatures and a time stamp."""
    signed = [await odd.signed(pki, paper, label) for label in ("biz", "person", "bizother")]
    return [value_in(pdf) for pdf in (*signed, await sign_paper(paper, pki.signer("seal")), await odd.stamped(pki, paper))]


def certificates(extract, value: bytes):
    def read():
        found = extract(cms.ContentInfo.load(value)["content"])
        return [each.dump() for each in (found.signer_cert, *found.other_certs, *found.attribute_certs)]

    return outcome(read)


def test_certificates_are_found_alike(values):
    """A sample; `make audit` compares 20,000."""
    dice, right = random.Random(17), 0
    for _ in range(rounds(300)):
        value = damaged(dice, dice.choice(values))
        slow = certificates(fastcerts.original_extract, value)
        assert [certificates(fastcerts.extract_certificate_info, value) for _ in range(2)] == [slow, slow], value.hex()
        right += isinstance(slow, list)
    assert rounds(300) // 5 < right < rounds(300), "the sample must hold values that can be read, and others"


def test_a_certificate_is_parsed_once(values):
    one, again = (cms.ContentInfo.load(values[0])["content"] for _ in range(2))

    assert fastcerts.extract_certificate_info(one).signer_cert is fastcerts.extract_certificate_info(again).signer_cert


def names_of(pki: Pki) -> list[tuple[bytes, type]]:
    """Of each certificate by three digests."""
    certs = [pki.cert(label) for label in LABELS[:4]]
    made = [general.as_signing_certificate(cert) for cert in certs]
    made += [general.as_signing_certificate_v2(cert, method) for cert in certs for method in ("sha256", "sha512")]
    return [(each["certs"][0].dump(), type(each["certs"][0])) for each in made]


def test_certificates_are_named_alike(pki: Pki):
    """By their own digest, another's, or a damaged one. A sample; `make audit` compares 20,000."""
    dice, seen, names, encoded = random.Random(19), set(), names_of(pki), [pki.cert(label).dump() for label in LABELS[:2]]
    for _ in range(rounds(300)):
        name, kind = dice.choice(names)
        name, cert = damaged(dice, name, 0.3), x509.Certificate.load(dice.choice(encoded))
        slow = outcome(lambda: fastcerts.original_matches(cert, kind.load(name)))  # noqa: B023  # called here and now
        for _ in range(2):
            assert outcome(lambda: fastcerts.check_ess_certid(cert, kind.load(name))) == slow, name.hex()  # noqa: B023  # as above
        seen.add(slow if isinstance(slow, bool) else slow[0])
    assert {True, False} < seen, "the sample must hold right, wrong and broken names"


def key(load, encoded: bytes):
    read = outcome(load, encoded)
    if isinstance(read, tuple):
        return read
    return type(read), read.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def test_keys_are_read_alike(pki: Pki):
    """A sample; `make audit` compares 20,000."""
    dice, right = random.Random(23), 0
    encoded = [pki.cert(label).public_key.dump() for label in LABELS]
    for _ in range(rounds(300)):
        given = damaged(dice, dice.choice(encoded))
        slow = key(serialization.load_der_public_key, given)
        assert [key(fastcerts.load_der_public_key, given) for _ in range(2)] == [slow, slow], given.hex()
        right += isinstance(slow[0], type) and not issubclass(slow[0], Exception)
    assert rounds(300) // 5 < right < rounds(300), "the sample must hold keys that can be read, and others"


def padding(ask, encoded: bytes, *, prehashed: bool):
    def read():
        found, method = ask(algos.RSASSAPSSParams.load(encoded), prehashed)
        return found.mgf._algorithm.name, found._salt_length, type(method), getattr(method, "name", None)

    return outcome(read)


def test_paddings_are_read_alike():
    """A sample; `make audit` compares 20,000."""
    dice, right = random.Random(29), 0
    methods = ("sha256", "sha384", "sha512", "sha1", "md5")
    for _ in range(rounds(300)):
        one, other = dice.choice(methods), dice.choice(methods)
        spelled = {
            "hash_algorithm": {"algorithm": one},
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": dice.choice((one, other))}},
            "salt_length": dice.choice((20, 32, 64, 0)),
        }
        encoded, prehashed = damaged(dice, algos.RSASSAPSSParams(spelled).dump(), 0.3), dice.random() < 0.3
        slow = padding(fastcerts.original_padding, encoded, prehashed=prehashed)
        fast = [padding(fastcerts.process_pss_params, encoded, prehashed=prehashed) for _ in range(2)]
        assert fast == [slow, slow], encoded.hex()
        right += isinstance(slow[0], str)
    assert rounds(300) // 5 < right < rounds(300), "the sample must hold parameters that can be read, and others"


def test_memory_has_an_end(monkeypatch, pki: Pki):
    monkeypatch.setattr(fastcerts, "_certificates", remembered.Memory(3))
    for label in LABELS:
        fastcerts.kept(x509.Certificate.load(pki.cert(label).dump()))

    assert len(fastcerts._certificates) <= 3


def test_what_is_too_long_is_not_kept(monkeypatch, pki: Pki):
    monkeypatch.setattr(fastcerts, "LONGEST", 10)
    before = len(fastcerts._certificates), len(fastcerts._named)
    cert = fastcerts.kept(x509.Certificate.load(pki.cert("pubca").dump()))

    assert fastcerts.check_ess_certid(cert, general.as_signing_certificate_v2(cert)["certs"][0])
    assert (len(fastcerts._certificates), len(fastcerts._named)) == before
