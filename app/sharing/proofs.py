"""DPoP (RFC 9449): reading one proof and the server's nonces. Pure; whether a proof is new is decided by an INSERT."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwa import JWSAlgModel
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

from app.sharing.jwks import is_strong
from app.sharing.rules import TOKEN_ID

ALGORITHMS = ["ES256", "EdDSA", "Ed25519", "PS256"]
CLOCK_SECONDS = 60
MEMORY_SECONDS = 2 * CLOCK_SECONDS
LONGEST = 4096

# RFC 9864 gave the algorithm a second name, Ed25519; clients of today say EdDSA, and a warning per request helps nobody.
jws.JWSRegistry.algorithms["EdDSA"].security_warning = None

# RFC 9449 allows members in the header that the strict registry refuses; and an RSA key there is longer than the 512 bytes
# that the library allows a header.
WITH_KEY = jws.JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
WITH_KEY.max_header_length = 2048
_PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "k"}


class ProofRefused(Exception):
    """A proof we do not take; `code` is the OAuth error."""

    def __init__(self, reason: str, code: str = "invalid_dpop_proof") -> None:
        super().__init__(reason)
        self.reason, self.code = reason, code


@dataclass(frozen=True, slots=True)
class Proof:
    """A proof whose every claim has been checked: the thumbprint of its key, its one-time id, and itself for the log."""

    jkt: str
    jti: str
    compact: str


@dataclass(frozen=True, slots=True)
class Nonces:
    """Nonces of one minute each, from a key all workers share; the last two are good."""

    key: bytes

    def current(self, at: datetime) -> str:
        """The nonce to hand out now."""
        return self._of(int(at.timestamp()) // 60)

    def good(self, nonce: object, at: datetime) -> bool:
        """Whether `nonce` is ours and not older than two minutes."""
        minute = int(at.timestamp()) // 60
        return isinstance(nonce, str) and nonce in {self._of(minute), self._of(minute - 1)}

    def _of(self, minute: int) -> str:
        return _nonce(self.key, minute)


@lru_cache(16)
def _nonce(key: bytes, minute: int) -> str:
    return base64.urlsafe_b64encode(hmac.digest(key, str(minute).encode(), "sha256")[:18]).decode()


def read_proof(
    headers: Sequence[str], method: str, url: str, nonces: Nonces, *, at: datetime, access_token: str | None = None
) -> Proof:
    """The proof in the request's DPoP headers for `method` and the public `url`. Raises `ProofRefused`."""
    if len(headers) != 1 or len(headers[0]) > LONGEST:
        raise ProofRefused("exactly one DPoP header")
    jkt, claims = _verified(headers[0])
    htu = str(claims.get("htu"))
    if claims.get("htm") != method or (htu != url and normal_uri(htu) != normal_uri(url)):
        raise ProofRefused("htm or htu")
    jti, iat = claims.get("jti"), claims.get("iat")
    if not isinstance(jti, str) or not TOKEN_ID.fullmatch(jti):
        raise ProofRefused("jti")
    if isinstance(iat, bool) or not isinstance(iat, int) or abs(at.timestamp() - iat) > CLOCK_SECONDS:
        raise ProofRefused("iat")
    if access_token is not None and claims.get("ath") != hash_of(access_token):
        raise ProofRefused("ath")
    if not nonces.good(claims.get("nonce"), at):
        raise ProofRefused("use the nonce of this answer", "use_dpop_nonce")
    return Proof(jkt, jti, headers[0])


def hash_of(access_token: str) -> str:
    """`ath`: SHA-256 of the access token, base64url."""
    return base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()).rstrip(b"=").decode()


def _verified(compact: str) -> tuple[str, dict[str, Any]]:
    """Thumbprint of the embedded key and the claims, signature checked with that key."""
    head, _, rest = compact.partition(".")
    try:
        if signer := _SIGNERS.get(head):
            return signer.jkt, _claims_of(signer, head, rest)
        signer, claims = _read_whole(compact)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProofRefused("unreadable") from error
    if len(_SIGNERS) >= REMEMBERED_SIGNERS:
        _SIGNERS.pop(next(iter(_SIGNERS)))
    _SIGNERS[head] = signer
    return signer.jkt, claims


@dataclass(frozen=True, slots=True)
class _Signer:
    """What the header of a good proof says. A consumer sends the same header with every proof."""

    jkt: str
    key: RSAKey | ECKey | OKPKey
    algorithm: JWSAlgModel


REMEMBERED_SIGNERS = 4096
_SIGNERS: dict[str, _Signer] = {}
"""By their header, as it was sent. Reading one anew takes longer than checking the signature."""

_REST = re.compile(r"([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)")


def _read_whole(compact: str) -> tuple[_Signer, dict[str, Any]]:
    head = jws.extract_compact(compact.encode(), registry=WITH_KEY).headers()
    if head.get("typ") != "dpop+jwt" or head.get("alg") not in ALGORITHMS or "crit" in head:
        raise ProofRefused("header")
    jwk = head["jwk"]
    if jwk.get("kty") not in {"EC", "OKP", "RSA"} or _PRIVATE & set(jwk):
        raise ProofRefused("jwk")
    key, jkt = _key(tuple(sorted((name, value) for name, value in jwk.items() if isinstance(value, str))))
    claims = jwt.decode(compact, key, algorithms=[head["alg"]], registry=WITH_KEY).claims
    return _Signer(jkt, key, WITH_KEY.get_alg(head["alg"])), claims


def _claims_of(signer: _Signer, head: str, rest: str) -> dict[str, Any]:
    """The claims under a header that has been judged before: only the signature is new."""
    parts = _REST.fullmatch(rest)
    if parts is None or not signer.algorithm.verify(f"{head}.{parts[1]}".encode(), _plain(parts[2]), signer.key):
        raise ProofRefused("signature")
    claims = json.loads(_plain(parts[1]))
    if not isinstance(claims, dict):
        raise ProofRefused("claims")
    return claims


def _plain(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@lru_cache(4096)
def _key(members: tuple[tuple[str, str], ...]) -> tuple[RSAKey | ECKey | OKPKey, str]:
    """Importing a JWK costs 32-38 µs, and a consumer uses one key for many proofs."""
    key = import_key(dict(members))
    if not isinstance(key, RSAKey | ECKey | OKPKey) or not is_strong(dict(members)):
        raise TypeError("symmetric or weak")
    return key, key.thumbprint()


_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def normal_uri(uri: str) -> str:
    """RFC 3986 section 6 form: scheme and host in lower case, no default port, no query, no fragment, escapes in one form.

    "" for what is no address, which equals no address of ours.
    """
    try:
        parts = urlsplit(uri)
        port = "" if parts.port in {None, {"http": 80, "https": 443}.get(parts.scheme)} else f":{parts.port}"
    except ValueError:
        return ""
    path = _ESCAPE.sub(_one_form, quote(parts.path or "/", safe="/%:@!$&'()*+,;=~-._", errors="replace"))
    return f"{parts.scheme}://{(parts.hostname or '').lower()}{port}{path}"


def _one_form(escape: re.Match[str]) -> str:
    value = int(escape[1], 16)
    return chr(value) if value in _UNRESERVED else f"%{value:02X}"
