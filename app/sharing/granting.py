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


def granted(asked: list[Any], deals: Mapping[str, Deal], scope: set[str]) -> list[dict[str, Any]]:
    """The part of what was asked that agreements in force allow; purpose and legal basis come from the agreement."""
    if scope == {scopes.FILING}:
        if any(not isinstance(item, dict) or item.get("type") != scopes.FILING_DETAIL for item in asked):
            raise InvalidDetails("filing needs no agreement")
        return []
    if not asked:
        raise InvalidDetails("name an agreement and a purpose")
    return [_granted_one(item, deals, scope) for item in asked]


def _granted_one(item: Any, deals: Mapping[str, Deal], scope: set[str]) -> dict[str, Any]:
    code = item.get("agreement") if isinstance(item, dict) else None
    deal = deals.get(code) if isinstance(code, str) else None
    if deal is None or item.get("type") != scopes.SHARED_DATA or not _is_one_of(item.get("purpose"), deal.purposes):
        raise InvalidDetails("type, agreement or purpose")
    names = [name for name in _names(item, "datatypes") or deal.actions if name in deal.actions and f"{name}.read" in scope]
    actions = {action for name in names for action in deal.actions[name]}
    actions &= set(_names(item, "actions") or actions)
    if not actions:
        raise InvalidDetails("nothing of this is in the agreement")
    return {
        "type": scopes.SHARED_DATA,
        "agreement": code,
        "agreement_version": deal.version,
        "agreement_hash": deal.content_hash,
        "purpose": item["purpose"],
        "legal_basis": list(deal.legal_basis),
        "datatypes": sorted(names),
        "actions": sorted(actions),
    }


def _is_one_of(value: object, allowed: frozenset[str]) -> bool:
    return isinstance(value, str) and value in allowed


def _names(item: dict[str, Any], member: str) -> list[str]:
    value = item.get(member, [])
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise InvalidDetails(f"{member} is a list of names")
    return value
