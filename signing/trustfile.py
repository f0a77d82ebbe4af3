"""A trust store in a file: taken from the portal, used where the portal's database is out of reach."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from signing.evidence import Evidence, Source
from signing.model import Role
from signing.trust import TrustSnapshot

FORMAT = "motcua-trust/1"
_ALGORITHMS = ["Ed25519"]


def read_trust(content: bytes, *, key: str | None = None) -> TrustSnapshot:
    """A snapshot from an exported file, or from its bare JSON form.

    `key` is the thumbprint (RFC 7638) of the portal's key: then only what that key signed is taken. Without it the
    signature of an exported file still has to fit, which finds damage but not a forger. Raises ValueError with a sentence.
    """
    try:
        document = json.loads(content)
        signed = document.get("format") == FORMAT
        stored = document["snapshot"] if signed else document
        _refuse_unknown_roles(stored)
        trust = TrustSnapshot.from_json(stored)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as broken:
        raise ValueError(f"this is no trust store: {type(broken).__name__}") from broken
    except ValueError as broken:
        raise ValueError(f"this is no trust store: {broken}") from broken
    if signed:
        _verify(trust, document, key)
    elif key:
        raise ValueError("this trust store is not signed")
    return trust


def written(
    trust: TrustSnapshot,
    *,
    note: str,
    adopted_at: str,
    key: OKPKey,
    signature: str,
    evidence: Evidence | None = None,
) -> dict[str, Any]:
    """The form of the file. `signature` is the compact JWS that was made when the epoch was adopted, over the store alone.

    `seal` is made now, by the same key, over everything: the note, and the `evidence` where it is wanted.
    """
    facts = {"note": note, "adopted_at": adopted_at, "key": key.as_dict(private=False), "signature": signature}
    told: dict[str, Any] = {"format": FORMAT, "snapshot": trust.to_json(), **facts}
    if evidence is not None:
        told["evidence"] = evidence.to_json()
    return told | {"seal": jws.serialize_compact({"alg": "Ed25519"}, _digest(told), key, _ALGORITHMS)}


def public_lists(evidence: Evidence, trust: TrustSnapshot) -> Evidence:
    """The revocation lists that the authorities publish for all; not what was asked about single persons."""
    published = {url for authority in trust.authorities for url in authority.crl}
    return Evidence(tuple(i for i in evidence.items if i.source is Source.CRL and i.url in published))


def thumbprint(text: str) -> str:
    """Of a public key (JWK or PEM) or of the key in an exported file. Raises ValueError for anything else."""
    try:
        told = json.loads(text) if text.lstrip().startswith("{") else text
        return OKPKey.import_key(told.get("key", told) if isinstance(told, dict) else told).thumbprint()
    except (JoseError, ValueError, KeyError, TypeError) as broken:
        raise ValueError("this is no public key") from broken


def _digest(told: Mapping[str, Any]) -> str:
    plain = {name: value for name, value in told.items() if name != "seal"}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _refuse_unknown_roles(stored: Mapping[str, Any]) -> None:
    for role in _roles(stored):
        if role not in set(Role):
            known = ", ".join(sorted(Role))
            raise ValueError(f"there is no role {role!r} (there are {known})")


def _roles(stored: Mapping[str, Any]) -> Iterator[str]:
    for authority in (*stored["anchors"], *stored.get("intermediates", ())):
        roles = authority.get("roles", [])
        yield from roles if isinstance(roles, list) else [roles]


def _verify(trust: TrustSnapshot, document: Mapping[str, Any], expected: str | None) -> None:
    """Files written before there was a seal have none; then nothing but the store itself is vouched for."""
    try:
        key = OKPKey.import_key(document["key"])
        payload = _payload(document["signature"], key)
        sealed = _payload(document["seal"], key) if "seal" in document else None
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ValueError("the signature of this trust store does not verify") from broken
    if expected and key.thumbprint() != expected:
        raise ValueError("this trust store was signed with another key")
    if payload != trust.digest.encode():
        raise ValueError("this trust store is not the one that was signed")
    if sealed is None and "evidence" in document:
        raise ValueError("the revocation data in this trust store are not signed")
    if sealed is not None and sealed != _digest(document).encode():
        raise ValueError("this file is not what was signed with the trust store")


def _payload(token: str, key: OKPKey) -> bytes:
    return jws.deserialize_compact(token, key, algorithms=_ALGORITHMS).payload
