"""The fast reader of cross-reference tables and the engine's own give the same entries, positions and errors."""

import io
import random

import pytest

from signing import fasttable
from tests.signing.alike import rounds

ENDS = (b" \r", b" \n", b"\r\n")
ODD = (b"\n", b"\r", b"  \n", b"\n\n", b" ")


def seen(read, content: bytes, *, strict: bool):
    stream, found = io.BytesIO(content), []
    try:
        for entry in read(stream, strict):
            found.append(entry)
            if len(found) > 200:
                return found, "and so on"
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return found, type(error), str(error)
    return found, stream.tell()


def table(dice: random.Random) -> bytes:
    odd = dice.random() < 0.5
    parts = [dice.choice((b"", b"\n", b"\r\n", b" ", b"%c\n" if odd else b""))]
    for _ in range(dice.randrange(1, 4)):
        size = dice.randrange(5)
        told = size + dice.randrange(-1, 2) if odd and dice.random() < 0.2 else size
        parts.append(b"%d %d%s" % (dice.randrange(99), max(told, 0), dice.choice((b"\n", b"\r\n", b" \n", b"\t", b"\r"))))
        parts += [line(dice, odd=odd) for _ in range(size)]
    parts.append(dice.choice((b"trailer", b"trailer\n", b"\ntrailer \r\n", b"trailer%x\n", b"trail") if odd else (b"trailer\n",)))
    content = bytearray(b"".join((*parts, dice.choice((b"<</Size 9>>", b"<<>>", b"")))))
    if odd and dice.random() < 0.5 and content:
        content[dice.randrange(len(content))] = dice.choice(b"0123456789 \r\n\tnf%+-.tx\x00")
    return bytes(content)


def line(dice: random.Random, *, odd: bool) -> bytes:
    offset = b"%010d" % dice.randrange(10**10)
    generation = b"%05d" % dice.choice((0, 0, 1, 65_535, 65_536, 99_999))
    if odd and dice.random() < 0.1:
        offset = dice.choice((b"%10d" % 7, b"12", b"+000000001", b"x" * 10))
    return b"%s %s %s%s" % (
        offset,
        generation,
        dice.choice(b"nnnf" if not odd else b"nnnfx").to_bytes(),
        dice.choice(ENDS + ODD if odd and dice.random() < 0.2 else ENDS),
    )


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "tolerant"])
def test_tables_read_alike(strict):
    """A sample; `make audit` compares 20,000 each way."""
    dice, quick = random.Random(11), 0
    for _ in range(rounds(1_500)):
        content = table(dice)
        assert seen(fasttable.parse_xref_table, content, strict=strict) == seen(fasttable.original, content, strict=strict), (
            content
        )
        quick += fasttable._sections(content, 0)[1] is not None
    assert quick > rounds(1_500) // 3, "the sample must hold tables that are read fast"
