"""Settings, read once at start from the environment (`MOTCUA_*`, `DATABASE_URL`) and checked before anything is served."""

import base64
from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.core.clock import SHIFT_VARIABLE

SHORTEST_SECRET = 32
_FRONT = f"set MOTCUA_MTLS_URL and MOTCUA_FRONT_SECRET (at least {SHORTEST_SECRET} random signs) together, or neither"


class Settings(BaseSettings):
    """Every knob of the portal. Defaults are the embedded demo; production names what it needs in `unready()`."""

    model_config = SettingsConfigDict(env_prefix="MOTCUA_", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True)

    environment: Literal["demo", "production"] = "demo"
    database_url: str | None = Field(None, validation_alias="DATABASE_URL")
    migration_database_url: str | None = Field(None, validation_alias="MIGRATION_DATABASE_URL")
    var: Path = Path("var")
    blob_store: str = Field("", pattern=r"^(s3://[^/?#]+[^?#]*)?$")  # empty: the folder var/blobs
    public_url: str = "http://127.0.0.1:8000"
    demo_url: str = "http://127.0.0.1:8001"  # above the addresses below, which lie there unless they are set
    trusted_proxies: str = ""
    # Machines with certificates (docs/tls-front.md): where the TLS front asks for them, and what it says to prove itself.
    mtls_url: str = ""
    front_secret: SecretStr | None = None
    client_jwks_hosts: str = ""  # where the worker may fetch clients' keys from (jwks_uri)
    # For integrators (docs/decisions/0021): whether this portal is a sandbox, and where the sandbox of this portal is.
    sandbox: bool = False
    sandbox_url: str = ""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    # Secrets. The demo makes its own under var/keys; production must set them.
    secret_key: SecretStr | None = None
    blob_key: SecretStr | None = None
    signing_keys: Path | None = None
    signing_passphrase: SecretStr | None = None
    signing_pin: SecretStr | None = None  # of tokens, and of seals at a remote service
    csc_token: SecretStr | None = None  # who we are at a remote signing service

    # People's sign-in (OpenID Connect).
    oidc_issuer: str = Field(default_factory=lambda known: f"{known['demo_url'].rstrip('/')}/id")
    oidc_client_id: str = "mot-cua"
    oidc_accepted_acr: str = "vneid:2 vneid:org"
    oidc_client_key: Path | None = None  # a private JWK (EC P-256); by default var/keys/oidc-client.jwk

    # Payment gateway (VNPAY 2.1.0 shape).
    gateway_url: str = Field(default_factory=lambda known: f"{known['demo_url'].rstrip('/')}/gateway/paymentv2/vpcpay.html")
    gateway_terminal: str = "MOTCUA01"
    gateway_secret: SecretStr | None = None

    # Mail, time stamps, the ministry's codes.
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    smtp_from: str = "khong-tra-loi@motcua.example"
    tsa_url: str | None = None
    agency_code: str = "G02"
    number_pattern: Literal["2018", "2026"] = "2026"

    # Parts that production refuses.
    demo: bool = True
    fetch_loopback: bool = True

    @property
    def production(self) -> bool:
        """Whether real people's dossiers are at stake."""
        return self.environment == "production"

    @cached_property
    def https(self) -> bool:
        """Whether the public address is https: decides cookie names and HSTS."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def public_origin(self) -> str:
        """Scheme, host and port of the public address."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def issuer(self) -> str:
        """The issuer of the portal's own access tokens."""
        return self.public_url.rstrip("/")

    @property
    def mtls_base(self) -> str | None:
        """Where machines with certificates call, when there is a TLS front that tells us of them."""
        return self.mtls_url.rstrip("/") if self.mtls_url and self.front_secret else None

    @model_validator(mode="after")
    def _production_is_ready(self) -> Self:
        if self.production and (missing := self.unready()):
            raise ValueError("production cannot start: " + "; ".join(missing))
        return self

    def unready(self) -> list[str]:
        """What still keeps these settings from production, a sentence each."""
        import os  # noqa: PLC0415  (only here, to see a rehearsal clock)

        checks = [
            (self.demo, "set MOTCUA_DEMO=false: demo identity provider, gateway and world must be off"),
            (self.fetch_loopback, "set MOTCUA_FETCH_LOOPBACK=false: certificate authorities on loopback are for the demo"),
            (not self.database_url, "set DATABASE_URL (the application's role)"),
            (not self.https, "set MOTCUA_PUBLIC_URL to the https address people use"),
            (not self.trusted_proxies, "set MOTCUA_TRUSTED_PROXIES to the addresses of the proxy in front"),
            (_length(self.secret_key) < SHORTEST_SECRET, f"set MOTCUA_SECRET_KEY to at least {SHORTEST_SECRET} random signs"),
            (not _is_blob_key(self.blob_key), "set MOTCUA_BLOB_KEY to 32 random bytes in base64"),
            (not self.gateway_secret, "set MOTCUA_GATEWAY_SECRET"),
            (not self.signing_keys or not self.signing_passphrase, "set MOTCUA_SIGNING_KEYS and MOTCUA_SIGNING_PASSPHRASE"),
            (bool(self.mtls_url) != (_length(self.front_secret) >= SHORTEST_SECRET), _FRONT),
            (not self._is_real(self.tsa_url), "set MOTCUA_TSA_URL to the real time-stamp authority"),
            (not self._is_real(self.oidc_issuer), "set MOTCUA_OIDC_ISSUER to the real identity provider"),
            (not self._is_real(self.gateway_url), "set MOTCUA_GATEWAY_URL to the real gateway"),
            (bool(os.environ.get(SHIFT_VARIABLE)), f"unset {SHIFT_VARIABLE}: a shifted clock is for rehearsals"),
        ]
        return [sentence for bad, sentence in checks if bad]

    def _is_real(self, url: str | None) -> bool:
        """Whether `url` is neither on this machine nor of the demo's outside world, wherever that may be."""
        return _is_elsewhere(url) and urlsplit(url or "").netloc != urlsplit(self.demo_url).netloc


def _length(secret: SecretStr | None) -> int:
    return len(secret.get_secret_value()) if secret else 0


def _is_blob_key(secret: SecretStr | None) -> bool:
    """Whether it is a key-encryption key for AES-256: found out now, not at the first upload."""
    try:
        return secret is not None and len(base64.b64decode(secret.get_secret_value(), validate=True)) == 32
    except ValueError:
        return False


def _is_elsewhere(url: str | None) -> bool:
    """Whether `url` names another machine: what answers on loopback is the demo's."""
    host = urlsplit(url or "").hostname or "localhost"
    return host not in {"localhost", "::1", "0.0.0.0"} and not host.startswith("127.")  # noqa: S104  (compared, not bound)
