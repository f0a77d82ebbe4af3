"""The communes of a chosen province: offered where an address is typed, and known again by name or code. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from app.catalogue.questions import FieldType, FormField
from app.core.errors import Problem
from app.core.text import Text, fold


@dataclass(frozen=True, slots=True)
class Listed:
    """The communes of one province today, code and name; `whole` is False where only a few of them are held."""

    communes: tuple[tuple[str, Text], ...]
    whole: bool


Communes = Mapping[str, Listed]
"""By the code of the province; one whose communes are not held is absent."""
NONE: Communes = MappingProxyType({})

CODE = "commune_code"
"""The member of an address that only the server writes: the code of its commune, or `NOT_LISTED`.

An address without it was never compared with a whole list."""
NOT_LISTED = ""
NOT_IN_LIST = Text(
    "Không có trong danh mục đơn vị hành chính của tỉnh, thành phố đã chọn. Hãy kiểm tra lại tên; vẫn nộp được.",
    "Not in the list of units of the chosen province. Check the name; it can be filed all the same.",
)


def provinces_of(fields: Iterable[FormField], answers: Mapping[str, Any]) -> set[str]:
    """The provinces of the addresses among the answers."""
    return {address["province"] for _, address in _addresses(fields, answers) if isinstance(address.get("province"), str)}


def placed(
    fields: Iterable[FormField], answers: Mapping[str, Any], communes: Communes, before: Mapping[str, Any]
) -> dict[str, Any]:
    """`answers` with each commune known by its code where it can be, or marked as not listed.

    An address that says what it said `before` stays as it was: a list that came later changes nothing that was filed.
    """
    found = dict(answers)
    for each, address in _addresses(fields, answers):
        plain, earlier = _typed(address), before.get(each.id)
        unchanged = isinstance(earlier, Mapping) and plain == _typed(earlier)
        found[each.id] = dict(earlier) if unchanged and earlier else plain | _known(plain, communes)
    return found


def unlisted(fields: Iterable[FormField], answers: Mapping[str, Any]) -> list[Problem]:
    """What an official should look at: each address whose commune the list does not know."""
    wrong = (each for each, address in _addresses(fields, answers) if address.get(CODE) == NOT_LISTED)
    return [Problem(f"{each.id}.commune", "not-in-the-list", NOT_IN_LIST) for each in wrong]


def _addresses(fields: Iterable[FormField], answers: Mapping[str, Any]) -> list[tuple[FormField, Mapping[str, Any]]]:
    asked = [each for each in fields if each.type is FieldType.ADDRESS_VN]
    return [(each, given) for each in asked if isinstance(given := answers.get(each.id), Mapping)]


def _typed(address: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in address.items() if name != CODE}


def _known(address: Mapping[str, Any], communes: Communes) -> dict[str, str]:
    """The listed name and code of a commune given by either; the mark of one that a whole list lacks."""
    typed, province = address.get("commune"), communes.get(str(address.get("province")))
    if province is None or not isinstance(typed, str):
        return {}
    for same in _SAME:
        match = [(code, name) for code, name in province.communes if same(typed, code, name)]
        if len(match) == 1:
            return {"commune": match[0][1].vi, CODE: match[0][0]}
    return {CODE: NOT_LISTED} if province.whole else {}


_SAME: tuple[Callable[[str, str, Text], bool], ...] = (
    lambda typed, code, name: typed in {code, name.vi, name.en},
    lambda typed, _, name: typed.casefold() in {name.vi.casefold(), name.en.casefold()},
    lambda typed, _, name: fold(typed) in {fold(name.vi), fold(name.en)},
)
"""How two names are the same, the strictest first: without marks two communes of a province may look alike."""
