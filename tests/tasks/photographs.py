"""JPEG files with what a camera writes of time and place, built byte by byte."""

import struct


def jpeg(taken: str = "2026:11:20 09:30:00", *, zone: str = "", place: tuple[str, str] | None = ("N", "E")) -> bytes:
    """The beginning of a photograph taken at 21°01'30" and 105°51'00", on the side of the world that `place` says."""
    exif = [(0x9003, 2, taken.encode() + b"\0")] + ([(0x9011, 2, zone.encode() + b"\0")] if zone else [])
    body = b"II*\0" + struct.pack("<I", 8)
    first = 8 + 2 + 12 * 2 + 4
    exif_part = _ifd(first, exif)
    gps_part = b"" if place is None else _ifd(first + len(exif_part), _gps(*place))
    body += struct.pack("<H", 2) + struct.pack("<HHII", 0x8769, 4, 1, first)
    body += struct.pack("<HHII", 0x8825 if place else 0x0001, 4, 1, first + len(exif_part)) + struct.pack("<I", 0)
    block = b"Exif\0\0" + body + exif_part + gps_part
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(block) + 2) + block + b"\xff\xda"


def _gps(north: str, east: str) -> list[tuple[int, int, bytes]]:
    lat, lon = (struct.pack("<6I", *parts) for parts in ((21, 1, 1, 1, 30, 1), (105, 1, 51, 1, 0, 1)))
    return [(1, 2, north.encode() + b"\0"), (2, 5, lat), (3, 2, east.encode() + b"\0"), (4, 5, lon)]


def _ifd(start: int, tags: list[tuple[int, int, bytes]]) -> bytes:
    """A directory that stands at `start`, its longer values behind it."""
    rows, values = b"", b""
    after = start + 2 + 12 * len(tags) + 4
    for tag, kind, value in tags:
        count = 3 if kind == 5 else len(value)
        if len(value) <= 4:
            rows += struct.pack("<HHI", tag, kind, count) + value.ljust(4, b"\0")
        else:
            rows += struct.pack("<HHII", tag, kind, count, after + len(values))
            values += value
    return struct.pack("<H", len(tags)) + rows + struct.pack("<I", 0) + values
