"""What may follow a signature: further signatures, time stamps, validation data. Stricter than the engine's own rules.

The engine explains every object of a later revision by the place it is used in. That leaves room for what these rules
close: they look at the few objects that such a revision may touch, and at nothing else, so they cost next to nothing.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.reader import HistoricalResolver
from pyhanko.sign.diff_analysis import DiffResult, StandardDiffPolicy, SuspiciousModification
from pyhanko.sign.fields import FieldMDPSpec, MDPPerm

from signing.reader import entry

_DEFAULTS = ("/NeedAppearances", "/DA", "/DR", "/Q")
"""How viewers draw form fields anew: with these a value that nobody saw comes to the surface."""
_WIDGET = frozenset(
    f"/{key}"
    for key in (
        *("Type", "Subtype", "FT", "T", "TU", "TM", "F", "Ff", "Rect", "P", "AP", "AS", "MK", "BS", "Border", "H", "M", "NM"),
        *("V", "Lock", "SV", "Parent", "Kids", "DA", "DR", "Q", "StructParent", "Lang"),
    )
)
"""Of a signature field. No action, no layer: what is not named here may do more than stand on a page."""
_ON_PAPER = frozenset({"/AP", "/MK", "/AS"})
_SHEETS = ("/Page", "/Pages", "/Catalog")
_LARGEST = 0.25
"""Share of the page that one later box may take; a signature with its seal takes a twentieth."""
_TOGETHER = 0.5
_A4 = 595.0 * 842.0
_READ = 500
_MOST = 2_000
"""Fields, pages and annotations looked at in one list; more is beyond any paper."""


class Changes(StandardDiffPolicy):
    """The engine's policy, asked after our own rules."""

    def apply(
        self,
        old: HistoricalResolver,
        new: HistoricalResolver,
        field_mdp_spec: FieldMDPSpec | None = None,
        doc_mdp: MDPPerm | None = None,
    ) -> DiffResult:
        """Raise SuspiciousModification for what may not be; asked by the engine for each later revision."""
        _keep_form_defaults(old, new)
        added = _new_widgets(old, new)
        _plain_signature_fields(added)
        _only_append_annotations(old, new, frozenset(added))
        _no_pages(old, new)
        result = super().apply(old, new, field_mdp_spec, doc_mdp)
        _no_promises(old, new)
        return result


def _keep_form_defaults(old: HistoricalResolver, new: HistoricalResolver) -> None:
    """Where nothing but signatures is in the form, they change nothing that shows."""
    before, after = entry(old.root, "/AcroForm"), entry(new.root, "/AcroForm")
    if all(entry(field, "/FT") == "/Sig" for _, field in _fields(before)):
        return
    for key in _DEFAULTS:
        if entry(before, key) != entry(after, key):
            raise SuspiciousModification(f"{key} of the form changed: fields may look different")


def _new_widgets(old: HistoricalResolver, new: HistoricalResolver) -> dict[Any, tuple[Any, bool]]:
    """Signature fields and their widgets that the signed revision does not have: reference → (dictionary, signed)."""
    known = {reference for reference, _ in _fields(entry(old.root, "/AcroForm"))}
    found: dict[Any, tuple[Any, bool]] = {}
    for reference, field in _fields(entry(new.root, "/AcroForm")):
        if reference in known:
            continue
        parent = entry(field, "/Parent")
        signed = entry(field, "/V") is not None or entry(parent, "/V") is not None
        found[reference] = (field, signed)
    return found


def _fields(form: Any) -> Iterator[tuple[Any, Any]]:
    """Fields and widgets of all levels, each once, with their references."""
    pending, seen = [entry(form, "/Fields")], set()
    while pending:
        for kid in islice(_items(pending.pop()), _MOST):
            if not isinstance(kid, generic.IndirectObject) or kid.reference in seen:
                continue
            seen.add(kid.reference)
            if len(seen) > _MOST:
                raise SuspiciousModification("more form fields than can be compared")
            field = kid.get_object()
            yield kid.reference, field
            pending.append(entry(field, "/Kids"))


def _items(array: Any) -> Iterator[Any]:
    if isinstance(array, generic.ArrayObject):
        yield from (array.raw_get(n) for n in range(len(array)))


def _plain_signature_fields(added: dict[Any, tuple[Any, bool]]) -> None:
    together = 0.0
    for field, signed in added.values():
        if not isinstance(field, generic.DictionaryObject):
            raise SuspiciousModification("a field that is no dictionary")
        if strange := {str(key) for key in field} - _WIDGET:
            raise SuspiciousModification(f"a new signature field with {', '.join(sorted(strange))}")
        share = _area(field) / _page_area(field)
        if not signed and share > 0 and _ON_PAPER & {str(key) for key in field}:
            raise SuspiciousModification("a new signature field shows something and nobody signed it")
        together += share
        if share > _LARGEST or together > _TOGETHER:
            raise SuspiciousModification("new signature fields take too much of the page")


def _area(field: Any) -> float:
    """Of its rectangle; a rectangle of anything but four numbers may be as large as a viewer likes."""
    if "/Rect" not in field:
        return 0.0
    numbers = _rectangle(entry(field, "/Rect"))
    if numbers is None:
        raise SuspiciousModification("a rectangle that is not four numbers")
    left, bottom, right, top = numbers
    return abs(right - left) * abs(top - bottom)


def _rectangle(value: Any) -> tuple[float, float, float, float] | None:
    numbers = list(_items(value))
    if len(numbers) != 4 or not all(isinstance(n, int | float | generic.FloatObject) for n in numbers):
        return None
    left, bottom, right, top = (float(n) for n in numbers)
    return left, bottom, right, top


def placed_after(field: Any, signed: HistoricalResolver) -> Any:
    """The widget of a signature field that takes place on a page and that revision `signed` does not have; None: there is none.

    Allowed, yet it may cover a few words, and whoever signed before has not seen it. An empty field stood there for all to see.
    """
    known = {reference for reference, _ in _fields(entry(signed.root, "/AcroForm"))}
    boxes = (field, *(kid.get_object() for kid in _items(entry(field, "/Kids"))))
    return next((box for box in boxes if box.container_ref not in known and _area(box) > 0), None)


def page_number(pdf: HistoricalResolver, widget: Any) -> int | None:
    """Of the page that a widget names, from 1; not looked for beyond what anybody reads."""
    wanted = getattr(_raw(widget, "/P"), "reference", None)
    pages = enumerate(islice(_pages(pdf), _READ), start=1)
    return next((number for number, page in pages if page == wanted), None)


def _page_area(field: Any) -> float:
    """Of the page that the field names; pages inherit their size from the tree above."""
    node = entry(field, "/P")
    for _ in range(20):
        if (box := _rectangle(entry(node, "/MediaBox"))) is not None:
            left, bottom, right, top = box
            return abs(right - left) * abs(top - bottom) or _A4
        node = entry(node, "/Parent")
    return _A4


def _only_append_annotations(old: HistoricalResolver, new: HistoricalResolver, added: frozenset[Any]) -> None:
    """What stands on a page keeps its order, for the last lies on top; only new signature fields come after it."""
    for page in _touched_pages(old, new):
        before, after = list(_references(old(page))), list(_references(new(page)))
        later = after[len(before) :]
        if after[: len(before)] != before or len(set(later)) != len(later) or not set(later) <= added:
            raise SuspiciousModification("the annotations of a page changed")


def _touched_pages(old: HistoricalResolver, new: HistoricalResolver) -> Iterator[Any]:
    """Pages that the revision replaces, and pages whose list of annotations it replaces."""
    arrays = set()
    for reference in new.explicit_refs_in_revision():
        if old.is_ref_unassignable(reference):
            continue
        was = old(reference)
        if entry(was, "/Type") == "/Page":
            yield reference
        elif isinstance(was, generic.ArrayObject):
            arrays.add(reference)
    if arrays:  # only then is the whole tree worth a walk
        yield from (page for page in _pages(old) if getattr(_raw(old(page), "/Annots"), "reference", None) in arrays)


def _pages(revision: HistoricalResolver) -> Iterator[Any]:
    """References to the pages, each once; the tree is the signed one."""
    pending, seen = [_raw(revision.root, "/Pages")], set()
    while pending:
        node = pending.pop()
        if not isinstance(node, generic.IndirectObject) or node.reference in seen:
            continue
        seen.add(node.reference)
        if entry(revision(node.reference), "/Type") == "/Page":
            yield node.reference
        pending.extend(_items(entry(revision(node.reference), "/Kids")))


def _references(page: Any) -> Iterator[Any]:
    for note in _items(entry(page, "/Annots")):
        if not isinstance(note, generic.IndirectObject):
            raise SuspiciousModification("an annotation without a number of its own")
        yield note.reference


def _no_pages(old: HistoricalResolver, new: HistoricalResolver) -> None:
    """Nobody refers to them yet; a viewer that rebuilds the file may."""
    for reference in new.explicit_refs_in_revision():
        if old.is_ref_unassignable(reference) and reference != new.root_ref and entry(new(reference), "/Type") in _SHEETS:
            raise SuspiciousModification("a page or catalogue was added")


def _no_promises(old: HistoricalResolver, new: HistoricalResolver) -> None:
    """What the signed revision refers to and does not have stays nothing: the engine takes it for an orphan.

    The map of references was made by the comparison before.
    """
    for reference in new.explicit_refs_in_revision():
        if old.is_ref_unassignable(reference) and old._get_usages_of_ref(reference):  # noqa: SLF001  # no public name for it
            raise SuspiciousModification(f"{reference} was referred to before it existed")


def _raw(dictionary: Any, key: str) -> Any:
    try:
        return dictionary.raw_get(key) if isinstance(dictionary, generic.DictionaryObject) else None
    except KeyError:
        return None
