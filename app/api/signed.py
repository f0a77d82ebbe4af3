"""Signatures of answers (RFC 9421): whoever keeps one can show later what was asked, with which key, and what was answered."""

import base64
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime

from fastapi import Request

from app.api.machine import public_url, sent
from app.sharing.keys import Ring

_WISH = re.compile(r"\s*ed25519\s*", re.IGNORECASE)
_MARK = "signature_wanted"


def is_wanted(request: Request) -> bool:
    """Whether the consumer asks for a signature: `Want-Signature: ed25519`, or `Accept-Signature` in any form."""
    named = sent(request.scope, b"want-signature")
    return any(map(_WISH.fullmatch, named)) or bool(sent(request.scope, b"accept-signature"))


def want(request: Request, *, by_proof: bool) -> None:
    """Have the answer to this request signed; `by_proof` says whether a DPoP proof came with it or a certificate."""
    request.scope[_MARK] = by_proof


def to_be_signed(request: Request) -> bool:
    """Whether the answer to this request is to be signed."""
    return _MARK in request.scope


def digest_of(body: bytes) -> str:
    """`Content-Digest` (RFC 9530)."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_of(
    request: Request, ring: Ring, status: int, headers: Mapping[str, str], body: bytes, at: datetime
) -> dict[str, str]:
    """The headers that sign an answer; none for one without content, of which the signature could not say what it holds.

    A client that proves itself by certificate sends no DPoP proof: then the signature covers all else.
    """
    if status == 304 or "content-type" not in headers or "log-entry" not in headers:
        return {}
    by_proof: bool = request.scope[_MARK]
    digest = digest_of(body)
    values = {
        "@status": str(status),
        "content-type": headers["content-type"],
        "content-digest": digest,
        "log-entry": headers["log-entry"],
        "@method;req": request.method,
        "@target-uri;req": _target(request, ring, by_proof=by_proof),
    }
    if by_proof:
        values["dpop;req"] = sent(request.scope, b"dpop")[0].strip()
    return {"content-digest": digest, **ring.evidence.signature(values, at=at)}


def _target(request: Request, ring: Ring, *, by_proof: bool) -> str:
    """The address the client called, as the public knows it, with its question."""
    base = ring.issuer if by_proof else request.app.state.settings.mtls_base or ring.issuer
    query: bytes = request.scope["query_string"]
    return public_url(request.scope, base) + (f"?{query.decode('ascii', 'replace')}" if query else "")
