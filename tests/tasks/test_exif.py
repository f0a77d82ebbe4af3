"""A photograph's own word on time and place; anything odd in it is no answer and no fault."""

import random
from datetime import UTC, datetime

import pytest

from app.tasks.exif import Taken, media_type_of, read
from tests.tasks.photographs import jpeg


def test_time_and_place_are_read() -> None:
    found = read(jpeg())
    assert found.at is not None
    assert (found.at.isoformat(), found.place) == ("2026-11-20T09:30:00+07:00", "21.02500, 105.85000")
    assert read(jpeg(place=("S", "W"))).place == "-21.02500, -105.85000"
    abroad = read(jpeg(zone="+00:00")).at
    assert abroad == datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("head", [b"", b"\xff\xd8", b"\xff\xd8\xff\xe1\0", b"GIF89a", b"\xff\xd8\xff\xe1\0\0" * 9], ids=repr)
def test_what_is_no_photograph_says_nothing(head: bytes) -> None:
    assert read(head) == Taken()


def test_damaged_photographs_raise_nothing() -> None:
    whole, chance = jpeg(), random.Random(7)
    for _ in range(2_000):
        spoilt = bytearray(whole[: chance.randrange(4, len(whole))])
        for _ in range(4):
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        assert isinstance(read(bytes(spoilt)), Taken)


def test_kinds_are_known_by_their_first_bytes() -> None:
    assert [media_type_of(head) for head in (jpeg(), b"\x89PNG\r\n\x1a\n", b"<svg")] == ["image/jpeg", "image/png", None]
