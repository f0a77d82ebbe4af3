"""The rows of a table somebody sends, CSV or XLSX, read with bounds: a small file may unpack into a very large one. Pure."""

import csv
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from app.core.errors import Incomplete, Problem
from app.core.text import Text, nfc

MOST_ROWS = 20_000
MOST_COLUMNS = 60
MOST_SIGNS = 4_000
MOST_PARTS = 200
MOST_UNPACKED = 33_554_432
_ZIP = b"PK\x03\x04"
_BROKEN = (
    ParseError, InvalidFileException, zipfile.BadZipFile, zlib.error,
    KeyError, IndexError, ValueError, TypeError, AttributeError, OSError, RuntimeError, NotImplementedError, EOFError,
)  # fmt: skip
"""What a reader of office files raises for one that is none; it says nothing of its own."""
_UNREADABLE = Text(
    "Không đọc được tệp. Tệp phải là XLSX không có mật khẩu, hoặc CSV mã UTF-8.",
    "The file cannot be read. It must be XLSX without a password, or CSV in UTF-8.",
)
_TOO_MUCH = Text(
    "Tệp có quá nhiều dòng, ô quá dài, hoặc bung ra quá lớn.",
    "The file has too many lines, a cell too long, or unpacks too large.",
)
Row = Sequence[str]


def rows(content: bytes) -> list[Row]:
    """The rows of the first sheet as text, blank ones too. `Incomplete` for what is no table or too much of one."""
    found = list(_xlsx(content) if content.startswith(_ZIP) else _csv(content))
    if len(found) > MOST_ROWS + 1 or any(len(cell) > MOST_SIGNS for row in found for cell in row):
        raise _refused(_TOO_MUCH, "too-large")
    return found


def _csv(content: bytes) -> Iterator[Row]:
    try:
        written = nfc(content.decode("utf-8-sig"))
        head = written.partition("\n")[0]
        between = max(",;\t", key=head.count)
        yield from csv.reader(io.StringIO(written, newline=""), delimiter=between)
    except (UnicodeDecodeError, csv.Error):
        raise _refused(_UNREADABLE, "no-table") from None


def _xlsx(content: bytes) -> Iterator[Row]:
    try:
        _bounded(content)
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        sheet = book.worksheets[0]
        for row in sheet.iter_rows(max_row=MOST_ROWS + 2, max_col=MOST_COLUMNS, values_only=True):
            yield [_cell(value) for value in row]
    except _BROKEN:
        raise _refused(_UNREADABLE, "no-table") from None


def _bounded(content: bytes) -> None:
    """Refuse what would unpack too large; a part that is longer than it says is not read to its end."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        parts = packed.infolist()
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _refused(_TOO_MUCH, "too-large")


def _cell(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return nfc(str(value)) if value is not None else ""


def column(number: int) -> str:
    """The letters of a column, from 0: A, B, … AA."""
    return (column(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)


def _refused(text: Text, slug: str) -> Incomplete:
    return Incomplete([Problem("list", slug, text)])
