"""What travels to a worker: certificates and revocation lists once, everything else with each job.

A list can be megabytes, and every job rests on the same ones; parsed once in a worker, they stay parsed.
"""

import io
import pickle
from typing import Any

from signing.evidence import Item
from signing.policy import Policy
from signing.trust import Authority, TrustSnapshot

_HEAVY = 1 << 18
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
    known |= fresh
    return _Unpacker(io.BytesIO(body), known).load()


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
