"""Empty signature fields, each tagged as a form element, before the first signature."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

_PRINT_AND_LOCKED = 132


@dataclass(frozen=True)
class FieldBox:
    """`label` is read aloud by screen readers. Without a box the field is invisible. `page` counts from 0, -1 is last."""

    name: str
    label: str
    box: tuple[float, float, float, float] | None = None
    page: int = 0


def prepare(pdf: bytes, fields: Sequence[FieldBox]) -> bytes:
    """Add all fields of all signers at once, and the time-stamp's: fields added later would change a signed file.

    PDF/UA wants each widget inside a `Form` structure element with a name (ISO 14289-1, 7.18). The file is re-saved
    once on the way, which also cures a finding of PDF/A in Typst's output after an incremental update. A file that
    is not tagged gets plain fields. Raises ValueError for a file that is signed already: re-saving would break it.
    """
    with pikepdf.open(io.BytesIO(pdf)) as document:
        form = _form(document)
        for field in fields:
            form.Fields.append(_add(document, field))
        _end_streams_clearly(document)
        out = io.BytesIO()
        document.save(
            out,
            compress_streams=False,
            stream_decode_level=pikepdf.StreamDecodeLevel.none,
            fix_metadata_version=False,
            object_stream_mode=pikepdf.ObjectStreamMode.disable,
            deterministic_id=True,
        )
    return out.getvalue()


def _end_streams_clearly(document: pikepdf.Pdf) -> None:
    """Write a stream that ends in a carriage return in hexadecimal, as one packed stream in 256 does.

    Right before the line end that closes a stream it would read as part of it, the stream as one byte short (PDF/A 6.1.7.1).
    """
    for stream in document.objects:
        if not isinstance(stream, pikepdf.Stream) or not (raw := stream.read_raw_bytes()).endswith(b"\r"):
            continue
        filters, parameters = _listed(stream.get("/Filter")), _listed(stream.get("/DecodeParms"))
        parameters += [None] * (len(filters) - len(parameters))
        stream.write(
            raw.hex().encode() + b">", filter=Array([Name.ASCIIHexDecode, *filters]), decode_parms=Array([None, *parameters])
        )


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, pikepdf.Array) else [] if value is None else [value]


def _form(document: pikepdf.Pdf) -> Any:
    if "/AcroForm" not in document.Root:
        document.Root.AcroForm = document.make_indirect(Dictionary(Fields=Array([])))
    form = document.Root.AcroForm
    if any(field.get("/FT") == "/Sig" and "/V" in field for field in form.Fields):
        raise ValueError("the document is signed already; add a signature with `sign_paper`")
    form.SigFlags = 3  # signatures exist, append only: another signer's program must not save the file anew
    return form


def _add(document: pikepdf.Pdf, field: FieldBox) -> Any:
    page = document.pages[field.page]
    widget = document.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Sig,
            T=String(field.name),
            TU=String(field.label),
            F=_PRINT_AND_LOCKED,
            Rect=Array(list(field.box or (0, 0, 0, 0))),
            P=page.obj,
        )
    )
    if "/Annots" not in page:
        page.Annots = Array([])
    page.Annots.append(widget)
    if "/StructTreeRoot" in document.Root:
        _tag(document, widget, page, field.label)
    return widget


def _tag(document: pikepdf.Pdf, widget: Any, page: pikepdf.Page, label: str) -> None:
    tree = document.Root.StructTreeRoot
    top = tree.K if isinstance(tree.K, pikepdf.Dictionary) else tree.K[0]
    key = max(int(tree.get("/ParentTreeNextKey", 0)), _highest_key(tree.ParentTree) + 1)
    reference = Dictionary(Type=Name.OBJR, Obj=widget, Pg=page.obj)
    element = document.make_indirect(
        Dictionary(Type=Name.StructElem, S=Name.Form, P=top, Pg=page.obj, Alt=String(label), K=reference)
    )
    kids = top.get("/K")
    top.K = Array([*kids, element] if isinstance(kids, pikepdf.Array) else [kids, element])
    _index(document, tree.ParentTree, key, element)
    tree.ParentTreeNextKey = key + 1
    widget.StructParent = key
    page.obj["/Tabs"] = Name.S


def _index(document: pikepdf.Pdf, parents: Any, key: int, element: Any) -> None:
    if "/Nums" in parents:
        parents.Nums.append(key)
        parents.Nums.append(element)
        return
    leaf = Dictionary(Limits=Array([key, key]), Nums=Array([key, element]))
    parents.Kids.append(document.make_indirect(leaf))


def _highest_key(node: Any) -> int:
    own = [int(number) for number in list(node.Nums)[0::2]] if "/Nums" in node else []
    return max([-1, *own, *(_highest_key(kid) for kid in node.get("/Kids", []))])
