"""Every template: sound as an archive and for a screen reader, the same bytes each time, and whole names."""

import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import page
import pikepdf
import pytest

from app.issued import editions, qr, render
from app.issued.facts import Sheet
from app.issued.values import printed
from tests.issued.samples import APPLICANT, AT, SAMPLES

NUMBERS = {"receipt": None, "form-01": "42/2026/TNHS", "fee-receipt": "07/2026/BL-26E"}


def made(template: str, facts: Sheet) -> render.Rendered:
    number = NUMBERS.get(template, "07/2026/GCN-UBCT")
    layout = editions.in_force(template, AT.date())
    values = printed(
        facts.model_dump(mode="json"),
        kind=facts.kind,
        edition=layout,
        title=facts.title,
        number=number,
        at=AT,
        verify="https://portal.example/xac-thuc/s",
    )
    return render.render(layout, values, qr=qr.svg("https://portal.example/xac-thuc/s"))


def findings(pdf: bytes) -> list[str]:
    profiles = (page.ValidationProfile.PDF_A_3A, page.ValidationProfile.PDF_UA_1)
    return [fault.rule_id for profile in profiles for fault in page.validate_pdf_bytes(pdf, profile=profile).failures]


def text_of(pdf: bytes, order: str = "-layout") -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is missing: apt-get install poppler-utils")
    read = subprocess.run(["pdftotext", order, "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(read.stdout.decode().split())


def test_every_template_has_an_example_here():
    assert set(SAMPLES) == editions.names()
    assert {facts.template for facts in SAMPLES.values()} <= editions.names()


@pytest.mark.parametrize("template", sorted(SAMPLES))
def test_a_document_is_a_sound_archive_readable_aloud_and_repeats_byte_for_byte(template: str):
    """With MOTCUA_PICTURES set, its pages go to build/screenshots/documents."""
    pdf = made(template, SAMPLES[template]).pdf
    assert findings(pdf) == []
    assert pdf == made(template, SAMPLES[template]).pdf
    if os.environ.get("MOTCUA_PICTURES"):
        photograph(template, pdf)


def photograph(template: str, pdf: bytes) -> None:
    folder = Path(__file__).parents[2] / "build" / "screenshots" / "documents"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["pdftoppm", "-r", "100", "-png", "-", str(folder / template)], input=pdf, check=True)


def test_the_printed_values_are_attached_as_json():
    with pikepdf.open(io.BytesIO(made("form-01", SAMPLES["form-01"]).pdf)) as pdf:
        attached = json.loads(pdf.attachments["du-lieu.json"].get_file().read_bytes())
    assert attached["facts"]["applicant"]["name"] == APPLICANT.name
    assert attached["facts"]["received_at"] == "2026-11-23T09:15:00+07:00"
    assert attached["number"] == "42/2026/TNHS"


def test_a_receipt_lists_the_fingerprint_of_everything_filed():
    said = text_of(made("receipt", SAMPLES["receipt"]).pdf)
    filed = SAMPLES["receipt"].model_dump()
    assert filed["answers_sha256"] in said
    assert all(file["sha256"] in said for file in filed["files"])


def test_markup_in_values_stays_words():
    nasty = "#panic() *đậm* $x$ <nhãn> @ref \\ // `mã` [x]"
    applicant = APPLICANT.model_copy(update={"name": nasty})
    said = text_of(made("certificate", SAMPLES["certificate"].model_copy(update={"applicant": applicant})).pdf)
    assert "CHỨNG NHẬN" in said
    said = text_of(made("refusal-letter", SAMPLES["refusal-letter"].model_copy(update={"applicant": applicant})).pdf)
    assert nasty in said


def test_qpdf_finds_every_template_well_formed(tmp_path):
    if not shutil.which("qpdf"):
        pytest.skip("qpdf is missing: apt-get install qpdf")
    for template, facts in SAMPLES.items():
        file = tmp_path / f"{template}.pdf"
        file.write_bytes(made(template, facts).pdf)
        checked = subprocess.run(["qpdf", "--check", str(file)], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stdout


def test_the_qr_code_holds_the_address_and_nothing_else():
    assert qr.verification_url("https://portal.example/", "abc") == "https://portal.example/xac-thuc/abc"
    assert qr.svg("x").startswith("<svg")


def test_missing_fonts_say_what_to_run(monkeypatch, tmp_path):
    monkeypatch.setattr(render, "_FONT_FOLDERS", (tmp_path,))
    with pytest.raises(FileNotFoundError, match="make setup"):
        render.fonts_folder()
