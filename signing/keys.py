"""Who signs: a port for keys, and the simplest key behind it."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from asn1crypto import algos, pem, tsp, x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.serialization import pkcs12
from pyhanko.sign.signers import Signer as EngineSigner
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko_certvalidator.registry import SimpleCertificateStore

DIGEST = "sha256"
Tsa = Callable[[bytes], Awaitable[bytes]]
"""A time-stamping authority: the DER of a request in, the DER of a response out (RFC 3161)."""
SoftKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class SignerPort(Protocol):
    """A key somewhere: in memory, in a token (PKCS#11), at a remote service (CSC)."""

    @property
    def certificate(self) -> bytes:
        """DER of the signer's certificate."""

    @property
    def chain(self) -> Sequence[bytes]:
        """DER of the authorities' certificates that travel with the signature."""

    @property
    def pss(self) -> bool:
        """Whether an RSA key signs with RSASSA-PSS. False only where the token or the service says that it cannot."""

    async def sign(self, digest: bytes, mechanism: str) -> bytes:
        """Sign a SHA-256 digest. `mechanism`: ecdsa, rsassa_pss (salt as long as the digest) or rsassa_pkcs1v15.

        Raises `KeyFailed` when the key cannot be reached or will not sign.
        """


class KeyFailed(Exception):
    """The key did not sign.

    `reason`: unreachable (ask again later), refused (the token or service will not), wrong-pin (do not try again: tokens lock
    themselves), too-many (for one approval), unsuitable (configured wrongly, or the answer makes no sense).
    """

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


@dataclass(frozen=True)
class SoftSigner:
    """A key in memory, for tests and small units. The key object is kept: loading an RSA key costs 33 ms."""

    key: SoftKey = field(repr=False)
    certificate: bytes
    chain: tuple[bytes, ...] = ()
    pss: bool = True

    async def sign(self, digest: bytes, mechanism: str) -> bytes:
        """See `SignerPort.sign`."""
        method = Prehashed(hashes.SHA256())
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(digest, ec.ECDSA(method))
        return self.key.sign(digest, _padding(mechanism), method)

    @classmethod
    def from_pkcs12(cls, container: bytes, passphrase: bytes | None) -> "SoftSigner":
        """Raises ValueError when the passphrase is wrong, no key is inside, or the container is not encrypted."""
        if passphrase and _opens_without(container):
            raise ValueError("the container is not encrypted: anyone who copies the file has the key")
        key, certificate, others = pkcs12.load_key_and_certificates(container, passphrase)
        if certificate is None or not isinstance(key, SoftKey):
            raise ValueError("the container holds no signing key with its certificate")
        encoding = serialization.Encoding.DER
        return cls(key, certificate.public_bytes(encoding), tuple(other.public_bytes(encoding) for other in others))

    @classmethod
    def from_pem(cls, key: bytes, passphrase: bytes | None, certificate: bytes, chain: Sequence[bytes] = ()) -> "SoftSigner":
        """`certificate` and `chain` as DER or PEM. Raises ValueError for a wrong passphrase or kind of key."""
        loaded = serialization.load_pem_private_key(key, passphrase)
        if not isinstance(loaded, SoftKey):
            raise ValueError(f"a key of this kind cannot sign documents: {type(loaded).__name__}")  # noqa: TRY004  # bad input
        return cls(loaded, _der(certificate), tuple(_der(other) for other in chain))


class PortSigner(EngineSigner):
    """The library's signer with our port behind it."""

    def __init__(self, port: SignerPort) -> None:
        store = SimpleCertificateStore()
        store.register_multiple([x509.Certificate.load(der) for der in port.chain])
        certificate = x509.Certificate.load(port.certificate)
        self._port, self._mechanism = port, mechanism_of(certificate, pss=port.pss)
        super().__init__(embed_roots=False, signing_cert=certificate, cert_registry=store, signature_mechanism=self._mechanism)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002
        """Asked once for each signature: the size is reserved, so the library has no rehearsal to make.

        Named and typed as the library calls it, hence the exceptions to our rules.
        """
        digest = hashlib.new(digest_algorithm, data).digest()
        return await self._port.sign(digest, self._mechanism.signature_algo)


class PortTimeStamper(TimeStamper):
    """The library's time stamper with our port behind it."""

    def __init__(self, tsa: Tsa) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # the library is half typed
        self._tsa = tsa

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Raises what the port raises."""
        return tsp.TimeStampResp.load(await self._tsa(req.dump()))


async def timestamp(digest: bytes, tsa: Tsa) -> bytes:
    """A time-stamp token (DER) over a SHA-256 digest; the answer's status and nonce are checked, not its trust."""
    token = await PortTimeStamper(tsa).async_timestamp(digest, DIGEST)
    return bytes(token.dump())


def mechanism_of(certificate: x509.Certificate, *, pss: bool = True) -> algos.SignedDigestAlgorithm:
    """PSS for RSA, with a salt as long as the digest: what tokens and remote services offer."""
    if certificate.public_key.algorithm == "ec":
        return algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    if not pss and certificate.public_key.algorithm == "rsa":
        return algos.SignedDigestAlgorithm({"algorithm": "sha256_rsa"})
    method = {"algorithm": DIGEST}
    generator = {"algorithm": "mgf1", "parameters": method}
    salted = algos.RSASSAPSSParams({"hash_algorithm": method, "mask_gen_algorithm": generator, "salt_length": 32})
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": salted})


def fits(certificate: x509.Certificate, digest: bytes, signature: bytes, mechanism: str) -> bool:
    """Whether `signature` is the certificate's over this SHA-256 digest: what comes from far away is looked at before use."""
    public, method = serialization.load_der_public_key(certificate.public_key.dump()), Prehashed(hashes.SHA256())
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, digest, ec.ECDSA(method))
        elif isinstance(public, rsa.RSAPublicKey):
            public.verify(signature, digest, _padding(mechanism), method)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _padding(mechanism: str) -> padding.AsymmetricPadding:
    if mechanism == "rsassa_pss":
        return padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size)
    return padding.PKCS1v15()


def _opens_without(container: bytes) -> bool:
    """Whether no secret is needed: not encrypted, or encrypted under the empty passphrase."""
    for nothing in (None, b""):
        with suppress(ValueError):
            return pkcs12.load_key_and_certificates(container, nothing)[0] is not None
    return False


def _der(certificate: bytes) -> bytes:
    return bytes(pem.unarmor(certificate)[2]) if pem.detect(certificate) else certificate
