"""Files made to cost more than they may: each ends within its limits, with a reason."""

import io
import zlib
from collections.abc import Callable

from asn1crypto import cms, core, keys

from tests import make
from tests.pki import Pki
from tests.signing.attacks.envelopes import Envelope, shell
from tests.signing.attacks.notation import append

_EMPTY = b"1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n"
_HEAD = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def zeros(mib: int, fill: bytes = b"\0", prefix: bytes = b"") -> bytes:
    packer = zlib.compressobj(9)
    block = fill * (1 << 20)
    return packer.compress(prefix) + b"".join(packer.compress(block) for _ in range(mib)) + packer.flush()


def _xref_stream(entries: bytes, packed: bytes) -> bytes:
    body = _HEAD + _EMPTY
    made = b"3 0 obj\n<</Type/XRef/Root 1 0 R%s/Length %d>>\nstream\n%s\nendstream\nendobj\n" % (entries, len(packed), packed)
    return body + made + b"startxref\n%d\n%%%%EOF\n" % len(body)


def xref_bomb(mib: int) -> bytes:
    return _xref_stream(b"/W[1 2 1]/Size %d/Filter/FlateDecode" % (mib << 18), zeros(mib))


def xref_of_many_sections() -> bytes:
    index = b" ".join(b"%d 1" % n for n in range(0, 400_000, 2))
    return _xref_stream(b"/W[1 2 1]/Size 400000/Index[%s]/Filter/FlateDecode" % index, zlib.compress(bytes(800_000), 9))


def object_stream_bomb(mib: int) -> bytes:
    packed = zeros(mib, b" ", b"1 0 <</Type/Catalog/Pages 2 0 R>>")
    out = io.BytesIO()
    out.write(_HEAD)
    pages = out.tell()
    out.write(b"2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\n")
    container = out.tell()
    head = b"5 0 obj\n<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream\nendobj\n"
    out.write(head % (len(packed), packed))
    start = out.tell()
    rows = b"".join(
        bytes([kind]) + value.to_bytes(3, "big") + b"\0"
        for kind, value in ((0, 0), (2, 5), (1, pages), (0, 0), (0, 0), (1, container), (1, start))
    )
    tail = (
        b"6 0 obj\n<</Type/XRef/W[1 3 1]/Size 7/Root 1 0 R/Length %d>>\nstream\n%s\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n"
    )
    out.write(tail % (len(rows), rows, start))
    return out.getvalue()


def with_object(body: bytes) -> bytes:
    return make.pdf(catalog=b"/X 6 0 R", objects=lambda writer: writer.add(body))


def deep_arrays() -> bytes:
    return make.pdf(catalog=b"/X " + b"[" * 200_000 + b"]" * 200_000)


def deep_dictionaries() -> bytes:
    return make.pdf(catalog=b"/X " + b"<</A" * 100_000 + b" 1" + b">>" * 100_000)


def _form(fields: bytes, bodies: list[bytes]) -> bytes:
    def put(writer: make.PdfWriter) -> None:
        for body in bodies:
            writer.add(body)

    return make.pdf(catalog=b"/AcroForm<</Fields[%s]>>" % fields, objects=put)


def deep_fields() -> bytes:
    return _form(b"6 0 R", [b"<</T(a)/FT/Sig/Kids[%d 0 R]>>" % (n + 1) for n in range(6, 20_006)])


def circular_fields() -> bytes:
    return _form(b"6 0 R", [b"<</T(a)/FT/Sig/Kids[7 0 R]>>", b"<</T(b)/FT/Sig/Kids[6 0 R]>>"])


def wide_fields(count: int) -> bytes:
    numbers = b" ".join(b"%d 0 R" % n for n in range(6, 6 + count))
    return _form(numbers, [b"<</T(f%d)/FT/Tx>>" % n for n in range(count)])


def _tree(kids: bytes, bodies: list[bytes], count: int) -> bytes:
    writer = make.PdfWriter()
    root = writer.add(b"<</Type/Catalog/Pages 2 0 R>>")
    writer.add(b"<</Type/Pages/Count %d/Kids[%s]>>" % (count, kids))
    for body in bodies:
        writer.add(body)
    return writer.finish(root)


def many_pages(count: int) -> bytes:
    numbers = b" ".join(b"%d 0 R" % n for n in range(3, 3 + count))
    return _tree(numbers, [b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"] * count, count)


def circular_pages() -> bytes:
    return _tree(b"3 0 R", [b"<</Type/Pages/Parent 2 0 R/Count 1/Kids[2 0 R]>>"], 1)


def multiplying_pages() -> bytes:
    """Thirty levels of the same two kids: a thousand million pages for whoever walks the tree."""
    bodies = [b"<</Type/Pages/Count 2/Kids[%d 0 R %d 0 R]>>" % (n + 1, n + 1) for n in range(3, 33)]
    return _tree(b"3 0 R", [*bodies, b"<</Type/Page/MediaBox[0 0 9 9]>>"], 1 << 30)


def table_that_points_to_itself() -> bytes:
    pdf = make.pdf()
    table = pdf.rindex(b"xref\n0")
    return pdf.replace(b"/Size", b"/Prev %d/Size" % table)


def many_revisions(count: int) -> bytes:
    out = bytearray(make.pdf())
    previous = out.rindex(b"xref\n0")
    for _ in range(count):
        at = len(out)
        out += b"6 0 obj\n<<>>\nendobj\n"
        table = len(out)
        out += b"xref\n6 1\n%010d 00000 n \ntrailer\n<</Size 7/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (
            at,
            previous,
            table,
        )
        previous = table
    return bytes(out)


def million_rows() -> bytes:
    body = _HEAD + _EMPTY
    first, second = body.index(b"1 0 obj"), body.index(b"2 0 obj")
    rows = b"%010d 00000 n \n%010d 00000 n \n" % (first, second) + b"%010d 00000 n \n" % first * 999_997
    tail = b"trailer\n<</Size 1000000/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(body)
    return body + b"xref\n0 1000000\n0000000000 65535 f \n" + rows + tail


def filters_on_filters() -> bytes:
    packed = zeros(64)
    for _ in range(3):
        packed = zlib.compress(packed, 9)
    filters = b"[/FlateDecode/FlateDecode/FlateDecode/FlateDecode]"
    return make.pdf(objects=lambda writer: writer.stream(b"/Filter" + filters, packed))


def content_bomb() -> bytes:
    return make.pdf(objects=lambda writer: writer.stream(b"/Filter/FlateDecode", zeros(128)))


# -- around a signature ------------------------------------------------------------------------------------------


def ranges(numbers: bytes) -> bytes:
    """A signature whose range is anything."""
    value = b"<</Type/Sig/Filter/A/SubFilter/ETSI.CAdES.detached/ByteRange[%s]/Contents<3000>>>" % numbers
    return _form(b"6 0 R", [b"<</T(a)/FT/Sig/V 7 0 R>>", value])


def many_signatures(count: int) -> bytes:
    value = b"<</Type/Sig/Filter/A/SubFilter/ETSI.CAdES.detached/ByteRange[0 9 11 %d]/Contents<3000>>>"
    fields = b" ".join(b"%d 0 R" % (6 + 2 * n) for n in range(count))
    bodies = [body for n in range(count) for body in (b"<</T(s%d)/FT/Sig/V %d 0 R>>" % (n, 7 + 2 * n), value % (20 + n))]
    return _form(fields, bodies)


def huge_store(pki: Pki) -> bytes:
    """Validation data of 60,000 references to one list, after a signature."""
    signed = shell(Envelope(pki))
    lists = b" ".join([b"900 0 R"] * 60_000)
    crl = pki.crl("pubca").der
    body = b"<</Length %d>>\nstream\n%s\nendstream" % (len(crl), crl)
    catalog = b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>/DSS<</CRLs[%s]>>>>" % lists
    return append(signed, {1: catalog, 900: body})


def deep_der(_digest: bytes) -> bytes:
    made = b"\x30\x00"
    for _ in range(6_000):
        made = core.Sequence(contents=made).dump()
    return bytes(cms.ContentInfo({"content_type": "data"}).dump()) + made


def odd_certificate(pki: Pki, change: Callable[[dict[str, object]], None]) -> Callable[[bytes], bytes]:
    """The signer's certificate with one part replaced: no authority would issue it."""
    made = pki.cert("bizother").copy()
    change(made["tbs_certificate"])
    made["tbs_certificate"]._contents = None
    return Envelope(pki, certificates=[type(made).load(made.dump(force=True))], without=frozenset({"signing_certificate_v2"}))


def huge_serial(tbs: dict[str, object]) -> None:
    tbs["serial_number"] = 1 << 800_000


def rsa_key(modulus_bits: int, exponent_bits: int) -> Callable[[dict[str, object]], None]:
    def change(tbs: dict[str, object]) -> None:
        numbers = keys.RSAPublicKey({"modulus": (1 << modulus_bits) - 159, "public_exponent": (1 << exponent_bits) + 1})
        tbs["subject_public_key_info"] = keys.PublicKeyInfo({"algorithm": {"algorithm": "rsa"}, "public_key": numbers})

    return change


def tlv(tag: int, body: bytes) -> bytes:
    length = len(body).to_bytes(4, "big")
    return bytes([tag, 0x84]) + length + body


def crowded(pki: Pki, *, certificates: int = 1, signers: int = 1, stamps: int = 0) -> Callable[[bytes], bytes]:
    """Thousands of a kind, written as bytes: the library would take minutes."""

    def made(digest: bytes) -> bytes:
        signed = cms.ContentInfo.load(Envelope(pki)(digest))["content"]
        info = signed["signer_infos"][0]
        token = cms.CMSAttribute({"type": "signature_time_stamp_token", "values": [cms.ContentInfo({"content_type": "data"})]})
        crowd = tlv(0x30, info.contents + tlv(0xA1, token.dump() * stamps)) if stamps else info.dump()
        parts = [signed[name].dump() for name in ("version", "digest_algorithms", "encap_content_info")]
        parts += [tlv(0xA0, signed["certificates"][0].dump() * certificates), tlv(0x31, crowd * signers)]
        return tlv(0x30, cms.ContentType("signed_data").dump() + tlv(0xA0, tlv(0x30, b"".join(parts))))

    return made


UNSIGNED: dict[str, Callable[[], bytes]] = {
    "xref stream of 64 MB": lambda: xref_bomb(64),
    "xref stream of many sections": xref_of_many_sections,
    "xref stream of impossible width": lambda: _xref_stream(b"/W[1 2147483647 1]/Size 9", b"abc"),
    "object stream of 128 MB": lambda: object_stream_bomb(128),
    "content of 128 MB": content_bomb,
    "filters on filters": filters_on_filters,
    "deep arrays": deep_arrays,
    "deep dictionaries": deep_dictionaries,
    "deep fields": deep_fields,
    "circular fields": circular_fields,
    "150,000 fields": lambda: wide_fields(150_000),
    "10,000 pages": lambda: many_pages(10_000),
    "circular pages": circular_pages,
    "multiplying pages": multiplying_pages,
    "table that points to itself": table_that_points_to_itself,
    "250 revisions": lambda: many_revisions(250),
    "a million rows": million_rows,
    "a number of a million digits": lambda: with_object(b"9" * 1_000_000),
    "a real of a million digits": lambda: with_object(b"0." + b"9" * 1_000_000),
    "a name of a million letters": lambda: with_object(b"/" + b"A" * 1_000_000),
    "a string of a million brackets": lambda: with_object(b"(" * 1_000_000 + b")" * 1_000_000),
    "a length of a million digits": lambda: with_object(b"<</Length %s>>\nstream\nx\nendstream" % (b"9" * 1_000_000)),
    "ranges beyond the file": lambda: ranges(b"0 100 200 999999999999"),
    "ranges of a thousand digits": lambda: ranges(b"0 %s %s 5" % (b"9" * 1000, b"9" * 1000)),
    "ranges of a million digits": lambda: ranges(b"0 %s 3 5" % (b"9" * 1_000_000)),
    "negative ranges": lambda: ranges(b"0 -5 -3 10"),
    "a hundred thousand ranges": lambda: ranges(b"0 1 " * 100_000),
    "21 signatures": lambda: many_signatures(21),
}
SIGNED: dict[str, Callable[[Pki], bytes]] = {
    "store of 60,000 lists": huge_store,
    "deep DER": lambda pki: shell(deep_der, room=100_000),
    "signature of 8 MB": lambda pki: shell(Envelope(pki, content=bytes(8_000_000)), room=8_100_000),
    "thousands of certificates": lambda pki: shell(crowded(pki, certificates=3_000), room=4_000_000),
    "thousands of time stamps": lambda pki: shell(crowded(pki, stamps=20_000), room=2_000_000),
    "thousands of signers": lambda pki: shell(crowded(pki, signers=5_000), room=4_000_000),
    "serial number of 100 KB": lambda pki: shell(odd_certificate(pki, huge_serial), room=200_000),
    "RSA modulus of 64 Kbit": lambda pki: shell(odd_certificate(pki, rsa_key(65_536, 16)), room=60_000),
    "RSA exponent of 16 Kbit": lambda pki: shell(odd_certificate(pki, rsa_key(16_384, 16_000)), room=60_000),
    "RSA modulus of 1": lambda pki: shell(odd_certificate(pki, rsa_key(8, 1)), room=60_000),
}
ACCEPTED = frozenset({"store of 60,000 lists", "thousands of certificates"})
"""Only large: nothing is wrong with them."""
