"""The fast reader of objects and the engine's own agree on everything: value, type, owner, position, error."""

import io
import random
from dataclasses import dataclass

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import IndirectObject, NameObject, NullObject, NumberObject, Reference, TrailerReference

from signing import fasthex, fastobjects
from tests.signing.alike import rounds

SCALARS = (
    *(b"/Name", b"/N#41", b"/", b"/A.b-c_1", b"/\xc3\xa9", b"/a{b", b"/A#4", b"12", b"-3", b"+4", b"1.5", b".5", b"5.", b"-.7"),
    *(b"1 0 R", b"12 3 R", b"0 0 R", b"1 0\tR", b"1  0  R", b"10 0 RG", b"99999999 0 R", b"123456789012345 0 R", b"1 0 R/"),
    *(b"12345678901234567 0 R", b"1\x000 R", b"1\x0b0 R", b"7 0 \x0bR", b"1 0", b"1.5.2", b"--1", b"1,2", b"4294967296", b"+"),
    *(b"(text)", b"(a\\(b)", b"(a(b)c)", b"(\\101\\n)", b"(\xfe\xff\x00A)", b"(\x00\x7f)", b"(tab\t)", b"<41>", b"<4>", b"<>"),
    *(b"<4 1>", b"<4x>", b"<FEFF00e1>", b"<80ad>", b"true", b"false", b"null", b"truex", b"nullx", b"12345678901234567890"),
)
BLANKS = (b" ", b"\n", b"\r\n", b"", b"\x00", b"  ", b"%c\n", b"\x0b")
PAYLOADS = (
    *(b"\nstream\nabc\nendstream", b" stream\r\nabcendstream", b"\nstream\nab\nendstream", b"\nstream\nabcd\nendstream"),
    *(b"stream\nabc endstream", b"\nstartxref", b"%c\nstream\nabc\nendstream"),
)
AFTER = (b"\nendobj", b" endobj", b"endobj", b"", b" ", b"%c\nendobj", b"\nendobj\n12 0 obj")
MARKS = (b"%", b"<", b">", b"(", b")", b"[", b"]", b"/", b"\\", b" ", b"R", b"0", b"#")


@dataclass
class Handler:
    strict: bool

    def get_object(self, ref):
        return NumberObject(3)


def blank(dice):
    return dice.choice(BLANKS if dice.random() < 0.15 else BLANKS[:2])


def thing(dice, depth=0):
    kind = dice.random()
    if depth > 4 or kind < 0.4:
        return dice.choice(SCALARS)
    if kind < 0.45:
        return b"[" + b"".join(blank(dice) + b"%d" % dice.randrange(-99, 999) for _ in range(dice.randrange(6))) + b"]"
    if kind < 0.6:
        return b"[" + b"".join(blank(dice) + thing(dice, depth + 1) for _ in range(dice.randrange(5))) + blank(dice) + b"]"
    keys = [dice.randrange(8 if dice.random() < 0.2 else 1000) for _ in range(dice.randrange(5))]
    return b"<<" + b"".join(b"/K%d" % k + blank(dice) + thing(dice, depth + 1) + blank(dice) for k in keys) + b">>"


def damaged(dice, content):
    content = bytearray(content)
    for _ in range(dice.randrange(1, 3)):
        at, kind = dice.randrange(len(content) + 1), dice.random()
        if kind < 0.4:
            content[at : at + 1] = bytes([dice.randrange(256)])
        elif kind < 0.7:
            del content[at : at + dice.randrange(1, 3)]
        else:
            content[at:at] = dice.choice(MARKS)
    return bytes(content)


def sample(dice):
    content = thing(dice)
    if dice.random() < 0.3:
        content = b"<</Length %s/X %s>>" % (dice.choice((b"3", b"9 0 R", b"/No")), content) + dice.choice(PAYLOADS)
    content += dice.choice(AFTER)
    if dice.random() < 0.3:
        content = damaged(dice, content)
    return content + b"\n"  # the original loops for ever over a comment that the end of the file cuts off


def outcome(read, content, ref):
    stream = io.BytesIO(content)
    try:
        value = read(stream, ref)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)
    return stream.tell(), *spelled(value, ref)


def spelled(value, ref):
    """Everything about a value that later code can see."""
    assert value.container_ref is ref
    if isinstance(value, dict):
        assert all(type(key) is NameObject and key.container_ref is None for key in value)
        inside = [(key, spelled(item, ref)) for key, item in dict.items(value)]
        return type(value), inside, getattr(value, "_encoded_data", None)
    if isinstance(value, list):
        return type(value), [spelled(item, ref) for item in list.__iter__(value)]
    if isinstance(value, IndirectObject):
        return type(value), value.idnum, value.generation, value.get_pdf_handler() is ref.get_pdf_handler()
    if isinstance(value, NullObject):
        return (NullObject,)
    return type(value), str(value), getattr(value, "value", value), getattr(value, "autodetected_encoding", None)


def both(monkeypatch, content, ref):
    """The original reads with original parts all the way down."""
    with monkeypatch.context() as engine:
        engine.setattr(generic, "read_object", fastobjects.original)
        engine.setattr(generic, "read_hex_string_from_stream", fasthex.original)
        slow = outcome(fastobjects.original, content, ref)
    return slow, outcome(fastobjects.read_object, content, ref)


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "tolerant"])
def test_objects_of_every_spelling_are_read_alike(monkeypatch, strict):
    """A sample; `make audit` compares 20,000 each way."""
    dice, ref = random.Random(int(strict)), Reference(5, 0, Handler(strict))
    for _ in range(rounds(1_500)):
        content = sample(dice)
        slow, fast = both(monkeypatch, content, ref)
        assert fast == slow, content


def trailer(read, content):
    """Where a trailer's dictionary begins; the original gives it no owner."""
    ref = TrailerReference(Handler(strict=content.count(b"/") % 2 == 0))
    stream = io.BytesIO(content)
    try:
        value = read(stream, ref)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)
    assert value.container_ref is None
    value.container_ref = ref
    return stream.tell(), *spelled(value, ref)


def test_trailers_of_every_spelling_are_read_alike(monkeypatch):
    """A sample; `make audit` compares 20,000."""
    dice, right = random.Random(31), 0
    for _ in range(rounds(600)):
        content = sample(dice)
        if not content.startswith(b"<<") and dice.random() < 0.8:
            content = b"<</Size 9/Root " + content
        with monkeypatch.context() as engine:
            engine.setattr(generic, "read_object", fastobjects.original)
            engine.setattr(generic, "read_hex_string_from_stream", fasthex.original)
            slow = trailer(fastobjects.original_dictionary, content)
        assert trailer(fastobjects.read_dictionary, content) == slow, content
        right += isinstance(slow[0], int)
    assert right > rounds(600) // 10, "the sample must hold trailers that can be read"


@pytest.mark.parametrize("depth", [29, 31, 200])
def test_nesting_is_read_alike(monkeypatch, depth):
    ref = Reference(5, 0, Handler(strict=True))
    for opened, closed in ((b"[", b"]"), (b"<</K ", b">>")):
        slow, fast = both(monkeypatch, opened * depth + b"1" + closed * depth + b" endobj\n", ref)
        assert fast == slow


def test_nesting_beyond_all_reason_ends_alike(monkeypatch):
    ref = Reference(5, 0, Handler(strict=True))
    slow, fast = both(monkeypatch, b"[" * 2_000 + b"]" * 2_000 + b" endobj\n", ref)

    assert (slow[0], fast[0]) == (RecursionError, RecursionError)
