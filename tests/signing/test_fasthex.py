"""The fast reader and the engine's own agree on everything: value, type, position, error."""

import io
import random

import pytest

from signing import fasthex
from tests.signing.alike import rounds

BORDERS = (fasthex.CHUNK - 2, fasthex.CHUNK - 1, fasthex.CHUNK, fasthex.CHUNK + 1, 2 * fasthex.CHUNK + 3)


def observed(read, content: bytes):
    stream = io.BytesIO(content)
    try:
        value = read(stream)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)
    return type(value), value, stream.tell()


def sample(dice: random.Random) -> bytes:
    size = dice.choice(BORDERS if dice.random() < 0.03 else (0, 1, 2, 3, 7, 40, 400))
    raw = bytearray(dice.choices(b"0123456789abcdefABCDEF", k=size))
    if dice.random() < 0.2:
        raw[:0] = dice.choice((b"FEFF", b"EFBBBF", b"FFFE", b"feff00e1"))
    for _ in range(dice.choice((0, 0, 1, 3))):
        raw.insert(dice.randrange(len(raw) + 1), dice.choice(b" \t\r\n\f\x00"))
    if dice.random() < 0.3:
        raw.insert(dice.randrange(len(raw) + 1), dice.choice((dice.randrange(256), ord("%"), ord("<"))))
    if dice.random() < 0.05:
        at = dice.randrange(len(raw) + 1)
        raw[at:at] = b"%a>b\n"
    return b"<" + bytes(raw) + dice.choice((b">", b">", b">", b"", b">>", b"> /Filter", b">\n>>endobj", b"0>"))


@pytest.mark.parametrize("seed", range(4))
def test_odd_strings_are_read_alike(seed):
    """A sample; `make audit` compares 20,000."""
    dice = random.Random(seed)
    for _ in range(rounds(2_000) // 4):
        content = sample(dice)
        assert observed(fasthex.read_hex_string, content) == observed(fasthex.original, content), content[:80]
