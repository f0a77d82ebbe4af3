"""Remembered comparisons of names are the library's own, the first time and every time after."""

import random

from asn1crypto import x509

from signing import fastnames
from tests.signing.alike import rounds

TYPES = ("2.5.4.3", "2.5.4.6", "2.5.4.10", "2.5.4.11", "0.9.2342.19200300.100.1.1", "1.2.3.4")
KINDS = (x509.PrintableString, x509.UTF8String, x509.BMPString, x509.TeletexString, x509.IA5String)
WORDS = (
    "VN",
    "vn",
    "Bộ Công Thương",
    "BỘ  CÔNG THƯƠNG",
    " a b ",
    "a  b",
    "MST:9900000009",
    "",
    "ﬀ",
    "x\u00ady",
    "\ue000",
    "ß",
    "SS",
)


def name(dice: random.Random) -> x509.Name:
    rdns = [
        x509.RelativeDistinguishedName([_pair(dice) for _ in range(1 if dice.random() < 0.8 else 2)])
        for _ in range(dice.randrange(4))
    ]
    encoded = bytearray(x509.RDNSequence(rdns).dump())
    if dice.random() < 0.2 and len(encoded) > 4:
        encoded[dice.randrange(2, len(encoded))] ^= 1 << dice.randrange(8)
    return x509.Name.load(bytes(encoded))


def _pair(dice: random.Random) -> x509.NameTypeAndValue:
    kind, words = dice.choice(KINDS), dice.choice(WORDS)
    value = x509.DirectoryString(name="utf8_string", value=x509.UTF8String(words))
    if kind is x509.PrintableString and words.isascii():
        value = x509.DirectoryString(name="printable_string", value=x509.PrintableString(words))
    return x509.NameTypeAndValue({"type": dice.choice(TYPES[:2] if dice.random() < 0.7 else TYPES), "value": value})


def outcome(ask, *names):
    try:
        return ask(*names)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)


def again(one: x509.Name) -> x509.Name:
    return x509.Name.load(one.dump())


def test_names_compare_alike():
    """A sample; `make audit` compares 20,000."""
    dice, answers, former = random.Random(7), set(), x509.Name.build({})
    for _ in range(rounds(500)):
        one = name(dice)
        other = dice.choice((again(one), former, name(dice)))
        slow = outcome(fastnames.original_equal, again(one), again(other))
        assert [outcome(fastnames.equal, again(one), again(other)) for _ in range(2)] == [slow, slow]
        spelled = outcome(fastnames.original_hashable.fget, again(one))
        assert [outcome(fastnames.hashable, again(one)) for _ in range(2)] == [spelled, spelled]
        answers.add(slow if isinstance(slow, bool) else slow[0])
        former = one
    assert {True, False} < answers, "the sample must hold equal, unequal and broken names"


def test_a_name_changed_in_memory_is_compared_as_it_is_now():
    one, other = x509.Name.build({"common_name": "A"}), x509.Name.build({"common_name": "A"})
    assert fastnames.equal(one, other)

    other.chosen[0][0]["value"] = x509.DirectoryString(name="utf8_string", value=x509.UTF8String("B"))
    assert not fastnames.equal(one, other)


def test_memory_has_an_end(monkeypatch):
    monkeypatch.setattr(fastnames, "_MOST", 10)
    for number in range(50):
        fastnames.hashable(x509.Name.build({"common_name": f"name {number}"}))

    assert len(fastnames._spelled) <= 10
