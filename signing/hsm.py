"""A key in a token or hardware security module (PKCS#11). The key never leaves it; only digests go in."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar

import pkcs11
from asn1crypto import x509
from pkcs11.util.ec import encode_ecdsa_signature

from signing.keys import KeyFailed

T = TypeVar("T")
_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""PKCS#1 v1.5 signs the digest behind its algorithm's name (RFC 8017 § 9.2)."""
_PSS = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, 32)
_WRONG_PIN = (
    pkcs11.PinIncorrect,
    pkcs11.PinInvalid,
    pkcs11.PinLenRange,
    pkcs11.PinLocked,
    pkcs11.PinExpired,
)
_WRONG_SETTINGS = (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned, pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned)
_STALE = (
    pkcs11.SessionHandleInvalid,
    pkcs11.SessionClosed,
    pkcs11.UserNotLoggedIn,
    pkcs11.KeyHandleInvalid,
    pkcs11.ObjectHandleInvalid,
    pkcs11.DeviceRemoved,
)


@dataclass(frozen=True)
class HsmKey:
    """Where the key is: the vendor's library, the token's label, the key's label, and what opens it."""

    module: Path
    token: str
    label: str
    pin: str = field(repr=False)


@dataclass
class _Login:
    """One for each token and process, as PKCS#11 counts log-ins. `lock`: a session does one thing at a time.

    A PIN that was refused is not tried again: three wrong ones lock most tokens.
    """

    pin: str = field(repr=False)
    session: Any = None
    refused: bool = False
    lock: Lock = field(default_factory=Lock)


_logins: dict[tuple[Path, str], _Login] = {}


@dataclass(frozen=True)
class HsmSigner:
    """Signs inside the token, in a thread: a network HSM may take its time."""

    where: HsmKey
    certificate: bytes
    chain: tuple[bytes, ...] = ()
    pss: bool = True

    async def sign(self, digest: bytes, mechanism: str) -> bytes:
        """See `SignerPort.sign`."""
        return await asyncio.to_thread(_with_session, self.where, lambda s: _signature(_key(s, self.where), digest, mechanism))


def open_hsm(
    where: HsmKey, certificate: bytes | None = None, chain: Sequence[bytes] = (), *, pss: bool | None = None
) -> HsmSigner:
    """Log in and look: the certificate is read from the token unless given; PSS unless the token does not offer it.

    Blocks: call it in a thread. Raises `KeyFailed`.
    """

    def look(session: Any) -> HsmSigner:
        _key(session, where)
        offers = pkcs11.Mechanism.RSA_PKCS_PSS in session.token.slot.get_mechanisms()
        found = certificate or _certificate(session, where.label)
        return HsmSigner(where, found, tuple(chain), offers if pss is None else pss)

    return _with_session(where, look)


def _with_session(where: HsmKey, work: Callable[[Any], T]) -> T:
    """Do `work` in the token's session; once more in a new one when the token was taken out or restarted meanwhile."""
    login = _logins.setdefault((where.module, where.token), _Login(where.pin))
    with login.lock:
        try:
            try:
                return work(_session(where, login))
            except _STALE:
                login.session = None
                return work(_session(where, login))
        except pkcs11.PKCS11Error as error:
            raise _failed(error) from error


def _session(where: HsmKey, login: _Login) -> Any:
    if login.pin != where.pin:
        raise KeyFailed("wrong-pin", "another one than the one this token was opened with")
    if login.refused:
        raise KeyFailed("wrong-pin", "refused before; not tried again until the worker is restarted")
    if login.session is None:
        token = _library(where.module).get_token(token_label=where.token)
        try:
            login.session = token.open(user_pin=where.pin)
        except _WRONG_PIN:
            login.refused = True
            raise
    return login.session


def _key(session: Any, where: HsmKey) -> Any:
    return session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=where.label)


def _library(module: Path) -> Any:
    try:
        return pkcs11.lib(str(module))
    except (RuntimeError, OSError) as error:
        raise KeyFailed("unsuitable", f"no PKCS#11 library at {module}") from error


def _certificate(session: Any, label: str) -> bytes:
    wanted = {pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE, pkcs11.Attribute.LABEL: label}
    found = list(session.get_objects(wanted))
    if len(found) != 1:
        raise KeyFailed("unsuitable", f"{len(found)} certificates with the key's label in the token")
    return x509.Certificate.load(found[0][pkcs11.Attribute.VALUE]).dump()  # type: ignore[no-any-return]  # untyped library


def _signature(key: Any, digest: bytes, mechanism: str) -> bytes:
    if mechanism == "ecdsa":
        return bytes(encode_ecdsa_signature(key.sign(digest, mechanism=pkcs11.Mechanism.ECDSA)))
    if mechanism == "rsassa_pss":
        return bytes(key.sign(digest, mechanism=pkcs11.Mechanism.RSA_PKCS_PSS, mechanism_param=_PSS))
    return bytes(key.sign(_SHA256_INFO + digest, mechanism=pkcs11.Mechanism.RSA_PKCS))


def _failed(error: pkcs11.PKCS11Error) -> KeyFailed:
    """Type names only: a vendor's message may repeat what it was given."""
    name = type(error).__name__
    if isinstance(error, _WRONG_PIN):
        return KeyFailed("wrong-pin", name)
    if isinstance(error, _WRONG_SETTINGS):
        return KeyFailed("unsuitable", name)
    return KeyFailed("unreachable", name)
