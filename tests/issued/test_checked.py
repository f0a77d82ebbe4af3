"""The printed result of a signature check: an archive file that says the verdict, and loudly what was only assumed."""

import io
import json
from dataclasses import replace

import pikepdf
import pytest

from app.core.text import Text
from app.documents.explain import explained, printable
from app.issued.checked import signature_report
from signing.codes import finding
from signing.model import Coverage, Indication, Modification, Report, Verdict
from tests.dossiers.world import AT, altered, report, unknown, unsigned
from tests.issued.test_render import findings, text_of

FILER = "9900000030"
STUDY = replace(report(FILER), integrity_only=True, findings=(finding("DOC_INTEGRITY_ONLY"),))
LONG = replace(report(FILER), signatures=report(FILER).signatures * 12)
ODD = report(
    FILER, Indication.INDETERMINATE, verdict=Verdict.INDETERMINATE, coverage=Coverage.PARTIAL, modification=Modification.OTHER
)
CASES = {
    "good": (report(FILER), "HỢP LỆ"),
    "unknown": (unknown(FILER), "KHÔNG XÁC ĐỊNH"),
    "altered": (altered(FILER), "KHÔNG HỢP LỆ"),
    "unsigned": (unsigned(), "CHƯA KÝ SỐ"),
    "study": (STUDY, "CHỈ KIỂM TRA TÍNH TOÀN VẸN"),
    "twelve": (LONG, "Chữ ký 12"),
    "odd": (ODD, "Chỉ một phần tệp"),
}


def printed(made: Report) -> bytes:
    told = explained(made, FILER)
    about = [(Text("Hồ sơ", "Dossier"), Text("G02-1", "G02-1"))]
    reason = Text("Tệp hợp lệ.", "The file is in order.")
    return signature_report(printable(told, made.to_json(), file="điều lệ #1*.pdf", about=about, reason=reason, at=AT))


@pytest.mark.parametrize("name", CASES)
def test_a_printed_report_is_a_sound_archive_and_says_the_verdict(name: str):
    made, said = CASES[name]
    pdf = printed(made)
    assert findings(pdf) == []
    assert pdf == printed(made)
    text = text_of(pdf)
    for words in (said, made.sha256[:20], "Kho chứng thư tin cậy", made.engine, "09:00:00 23/11/2026"):
        assert words in text, words
    assert ("INTEGRITY ONLY" in text) is (name == "study")


def test_the_whole_report_is_attached():
    with pikepdf.open(io.BytesIO(printed(altered(FILER)))) as pdf:
        assert json.loads(pdf.attachments["bao-cao.json"].get_file().read_bytes()) == altered(FILER).to_json()
