"""The common changes of a definition, made with a form: the definition afterwards. Pure.

A value that cannot be read is kept as it was typed: the linter says what is wrong with it, and nothing typed is lost.
"""

import re
from collections.abc import Mapping
from typing import Any

from app.catalogue.editable import LANGUAGES, NEW, Entry, additions, page_lists, things, title_of
from app.catalogue.files import plain
from app.catalogue.places import get, items, move, put, remove
from app.catalogue.sections import LISTS, MOVABLE, Control, Section
from app.core.text import fold

_COUNTED = {Section.LEGAL: "L", Section.CHECKS: "C", Section.FEES: "F"}
_CLOSING = ("issue", "return")
Posted = Mapping[str, str]


def changed(definition: Mapping[str, Any], section: Section, posted: Posted) -> dict[str, Any]:
    """The definition with what was posted from one page of the editor; what was not asked there stays."""
    after: dict[str, Any] = plain(definition)
    for thing in things(definition, section):
        if thing.removable and posted.get(f"-{thing.name}"):
            _remove(after, section, thing.name)
            continue
        for entry in thing.entries:
            typed = _typed(entry, posted)
            if typed is not None and typed != entry.value:
                _take(after, entry, typed)
    _add(after, section, posted)
    if section in MOVABLE:
        _move(after, section, posted.get("_up", ""), -1)
        _move(after, section, posted.get("_down", ""), 1)
    return after


def _typed(entry: Entry, posted: Posted) -> str | None:
    """What was typed for a value; None when the page did not ask for it. A box without its tick is not sent at all."""
    if entry.control is Control.DAY:
        day, month, year = (posted.get(f"{entry.name}-{part}", "") for part in ("day", "month", "year"))
        asked = f"{entry.name}-day" in posted
        return (f"{year}-{month:>02}-{day:>02}" if day or month or year else "") if asked else None
    return posted.get(entry.name, "" if entry.control is Control.TICK else None)


def _take(after: dict[str, Any], entry: Entry, typed: str) -> None:
    if entry.name.startswith("fields.") and entry.name.endswith(".page"):
        _on_page(after, entry.name.split(".")[1], typed)
    else:
        put(after, entry.name, _value(entry, typed))
    if entry.name.rpartition(".")[2] in LANGUAGES:
        _drop_blank(after, entry.name.rpartition(".")[0])


def _drop_blank(after: dict[str, Any], place: str) -> None:
    """A text goes once nothing is left of it in either language."""
    held = get(after, place)
    if isinstance(held, Mapping) and not any(held.get(language) for language in LANGUAGES):
        put(after, place, None)


def _value(entry: Entry, typed: str) -> Any:
    if entry.control is Control.TICK:
        return typed == "true"
    if entry.control is Control.NUMBER:
        return _number(typed)
    return typed or None


def _number(typed: str) -> Any:
    try:
        number = float(typed.replace(",", "."))
    except ValueError:
        return typed or None
    return int(number) if number.is_integer() else number


def _add(after: dict[str, Any], section: Section, posted: Posted) -> None:
    """Something new, under the id typed or one made from its name."""
    asked = additions(after, section)
    item: dict[str, Any] = {NEW: {}}
    for entry in asked:
        value = _value(entry, posted.get(entry.name, ""))
        put(item, entry.name, None if value is False else value)
    made: dict[str, Any] = item.get(NEW, {})
    if not any(posted.get(entry.name) for entry in asked if entry.control is Control.LINE):
        return
    if section is Section.LEGAL:
        name = made.pop("id", None) or _fresh_id(after, section, made)
        after.setdefault("legal", {}).setdefault(name, made | {"certainty": "uncertain"})
    else:
        _append(after, section, made)


def _append(after: dict[str, Any], section: Section, made: dict[str, Any]) -> None:
    holder, page = made.pop("field", "") if section is Section.OPTIONS else "", made.pop("page", "")
    place = f"fields.{holder}.options" if section is Section.OPTIONS else LISTS[section]
    made = {"id": made.pop("id", None) or _fresh_id(after, section, made, place), **made}
    if section in (Section.PAPERS, Section.CHECKS, Section.FEES):
        made.setdefault("certainty", "uncertain")
    if section is Section.PAPERS and (every := after.get("all_papers_signed")):
        made["signed"] = {"by": "filer", "kind": "public", "match": "tax_code", "legal": every}
    if get(after, place) is None:
        put(after, place, [])
    held = get(after, place)
    if isinstance(held, list):
        held.insert(_turn(held, made) if section is Section.STEPS else len(held), made)
    if section is Section.FIELDS:
        _on_page(after, str(made["id"]), page)


def _turn(steps: list[Any], made: Mapping[str, Any]) -> int:
    """A new step comes after the others of its stage, before the decision and what follows it."""
    same = [number for number, step in enumerate(steps) if isinstance(step, Mapping) and step.get("stage") == made.get("stage")]
    closing = [number for number in same if steps[number].get("decides") or steps[number].get("kind") in _CLOSING]
    return closing[0] if closing else same[-1] + 1 if same else len(steps)


def _fresh_id(after: Mapping[str, Any], section: Section, made: Mapping[str, Any], place: str = "legal") -> str:
    """An id that is not taken: counted as its siblings are, or from its English name."""
    taken = {name for name, _ in items(get(after, place))}
    said = title_of("", made).en
    words = re.sub(r"[^a-z0-9]+", "_", fold(said)).strip("_")[:40]
    stem = _COUNTED.get(section) or (words if words[:1].isalpha() else f"{section.value}_{words}".rstrip("_"))
    if section not in _COUNTED and stem not in taken:
        return stem
    return next(name for name in (f"{stem}{number}" for number in range(1, len(taken) + 3)) if name not in taken)


def _on_page(after: Mapping[str, Any], field: str, page: str) -> None:
    """The field stands on this page, last; on the last page when none is named."""
    lists = list(page_lists(after))
    for _, fields in lists:
        fields[:] = [name for name in fields if name != field]
    wanted = [fields for name, fields in lists if name == page] or [fields for _, fields in lists]
    if wanted:
        wanted[-1].append(field)


def _remove(after: dict[str, Any], section: Section, place: str) -> None:
    remove(after, place)
    if section is Section.FIELDS:
        for _, fields in page_lists(after):
            fields[:] = [name for name in fields if name != place.rpartition(".")[2]]


def _move(after: dict[str, Any], section: Section, place: str, by: int) -> None:
    """One place up or down: in its list, for a field on its page."""
    holder, _, name = place.rpartition(".")
    if section is Section.FIELDS:
        for _, fields in page_lists(after):
            move(fields, name, by)
    elif holder.startswith(LISTS[section]) and isinstance(held := get(after, holder), list):
        move(held, name, by)
