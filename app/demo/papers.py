"""Ready-made papers in var/demo/files, for each business.

Signed ones by name for the procedures that the journey plays, one for every paper of all the others, and hostile ones: a
file for each paper of fifty procedures would take a minute to sign.
"""

import io
import json
import shutil
import zipfile
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from pathlib import Path

import typst

from app.catalogue.definition import Paper
from app.catalogue.files import definition, texts
from app.catalogue.procedure import Procedure
from app.core.settings import Settings
from app.demo.personas import DIRECT_SELLER, ENTERPRISES, RETAILER
from app.demo.pki import OTHER_BUSINESS, Pki, business, fingerprint_of, pki_of
from app.demo.sign import sign

HOSTILE, ANY = "loi", "chung"
_HERE = Path(__file__).parent
_README = """\
Tệp mẫu để nộp thử. Mọi tên người, doanh nghiệp và mã số đều là giả định.

  <mã số thuế>/<thủ tục>/<giấy tờ>-<thứ tự tệp>.pdf   đã ký bằng chứng thư của doanh nghiệp đó: nộp được
  <mã số thuế>/chung/giay-to.{pdf,docx,xlsx}           dùng cho mọi giấy tờ của các thủ tục khác; tệp PDF đã ký
  <mã số thuế>/loi/                                    các tệp có lỗi: cổng phải từ chối hoặc cảnh báo
    sai-ma-so-thue.pdf            ký bằng chứng thư của doanh nghiệp khác
    sua-sau-khi-ky.pdf            bị sửa một ký tự sau khi ký
    chung-thu-bi-thu-hoi.pdf      ký bằng chứng thư đã bị thu hồi
    chung-thu-gia.pdf             đúng tên, đúng mã số thuế, nhưng do một "CA gốc" giả cấp
    khong-co-chu-ky.pdf           không có chữ ký
    co-mat-khau.pdf               có mật khẩu
    co-javascript.pdf             có mã JavaScript
    khong-phai-pdf.pdf            thực ra là tệp ZIP
Ký tệp PDF khác: .venv/bin/motcua demo sign TEP.pdf --as 9900000030

Sample papers. All people, enterprises and numbers are made up.

  <tax code>/<procedure>/<paper>-<file>.pdf            signed with that business's certificate: may be filed
  <tax code>/chung/giay-to.{pdf,docx,xlsx}             for every paper of the other procedures; the PDF is signed
  <tax code>/loi/                                      files with a fault: the portal must refuse or warn
    sai-ma-so-thue.pdf            signed with another business's certificate
    sua-sau-khi-ky.pdf            one character changed after signing
    chung-thu-bi-thu-hoi.pdf      signed with a revoked certificate
    chung-thu-gia.pdf             right name, right tax code, but from a forged root
    khong-co-chu-ky.pdf           not signed
    co-mat-khau.pdf               needs a password
    co-javascript.pdf             carries JavaScript
    khong-phai-pdf.pdf            a ZIP file in truth
Sign another PDF: .venv/bin/motcua demo sign FILE.pdf --as 9900000030
"""


def make_files(settings: Settings, tax_codes: Sequence[str] = (DIRECT_SELLER, RETAILER)) -> Path:
    """Make the files, unless they are there for today's procedures and certificates; the answer is their folder."""
    folder, procedures = settings.var / "demo" / "files", _procedures()
    mark, fingerprint = folder / ".made", _fingerprint(settings, procedures)
    if mark.exists() and mark.read_text() == fingerprint:
        return folder
    pki = pki_of(settings)
    shutil.rmtree(folder, ignore_errors=True)
    for tax_code in tax_codes:
        for procedure in procedures:
            _make_papers(folder / tax_code / procedure.slug, pki, procedure, tax_code)
        _make_common(folder / tax_code / ANY, pki, tax_code)
        _make_hostile(folder / tax_code / HOSTILE, pki, tax_code)
    (folder / "README.txt").write_text(_README)
    mark.write_text(fingerprint)
    return folder


def file_of(settings: Settings, tax_code: str, procedure: str, paper: str, place: int, ending: str) -> Path:
    """Where the ready file for one place of a paper lies; `place` counts from 0, file names from 1."""
    return settings.var / "demo" / "files" / tax_code / procedure / f"{paper}-{place + 1}.{ending}"


def common_file(settings: Settings, tax_code: str, ending: str) -> Path:
    """A file that will do for any paper in that format: pdf (signed), docx or xlsx."""
    return settings.var / "demo" / "files" / tax_code / ANY / f"giay-to.{ending}"


def hostile_file(settings: Settings, tax_code: str, name: str) -> Path:
    """Where a hostile file lies, e.g. `sai-ma-so-thue`."""
    return settings.var / "demo" / "files" / tax_code / HOSTILE / f"{name}.pdf"


def draw(title: str, tax_code: str) -> bytes:
    """A page that says what it stands for, unsigned."""
    values = {"title": title, "holder": ENTERPRISES[tax_code].name_vi, "tax_code": tax_code}
    source = _HERE / "templates" / "paper.typ"
    pdf = typst.compile(source.read_bytes(), font_paths=_fonts(), sys_inputs={"values": json.dumps(values)}, format="pdf")
    return bytes(pdf)


@cache
def _fonts() -> typst.Fonts:
    """Those of the system and Typst's own, looked for once: a page takes a tenth of the time of looking."""
    return typst.Fonts()


def javascript_pdf() -> bytes:
    """A small PDF that would run a script when opened."""
    return _plain_pdf({1: b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>"}, b"")


def locked_pdf() -> bytes:
    """A small PDF behind a password that nobody knows."""
    padding = b"<" + b"5a" * 32 + b">"
    lock = b"/Encrypt<</Filter/Standard/V 1/R 2/P -4/O%s/U%s>>/ID[<00><00>]" % (padding, padding)
    return _plain_pdf({}, lock)


def _make_papers(folder: Path, pki: Pki, procedure: Procedure, tax_code: str) -> None:
    folder.mkdir(parents=True)
    for paper in procedure.papers:
        for place, endings in enumerate(paper.formats, start=1):
            made = _make_paper(pki, paper, endings, tax_code)
            (folder / f"{paper.id}-{place}.{made[0]}").write_bytes(made[1])


def _make_common(folder: Path, pki: Pki, tax_code: str) -> None:
    folder.mkdir(parents=True)
    (folder / "giay-to.pdf").write_bytes(sign(pki, draw("Giấy tờ của doanh nghiệp", tax_code), business(tax_code)))
    for ending in ("docx", "xlsx"):
        (folder / f"giay-to.{ending}").write_bytes(_office_file(ending))


def _make_paper(pki: Pki, paper: Paper, endings: tuple[str, ...], tax_code: str) -> tuple[str, bytes]:
    """Ending and content: a signed PDF where one is taken, else the first Open XML format."""
    if "pdf" in endings:
        return "pdf", sign(pki, draw(paper.name.vi, tax_code), business(tax_code))
    ending = next(ending for ending in endings if ending in ("docx", "xlsx"))
    return ending, _office_file(ending)


def _make_hostile(folder: Path, pki: Pki, tax_code: str) -> None:
    folder.mkdir(parents=True)
    good = sign(pki, draw("Giấy tờ bị sửa sau khi ký", tax_code), business(tax_code))
    plain = draw("Giấy tờ mẫu có lỗi", tax_code)
    files = {
        "sai-ma-so-thue": sign(pki, plain, business(OTHER_BUSINESS)),
        "sua-sau-khi-ky": altered(good),
        "chung-thu-bi-thu-hoi": sign(pki, plain, f"revoked-{business(tax_code)}"),
        "chung-thu-gia": sign(pki, plain, f"evil-{business(tax_code)}"),
        "khong-co-chu-ky": plain,
        "co-mat-khau": locked_pdf(),
        "co-javascript": javascript_pdf(),
        "khong-phai-pdf": _office_file("docx"),
    }
    for name, content in files.items():
        (folder / f"{name}.pdf").write_bytes(content)


def altered(signed: bytes) -> bytes:
    """The same file with one character of what was signed changed."""
    before, after = b"(Typst ", b"(Tipst "
    if before not in signed:
        raise ValueError("nothing to alter in this file")
    return signed.replace(before, after, 1)


def _procedures() -> list[Procedure]:
    """The newest version of every procedure that the journey plays: those with answers beside this file."""
    played = {file.stem for file in (_HERE / "answers").glob("*.yaml")}
    newest: dict[str, Procedure] = {}
    for name, text in texts().items():
        if name.partition("/")[0] not in played:
            continue
        procedure = Procedure.of(definition(text))
        if procedure.slug not in newest or procedure.version > newest[procedure.slug].version:
            newest[procedure.slug] = procedure
    return list(newest.values())


def _fingerprint(settings: Settings, procedures: list[Procedure]) -> str:
    papers = [(p.slug, [(paper.id, paper.name.vi, paper.formats) for paper in p.papers]) for p in procedures]
    own = [(_HERE / name).read_bytes() for name in ("papers.py", "templates/paper.typ")]
    return sha256(repr((fingerprint_of(settings), papers, own)).encode()).hexdigest()


def _plain_pdf(objects: dict[int, bytes], trailer: bytes) -> bytes:
    """One empty page, the given objects in place of the usual ones."""
    usual = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>",
    }
    out, rows = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), b"0000000000 65535 f \n"
    for number, body in (usual | objects).items():
        rows += b"%010d 00000 n \n" % len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    end = b"xref\n0 4\n%strailer\n<</Size 4/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (rows, trailer, len(out))
    return bytes(out + end)


def _office_file(ending: str) -> bytes:
    """A Word or Excel file with hardly anything in it: the parts lie under templates/."""
    out = io.BytesIO()
    folder = _HERE / "templates" / ending
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for part in sorted(path for path in folder.rglob("*") if path.is_file()):
            package.writestr(str(part.relative_to(folder)), part.read_text())
    return out.getvalue()
