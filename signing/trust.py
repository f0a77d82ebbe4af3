"""Whose certificates count: an immutable snapshot of the trust store, made by `app.trust`, never by this library."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from typing import Any

from signing.model import Role
from signing.plain import from_plain, to_plain


class ServiceStatus(StrEnum):
    """What the supervising body says of a service. Only a granted one makes signatures count."""

    GRANTED = "granted"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Standing:
    """A status and the moment from which it held; it holds until the next one."""

    status: ServiceStatus
    since: datetime


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
    history: tuple[Standing, ...] = ()
    """The status of the service through time, oldest first. Empty: granted throughout, within the two bounds above."""

    @cached_property
    def sha256(self) -> str:
        """Of the certificate: what tells authorities apart."""
        return hashlib.sha256(self.der).hexdigest()

    def status_at(self, moment: datetime) -> ServiceStatus | None:
        """The status of the service then; None before it had any."""
        if not self.history:
            return ServiceStatus.GRANTED
        return next((standing.status for standing in reversed(self.history) if standing.since <= moment), None)

    def recognised_at(self, moment: datetime) -> bool:
        """Whether the service was recognised then."""
        within = (self.valid_from is None or self.valid_from <= moment) and (self.valid_to is None or moment <= self.valid_to)
        return within and self.status_at(moment) is ServiceStatus.GRANTED


@dataclass(frozen=True)
class AdoptedList:
    """A published list that went into the store: who signed it (SHA-256 of the certificate), and its sequence number."""

    operator: str
    number: int


@dataclass(frozen=True)
class TrustSnapshot:
    """The trust store at one moment; `epoch` grows with every change."""

    epoch: int
    anchors: tuple[Authority, ...]
    intermediates: tuple[Authority, ...] = ()
    lists: tuple[AdoptedList, ...] = ()

    @property
    def authorities(self) -> tuple[Authority, ...]:
        """Anchors first."""
        return self.anchors + self.intermediates

    @cached_property
    def digest(self) -> str:
        """Tells snapshots apart, for caches; what the portal signs. A field that says nothing does not change it."""
        return hashlib.sha256(repr(self.to_json()).encode()).hexdigest()

    @property
    def services(self) -> dict[str, tuple[Authority, ...]]:
        """The authorities by the service they belong to: a service renews its certificates and keeps its name."""
        named = sorted(self.authorities, key=lambda authority: authority.service)
        return {name: tuple(each) for name, each in groupby(named, key=lambda authority: authority.service)}

    def as_of(self, moment: datetime) -> "TrustSnapshot":
        """The authorities recognised then, for judging what happened then from a later point of view."""
        anchors, below = (
            tuple(_unbounded(a) for a in part if a.recognised_at(moment)) for part in (self.anchors, self.intermediates)
        )
        return replace(self, anchors=anchors, intermediates=below)

    def to_json(self) -> dict[str, Any]:
        """Ready for `json.dumps`; certificates in base64. Without the fields that came later and are empty."""
        plain: dict[str, Any] = to_plain(self)
        for authority in (*plain["anchors"], *plain["intermediates"]):
            if not authority["history"]:
                del authority["history"]
        if not self.lists:
            del plain["lists"]
        return plain

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "TrustSnapshot":
        """The inverse. Raises ValueError, KeyError or TypeError on another shape."""
        return from_plain(cls, document)


def _unbounded(authority: Authority) -> Authority:
    return replace(authority, valid_from=None, valid_to=None, history=())


NO_TRUST = TrustSnapshot(epoch=0, anchors=())
"""Nobody is trusted: what a check without a trust store uses."""
