"""Revocation data as values: what is needed, what was fetched. No network here."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from signing.plain import from_plain, to_plain

EMBEDDED = "document"
"""The address of an answer that came inside the document."""


class Source(StrEnum):
    """The two ways in which authorities say what they have revoked."""

    CRL = "crl"
    OCSP = "ocsp"


@dataclass(frozen=True)
class Need:
    """One question to a certificate authority; `key` is the same for the same question, so answers can be cached.

    `serial` (decimal) and `request` (DER) are set for OCSP only. The address comes from the trust store.
    """

    source: Source
    url: str
    issuer_sha256: str
    serial: str | None = None
    request: bytes | None = None

    @property
    def key(self) -> str:
        """For caches: of an OCSP question the issuer and serial, of a list its address."""
        return f"{self.source}:{self.issuer_sha256}:{self.serial or self.url}"


@dataclass(frozen=True)
class Item:
    """A raw answer, kept as it came: `der` is a CertificateList or an OCSPResponse."""

    source: Source
    url: str
    der: bytes
    this_update: datetime
    next_update: datetime | None

    @cached_property
    def sha256(self) -> str:
        """Of the raw answer."""
        return hashlib.sha256(self.der).hexdigest()


@dataclass(frozen=True)
class Evidence:
    """An immutable set of answers: what a check may rest on."""

    items: tuple[Item, ...] = ()

    def with_items(self, items: Iterable[Item]) -> "Evidence":
        """Add answers, each raw answer once."""
        known = {item.sha256: item for item in (*self.items, *items)}
        return Evidence(tuple(known.values()))

    @cached_property
    def digest(self) -> str:
        """Tells sets apart, for caches."""
        return hashlib.sha256("".join(sorted(item.sha256 for item in self.items)).encode()).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`; raw answers in base64."""
        plain: dict[str, Any] = to_plain(self)
        return plain

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "Evidence":
        """The inverse. Raises ValueError, KeyError or TypeError on another shape."""
        return from_plain(cls, document)


NO_EVIDENCE = Evidence()
