"""The key a client signs with: for its assertions and for its DPoP proofs."""

import json
import secrets
import time
from pathlib import Path
from typing import Any, Self

from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey, import_key

_ALGORITHMS = {"EC": "ES256", "OKP": "EdDSA", "RSA": "PS256"}


class ClientKey:
    """A private key with its `kid`: P-256, Ed25519, or RSA of 2048 bits or more."""

    def __init__(self, jwk: dict[str, Any]) -> None:
        key = import_key(jwk)
        if not isinstance(key, ECKey | OKPKey | RSAKey) or not key.is_private:
            raise ValueError("a private EC, OKP or RSA key is needed")
        if not key.kid:
            raise ValueError("the key needs a kid")
        self._key = key

    @classmethod
    def generate(cls, kid: str | None = None) -> Self:
        """A new P-256 key."""
        key = ECKey.generate_key("P-256", {"kid": kid or f"k-{secrets.token_hex(6)}"})
        return cls(dict(key.as_dict(private=True)))

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read what `save` wrote."""
        return cls(json.loads(Path(path).read_text()))

    def save(self, path: str | Path) -> None:
        """Write the private key as a JWK that only its owner may read. Raises FileExistsError rather than lose another key."""
        file = Path(path)
        file.touch(mode=0o600, exist_ok=False)
        file.write_text(json.dumps(self._key.as_dict(private=True)))

    @property
    def kid(self) -> str:
        """The name of the key."""
        return str(self._key.kid)

    @property
    def public(self) -> dict[str, Any]:
        """The public part, to be registered at the portal."""
        return dict(self._key.as_dict(private=False))

    def introduction(self, issuer: str, client_id: str) -> str:
        """What a new key says of itself, so that the portal puts it beside the client's old one; good for a minute."""
        resource = f"{issuer.rstrip('/')}/oauth/clients/me"
        algorithm = _ALGORITHMS[self._key.key_type]
        header = {"alg": algorithm, "typ": "client-key+jwt", "jwk": self.public}
        claims = {"iss": client_id, "aud": resource, "iat": int(time.time())}
        return jwt.encode(header, claims, self._key, algorithms=[algorithm])

    def sign(self, claims: dict[str, Any], *, typ: str | None = None, with_key: bool = False) -> str:
        """A JWT over `claims`: with the `kid`, or (a DPoP proof) with the public key itself."""
        header: dict[str, Any] = {"alg": _ALGORITHMS[self._key.key_type]}
        if typ:
            header["typ"] = typ
        if with_key:
            header["jwk"] = {name: value for name, value in self.public.items() if name in {"kty", "crv", "x", "y", "n", "e"}}
        else:
            header["kid"] = self.kid
        return jwt.encode(header, claims, self._key, algorithms=[header["alg"]])
