"""Damage to signed files: blind, and by somebody who knows the format. Every mutant follows from its seed."""

import binascii
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.signing.attacks.notation import append

_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)[^\]]*\]")
_CONTENTS = re.compile(rb"/Contents\s*<([0-9a-fA-F]{64,})>")
_NUMBER = re.compile(rb"(?<![\w.])\d{1,10}(?![\w.])")
_NAME = re.compile(rb"/[A-Za-z][A-Za-z0-9]{0,20}")
_REFERENCE = re.compile(rb"(?<!\d)\d{1,4} 0 R")
_OBJECT = re.compile(rb"(?<!\d)(\d{1,4}) 0 obj\s(.{0,3000}?)\sendobj", re.DOTALL)
_TABLE_ROW = re.compile(rb"\d{10} \d{5} [nf]")
NUMBERS = [b"0", b"-1", b"1", b"7", b"255", b"65536", b"2147483648", b"9223372036854775808", b"1.5", b"1" * 40, b"9" * 5000]
NAMES = (
    b"Type V FT Sig T Kids Parent Fields AcroForm ByteRange Contents SubFilter Filter Prev Size Root Index W Length Annots "
    b"Pages Page Catalog DSS VRI CRLs Certs Perms DocMDP Reference TransformParams P Rect AP N Encrypt XRefStm ObjStm Extends "
    b"First AA JS OpenAction"
).split()
THINGS = [thing.replace(b"_", b" ") for thing in b"null true [] <<>> (a) <> 1_0_R 99999_0_R /X [[[[ >> stream endobj %".split()]

Mutation = Callable[[bytes, random.Random], bytes]


@dataclass(frozen=True)
class Mutant:
    """`touched`: a byte inside a signed range is no longer what it was."""

    kind: str
    data: bytes
    touched: bool


def mutants(documents: dict[str, bytes], seed: int) -> Iterator[Mutant]:
    """Without end."""
    chance = random.Random(seed)
    names = sorted(documents)
    while True:
        name, how = chance.choice(names), chance.choice(_ALL)
        data = documents[name]
        for _ in range(chance.choice((1, 1, 1, 2, 4))):
            data = how(data or b"%PDF-1.7", chance)
        yield Mutant(f"{name}: {how.__name__}", data, _is_touched(documents[name], data))


def _is_touched(before: bytes, after: bytes) -> bool:
    """In the range of the last signature, which covers the earlier ones and their values."""
    ranges = [tuple(int(n) for n in m.groups()) for m in _RANGE.finditer(before)]
    if not ranges:
        return False
    _, length, second, rest = max(ranges, key=lambda r: r[2] + r[3])
    return before[:length] != after[:length] or before[second : second + rest] != after[second : second + rest]


# -- blind -------------------------------------------------------------------------------------------------------


def flip(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ (1 << chance.randrange(8))]) + data[at + 1 :]


def scribble(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + chance.randbytes(chance.randrange(1, 20)) + data[at + chance.randrange(0, 20) :]


def repeat(data: bytes, chance: random.Random) -> bytes:
    begin, into = chance.randrange(len(data)), chance.randrange(len(data))
    return data[:into] + data[begin : begin + chance.randrange(1, 2000)] + data[into:]


def cut_out(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + data[at + chance.randrange(1, 200) :]


def cut_off(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))] + chance.choice((b"", b"%%EOF", b"\nstartxref\n9\n%%EOF\n"))


# -- by the format -----------------------------------------------------------------------------------------------


def _replaced(data: bytes, pattern: re.Pattern[bytes], value: Callable[[re.Match[bytes]], bytes], chance: random.Random) -> bytes:
    found = list(pattern.finditer(data))
    if not found:
        return flip(data, chance)
    match = chance.choice(found)
    return data[: match.start()] + value(match) + data[match.end() :]


def number(data: bytes, chance: random.Random) -> bytes:
    """Half the time of the same length, so that the tables stay right."""

    def value(match: re.Match[bytes]) -> bytes:
        new = chance.choice(NUMBERS)
        return new[: len(match[0])].rjust(len(match[0]), b"0") if chance.random() < 0.5 else new

    return _replaced(data, _NUMBER, value, chance)


def name(data: bytes, chance: random.Random) -> bytes:
    def value(match: re.Match[bytes]) -> bytes:
        same = [n for n in NAMES if len(n) + 1 == len(match[0])]
        return b"/" + chance.choice(same if same and chance.random() < 0.7 else NAMES)

    return _replaced(data, _NAME, value, chance)


def reference(data: bytes, chance: random.Random) -> bytes:
    def value(match: re.Match[bytes]) -> bytes:
        digits = len(match[0]) - 4
        return b"%0*d 0 R" % (digits, chance.randrange(10**digits))

    return _replaced(data, _REFERENCE, value, chance)


def other_thing(data: bytes, chance: random.Random) -> bytes:
    return _replaced(data, chance.choice((_NUMBER, _NAME, _REFERENCE)), lambda _: chance.choice(THINGS), chance)


def table_row(data: bytes, chance: random.Random) -> bytes:
    return _replaced(
        data, _TABLE_ROW, lambda _: b"%010d %05d %c" % (chance.randrange(len(data)), 0, chance.choice(b"nf")), chance
    )


def byte_range(data: bytes, chance: random.Random) -> bytes:
    """One of its numbers, in the space that is there."""

    def value(match: re.Match[bytes]) -> bytes:
        numbers = [int(n) for n in match.groups()]
        at = chance.randrange(4)
        numbers[at] = chance.choice((0, 1, numbers[at] + 1, numbers[at] - 1, -1, len(data), 1 << 31, 1 << 63, 10**30))
        made = b"/ByteRange[%s" % b" ".join(b"%d" % n for n in numbers)
        return made.ljust(len(match[0]) - 1) + b"]"

    return _replaced(data, _RANGE, value, chance)


def value_der(data: bytes, chance: random.Random) -> bytes:
    """Inside the CMS structure: a bit, a tag, a length, a piece moved."""

    def value(match: re.Match[bytes]) -> bytes:
        der = bytearray(binascii.unhexlify(match[1][: len(match[1]) // 2 * 2]))
        end = max(len(bytes(der).rstrip(b"\0")), 40)
        for _ in range(chance.choice((1, 1, 2, 5))):
            at = chance.randrange(end)
            der[at] = chance.choice((der[at] ^ (1 << chance.randrange(8)), 0x80, 0xFF, 0x30, 0x31, 0x02, 0xA0, 0))
        if chance.random() < 0.2:
            piece = bytes(der[(at := chance.randrange(end)) : at + 30])
            der[(to := chance.randrange(end)) : to + len(piece)] = piece
        return b"/Contents <%s>" % binascii.hexlify(bytes(der)).ljust(len(match[1]), b"0")[: len(match[1])]

    return _replaced(data, _CONTENTS, value, chance)


def swapped_objects(data: bytes, chance: random.Random) -> bytes:
    """Two objects trade numbers; the bodies stay where they are."""
    found = list(re.finditer(rb"(?<!\d)(\d{1,4}) 0 obj", data))
    if len(found) < 2:
        return flip(data, chance)
    one, two = sorted(chance.sample(found, 2), key=lambda match: match.start())
    return data[: one.start()] + two[0] + data[one.end() : two.start()] + one[0] + data[two.end() :]


def revision(data: bytes, chance: random.Random) -> bytes:
    """A well-formed update that brings some object again under another number, or changed."""
    bodies = [(int(m[1]), m[2]) for m in _OBJECT.finditer(data)]
    if not bodies:
        return data + b"%%EOF"
    made = {}
    for _ in range(chance.choice((1, 1, 2))):
        number_, body = chance.choice(bodies)
        if chance.random() < 0.5:
            number_ = chance.choice(bodies)[0]
        if chance.random() < 0.7:
            body = chance.choice((number, name, reference, other_thing, flip))(body + b" ", chance)
        made[number_] = body
    try:
        return append(data, made, listed=chance.random() < 0.9)
    except (IndexError, ValueError):  # an earlier damage took the trailer away
        return data + b"%%EOF"


_BLIND: list[Mutation] = [flip, scribble, repeat, cut_out, cut_off]
_KNOWING: list[Mutation] = [
    *(number, name, reference, other_thing, table_row),
    *(byte_range, value_der, value_der, swapped_objects, revision, revision),
]
_ALL = _BLIND + _KNOWING
