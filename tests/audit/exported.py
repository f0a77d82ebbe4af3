"""An exported log made without a database, of any length, and six ways to tamper with it.

`python -m tests.audit.exported 1000000` tampers with a log of a million rows and times how long each is in being found.
"""

import base64
import importlib.util
import itertools
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.audit import export
from app.audit.logs import canonical
from app.audit.merkle import Frontier, leaf_hash
from app.audit.models import LogLeaf
from app.audit.notes import Checkpoint, Note
from app.core.ids import uuid7

VERIFIER = Path(__file__).parents[2] / "clients" / "verifier" / "verify_log.py"
BEGAN = datetime(2026, 11, 23, 1, tzinfo=UTC)
Line = bytes
Tampering = Callable[[list[Line], int], Iterator[Line]]


def verifier():
    """The stand-alone program, as a module."""
    spec = importlib.util.spec_from_file_location("verify_log", VERIFIER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(number: int, at: datetime) -> dict[str, object]:
    """A row of the access log."""
    return {
        "id": uuid7(),
        "at": at,
        "party": "CT",
        "client_id": "cuc-thue",
        "agreement": "TT-01",
        "purpose": "kiem-tra-thue",
        "legal_basis": [{"van_ban": "Nghị định 278/2025/NĐ-CP", "dieu_khoan": "Điều 7"}],
        "key": f"GP-{number}",
        "subject_ref": f"98{number:08}",
        "fields": ["number", "title", "status"],
        "proof": "x" * 400,
        "case_ref": f"HS-{number}",
        "salt": f"{number:032x}",
    }


def log(count: int, *, every: int, key: Ed25519PrivateKey, forked_at: int | None = None) -> Iterator[Line]:
    """The file: a checkpoint after `every` rows; a fork has another row at one place, and the real key over all of it."""
    yield export._line(
        {
            "format": export.FORMAT,
            "log": "access",
            "origin": "motcua/access",
            "public_key": base64.b64encode(key.public_key().public_bytes_raw()).decode(),
        }
    )
    frontier = Frontier()
    for number in range(count):
        at = BEGAN + timedelta(milliseconds=number)
        row = event(number, at) | ({"key": "other"} if number == forked_at else {})
        yield added(frontier, row)
        if (number + 1) % every == 0 or number + 1 == count:
            note = Note.signed(Checkpoint("access", frontier.size, frontier.root(), at), key)
            yield export._line({"checkpoint": str(note)})
    yield export._line({"end": count})


def added(frontier: Frontier, row: dict[str, object]) -> Line:
    """The row's line, and its leaf in the tree."""
    digest = leaf_hash(canonical(row))
    frontier.append(digest)
    return export._row(LogLeaf(leaf_index=frontier.size - 1, leaf_hash=digest), row)


def place_of(lines: list[Line], row: int) -> int:
    """The line that holds the row of this place."""
    mark = b'"index":%d,' % row
    return next(place for place, line in enumerate(lines) if mark in line[-110:])


def altered(lines: list[Line], row: int) -> Iterator[Line]:
    """One row says something else; its leaf too, by someone who knows how it is made."""
    at = place_of(lines, row)
    said = json.loads(lines[at])
    said["event"]["case_ref"] = "HS-khac"
    content = json.dumps(said["event"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    changed = b'{"event":%b,"index":%d,"leaf":"%b"}\n' % (content, row, leaf_hash(content).hex().encode())
    yield from itertools.chain(lines[:at], [changed], lines[at + 1 :])


def deleted(lines: list[Line], row: int) -> Iterator[Line]:
    """One row is gone, and those after it have moved up."""
    at = place_of(lines, row)
    yield from lines[:at]
    yield from moved(lines[at + 1 :], -1)


def reordered(lines: list[Line], row: int) -> Iterator[Line]:
    """Two neighbours have changed places, numbers and all."""
    at = place_of(lines, row)
    first, second = json.loads(lines[at]), json.loads(lines[at + 1])
    first["index"], second["index"] = second["index"], first["index"]
    yield from itertools.chain(lines[:at], [export._line(second), export._line(first)], lines[at + 2 :])


def truncated(lines: list[Line], row: int) -> Iterator[Line]:
    """The tail is cut at a checkpoint, and the file ends as if it had never been longer."""
    end = next(place for place in range(place_of(lines, row), len(lines)) if lines[place].startswith(b'{"checkpoint"'))
    yield from lines[: end + 1]
    yield export._line({"end": json.loads(lines[end - 1])["index"] + 1})


def backdated(lines: list[Line], row: int) -> Iterator[Line]:
    """A row that claims to be an hour old stands in the middle, and those after it have moved down."""
    at = place_of(lines, row)
    said = canonical(event(row, BEGAN - timedelta(hours=1)))
    yield from lines[:at]
    yield b'{"event":%b,"index":%d,"leaf":"%b"}\n' % (said, row, leaf_hash(said).hex().encode())
    yield from moved(lines[at:], 1)


def moved(lines: list[Line], by: int) -> Iterator[Line]:
    for line in lines:
        content, mark, tail = line.rpartition(b',"index":')
        if line.startswith(b'{"end":'):
            yield export._line({"end": json.loads(line)["end"] + by})
        elif mark:
            number, _, leaf = tail.partition(b",")
            yield b"%b%b%d,%b" % (content, mark, int(number) + by, leaf)
        else:
            yield line


TAMPERING: dict[str, Tampering] = {
    "altered": altered,
    "deleted": deleted,
    "reordered": reordered,
    "truncated": truncated,
    "backdated": backdated,
}


def last_note(lines: list[Line]) -> str:
    """The newest checkpoint: what a witness keeps."""
    return next(json.loads(line)["checkpoint"] for line in reversed(lines) if line.startswith(b'{"checkpoint"'))


def main(count: int) -> bool:
    """Whether an untouched log holds and each tampering is found, each under a minute."""
    program, key, row = verifier(), Ed25519PrivateKey.generate(), count // 2
    good = True
    with tempfile.TemporaryDirectory() as folder:
        kept, file = Path(folder) / "kept.txt", Path(folder) / "log.ndjson"
        lines = list(log(count, every=2000, key=key))
        kept.write_text(last_note(lines))
        forked = lambda _lines, row: log(count, every=2000, key=key, forked_at=row)  # noqa: E731  (as the others)
        untouched = lambda lines, _row: iter(lines)  # noqa: E731
        for name, tamper in {"untouched": untouched, **TAMPERING, "forked": forked}.items():
            with file.open("wb") as out:
                out.writelines(tamper(lines, row))
            began, spent = time.monotonic(), time.process_time()
            code = program.main([str(file), "--kept", str(kept)])
            took, spent = time.monotonic() - began, time.process_time() - spent
            good &= code == (name != "untouched") and spent < 60  # its own work: others may be on the machine
            sys.stdout.write(f"{name}: exit {code} after {took:.1f} s, {spent:.1f} s of them its own, over {count} rows\n")
    return good


if __name__ == "__main__":
    sys.exit(not main(int(sys.argv[1])))
