"""What our own time stamps cover, as exact text: the state of a file at filing, and trees of earlier stamps. Pure."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from app.audit.merkle import leaf_hash, tree_root
from signing.trust import TrustSnapshot

HASH_SIZE = 32


def canonical(value: Any) -> str:
    """The one JSON text of a value: keys sorted, no blanks."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def read(statement: str) -> dict[str, Any]:
    """What a statement says."""
    said: dict[str, Any] = json.loads(statement)
    return said


def fingerprint(text: str) -> str:
    """SHA-256 of the text, hexadecimal."""
    return sha256(text.encode()).hexdigest()


def digest(text: str) -> bytes:
    """SHA-256 of the text: what the time stamp is asked for."""
    return sha256(text.encode()).digest()


def receipt(
    document_id: UUID, file_sha256: str, report: Mapping[str, Any], evidence: Iterable[str], trust: TrustSnapshot, at: datetime
) -> str:
    """One file, what its check said, and what that rested on."""
    said = {"document": str(document_id), "sha256": file_sha256, "report": fingerprint(canonical(report))}
    return canonical({"kind": "receipt", "version": 1, **said, **_grounds(evidence, trust, at)})


def renewal(leaves: Sequence[bytes], evidence: Iterable[str], trust: TrustSnapshot, at: datetime) -> str:
    """Many earlier stamps at once, by the root of their tree."""
    said = {"root": tree_root(leaves).hex(), "size": len(leaves)}
    return canonical({"kind": "renewal", "version": 1, **said, **_grounds(evidence, trust, at)})


def leaf(statement: str, token: bytes) -> bytes:
    """A stamp in the tree of its renewal: the statement names everything else."""
    return leaf_hash(digest(statement) + sha256(token).digest())


def leaves_of(joined: bytes) -> list[bytes]:
    """The leaves of a renewal, from the form in which they are kept."""
    return [joined[start : start + HASH_SIZE] for start in range(0, len(joined), HASH_SIZE)]


def _grounds(evidence: Iterable[str], trust: TrustSnapshot, at: datetime) -> dict[str, Any]:
    """`trust` by epoch and hash, so that nobody can put another store under an old verdict."""
    store = {"epoch": trust.epoch, "digest": trust.digest}
    return {"evidence": sorted(evidence), "trust": store, "at": at.astimezone(UTC).isoformat()}
