"""Remembered identifiers and addresses are spelled as the library itself spells them, the first time and every time after."""

import random
from typing import ClassVar

from asn1crypto import core

from signing import fastvalues
from tests.signing.alike import rounds

PIECES = (
    "http",
    "HTTP",
    "ldap",
    "://",
    ":",
    "/",
    "a.vn",
    "Tên.vn",
    "xn--a",
    "..",
    "%20",
    "%zz",
    "?q=1",
    "#x",
    "u:p@",
    ":80",
    ":x",
    "[",
    "]",
    " ",
)


def outcome(ask, *given):
    try:
        return ask(*given)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)


def test_identifiers_are_spelled_alike():
    """A sample; `make audit` compares 20,000."""
    dice, former = random.Random(3), b"\x55"
    for _ in range(rounds(1_000)):
        contents = dice.choice((former, dice.randbytes(dice.randrange(12)), bytes((0x2A, 0x86, dice.randrange(256)))))
        slow = outcome(fastvalues.original_dotted.fget, core.ObjectIdentifier(contents=contents))
        spelled = [outcome(fastvalues.dotted, core.ObjectIdentifier(contents=contents)) for _ in range(2)]
        assert spelled == [slow, slow], contents
        former = contents


def test_an_identifier_of_another_class_keeps_its_own_meaning():
    class Fruit(core.ObjectIdentifier):
        _map: ClassVar = {"1.2.3": "apple"}

    contents = core.ObjectIdentifier("1.2.3").contents
    assert core.ObjectIdentifier(contents=contents).native == "1.2.3"
    assert Fruit(contents=contents).native == "apple"


def test_addresses_are_spelled_alike():
    """A sample; `make audit` compares 20,000."""
    dice, former, good = random.Random(5), "", 0
    for _ in range(rounds(1_000)):
        value = dice.choice((former, "".join(dice.choice(PIECES) for _ in range(dice.randrange(7)))))
        normal = dice.random() < 0.5
        slow = outcome(fastvalues.original_uri, value, normal)
        assert [outcome(fastvalues.iri_to_uri, value, normal) for _ in range(2)] == [slow, slow], value
        good += isinstance(slow, bytes)
        former = value
    assert good > rounds(1_000) // 4, "the sample must hold addresses that can be spelled"
