"""What the portal signs with its keys of evidence (Ed25519): answers (RFC 9421) and the manifests of exports (JWS)."""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

import httpx
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

COVERED = ("@status", "content-type", "content-digest", "log-entry", "@method;req", "@target-uri;req", "dpop;req")

_INPUT = re.compile(r'(?P<label>[a-z][a-z0-9_.*-]*)=(?P<params>\((?P<names>[^()]*)\)(?:;[a-z]+=(?:\d+|"[^"]*"))*)')
_NAME = re.compile(r'"(?P<name>[^"]+)"(?P<flag>;req)?')
_KEY_ID = re.compile(r';keyid="([^"]+)"')


class SignatureInvalid(Exception):
    """The answer is unsigned, signed over less than it must be, or not what was signed."""


def verify_response(response: httpx.Response, keys: Mapping[str, Ed25519PublicKey]) -> None:
    """Check that `response` is what the portal signed for its request, body included. Raises `SignatureInvalid`.

    `keys` by key id: `Portal.signing_keys()`.
    """
    found = _INPUT.search(response.headers.get("Signature-Input", ""))
    if not found:
        raise SignatureInvalid("the answer is not signed")
    named = [(each["name"], each["flag"] or "") for each in _NAME.finditer(found["names"])]
    if lacking := set(COVERED) - {name + flag for name, flag in named}:
        raise SignatureInvalid(f"the signature does not cover {', '.join(sorted(lacking))}")
    lines = [f'"{name}"{flag}: {_value(response, name, flag)}' for name, flag in named]
    base = "\n".join([*lines, f'"@signature-params": {found["params"]}'])
    _check_digest(response)
    _check(base.encode(), _signature(response, found["label"]), keys, _KEY_ID.search(found["params"]))


def _value(response: httpx.Response, name: str, flag: str) -> str:
    own = {"@status": str(response.status_code), "@method": response.request.method, "@target-uri": str(response.request.url)}
    value = own.get(name) or (response.request.headers if flag else response.headers).get(name)
    if value is None:
        raise SignatureInvalid(f"{name} is missing")
    return value


def _check_digest(response: httpx.Response) -> None:
    digest = base64.b64encode(hashlib.sha256(response.content).digest()).decode()
    if response.headers.get("Content-Digest") != f"sha-256=:{digest}:":
        raise SignatureInvalid("the body is not the one that was signed")


def _signature(response: httpx.Response, label: str) -> bytes:
    found = re.search(rf"(?:^|,\s*){re.escape(label)}=:([A-Za-z0-9+/=]+):", response.headers.get("Signature", ""))
    if not found:
        raise SignatureInvalid("the signature is missing")
    try:
        return base64.b64decode(found[1], validate=True)
    except binascii.Error as error:
        raise SignatureInvalid("the signature is malformed") from error


def _check(base: bytes, signature: bytes, keys: Mapping[str, Ed25519PublicKey], key_id: re.Match[str] | None) -> None:
    key = keys.get(key_id[1]) if key_id else None
    if key is None:
        raise SignatureInvalid("signed by a key that is not the portal's")
    try:
        key.verify(signature, base)
    except InvalidSignature as error:
        raise SignatureInvalid("the signature does not fit") from error


def read_manifest(manifest: str, keys: Mapping[str, Ed25519PublicKey]) -> dict[str, Any]:
    """What an export's `manifest_jws` says, once its signature is found good. Raises `SignatureInvalid`."""
    head, _, rest = manifest.partition(".")
    body, _, signature = rest.partition(".")
    try:
        header = json.loads(_decoded(head))
        key = keys[header["kid"]] if header["alg"] == "Ed25519" else None
        if key is None:
            raise SignatureInvalid("signed in a way that the portal does not use")
        key.verify(_decoded(signature), f"{head}.{body}".encode())
        said: dict[str, Any] = json.loads(_decoded(body))
    except (ValueError, KeyError, TypeError) as error:
        raise SignatureInvalid("not a manifest, or signed by a key that is not the portal's") from error
    except InvalidSignature as error:
        raise SignatureInvalid("the signature of the manifest does not fit") from error
    return said


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars="-_", validate=True)
