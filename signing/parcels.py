"""What travels to a worker: certificates and revocation lists once, everything else with each job.

A list can be megabytes, and every job rests on the same ones; parsed once in a worker, they stay parsed. Trust and evidence as
a whole travel once too: to pack two dozen authorities took a third of our end's time for a job.
"""

import hashlib
import io
import pickle
from dataclasses import dataclass
from typing import Any

from signing.evidence import Evidence, Item
from signing.policy import Policy
from signing.trust import Authority, TrustSnapshot

_HEAVY = 1 << 18
_MOST_WHOLES = 16
Key = tuple[str, ...]
Known = dict[Key, Any]


class Sender:
    """Our end: remembers what its worker has."""

    def __init__(self) -> None:
        self._sent: set[Key] = set()

    def __len__(self) -> int:
        return len(self._sent)

    def pack(self, job: object) -> bytes:
        """The job, and those of its parts that the worker has not seen."""
        body = io.BytesIO()
        packer = _Packer(body)
        packer.dump(job)
        fresh = {key: part for key, part in packer.parts.items() if key not in self._sent}
        self._sent |= fresh.keys()
        return pickle.dumps((fresh, body.getvalue()), protocol=pickle.HIGHEST_PROTOCOL)


def is_heavy(given: Policy | TrustSnapshot) -> bool:
    """Whether packing takes so long that it belongs in a thread: long lists that were not digested yet."""
    items = given.evidence.items if isinstance(given, Policy) else ()
    return sum(len(item.der) for item in items if "sha256" not in vars(item)) > _HEAVY


def unpack(parcel: bytes, known: Known) -> Any:
    """The worker's end; `known` is what it keeps. Only for parcels of our own process."""
    fresh, body = pickle.loads(parcel)  # noqa: S301  # written by our own side, over its own socket
    for key, part in fresh.items():
        known[key] = _Unpacker(io.BytesIO(part.body), known).load() if type(part) is _Whole else part
    return _Unpacker(io.BytesIO(body), known).load()


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
    packer = _Packer(out, inside=value)
    packer.dump(value)
    key = ("whole", hashlib.sha256(out.getvalue()).hexdigest())
    if len(_wholes) >= _MOST_WHOLES:
        _wholes.clear()
    parts = packer.parts | {key: _Whole(out.getvalue())}
    _wholes[id(value)] = value, key, parts
    return key, parts


class _Packer(pickle.Pickler):
    def __init__(self, out: io.BytesIO, inside: object = None) -> None:
        super().__init__(out, protocol=pickle.HIGHEST_PROTOCOL)
        self.parts: Known = {}
        self._inside = inside

    def persistent_id(self, part: Any) -> Key | None:
        if isinstance(part, (TrustSnapshot, Evidence)) and part is not self._inside:
            whole, parts = _whole(part)
            self.parts |= parts
            return whole
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
