"""The formats a paper may come in: endings, media types, and a look inside to see that the content is what the name says."""

import zipfile
from pathlib import Path

MEDIA_TYPES = {
    "pdf": "application/pdf",
    "doc": "application/msword",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xls": "application/vnd.ms-excel",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
}
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_STARTS = {"doc": _OLE, "xls": _OLE, "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "png": b"\x89PNG\r\n\x1a\n"}
_INSIDE = {"docx": "word/", "xlsx": "xl/"}
_MOST_PARTS = 10_000


def ending_of(name: str) -> str:
    """`Bảng giá.XLSX` → `xlsx`; "" when the name has none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def flaw_in(path: Path, ending: str) -> str | None:
    """A code when the file is not what its ending says or carries macros; for every format but PDF."""
    start = _STARTS.get(ending)
    if start is not None:
        with path.open("rb") as file:
            return None if file.read(len(start)) == start else "FILE_KIND_MISMATCH"
    return _flaw_in_package(path, _INSIDE.get(ending, "?"))


def _flaw_in_package(path: Path, folder: str) -> str | None:
    try:
        with zipfile.ZipFile(path) as package:
            names = package.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "FILE_KIND_MISMATCH"
    if len(names) > _MOST_PARTS or "[Content_Types].xml" not in names or not any(n.startswith(folder) for n in names):
        return "FILE_KIND_MISMATCH"
    return "FILE_MACROS" if any(n.lower().endswith("vbaproject.bin") for n in names) else None
