"""The fast map and the engine's own name the same paths to the same objects, in every revision."""

import io
import random
from pathlib import Path

import pytest
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver, PdfFileReader

from signing import fastmap, fastobjects, reader
from signing.limits import Limits
from tests import make
from tests.pki import Pki
from tests.signing import odd
from tests.signing.alike import rounds

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "pdf-attacks"
NAMES = (b"/Kids", b"/Parent", b"/P", b"/K", b"/Pages", b"/StructTreeRoot", b"/Next", b"/Dest", b"/Type/Pages/A", b"/AcroForm")


def seen(pdf: PdfFileReader, *, fast: bool) -> list[object]:
    """Of every revision: each reference with its paths, or the error."""
    told: list[object] = []
    for number in range(pdf.total_revisions):
        resolver = pdf.get_historical_resolver(number)
        try:
            (fastmap.load_reverse_xref_cache if fast else fastmap.original)(resolver)
        except Exception as error:  # noqa: BLE001  # the error is what is compared
            told.append((type(error), str(error)))
            continue
        usages = resolver._indirect_object_access_cache
        told.append({ref: usages[ref] for ref in _references(usages)})
    return told


def _references(usages):
    return [generic.Reference(*key) for key in usages._steps] if isinstance(usages, fastmap.Usages) else list(usages)


def alike(monkeypatch, content: bytes, *, strict: bool = True) -> object:
    """Each reads for itself; the original with the engine's own reader of objects."""
    with monkeypatch.context() as engine:
        engine.setattr(generic, "read_object", fastobjects.original)
        slow = _seen_in(content, strict=strict, fast=False)
    fast = _seen_in(content, strict=strict, fast=True)
    assert fast == slow, content[:2_000]
    return fast


def _seen_in(content, *, strict, fast):
    try:
        pdf = reader.open_pdf(content, Limits(), strict=strict)
    except Exception as error:  # noqa: BLE001  # the error is what is compared
        return type(error), str(error)
    return seen(pdf, fast=fast)


def tangle(dice: random.Random) -> bytes:
    """Objects that refer to each other without plan, among them pages, structure and what is not there."""
    writer, count = make.PdfWriter(), dice.randrange(3, 9)

    def value(depth: int = 0) -> bytes:
        kind = dice.random()
        if kind < 0.5 or depth > 1:
            return b"%d 0 R" % dice.randrange(1, count + 2)
        if kind < 0.7:
            return b"[%s]" % b" ".join(value(depth + 1) for _ in range(dice.randrange(3)))
        return b"<<%s>>" % entries(depth + 1) if kind < 0.9 else dice.choice((b"/StructElem", b"7", b"(t)", b"null"))

    def entries(depth: int) -> bytes:
        return b"".join(name + b" " + value(depth) for name in dice.sample(NAMES, dice.randrange(3)))

    writer.add(b"<</Type/Catalog/Pages 2 0 R%s>>" % entries(0).replace(b"/Pages ", b"/Other "))
    writer.add(b"<</Type/Pages/Kids[%s]>>" % b" ".join(b"%d 0 R" % n for n in dice.sample(range(3, count + 1), 1)))
    for _ in range(count - 2):
        writer.add(dice.choice((b"<<%s>>", b"<</Type/StructElem%s>>", b"<</Type/Page%s>>")) % entries(0))
    return writer.finish(1)


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "tolerant"])
def test_tangles_have_the_same_map(monkeypatch, strict):
    """A sample; `make audit` compares 20,000 each way."""
    dice = random.Random(int(strict))
    for _ in range(rounds(150)):
        alike(monkeypatch, tangle(dice), strict=strict)


PLAIN = (
    *(b"<</A 1/B[1 2 3]/C(t)/D/E/F null>>", b"<</A 1.5/B true>>", b"<<>>", b"<< /A\n-7 /B [ /X .5 ] >>", b"<</A()/B[]>>"),
    *(b"<</A 1/A 2>>", b"<</A[1 0 R]>>", b"<</A 1 0 R>>", b"<</A[1 2 0 R]>>", b"<</A 1.5.2>>", b"<</A(x\\)y)>>", b"<</A%c\n1>>"),
    *(b"<</A<41>>>", b"<</A/B#41>>", b"<</A 1", b"<</A 1>> stream", b"<</A truex>>", b"<</A--1>>", b"<</A/B/C>>", b"[1 2]"),
    *(b"<</Length 3>>\nstream\nabc\nendstream", b"<</A 1>>\x00", b"<</A 1>>%", b"<</A<</B 1>>>>", b"<</A{1>>", b"7", b"/N"),
)


def plainly(dice: random.Random) -> bytes:
    """Objects that refer to nothing, or nearly so, in a file some of whose bytes were changed."""
    writer = make.PdfWriter()
    writer.add(b"<</Type/Catalog/Pages 2 0 R/A 4 0 R/B 5 0 R/C[6 0 R 4 0 R]>>")
    writer.add(b"<</Type/Pages/Kids[3 0 R]>>")
    writer.add(b"<</Type/Page/Parent 2 0 R/X 6 0 R>>")
    for _ in range(3):
        writer.add(dice.choice(PLAIN))
    content = bytearray(writer.finish(1))
    begin, end = content.index(b"4 0 obj"), content.rindex(b"xref", 0, content.rindex(b"startxref"))
    for _ in range(dice.choice((0, 0, 1, 1, 2))):
        content[dice.randrange(begin, end)] = dice.choice(b"0123456789 /<>[]()%#Rab\n\x00\x0b")
    return bytes(content)


@pytest.mark.parametrize("strict", [True, False], ids=["strict", "tolerant"])
def test_objects_that_refer_to_nothing_have_the_same_map(monkeypatch, strict):
    """A sample; `make audit` compares 20,000 each way."""
    dice, plain = random.Random(40 + strict), 0
    for _ in range(rounds(200)):
        content = plainly(dice)
        alike(monkeypatch, content, strict=strict)
        plain += fastobjects.is_plain(content, content.find(b"4 0 obj"), 4, 0)
    assert plain > rounds(200) // 10, "the sample must hold objects that are passed by"


async def test_signed_revisions_have_the_same_map(monkeypatch, pki: Pki):
    signed = await odd.signed(pki, await odd.signed(pki, make.pdf(20_000)), "person", field_name="ChuKy2")
    for content in (signed, odd.revised(signed, odd.annotation), odd.revised(signed, odd.other_page)):
        assert isinstance(alike(monkeypatch, content), list)


def test_public_attack_files_have_the_same_map(monkeypatch):
    """Where the files are not at hand there is nothing to compare."""
    for path in sorted(CORPUS.rglob("*.pdf")):
        if path.stat().st_size < 300_000:
            alike(monkeypatch, path.read_bytes(), strict=False)


def test_a_long_chain_of_bookmarks_is_no_reason_to_give_up():
    """The one place where the two differ: the original runs out of stack."""

    def chain(writer: make.PdfWriter) -> None:
        for _ in range(2_000):
            writer.add(b"<</Next %d 0 R>>" % (len(writer.offsets) + 1))
        writer.add(b"<</Title(end)>>")

    pdf = PdfFileReader(io.BytesIO(make.pdf(catalog=b"/Outlines 6 0 R", objects=chain)))
    with pytest.raises(RecursionError):
        fastmap.original(pdf.get_historical_resolver(0))

    resolver: HistoricalResolver = pdf.get_historical_resolver(0)
    fastmap.load_reverse_xref_cache(resolver)
    assert len(resolver._get_usages_of_ref(generic.Reference(2_006, 0))) == 1
    assert resolver._get_usages_of_ref(generic.Reference(9_999, 0)) == set()
