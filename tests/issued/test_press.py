"""What a signature looks like on the page (Nghị định 30/2020, Phụ lục I), and that everything that leaves was looked at."""

import io
import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
import typst

from app.issued import actions
from app.issued.keyring import Keyring
from app.issued.press import PERSON, SEAL, SEAL_PT, Unsound
from app.issued.rules import RESULTS
from signing import Seat, sign_paper
from tests.issued.conftest import LEADER, PASSPHRASE
from tests.issued.samples import SAMPLES
from tests.issued.test_actions import checked, ordered
from tests.issued.test_render import findings, text_of
from tests.pki import NOW

SINGLE = sorted(name for name, facts in SAMPLES.items() if facts.kind not in RESULTS)
PICTURE = b"""
#set page(width: 120pt, height: 60pt, fill: none, margin: 4pt)
#set text(size: 28pt, style: "italic", fill: rgb("#1a3f8f"))
Ky ten
"""


async def signed(session, dossier, press) -> bytes:
    document = await ordered(session, dossier)
    where = (session, dossier.id, document.id)
    await actions.sign(*where, press=press, at=NOW)
    await actions.ask_seal(*where, at=NOW)
    assert await actions.seal(*where, press=press, at=NOW) is document, document.error
    return await press.blobs.get(document.file_key, dossier.id)


def boxes(pdf: bytes) -> dict[str, list[float]]:
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        return {str(field.T): [float(edge) for edge in field.Rect] for field in opened.Root.AcroForm.Fields}


async def test_the_seal_has_its_real_size_and_lies_over_the_left_third_of_the_signature(session, dossier, press):
    found = boxes(await signed(session, dossier, press))
    left, low, right, high = found[SEAL]
    begins, _, ends, _ = found[PERSON]

    assert (right - left, high - low) == pytest.approx((SEAL_PT, SEAL_PT), abs=0.1)  # 36 mm
    assert left < begins < right < ends
    assert (right - begins) / (ends - begins) == pytest.approx(1 / 3, abs=0.01)


async def test_pictures_of_signature_and_seal_are_shown_and_keep_every_rule(session, dossier, press, keys, tmp_path):
    for key in keys.glob("*.p12"):
        (tmp_path / key.name).write_bytes(key.read_bytes())
    for name in (f"person-{LEADER}", "seal-G02.918"):
        (tmp_path / f"{name}.png").write_bytes(typst.compile(PICTURE, format="png", ppi=300))
    pdf = await signed(session, dossier, replace(press, keyring=Keyring(tmp_path, PASSPHRASE)))

    assert findings(pdf) == ["PDFA3A-SIGNATURE-BYTERANGE-001"]
    assert "Ký số:" not in text_of(pdf)  # the picture stands in the place of the words
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        images = [thing for thing in opened.objects if isinstance(thing, pikepdf.Stream) and thing.get("/Subtype") == "/Image"]
    assert any("/SMask" in image for image in images)  # on transparent ground
    if folder := os.environ.get("SHOW"):
        (Path(folder) / "pictures.pdf").write_bytes(pdf)


async def test_an_annex_of_its_own_shows_number_and_time_in_words_at_the_top_right(session, dossier, press, pki):
    document = await ordered(session, dossier)
    ground = await press.ground(session, NOW)
    annex = press.print(document).pdf
    sealed = await press.seal_annex(document, annex, ground)

    assert findings(sealed) == []
    assert (await checked(pki, press, sealed)).verdict == "VALID"
    left, low, right, high = boxes(sealed)[SEAL]
    assert (right, high) < (595.28 - 42, 841.89)
    assert (left, low) > (595.28 / 2, 700)
    said = _top_right(sealed, (left, 841.89 - high, right - left, high - low))
    assert said.split() == [document.number, _vietnam(ground.at)]


def _vietnam(at) -> str:
    from app.core.clock import in_vietnam

    return in_vietnam(at).isoformat(timespec="seconds")


def _top_right(pdf: bytes, area: tuple[float, float, float, float]) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is missing: apt-get install poppler-utils")
    x, y, width, height = (str(round(edge)) for edge in area)
    tool = ["pdftotext", "-l", "1", "-x", x, "-y", y, "-W", width, "-H", height, "-", "-"]
    return subprocess.run(tool, input=pdf, capture_output=True, check=True).stdout.decode()


@pytest.mark.parametrize("name", SINGLE)
async def test_every_paper_with_one_seal_keeps_every_rule_of_archive_and_access(session, dossier, press, pki, name):
    series = "BL-26E" if name == "fee-receipt" else "TNHS"
    document = await ordered(session, dossier, SAMPLES[name], series=series, personal_signer=None)
    assert await actions.make(session, dossier.id, document.id, press=press, at=NOW) is document, document.error
    pdf = await press.blobs.get(document.file_key, dossier.id)

    assert findings(pdf) == []
    report = await checked(pki, press, pdf)
    assert (report.verdict, len(report.signatures)) == ("VALID", 1), report.codes


async def test_a_file_that_pdfsig_finds_broken_does_not_leave(session, dossier, press, pki, monkeypatch, tmp_path):
    """Receipts and forms as well as results: the second opinion is part of every examination."""
    tool = tmp_path / "pdfsig"
    tool.write_text(
        "#!/bin/sh\necho 'Signature #1:'\necho '  - Signature Field Name: x'\necho '  - Signature Validation: Digest Mismatch.'\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    receipt = await ordered(session, dossier, SAMPLES["receipt"], personal_signer=None)
    assert await actions.make(session, dossier.id, receipt.id, press=press, at=NOW) is None
    assert receipt.error.startswith("Unsound: pdfsig")


async def test_nothing_leaves_that_our_own_engine_does_not_accept(session, dossier, press, pki):
    ground = await press.ground(session, NOW)
    pdf = press.print(await ordered(session, dossier)).pdf
    with pytest.raises(Unsound, match="UNSIGNED"):
        await press.examine(pdf, ground, strict=True)
    with pytest.raises(Unsound, match="ROLE_NOT_ALLOWED"):
        await press.examine(await sign_paper(pdf, pki.signer("biz")), ground, strict=False)


def test_a_seat_does_not_tell_its_key(pki):
    assert "private" not in repr(Seat(pki.signer("seal"), SEAL)).lower()
