"""The portal's signing keys: one entry for each seal and each person, found by name, opened once.

In the keys folder, `seal-{unit}` or `person-{id}` is a `.p12` (a soft key, encrypted) or a `.toml` that says where the key is:
see docs/operations.md. Only the worker opens keys.
"""

import asyncio
import base64
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

import signing
from app.core.settings import Settings
from app.issued.rules import Way
from signing.csc import ClientToken, Consent, CscService, CscSigner, open_csc
from signing.hsm import HsmKey, HsmSigner, open_hsm
from signing.keys import KeyFailed

Signer = signing.SoftSigner | HsmSigner | CscSigner


class _Entry(BaseModel):
    """`approval`: the person agrees to every signature, alone or to several at once; else the decision itself suffices."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    approval: bool = False


class Pkcs12(_Entry):
    """The `.p12` of the same name."""

    kind: Literal["pkcs12"]


class Pkcs11(_Entry):
    """A key in a token or HSM. The certificate is read from it unless `certificate` names a file; PSS unless it cannot."""

    kind: Literal["pkcs11"]
    module: Path
    token: str
    key: str
    certificate: Path | None = None
    chain: Path | None = None
    pin_file: Path | None = None
    pss: bool | None = None


class Csc(_Entry):
    """A key at a remote signing service. `pin_file` for a seal that signs without a person.

    A service that gives tokens for a while names `token_url`, `client_id` and the secret's file instead of `token_file`.
    """

    kind: Literal["csc"]
    url: str
    credential: str
    approval: bool = True
    token_file: Path | None = None
    token_url: str = ""
    client_id: str = ""
    client_secret_file: Path | None = None
    pin_file: Path | None = None
    timeout_seconds: float = Field(120, gt=0, le=300)


class Upload(_Entry):
    """The official signs with a program of his own; he is known by his certificate or his personal number."""

    kind: Literal["upload"]
    certificate: Path | None = None
    personal_number: str = ""


_ENTRY: TypeAdapter[Pkcs12 | Pkcs11 | Csc | Upload] = TypeAdapter(
    Annotated[Pkcs12 | Pkcs11 | Csc | Upload, Field(discriminator="kind")]
)


@dataclass(frozen=True, slots=True)
class Keyring:
    """`passphrase` opens soft keys, `pin` tokens and remote seals, `csc_token` says who we are at a signing service."""

    folder: Path | None
    passphrase: bytes = field(default=b"", repr=False)
    pin: str = field(default="", repr=False)
    csc_token: str = field(default="", repr=False)
    loopback: bool = False
    _opened: dict[str, Signer] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, settings: Settings) -> "Keyring":
        """The keyring of these settings; nothing is opened yet."""
        passphrase, pin, token = (
            secret.get_secret_value() if secret else ""
            for secret in (settings.signing_passphrase, settings.signing_pin, settings.csc_token)
        )
        return cls(settings.signing_keys, passphrase.encode(), pin, token, settings.fetch_loopback)

    def holds(self, name: str) -> bool:
        """Whether there is an entry of this name."""
        return any(self._path(f"{name}.{end}").exists() for end in ("toml", "p12"))

    def way(self, name: str) -> Way:
        """How a signature with this key comes about."""
        entry = self._entry(name)
        if isinstance(entry, Upload):
            return Way.UPLOAD
        return Way.APPROVAL if entry.approval else Way.AT_ONCE

    async def signer(self, name: str) -> Signer:
        """The opened key, kept: opening costs tens of milliseconds or a call. Raises `KeyFailed`, `OSError`, `ValueError`."""
        if name not in self._opened:
            self._opened[name] = await self._open(name)
        return self._opened[name]

    def registered(self, name: str) -> tuple[bytes, str]:
        """Certificate (DER) and personal number by which the signature of an uploaded file is known; one may be empty."""
        entry = self._entry(name)
        if not isinstance(entry, Upload) or not (entry.certificate or entry.personal_number):
            raise KeyFailed("unsuitable", f"{name}.toml names neither certificate nor personal_number")
        return self._certificates(entry.certificate)[0] if entry.certificate else b"", entry.personal_number

    def picture(self, name: str) -> str:
        """The picture of a signature or a seal, a PNG beside its key, in base64; empty when there is none."""
        path = self._path(f"{name}.png")
        return base64.b64encode(path.read_bytes()).decode() if path.exists() else ""

    async def _open(self, name: str) -> Signer:
        entry = self._entry(name)
        if isinstance(entry, Pkcs11):
            return await asyncio.to_thread(self._hsm, entry)
        if isinstance(entry, Csc):
            return await self._csc(entry)
        if isinstance(entry, Upload):
            raise KeyFailed("unsuitable", f"{name}: the key is with its owner")
        content = self._path(f"{name}.p12").read_bytes()
        return await asyncio.to_thread(signing.SoftSigner.from_pkcs12, content, self.passphrase)

    def _hsm(self, entry: Pkcs11) -> HsmSigner:
        where = HsmKey(entry.module, entry.token, entry.key, self._secret(entry.pin_file, self.pin))
        own = self._certificates(entry.certificate)[0] if entry.certificate else None
        return open_hsm(where, own, self._certificates(entry.chain) if entry.chain else (), pss=entry.pss)

    async def _csc(self, entry: Csc) -> CscSigner:
        # These hosts alone, and a limit that leaves a person time to answer on the telephone.
        hosts = frozenset(urlsplit(url).hostname or "" for url in (entry.url, entry.token_url or entry.url))
        rules = signing.FetchRules(hosts, allow_loopback=self.loopback, max_bytes=1 << 20, timeout_s=entry.timeout_seconds)
        service = CscService(entry.url.rstrip("/"), self._standing(entry), rules)
        consent = Consent() if entry.approval else Consent(pin=self._secret(entry.pin_file, self.pin))
        return await open_csc(service, entry.credential, consent)

    def _standing(self, entry: Csc) -> str | ClientToken:
        if not entry.token_url:
            return self._secret(entry.token_file, self.csc_token)
        return ClientToken(entry.token_url, entry.client_id, self._secret(entry.client_secret_file, self.csc_token))

    def _entry(self, name: str) -> Pkcs12 | Pkcs11 | Csc | Upload:
        path = self._path(f"{name}.toml")
        if not path.exists():
            return Pkcs12(kind="pkcs12")
        try:
            return _ENTRY.validate_python(tomllib.loads(path.read_text()))
        except tomllib.TOMLDecodeError as wrong:
            raise KeyFailed("unsuitable", f"{path.name}: {wrong}") from None
        except ValidationError as wrong:
            raise KeyFailed("unsuitable", f"{path.name}: {_named(wrong)}") from None

    def _certificates(self, path: Path) -> tuple[bytes, ...]:
        content = self._path(path).read_bytes()
        if b"-----BEGIN" not in content:
            return (content,)
        return tuple(one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(content))

    def _secret(self, path: Path | None, otherwise: str) -> str:
        return self._path(path).read_text().strip() if path else otherwise

    def _path(self, name: str | Path) -> Path:
        if self.folder is None:
            raise FileNotFoundError("set MOTCUA_SIGNING_KEYS: the folder of the portal's signing keys")
        return self.folder / name


def _named(wrong: ValidationError) -> str:
    """Which settings, never their values: someone may have written a PIN there."""
    faults = wrong.errors(include_input=False, include_url=False, include_context=False)
    return ", ".join(f"{'.'.join(map(str, fault['loc']))} ({fault['type']})" for fault in faults)
