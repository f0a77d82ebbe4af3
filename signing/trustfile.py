"""A trust store in a file: taken from the portal, used where the portal's database is out of reach."""

import json
from collections.abc import Mapping
from typing import Any

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from signing.trust import TrustSnapshot

FORMAT = "motcua-trust/1"


def read_trust(content: bytes, *, key: str | None = None) -> TrustSnapshot:
    """A snapshot from an exported file, or from its bare JSON form.

    `key` is the thumbprint (RFC 7638) of the portal's key: then only what that key signed is taken. Without it the
    signature of an exported file still has to fit, which finds damage but not a forger. Raises ValueError with a sentence.
    """
    try:
        document = json.loads(content)
        signed = document.get("format") == FORMAT
        trust = TrustSnapshot.from_json(document["snapshot"] if signed else document)
    except (ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ValueError(f"this is no trust store: {type(broken).__name__}") from broken
    if signed:
        _verify(trust, document, key)
    elif key:
        raise ValueError("this trust store is not signed")
    return trust


def written(trust: TrustSnapshot, *, note: str, adopted_at: str, key: Mapping[str, Any], signature: str) -> dict[str, Any]:
    """The form of the file; `key` is the public JWK, `signature` the compact JWS that was made when the epoch was adopted."""
    facts = {"note": note, "adopted_at": adopted_at, "key": dict(key), "signature": signature}
    return {"format": FORMAT, "snapshot": trust.to_json(), **facts}


def _verify(trust: TrustSnapshot, document: Mapping[str, Any], expected: str | None) -> None:
    try:
        key = OKPKey.import_key(document["key"])
        payload = jws.deserialize_compact(document["signature"], key, algorithms=["Ed25519"]).payload
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as broken:
        raise ValueError("the signature of this trust store does not verify") from broken
    if expected and key.thumbprint() != expected:
        raise ValueError("this trust store was signed with another key")
    if payload != trust.digest.encode():
        raise ValueError("this trust store is not the one that was signed")
