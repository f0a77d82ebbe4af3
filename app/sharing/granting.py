"""Rich authorization requests (RFC 9396): what an agreement in force gives of what was asked. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from authlib.oauth2 import OAuth2Error

from app.sharing import scopes


class InvalidDetails(OAuth2Error):
    """RFC 9396: no agreement in force gives what was asked."""

    error = "invalid_authorization_details"


@dataclass(frozen=True, slots=True)
class Deal:
    """An agreement version in force, as far as a token cares."""

    version: int
    content_hash: str
    purposes: frozenset[str]
    legal_basis: tuple[dict[str, str], ...]
    actions: Mapping[str, frozenset[str]]


def asked_in(text: str | None) -> list[Any]:
    """The `authorization_details` as sent; none at all is an empty list."""
    try:
        asked = json.loads(text or "[]")
    except (ValueError, RecursionError) as error:
        raise InvalidDetails("not JSON") from error
    if not isinstance(asked, list) or len(asked) > 8:
        raise InvalidDetails("a list of at most eight")
    return asked


def granted(
    asked: list[Any], deals: Mapping[str, Deal], scope: set[str], resource: str, *, tax_code: str | None = None
) -> list[dict[str, Any]]:
    """The part of what was asked that agreements in force allow; purpose and legal basis come from the agreement.

    A type or member we do not know is refused, not passed over (RFC 9396, section 5). What is known and not agreed on is left
    out of the answer; when nothing remains, `InvalidDetails`.
    """
    items = [_known(item, scope, resource) for item in asked]
    if scope == {scopes.FILING}:
        return [{"type": scopes.FILING_DETAIL, "tax_code": tax_code} for _ in items[:1]]
    if not items and not scope <= _WITHOUT_DETAILS:
        raise InvalidDetails("name an agreement and a purpose")
    return [detail for item in items for detail in _granted_details(item, deals, scope)]


_WITHOUT_DETAILS = {scopes.KEYS, scopes.USAGE}
_MEMBERS = {
    scopes.FILING_DETAIL: frozenset({"type", "locations"}),
    scopes.SHARED_DATA: frozenset({"type", "locations", "agreement", "purpose", "datatypes", "actions"}),
}


def _known(item: Any, scope: set[str], resource: str) -> dict[str, Any]:
    """An asked detail that is of the type its scope has, and says only what that type may say."""
    plain = None if scope <= _WITHOUT_DETAILS else scopes.SHARED_DATA
    wanted = scopes.FILING_DETAIL if scope == {scopes.FILING} else plain
    if not isinstance(item, dict) or wanted is None or item.get("type") != wanted:
        raise InvalidDetails("not a type of this scope")
    if set(item) - _MEMBERS[wanted]:
        raise InvalidDetails("a member this type does not have")
    if set(_names(item, "locations")) - {resource}:
        raise InvalidDetails("locations is this resource or left out")
    return item


def _granted_details(item: Mapping[str, Any], deals: Mapping[str, Deal], scope: set[str]) -> list[dict[str, Any]]:
    """Every action of a detail holds for every datatype of it: datasets with different actions get details of their own."""
    code = item.get("agreement")
    deal = deals.get(code) if isinstance(code, str) else None
    if deal is None or not _is_one_of(item.get("purpose"), deal.purposes):
        raise InvalidDetails("agreement or purpose")
    details = [
        {
            "type": scopes.SHARED_DATA,
            "agreement": code,
            "agreement_version": deal.version,
            "agreement_hash": deal.content_hash,
            "purpose": item["purpose"],
            "legal_basis": list(deal.legal_basis),
            "datatypes": names,
            "actions": list(actions),
        }
        for actions, names in _by_actions(item, deal, scope).items()
    ]
    if not details:
        raise InvalidDetails("nothing of this is in the agreement")
    return details


def _by_actions(item: Mapping[str, Any], deal: Deal, scope: set[str]) -> dict[tuple[str, ...], list[str]]:
    """The datasets that may be read, under what may be done with them."""
    names, actions = _names(item, "datatypes"), _names(item, "actions")
    found: dict[tuple[str, ...], list[str]] = {}
    for name, agreed in sorted(deal.actions.items()):
        given = agreed.intersection(actions) if actions else agreed
        if given and f"{name}.read" in scope and (not names or name in names):
            found.setdefault(tuple(sorted(given)), []).append(name)
    return found


def _is_one_of(value: object, allowed: frozenset[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _names(item: Mapping[str, Any], member: str) -> list[str]:
    value = item.get(member, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidDetails(f"{member} is a list of names")
    return value
