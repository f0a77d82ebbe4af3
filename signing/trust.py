"""Whose certificates count: an immutable snapshot of the trust store, made by `app.trust`, never by this library."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from signing.model import Role
from signing.plain import from_plain, to_plain


@dataclass(frozen=True)
class Authority:
    """A certificate authority, root or intermediate.

    `crl` and `ocsp` say where the status of the certificates *it issues* is published. They come from the
    trust store and never from an uploaded certificate, whose addresses its maker chose.
    """

    der: bytes
    service: str
    crl: tuple[str, ...] = ()
    ocsp: str | None = None
    roles: frozenset[Role] = frozenset()
    """Of an anchor: what its chains may be used for. Empty for an intermediate, which vouches for nobody alone."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    """When the service was recognised: a signature made at another time does not count (None: no bound)."""

    @cached_property
    def sha256(self) -> str:
        """Of the certificate: what tells authorities apart."""
        return hashlib.sha256(self.der).hexdigest()

    def recognised_at(self, moment: datetime) -> bool:
        """Whether the service was recognised then."""
        return (self.valid_from is None or self.valid_from <= moment) and (self.valid_to is None or moment <= self.valid_to)


@dataclass(frozen=True)
class TrustSnapshot:
    """The trust store at one moment; `epoch` grows with every change."""

    epoch: int
    anchors: tuple[Authority, ...]
    intermediates: tuple[Authority, ...] = ()

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """Anchors first."""
        return self.anchors + self.intermediates

    @cached_property
    def digest(self) -> str:
        """Tells snapshots apart, for caches."""
        return hashlib.sha256(repr(self.to_json()).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`; certificates in base64."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TrustSnapshot":
        """The inverse. Raises ValueError, KeyError or TypeError on another shape."""
        return from_plain(cls, document)


NO_TRUST = TrustSnapshot(epoch=0, anchors=())
"""Nobody is trusted: what a check without a trust store uses."""
