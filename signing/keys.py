"""Who signs: a port for keys, and the simplest key behind it."""

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from asn1crypto import algos, pem, tsp, x509
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

    async def sign(self, digest: bytes, mechanism: str) -> bytes:
        """Sign a SHA-256 digest. `mechanism`: ecdsa, rsassa_pss (salt as long as the digest) or rsassa_pkcs1v15."""


@dataclass(frozen=True)
class SoftSigner:
    """A key in memory, for tests and small units. The key object is kept: loading an RSA key costs 33 ms."""

    key: SoftKey
    certificate: bytes
    chain: tuple[bytes, ...] = ()

    async def sign(self, digest: bytes, mechanism: str) -> bytes:
        """See `SignerPort.sign`."""
        method = Prehashed(hashes.SHA256())
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(digest, ec.ECDSA(method))
        if mechanism == "rsassa_pss":
            return self.key.sign(digest, padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256.digest_size), method)
        return self.key.sign(digest, padding.PKCS1v15(), method)

    @classmethod
    def from_pkcs12(cls, container: bytes, passphrase: bytes | None) -> "SoftSigner":
        """Raises ValueError when the passphrase is wrong or no key is inside."""
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
            raise ValueError(f"a key of this kind cannot sign documents: {type(loaded).__name__}")  # noqa: TRY004
        return cls(loaded, _der(certificate), tuple(_der(other) for other in chain))


class PortSigner(EngineSigner):
    """The library's signer with our port behind it."""

    def __init__(self, port: SignerPort) -> None:
        store = SimpleCertificateStore()
        store.register_multiple([x509.Certificate.load(der) for der in port.chain])
        certificate = x509.Certificate.load(port.certificate)
        super().__init__(
            embed_roots=False, signing_cert=certificate, cert_registry=store, signature_mechanism=_mechanism(certificate)
        )
        self._port, self._certificate = port, certificate

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002, FBT001, FBT002
        """Asked once for each signature: the size is reserved, so the library has no rehearsal to make."""
        digest = hashlib.new(digest_algorithm, data).digest()
        return await self._port.sign(digest, _mechanism(self._certificate).signature_algo)


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


def _mechanism(certificate: x509.Certificate) -> algos.SignedDigestAlgorithm:
    """PSS for RSA, with a salt as long as the digest: what tokens and remote services offer."""
    if certificate.public_key.algorithm != "rsa":
        return algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
    method = {"algorithm": DIGEST}
    generator = {"algorithm": "mgf1", "parameters": method}
    salted = algos.RSASSAPSSParams({"hash_algorithm": method, "mask_gen_algorithm": generator, "salt_length": 32})
    return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": salted})


def _der(certificate: bytes) -> bytes:
    return bytes(pem.unarmor(certificate)[2]) if pem.detect(certificate) else certificate
