"""A key at a remote signing service (Cloud Signature Consortium API, version 1.0.4). Only digests travel."""

import asyncio
import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit

from asn1crypto import algos, core, x509

from signing.fetch import FetchFailed, FetchRules, exchange
from signing.keys import DIGEST, KeyFailed, mechanism_of

_WRONG_SECRET = {"invalid_pin", "invalid_otp"}
_ENDED = "invalid_token"
_ENDS_EARLY_S = 30.0
"""A token that is about to end may have ended when it arrives."""
_LASTS_S = 3600


@dataclass(frozen=True)
class Consent:
    """What the key's owner gives for one approval. Both empty: the service asks the person by itself, or needs nobody."""

    pin: str = field(default="", repr=False)
    otp: str = field(default="", repr=False)


@dataclass
class ClientToken:
    """Who we are at a service that gives tokens for a while (OAuth 2.0, client credentials): asked for when one is needed."""

    url: str
    client_id: str
    secret: str = field(repr=False)
    _held: str = field(default="", init=False, repr=False)
    _until: float = field(default=0.0, init=False, repr=False)

    async def value(self, rules: FetchRules, *, fresh: bool = False) -> str:
        """A token that still counts; `fresh` when the service would not have the last one. Raises `KeyFailed`."""
        now = asyncio.get_running_loop().time()
        if fresh or now >= self._until:
            told = await _exchanged(self.url, rules, self._request(), "application/x-www-form-urlencoded", {})
            held, lasts = told.get("access_token"), told.get("expires_in", _LASTS_S)
            if not (isinstance(held, str) and held.isascii() and held.isprintable() and isinstance(lasts, int | float)):
                raise KeyFailed("unsuitable", "the token service gave no token")
            self._held, self._until = held, now + lasts - _ENDS_EARLY_S
        return self._held

    def _request(self) -> bytes:
        said = {"grant_type": "client_credentials", "scope": "service", "client_id": self.client_id, "client_secret": self.secret}
        return urlencode(said).encode()


@dataclass(frozen=True)
class CscService:
    """`url` ends before `/credentials/…`; `token` is the service's bearer token for us, lasting or given for a while.

    `rules` name the service's hosts alone. Their time limit must leave a person time to answer on the telephone.
    """

    url: str
    token: str | ClientToken = field(repr=False)
    rules: FetchRules

    async def call(self, method: str, said: Mapping[str, Any]) -> dict[str, Any]:
        """Raises `KeyFailed`."""
        body = json.dumps(said).encode()
        try:
            return await self._asked(method, body, fresh=False)
        except KeyFailed as failed:
            if not isinstance(self.token, ClientToken) or failed.detail != _ENDED:
                raise
        return await self._asked(method, body, fresh=True)

    async def _asked(self, method: str, body: bytes, *, fresh: bool) -> dict[str, Any]:
        token = self.token if isinstance(self.token, str) else await self.token.value(self.rules, fresh=fresh)
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return await _exchanged(f"{self.url}/{method}", self.rules, body, "application/json", headers)


async def _exchanged(url: str, rules: FetchRules, body: bytes, kind: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """One question to the service; only a JSON object is an answer. Raises `KeyFailed`."""
    if urlsplit(url).scheme != "https" and not rules.allow_loopback:
        raise KeyFailed("unsuitable", "a signing service is called over https only")
    try:
        answer = json.loads(await exchange(url, rules, body=body, kind=kind, headers=headers))
    except FetchFailed as failed:
        raise _failed(failed) from failed
    except ValueError as broken:
        raise KeyFailed("unsuitable", f"{url.rpartition('/')[2]}: no JSON") from broken
    if not isinstance(answer, dict):
        raise KeyFailed("unsuitable", f"{url.rpartition('/')[2]}: no JSON object")
    return answer


@dataclass(frozen=True)
class CscSigner:
    """`most` digests for one authorisation. `consent` is for a key that signs without a person, such as a seal's."""

    service: CscService
    credential: str
    certificate: bytes
    chain: tuple[bytes, ...]
    pss: bool
    most: int = 1
    consent: Consent = Consent()

    async def sign(self, digest: bytes, mechanism: str) -> bytes:
        """See `SignerPort.sign`."""
        return (await self.sign_many([digest], mechanism, self.consent))[0]

    async def sign_many(self, digests: Sequence[bytes], mechanism: str, consent: Consent) -> list[bytes]:
        """All digests under one consent. The authorisation names them: it is good for nothing else. Raises `KeyFailed`."""
        if len(digests) > self.most:
            raise KeyFailed("too-many", f"{len(digests)} documents, at most {self.most} for one approval")
        hashes = [base64.b64encode(digest).decode() for digest in digests]
        asked: dict[str, Any] = {"credentialID": self.credential, "numSignatures": len(hashes), "hash": hashes}
        given = {"PIN": consent.pin, "OTP": consent.otp}
        allowed = await self.service.call(
            "credentials/authorize", asked | {name: value for name, value in given.items() if value}
        )
        if not isinstance(sad := allowed.get("SAD"), str):
            raise KeyFailed("refused", "no activation data")
        asked = {"credentialID": self.credential, "SAD": sad, "hash": hashes} | self._algorithms()
        signed = (await self.service.call("signatures/signHash", asked)).get("signatures")
        if not isinstance(signed, list) or len(signed) != len(digests):
            raise KeyFailed("unsuitable", "another number of signatures than of digests")
        return [_signature(value, mechanism) for value in signed]

    def _algorithms(self) -> dict[str, str]:
        mechanism = mechanism_of(x509.Certificate.load(self.certificate), pss=self.pss)
        named = {"hashAlgo": algos.DigestAlgorithmId(DIGEST).dotted, "signAlgo": mechanism["algorithm"].dotted}
        if mechanism.signature_algo == "rsassa_pss":
            named["signAlgoParams"] = base64.b64encode(mechanism["parameters"].dump()).decode()
        return named


async def open_csc(service: CscService, credential: str, consent: Consent | None = None) -> CscSigner:
    """Ask the service about the key: certificate, chain, whether PSS, how many at once. Raises `KeyFailed`."""
    told = await service.call("credentials/info", {"credentialID": credential, "certificates": "chain", "certInfo": False})
    try:
        if told["key"].get("status", "enabled") != "enabled":
            raise KeyFailed("refused", "the key is disabled at the service")
        own, *others = [base64.b64decode(one, validate=True) for one in told["cert"]["certificates"]]
        x509.Certificate.load(own, strict=True)
        pss = algos.SignedDigestAlgorithmId("rsassa_pss").dotted in told["key"]["algo"]
        most = max(1, int(told.get("multisign", 1)))
    except (KeyError, TypeError, ValueError, AttributeError) as broken:
        raise KeyFailed("unsuitable", f"credentials/info: {type(broken).__name__}") from broken
    return CscSigner(service, credential, own, tuple(others), pss, most, consent or Consent())


def _signature(value: object, mechanism: str) -> bytes:
    try:
        raw = base64.b64decode(str(value), validate=True)
    except ValueError as broken:
        raise KeyFailed("unsuitable", "a signature that is no base64") from broken
    return _as_der(raw) if mechanism == "ecdsa" else raw


def _as_der(raw: bytes) -> bytes:
    """Some services give the two numbers of an ECDSA signature bare, one behind the other."""
    try:
        algos.DSASignature.load(raw, strict=True).native  # noqa: B018  # parsing is lazy
    except (ValueError, TypeError):
        half = len(raw) // 2
        pair = {"r": int.from_bytes(raw[:half], "big"), "s": int.from_bytes(raw[half:], "big")}
        return bytes(algos.DSASignature({name: core.Integer(number) for name, number in pair.items()}).dump())
    return raw


def _failed(failed: FetchFailed) -> KeyFailed:
    """4xx: the service will not, and says why in one word of the standard; the rest may pass."""
    word = _word(failed.answer)
    if word in _WRONG_SECRET:
        return KeyFailed("wrong-pin", word)
    if failed.status == 401 and word in {"", _ENDED}:  # RFC 6750: nothing was done yet, so it may be asked again
        return KeyFailed("refused", _ENDED)
    if failed.reason == "status" and 400 <= failed.status < 500:
        return KeyFailed("refused", word or str(failed.status))
    if failed.reason.startswith("forbidden"):
        return KeyFailed("unsuitable", failed.reason)
    return KeyFailed("unreachable", failed.reason)


def _word(answer: bytes) -> str:
    """The error's name; its description is the service's own text and stays out of our tables."""
    try:
        said = json.loads(answer)["error"]
    except (ValueError, KeyError, TypeError):
        return ""
    return said if isinstance(said, str) and said.isidentifier() else ""
