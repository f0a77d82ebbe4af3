"""The national catalogue's columns: matched by slug, code or name, told as differences, faults with line and column."""

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook

from app.catalogue.national import Change, matched, read_lines
from app.catalogue.procedure import Procedure
from app.core.errors import Incomplete
from tests.catalogue.examples import DEFINITIONS, LICENCE, LOTTERY

UNITS = {"G02.901": "Cục Xuất nhập khẩu", LICENCE.authority.unit: "Ủy ban Cạnh tranh Quốc gia"}
GAS = Procedure.of(DEFINITIONS["gas-trading-certificate/1"])


def xlsx(*rows: list[Any]) -> bytes:
    book, kept = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(kept)
    return kept.getvalue()


def told(changes: tuple[Change, ...]) -> dict[str, tuple[str, str]]:
    return {change.title.vi: (change.before.vi, change.after.vi) for change in changes}


def test_lines_are_matched_by_slug_or_by_name_without_accents_mattering():
    head = "Mã thủ tục;Tên thủ tục;slug;Số quyết định\n"
    content = f"{head}1.000001;{LICENCE.title.vi.upper()};;12/QĐ-BCT\n1.2;x;{LOTTERY.slug};\n1.3;lạ;;\n"
    first, second, third = matched(read_lines(content.encode()), [LICENCE, LOTTERY], UNITS)
    assert first.procedure == LICENCE
    assert told(first.changes) == {"Mã thủ tục": ("–", "1.000001"), "Số quyết định": ("–", "12/QĐ-BCT")}
    assert (second.procedure, third.procedure) == (LOTTERY, None)


def test_a_spreadsheet_is_read_from_the_line_that_names_its_columns_with_every_column_we_hold():
    head = ["STT", "Mã TTHC", "Tên thủ tục", "Lĩnh vực", "Cấp thực hiện", "Cơ quan thực hiện", "Thời hạn giải quyết"]
    line = [1, 1.004191, GAS.title.vi, "Khí", "Cấp Bộ", "cục xuất nhập khẩu", "12 ngày làm việc kể từ ngày nhận đủ hồ sơ"]
    content = xlsx(["DANH MỤC THỦ TỤC HÀNH CHÍNH"], [], head, line)
    (match,) = matched(read_lines(content), [GAS], UNITS)
    assert match.faults == ()
    assert told(match.changes) == {
        "Mã thủ tục": ("–", "1.004191"),
        "Lĩnh vực": ("Thương mại trong nước", "Khí"),
        "Cấp thực hiện": ("Bộ và tỉnh", "Bộ"),
        "Cơ quan thực hiện": ("G02.914", "Cục Xuất nhập khẩu"),
        "Thời hạn giải quyết": ("15 ngày làm việc", "12 ngày làm việc"),
    }
    assert {place for change in match.changes for place in change.puts} >= {"clock.stages.appraisal.length", "authority.unit"}


def test_a_cell_that_cannot_be_taken_is_named_by_line_and_column_and_the_others_are_taken():
    head = "mã,slug,cấp,cơ quan thực hiện,thời hạn\n"
    content = f"{head}1.5,{LICENCE.slug},xã,Bộ Lạ,5 ngày\n1.6,{LICENCE.slug},,,\n<x>,{LOTTERY.slug},,,"
    first, second, third = matched(read_lines(content.encode()), [LICENCE, LOTTERY], UNITS)
    assert [(fault.line, fault.column[0]) for fault in first.faults] == [(2, "C"), (2, "D"), (2, "E")]
    assert told(first.changes) == {"Mã thủ tục": ("–", "1.5")}
    assert (second.procedure, second.faults[0].line) == (None, 3)
    assert (third.faults[0].column, third.changes) == ("A: Mã thủ tục", ())


def test_a_formula_is_read_as_plain_text():
    (line,) = read_lines(b"code,name\n=1.000001,@SUM(A1)\n")
    assert line.cells == {"code": "1.000001", "name": "SUM(A1)"}


def test_a_line_that_says_what_is_known_changes_nothing():
    known = Procedure.of(DEFINITIONS[f"{LOTTERY.slug}/1"] | {"code": {"national": "1.000009", "certain": True}})
    (match,) = matched(
        read_lines(f'mã,tên,cấp\n1.000009,"{known.title.vi}",{known.authority.decides}\n'.encode()), [known], UNITS
    )
    assert (match.procedure, match.changes, match.faults) == (known, (), ())


def bomb() -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b"\0" * 40_000_000)
    return kept.getvalue()


def with_entities() -> bytes:
    """A workbook whose sheet would expand one short name into very much."""
    kept = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(xlsx(["code", "name"]))) as good, zipfile.ZipFile(kept, "w") as packed:
        for part in good.namelist():
            content = good.read(part)
            if part.startswith("xl/worksheets/"):
                content = b'<!DOCTYPE a [<!ENTITY x "xxxxxxxx">]>' + content.replace(b">code<", b">&x;<")
            packed.writestr(part, content)
    return kept.getvalue()


BAD = {
    "empty": b"",
    "binary": b"\xff\xfe\x00",
    "no-columns": b"a,b\n1,2\n",
    "long": b"code,name\n1," + b"x" * 4_001,
    "rows": b"code,name\n" + b"1,2\n" * 20_001,
    "no-workbook": b"PK\x03\x04 and nothing else",
    "bomb": bomb(),
    "entities": with_entities(),
    "another-zip": xlsx(["a"])[:-200],
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_no_such_list_is_refused_in_words(content):
    with pytest.raises(Incomplete):
        read_lines(content)
