"""When and where a photograph was taken, as its camera wrote it into a JPEG file (Exif). Pure; anything odd is no answer.

Only the few tags that are asked for are read, each within the bytes given: a hostile file costs nothing and raises nothing.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from app.core.clock import VIETNAM

HEAD_BYTES = 128 << 10
"""How much of a file is looked at: Exif comes first."""
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_TAKEN, _OFFSET = 0x9003, 0x9011
_LAT_REF, _LAT, _LON_REF, _LON = 1, 2, 3, 4
_ASCII, _LONG, _RATIONAL = 2, 4, 5
_MOST_TAGS = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """What the camera wrote; a moment without zone is Viet Nam's."""

    at: datetime | None = None
    place: str = ""


def media_type_of(head: bytes) -> str | None:
    """JPEG or PNG by its first bytes; None for anything else."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    return "image/png" if head.startswith(b"\x89PNG\r\n\x1a\n") else None


def read(head: bytes) -> Taken:
    """What the first bytes of a photograph say of time and place."""
    try:
        tiff = _tiff(head[:HEAD_BYTES])
        return _taken(tiff) if tiff else Taken()
    except (struct.error, ValueError, IndexError, ZeroDivisionError, OverflowError):
        return Taken()


def _tiff(head: bytes) -> bytes | None:
    """The Exif block of a JPEG file."""
    at = 2
    while head[at : at + 1] == b"\xff" and head[at + 1] not in (0xD9, 0xDA):
        size = struct.unpack_from(">H", head, at + 2)[0]
        block = head[at + 4 : at + 2 + size]
        if head[at + 1] == 0xE1 and block.startswith(b"Exif\0\0"):
            return block[6:]
        at += 2 + size
    return None


def _taken(tiff: bytes) -> Taken:
    order = {b"II": "<", b"MM": ">"}[tiff[:2]] if tiff[:2] in (b"II", b"MM") else ""
    if not order:
        return Taken()
    first = _tags(tiff, order, struct.unpack_from(f"{order}I", tiff, 4)[0])
    exif, gps = (_tags(tiff, order, first[tag]) if isinstance(first.get(tag), int) else {} for tag in (_EXIF_IFD, _GPS_IFD))
    return Taken(_moment(exif), _place(gps))


def _tags(tiff: bytes, order: str, start: object) -> dict[int, object]:
    if not isinstance(start, int):
        return {}
    found: dict[int, object] = {}
    for n in range(min(struct.unpack_from(f"{order}H", tiff, start)[0], _MOST_TAGS)):
        tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, start + 2 + 12 * n)
        found[tag] = _value(tiff, order, kind, count, start + 10 + 12 * n)
    return found


def _value(tiff: bytes, order: str, kind: int, count: int, at: int) -> object:
    if kind == _LONG and count == 1:
        return struct.unpack_from(f"{order}I", tiff, at)[0]
    if kind == _ASCII and count < 64:
        start = at if count <= 4 else struct.unpack_from(f"{order}I", tiff, at)[0]
        return tiff[start : start + count].rstrip(b"\0").decode("ascii", "ignore")
    if kind == _RATIONAL and count == 3:
        pairs = struct.unpack_from(f"{order}6I", tiff, struct.unpack_from(f"{order}I", tiff, at)[0])
        return tuple(pairs[n] / pairs[n + 1] for n in (0, 2, 4))
    return None


def _moment(exif: Mapping[int, object]) -> datetime | None:
    said, zone = exif.get(_TAKEN), exif.get(_OFFSET)
    if not isinstance(said, str):
        return None
    taken = datetime.strptime(said, "%Y:%m:%d %H:%M:%S").replace(tzinfo=VIETNAM)
    known = re.fullmatch(r"([+-])(\d\d):(\d\d)", zone) if isinstance(zone, str) else None
    if known:
        away = timedelta(hours=int(known[2]), minutes=int(known[3]))
        taken = taken.replace(tzinfo=timezone(away if known[1] == "+" else -away))
    return taken


def _place(gps: Mapping[int, object]) -> str:
    """Latitude and longitude in degrees."""
    lat, lon = (_degrees(gps.get(value), gps.get(ref)) for value, ref in ((_LAT, _LAT_REF), (_LON, _LON_REF)))
    return "" if lat is None or lon is None else f"{lat:.5f}, {lon:.5f}"


def _degrees(value: object, ref: object) -> float | None:
    if not isinstance(value, tuple) or ref not in ("N", "S", "E", "W"):
        return None
    degrees: float = value[0] + value[1] / 60 + value[2] / 3600
    return None if abs(degrees) > 180 else degrees * (-1 if ref in ("S", "W") else 1)
