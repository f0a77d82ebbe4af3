"""Guarded replacement of the engine's reverse-reference map: the paths by which each object of a revision is reached.

The engine copies every object of the revision to walk it, and builds the set of paths of every object. This walks the objects
as they were read, passes by those that refer to nothing, and builds the paths of those objects alone that somebody asks about.
The answers are the same.
"""

import io
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import HistoricalResolver, RawPdfPath

from signing import fastobjects

Key = tuple[int, int]
Step = tuple[Any, Any]
"""A path as it grows: what went before, and the key or index that follows. Empty at the trailer."""

_Level = tuple[Iterator[tuple[Any, Any]], Step, bool, Key | None]

_NOWHERE: Step = ()  # type: ignore[assignment]  # the only empty one
_PAGES: Step = ((_NOWHERE, "/Root"), "/Pages")
_STRUCTURE: Step = ((_NOWHERE, "/Root"), "/StructTreeRoot")
_CONTAINERS = (generic.DictionaryObject, generic.ArrayObject)
_WORTH_A_LOOK = (generic.IndirectObject, *_CONTAINERS)

original = HistoricalResolver._load_reverse_xref_cache  # noqa: SLF001  # what is replaced


class Usages(dict[generic.Reference, set[RawPdfPath]]):
    """What the engine keeps; a reference's paths are spelled out when they are first asked for."""

    def __init__(self, steps: dict[Key, list[Step]]) -> None:
        super().__init__()
        self._steps = steps

    def __bool__(self) -> bool:
        return bool(self._steps)

    def __missing__(self, ref: generic.Reference) -> set[RawPdfPath]:
        paths: set[RawPdfPath] = {_path(step) for step in self._steps[ref.idnum, ref.generation]}
        self[ref] = paths
        return paths


def load_reverse_xref_cache(resolver: HistoricalResolver) -> None:
    """Like the engine's `HistoricalResolver._load_reverse_xref_cache`; raises what it raises on what cannot be read.

    One difference: a chain of a thousand references (the bookmarks of a long document) is no reason to give up.
    """
    if resolver._indirect_object_access_cache is not None:  # noqa: SLF001  # where the engine keeps it
        return
    if resolver.reader.encrypted:  # objects are wrapped then; such files are refused before
        original(resolver)  # type: ignore[no-untyped-call]  # the engine is half typed
        return
    walk = _Walk(resolver, _page_tree(resolver), _structure_tree(resolver))
    walk.everything()
    resolver._indirect_object_access_cache = Usages(dict(walk.found))  # noqa: SLF001  # where the engine keeps it


class _Walk:
    """Depth first along every path that does not meet itself, with the engine's own short cuts."""

    def __init__(self, resolver: HistoricalResolver, pages: dict[Key, Step], structure: set[Key]) -> None:
        self.resolver, self.pages, self.structure = resolver, pages, structure
        self.found: dict[Key, list[Step]] = defaultdict(list)
        self.open: set[Key] = set()
        self.known: dict[Key, Any] = {}
        stream = resolver.reader.stream
        self.content = stream.getvalue() if type(stream) is io.BytesIO else None

    def everything(self) -> None:
        """From the trailer. Each level: what is left to see there, its path, whether in the structure, what it closes."""
        levels: list[_Level] = [(_children(self.resolver.trailer_view), _NOWHERE, False, None)]
        while levels:
            children, path, in_structure, opened = levels[-1]
            below = next((level for child in children if (level := self.below(path, *child, in_structure=in_structure))), None)
            if below is not None:
                levels.append(below)
                continue
            levels.pop()
            if opened is not None:
                self.open.discard(opened)

    def below(self, path: Step, name: Any, thing: Any, *, in_structure: bool) -> "_Level | None":
        """The level under one entry, unless there is nothing more to see."""
        if name == "/Parent" or (in_structure and name == "/P"):
            return None
        inside, onward, key = in_structure or (name == "/K" and path == _STRUCTURE), (path, name), None
        if isinstance(thing, generic.IndirectObject):
            key, thing = self.follow(thing.reference, onward, in_structure=inside)
        return None if thing is None else (_children(thing), onward, inside, key)

    def follow(self, ref: generic.Reference, path: Step, *, in_structure: bool) -> tuple[Key, Any]:
        """What is to be walked next; None when this way is not to be taken: pages and structure have their own."""
        key = (ref.idnum, ref.generation)
        if key in self.open:
            return key, None
        self.found[key].append(path)
        thing = self.known[key] if key in self.known else self.read(ref, key)
        elsewhere = path != self.pages.get(key, path) or (key in self.structure and not in_structure)
        if elsewhere or not isinstance(thing, _CONTAINERS):
            return key, None
        self.open.add(key)
        return key, thing

    def read(self, ref: generic.Reference, key: Key) -> Any:
        """As `HistoricalResolver.get_object` does, without the copy."""
        reader, revision = self.resolver.reader, self.resolver.revision
        try:
            unchanged = reader.xrefs.get_last_change(ref) <= revision
        except KeyError:
            unchanged = False
        if unchanged and self.is_plain(ref):
            self.known[key] = None
            return None
        thing = reader.get_object(ref, None if unchanged else revision, transparent_decrypt=False)
        self.known[key] = thing
        return thing

    def is_plain(self, ref: generic.Reference) -> bool:
        """Most objects of most documents refer to nothing: there is no need to make them."""
        place = self.resolver.reader.xrefs[ref]
        if self.content is None or type(place) is not int:
            return False
        return fastobjects.is_plain(self.content, place, ref.idnum, ref.generation)


def _children(thing: Any) -> Iterator[tuple[Any, Any]]:
    named = thing.items() if isinstance(thing, generic.DictionaryObject) else enumerate(thing)
    return ((name, child) for name, child in named if isinstance(child, _WORTH_A_LOOK))


def _page_tree(resolver: HistoricalResolver) -> dict[Key, Step]:
    """Pages and their nodes, each with the path at which it belongs."""
    found: dict[Key, Step] = {}
    root = resolver.root.raw_get("/Pages")
    if isinstance(root, generic.IndirectObject):
        found[root.idnum, root.generation] = _PAGES
    for key, path in _pages_below(root.get_object(), _PAGES):
        if key in found:
            raise misc.PdfReadError("Circular reference in page tree in mapping stage")
        found[key] = path
    return found


def _pages_below(node: Any, path: Step) -> Iterator[tuple[Key, Step]]:
    for index, kid in enumerate(node["/Kids"]):
        below = ((path, "/Kids"), index)
        if isinstance(kid, generic.IndirectObject):
            yield (kid.idnum, kid.generation), below
        page = kid.get_object()
        if page.get("/Type", None) == "/Pages":
            yield from _pages_below(page, below)


def _structure_tree(resolver: HistoricalResolver) -> set[Key]:
    """Elements of the structure."""
    found: set[Key] = set()
    with suppress(KeyError):
        for key in _elements_below(resolver.root.raw_get("/StructTreeRoot").get_object()):
            if key in found:
                raise misc.PdfReadError("Circular reference in structure tree in mapping stage")
            found.add(key)
    return found


def _elements_below(parent: Any) -> Iterator[Key]:
    try:
        children = parent["/K"]
    except KeyError:
        return
    for child in children if isinstance(children, generic.ArrayObject) else (children,):
        element = child.get_object()
        if not _is_element(element):
            continue
        if isinstance(child, generic.IndirectObject):
            yield child.idnum, child.generation
        yield from _elements_below(element)


def _is_element(thing: Any) -> bool:
    """Marked content is no element; what does not say its type is one."""
    if not isinstance(thing, generic.DictionaryObject):
        return False
    try:
        return bool(thing["/Type"] == "/StructElem")
    except KeyError:
        return True


def _path(step: Step) -> Any:
    names = []
    while step:
        step, name = step
        names.append(name)
    return RawPdfPath(*reversed(names))
