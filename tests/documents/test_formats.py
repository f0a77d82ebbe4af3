"""Files that are not what their names say."""

import io
import zipfile
from pathlib import Path

import pytest

from app.documents.formats import MEDIA_TYPES, ending_of, flaw_in

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100


def package(*names: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return made.getvalue()


WORD = package("[Content_Types].xml", "word/document.xml")
SHEET = package("[Content_Types].xml", "xl/workbook.xml")
CASES = [
    ("docx", WORD, None),
    ("xlsx", SHEET, None),
    ("doc", OLE, None),
    ("xls", OLE, None),
    ("png", b"\x89PNG\r\n\x1a\n....", None),
    ("jpg", b"\xff\xd8\xff\xe0", None),
    ("docx", SHEET, "FILE_KIND_MISMATCH"),
    ("docx", b"%PDF-1.7", "FILE_KIND_MISMATCH"),
    ("xlsx", package("a.txt"), "FILE_KIND_MISMATCH"),
    ("doc", WORD, "FILE_KIND_MISMATCH"),
    ("png", b"", "FILE_KIND_MISMATCH"),
    ("docx", package("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"), "FILE_MACROS"),
    ("docx", WORD[:-10], "FILE_KIND_MISMATCH"),
    ("exe", b"MZ", "FILE_KIND_MISMATCH"),
]


@pytest.mark.parametrize("ending,content,flaw", CASES)
def test_content_must_be_what_the_name_says(tmp_path: Path, ending: str, content: bytes, flaw: str | None):
    file = tmp_path / "tep"
    file.write_bytes(content)
    assert flaw_in(file, ending) == flaw


def test_the_ending_is_what_follows_the_last_dot():
    assert [ending_of(name) for name in ("Bảng.XLSX", "a.b.pdf", "khong", ".pdf")] == ["xlsx", "pdf", "", "pdf"]
    assert set(MEDIA_TYPES) >= {"pdf", "docx", "xlsx"}
