"""What travels to a worker: certificates and revocation lists once, everything else with each job.

A list can be megabytes, and every job rests on the same ones; parsed once in a worker, they stay parsed. Trust and evidence as
a whole travel once too: to pack two dozen authorities took a third of our end's time for a job.
"""

import hashlib
import io
import os
import pickle
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from signing.evidence import Evidence, Item
from signing.policy import Policy
from signing.trust import Authority, TrustSnapshot

_HEAVY = 1 << 18
_MOST_WHOLES = 16
Key = tuple[str, ...]
Known = dict[Key, Any]
Job = tuple[str, Path | bytes, Policy | TrustSnapshot]


class Sender:
    """Our end: remembers what its worker has."""

    def __init__(self) -> None:
        self._sent: set[Key] = set()

    def __len__(self) -> int:
        return len(self._sent)

    def pack(self, job: Job) -> bytes:
        """The job, and those of its parts that the worker has not seen."""
        what, source, given = job
        fresh: Known = {}
        told: tuple[bytes | None, datetime | None, Key, Key | None]
        if isinstance(given, Policy):
            told = _habits(given), given.at, self._key_of(given.trust, fresh), self._key_of(given.evidence, fresh)
        else:
            told = None, None, self._key_of(given, fresh), None
        self._sent |= fresh.keys()
        named = source if isinstance(source, bytes) else os.fspath(source)
        return pickle.dumps((fresh, what, named, told), protocol=pickle.HIGHEST_PROTOCOL)

    def _key_of(self, value: TrustSnapshot | Evidence, fresh: Known) -> Key:
        """Whoever has the whole has its parts; else they are added to what is fresh."""
        whole, parts = _whole(value)
        if whole not in self._sent:
            fresh.update((key, part) for key, part in parts.items() if key not in self._sent)
        return whole


def _habits(policy: Policy) -> bytes:
    """What hardly ever differs from one policy to the next."""
    return _packed(policy.roles, policy.limits, policy.gate, policy.integrity_only)


@lru_cache(maxsize=64)
def _packed(*habits: object) -> bytes:
    return pickle.dumps(habits, protocol=pickle.HIGHEST_PROTOCOL)


_unpacked = lru_cache(maxsize=64)(pickle.loads)


def is_heavy(given: Policy | TrustSnapshot) -> bool:
    """Whether packing takes so long that it belongs in a thread: long lists that were not digested yet."""
    if not isinstance(given, Policy) or id(given.evidence) in _wholes:
        return False
    return sum(len(item.der) for item in given.evidence.items if "sha256" not in vars(item)) > _HEAVY


def unpack(parcel: bytes, known: Known) -> Job:
    """The worker's end; `known` is what it keeps. Only for parcels of our own process."""
    fresh, what, named, (habits, at, trust, evidence) = pickle.loads(parcel)  # noqa: S301  # written by our own side, over its own socket
    for key, part in fresh.items():
        known[key] = _Unpacker(io.BytesIO(part.body), known).load() if type(part) is _Whole else part
    source = named if isinstance(named, bytes) else Path(named)
    if habits is None:
        return what, source, known[trust]
    roles, limits, gate, integrity_only = _unpacked(habits)
    return what, source, Policy(at, known[trust], known[evidence], roles, limits, gate, integrity_only)


@dataclass(frozen=True)
class _Whole:
    """Trust or evidence, packed: its parts go before it."""

    body: bytes


_wholes: dict[int, tuple[Any, Key, Known]] = {}
"""What was packed of late; holding the value itself keeps its number from meaning another."""


def _whole(value: TrustSnapshot | Evidence) -> tuple[Key, Known]:
    """Its key, and everything that a worker needs to have it. Values are immutable, so each is packed once."""
    if kept := _wholes.get(id(value)):
        return kept[1:]
    out = io.BytesIO()
    packer = _Packer(out)
    packer.dump(value)
    key = ("whole", hashlib.sha256(out.getvalue()).hexdigest())
    if len(_wholes) >= _MOST_WHOLES:
        _wholes.clear()
    parts = packer.parts | {key: _Whole(out.getvalue())}
    _wholes[id(value)] = value, key, parts
    return key, parts


class _Packer(pickle.Pickler):
    def __init__(self, out: io.BytesIO) -> None:
        super().__init__(out, protocol=pickle.HIGHEST_PROTOCOL)
        self.parts: Known = {}

    def persistent_id(self, part: Any) -> Key | None:
        key = _key(part)
        if key:
            self.parts[key] = part
        return key


class _Unpacker(pickle.Unpickler):
    def __init__(self, body: io.BytesIO, known: Known) -> None:
        super().__init__(body)
        self._known = known

    def persistent_load(self, key: Key) -> Any:
        return self._known[key]


def _key(part: Any) -> Key | None:
    """Everything that makes two parts different: the same bytes can be published at two addresses."""
    if isinstance(part, Item):
        return ("item", part.source, part.url, part.sha256, str(part.this_update), str(part.next_update))
    if isinstance(part, Authority):
        return (
            "authority",
            part.sha256,
            repr((part.service, part.crl, part.ocsp, sorted(part.roles), part.valid_from, part.valid_to, part.history)),
        )
    return None
