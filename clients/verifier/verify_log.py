#!/usr/bin/env python3
"""Check an exported log of the portal, or the proof of some of its rows, without the portal and without any of its code.

    python verify_log.py log.ndjson --kept checkpoint.txt        the whole log: every row, every checkpoint, what was kept
    python verify_log.py proof.json --kept checkpoint.txt        the proof bundle that an enterprise downloaded

`--kept` (repeatable) is a checkpoint you received or fetched before: only with it are a cut tail and a fork found, because
whoever holds the log's key can sign a shorter or another log. `--key` is the log's public key, from a letter; without it the
file's own is believed. Needs Python 3.9; with the package `cryptography` signatures are checked too, without it that is said.

The format: docs/log-format.md. Exit code 0: everything holds. 1: something does not. 2: not a file of ours.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    SIGNED = "signatures checked"
except ImportError:
    SIGNED = ""
NOT_SIGNED = "signatures NOT checked: install the Python package cryptography"

BACKDATE = timedelta(minutes=10)
SHOWN = 20
PREFIX = '{"event":'
MARK = ',"index":'


def sha256(data: bytes) -> bytes:
    """Of everything here."""
    return hashlib.sha256(data).digest()


def leaf_hash(content: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\0" + content)


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162, 2.1.1."""
    return sha256(b"\1" + left + right)


class Tree:
    """The roots of the complete subtrees: enough to add a leaf and to name the root."""

    def __init__(self) -> None:
        self.size = 0
        self.roots: list[bytes] = []

    def append(self, digest: bytes) -> None:
        """Add a leaf by its hash."""
        self.size += 1
        rest = self.size
        while rest % 2 == 0:
            digest = node_hash(self.roots.pop(), digest)
            rest //= 2
        self.roots.append(digest)

    def root(self) -> bytes:
        """Of all leaves so far."""
        if not self.roots:
            return sha256(b"")
        digest = self.roots[-1]
        for left in reversed(self.roots[:-1]):
            digest = node_hash(left, digest)
        return digest


def verify_inclusion(digest: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    fn, sn, found = index, size - 1, digest
    for step in path:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            found = node_hash(step, found)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            found = node_hash(found, step)
        fn, sn = fn >> 1, sn >> 1
    return sn == 0 and found == root


class Note:
    """A checkpoint: the text that was signed, and its signature."""

    def __init__(self, text: str) -> None:
        signed, _, seal = text.partition("\n\n")
        self.signed = (signed + "\n").encode()
        self.origin, size, root, moment = signed.split("\n")
        self.size, self.root, self.at = int(size), base64.b64decode(root), datetime.fromisoformat(moment)
        name, _, sealed = seal.strip().removeprefix("\u2014 ").rpartition(" ")
        if name != self.origin:
            raise ValueError("signed by another name")
        self.signature = base64.b64decode(sealed)[4:]

    def holds(self, key: bytes) -> bool | None:
        """Whether `key` (32 raw bytes) signed it; None when nobody here can tell."""
        if not SIGNED:
            return None
        try:
            Ed25519PublicKey.from_public_bytes(key).verify(self.signature, self.signed)
        except InvalidSignature:
            return False
        return True


class Findings:
    """What does not fit: all are counted, the first are shown."""

    def __init__(self) -> None:
        self.count = 0
        self.shown: list[str] = []

    def add(self, sentence: str) -> None:
        """Note one."""
        self.count += 1
        if len(self.shown) < SHOWN:
            self.shown.append(sentence)


class Log:
    """The walk through an exported log, line by line."""

    def __init__(self, key: bytes, kept: Iterable[Note], found: Findings) -> None:
        self.key, self.found, self.tree = key, found, Tree()
        self.kept: dict[int, list[Note]] = {}
        for note in kept:
            self.kept.setdefault(note.size, []).append(note)
        self.sealed_at: datetime | None = None
        self.checkpoints, self.covered, self.ended = 0, 0, False
        self.seen: set[bytes] = set()

    def read(self, lines: Iterable[str]) -> None:
        """Walk to the end; a line that cannot be read is a finding."""
        for number, line in enumerate(lines, 2):
            try:
                self.line(line)
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                self.found.add(f"line {number}: cannot be read ({type(error).__name__})")
        self.finish()

    def line(self, line: str) -> None:
        """One row, checkpoint or remark."""
        said = json.loads(line)
        if "event" in said:
            self.row(said, line)
        elif "checkpoint" in said:
            self.checkpoint(Note(said["checkpoint"]))
        elif "unsealed" in said:
            self.found.add(f"unsealed: {said['unsealed']} rows were put in where the sealer no longer looks")
        elif "end" in said:
            self.end(said["end"])

    def row(self, said: dict[str, Any], line: str) -> None:
        """A row with the leaf that was sealed for it."""
        index, event = said["index"], said["event"]
        if index != self.tree.size:
            self.found.add(f"missing or moved: place {self.tree.size} holds row {index}")
        content, digest = canonical(event, line), bytes.fromhex(said["leaf"])
        if event is None:
            self.found.add(f"deleted: place {index} has no row")
        elif leaf_hash(content) != digest:
            self.found.add(f"altered: row {index} ({event.get('id')}) is not what its leaf says")
        elif self.sealed_at and datetime.fromisoformat(event["at"]) < self.sealed_at - BACKDATE:
            self.found.add(f"back-dated: row {index} ({event['id']}) claims {event['at']}")
        if event is not None:
            identity = bytes.fromhex(event["id"].replace("-", ""))
            if identity in self.seen:
                self.found.add(f"twice: row {index} ({event['id']})")
            self.seen.add(identity)
        self.tree.append(digest)
        self.compare_kept()

    def compare_kept(self) -> None:
        """Whether the log was here when somebody kept a checkpoint of it."""
        for note in self.kept.pop(self.tree.size, ()):
            if note.root != self.tree.root():
                self.found.add(f"fork: the checkpoint you kept of {note.size} rows has another root")

    def checkpoint(self, note: Note) -> None:
        """What was signed over the rows so far."""
        self.checkpoints += 1
        if note.size != self.tree.size:
            self.found.add(f"checkpoint: one of {note.size} rows stands after row {self.tree.size - 1}")
        elif note.root != self.tree.root():
            self.found.add(f"root: the rows up to {note.size} do not give the sealed root")
        if note.holds(self.key) is False:
            self.found.add(f"signature: the checkpoint of {note.size} rows is not signed by the log's key")
        if self.sealed_at and note.at < self.sealed_at:
            self.found.add(f"checkpoint: the one of {note.size} rows is older than the one before")
        self.sealed_at, self.covered = note.at, note.size

    def end(self, size: int) -> None:
        """What the file says of its own length."""
        self.ended = True
        if size != self.tree.size:
            self.found.add(f"truncated: the file says {size} rows and holds {self.tree.size}")

    def finish(self) -> None:
        """What can only be said at the end."""
        size = self.tree.size
        if not self.ended:
            self.found.add("truncated: the file has no end")
        if self.covered != size:
            self.found.add(f"tail: {size} rows, but the last checkpoint covers {self.covered}")
        for kept in sorted(self.kept):
            if kept:
                self.found.add(f"truncated: a checkpoint you kept covered {kept} rows, {size} are left")


def canonical(event: dict[str, Any] | None, line: str) -> bytes:
    """The bytes that were hashed: as they stand in the line, or written anew should the file have been laid out anew."""
    start, end = line.find(PREFIX), line.rfind(MARK)
    if start == 0 and end > 0 and event is not None:
        return line[len(PREFIX) : end].encode()
    return json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def verify_log(header: dict[str, Any], lines: Iterable[str], key: bytes, kept: Sequence[Note], found: Findings) -> str:
    """Every row against its leaf, every leaf against the checkpoints, these against the key and what was kept."""
    log = Log(key, kept, found)
    log.read(lines)
    return f"{header['origin']}: {log.tree.size} rows, {log.checkpoints} checkpoints, {SIGNED or NOT_SIGNED}"


def verify_bundle(bundle: dict[str, Any], key: bytes, kept: Sequence[Note], found: Findings) -> str:
    """Each row of a proof bundle against the checkpoint in it, and that against the key and what was kept."""
    note = Note(bundle["checkpoint"])
    if note.holds(key) is False:
        found.add("signature: the checkpoint is not signed by the log's key")
    for old in kept:
        if old.size > note.size or (old.size == note.size and old.root != note.root):
            found.add(f"fork: the checkpoint you kept of {old.size} rows does not fit this one of {note.size}")
    for read in bundle["reads"]:
        proven(read, note, bundle["subject"], found)
    return f"{note.origin}: {len(bundle['reads'])} rows under the checkpoint of {note.size}, {SIGNED or NOT_SIGNED}"


def proven(read: dict[str, Any], note: Note, subject: str, found: Findings) -> None:
    """One row: the event is in the log, and it is about this enterprise."""
    path = [bytes.fromhex(step) for step in read["path"]]
    if not verify_inclusion(leaf_hash(read["event"].encode()), read["leaf_index"], note.size, path, note.root):
        found.add(f"not proven: row {read['leaf_index']} is not in the log")
        return
    event = json.loads(read["event"])
    if event.get("subject_ref") == subject:
        return
    digests = [bytes.fromhex(one) for one in read["digests"]]
    if sha256(b"".join(digests)).hex() != event.get("subjects_hash"):
        found.add(f"not proven: the subjects of row {read['leaf_index']} are not those of the event")
    for mine in read["mine"]:
        salt = bytes.fromhex(mine["salt"].replace("-", ""))
        if sha256(salt + subject.encode() + b"\0" + mine["key"].encode()) != digests[mine["at"]]:
            found.add(f"not proven: record {mine['key']} of row {read['leaf_index']} is not about {subject}")


def verified(header: dict[str, Any], lines: Iterable[str], key: bytes, kept: Sequence[Note], found: Findings) -> str:
    """By what the first line says the file is."""
    if header["format"] == "motcua-read-proof-1":
        return verify_bundle(header, key, kept, found)
    if header["format"] != "motcua-log-1":
        raise ValueError(header["format"])
    return verify_log(header, lines, key, kept, found)


def main(arguments: Sequence[str] | None = None) -> int:
    """Check one file; the number is the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="an exported log (NDJSON) or a proof bundle (JSON)")
    parser.add_argument("--kept", action="append", default=[], metavar="FILE", help="a checkpoint that you kept")
    parser.add_argument("--key", metavar="KEY", help="the log's public key, raw in base64, from a place you trust")
    given = parser.parse_args(arguments)
    found = Findings()
    try:
        kept = [Note(Path(name).read_text(encoding="utf-8")) for name in given.kept]
        with Path(given.file).open(encoding="utf-8") as lines:
            header = json.loads(next(lines))
            key = base64.b64decode(given.key or header["public_key"])
            told = verified(header, lines, key, kept, found)
    except (OSError, ValueError, KeyError, TypeError, StopIteration, RecursionError) as error:
        print(f"This is not a log or a proof of the portal: {error!r}", file=sys.stderr)
        return 2
    print(told)
    for sentence in found.shown:
        print(f"  {sentence}")
    print("Everything holds." if not found.count else f"{found.count} findings.")
    return 1 if found.count else 0


if __name__ == "__main__":
    sys.exit(main())
