"""Uploads from a page without scripts, and what the page says of each file."""

import re
from pathlib import Path
from uuid import UUID

from app.core.db import Sessions
from app.core.settings import Settings
from app.demo.browsing import Browser, Page
from tests.make import pdf
from tests.portal import judged


async def upload(browser: Browser, draft: str, tmp_path: Path, name: str, content: bytes, paper: str = "charter") -> Page:
    page = await browser.get(f"{draft}/giay-to")
    path = tmp_path / name
    path.write_bytes(content)
    return await browser.send(page, page.form(f"giay-to={paper}&"), files=[("tep", path)])


def document_of(page: Page) -> UUID:
    return UUID(re.findall(r"/giay-to/([0-9a-f-]{36})\"", page.text)[0])


async def test_a_file_is_stored_and_waits_for_its_check(seller: Browser, draft: str, tmp_path: Path) -> None:
    content = pdf(200_000)
    page = await upload(seller, draft, tmp_path, "Điều lệ công ty.pdf", content)
    assert page.status == 200
    assert "Điều lệ công ty.pdf" in page.text
    assert "Đang kiểm tra" in page.text
    back = await seller.get(f"{draft}/giay-to/{document_of(page)}/tep")
    assert back.content == content
    assert "attachment" in back.headers["content-disposition"]
    assert "sandbox" in back.headers["content-security-policy"]


async def test_each_verdict_is_shown_with_what_to_do(seller: Browser, draft: str, tmp_path: Path, sessions: Sessions) -> None:
    page = await upload(seller, draft, tmp_path, "dieu-le.pdf", pdf())
    document = document_of(page)
    said = {
        ("VALID", "VALID", None): "Hợp lệ",
        ("INDETERMINATE", "UNKNOWN", None): "tự kiểm tra lại",
        ("VALID", "OTHER", None): "mã số thuế",
        ("INVALID", "NONE", "SIG_MODIFIED_AFTER"): "Không hợp lệ",
    }
    for (verdict, binding, refusal), words in said.items():
        await judged(sessions, document, verdict=verdict, binding=binding, refusal=refusal)
        assert words in (await seller.get(f"{draft}/giay-to")).text, verdict
        assert words in (await seller.get(f"{draft}/giay-to/{document}")).text, verdict


async def test_a_script_asks_for_the_list_alone(seller: Browser, draft: str, tmp_path: Path) -> None:
    await upload(seller, draft, tmp_path, "dieu-le.pdf", pdf())
    part = await seller.http.get(f"{draft}/giay-to", headers={"hx-request": "true"})
    assert part.text.lstrip().startswith('<div id="danh-sach"')
    assert "<html" not in part.text
    assert "dieu-le.pdf" in part.text


async def test_a_file_of_another_kind_is_refused_beside_its_place(seller: Browser, draft: str, tmp_path: Path) -> None:
    page = await upload(seller, draft, tmp_path, "dieu-le.exe", b"MZ")
    assert page.status == 422
    assert "phải là PDF" in page.text
    assert 'href="#tep-charter-0"' in page.text


async def test_no_file_and_an_empty_file_are_refused(seller: Browser, draft: str, tmp_path: Path) -> None:
    page = await seller.get(f"{draft}/giay-to")
    nothing = await seller.http.post(
        page.form("giay-to=charter&").action,
        files={"csrf": (None, page.form("giay-to=charter&").fields["csrf"][0]), "tep": ("", b"")},
        headers={"origin": "http://127.0.0.1:8000"},
    )
    assert nothing.status_code == 422
    assert "Hãy chọn một tệp" in nothing.text
    empty = await upload(seller, draft, tmp_path, "rong.pdf", b"")
    assert empty.status == 422


async def test_a_file_above_the_limit_gets_a_page_that_says_so_and_leaves_nothing(
    seller: Browser, draft: str, tmp_path: Path, settings: Settings
) -> None:
    page = await upload(seller, draft, tmp_path, "to.pdf", b"%PDF-1.7\n" + b"0" * 26_500_000)
    assert page.status == 413
    assert "lớn hơn 25 MB" in page.text
    left = [path for path in settings.var.rglob("*") if path.is_file() and path.stat().st_size > 1_000_000]
    assert not left


async def test_the_name_of_a_file_is_shown_and_never_obeyed(seller: Browser, draft: str) -> None:
    page = await seller.get(f"{draft}/giay-to")
    form = page.form("giay-to=charter&")
    body = (
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + form.fields["csrf"][0].encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="tep"; filename="../../etc/\x01<b>bad</b>.pdf"\r\n\r\n'
        + pdf()
        + b"\r\n--x--\r\n"
    )
    headers = {"origin": "http://127.0.0.1:8000", "content-type": "multipart/form-data; boundary=x"}
    answer = await seller.http.post(form.action, content=body, headers=headers)
    assert answer.status_code == 200
    assert "b&gt;.pdf" in answer.text
    assert "../" not in answer.text
    assert "\x01" not in answer.text


async def test_an_upload_that_breaks_off_is_not_stored(seller: Browser, draft: str) -> None:
    page = await seller.get(f"{draft}/giay-to")
    form = page.form("giay-to=charter&")
    body = (
        b'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n' + form.fields["csrf"][0].encode() + b"\r\n"
        b'--x\r\nContent-Disposition: form-data; name="tep"; filename="a.pdf"\r\n\r\n%PDF-1.7'
    )
    headers = {"origin": "http://127.0.0.1:8000", "content-type": "multipart/form-data; boundary=x"}
    answer = await seller.http.post(form.action, content=body, headers=headers)
    assert answer.status_code == 422
    assert "chưa đến trọn vẹn" in answer.text


async def test_an_upload_without_token_or_into_a_foreign_dossier_is_refused(
    seller: Browser, retailer: Browser, draft: str
) -> None:
    home = {"origin": "http://127.0.0.1:8000"}
    address = f"{draft}/giay-to?giay-to=charter&vi-tri=0"
    forged = await seller.http.post(address, files={"csrf": (None, "x"), "tep": ("a.pdf", pdf())}, headers=home)
    assert forged.status_code == 403
    start = await retailer.get("/ho-so/moi/promotion-lottery-registration")
    token = start.form("/ho-so/moi/").fields["csrf"][0]
    foreign = await retailer.http.post(address, files={"csrf": (None, token), "tep": ("a.pdf", pdf())}, headers=home)
    assert foreign.status_code == 404


async def test_a_file_can_be_taken_out_again(seller: Browser, draft: str, tmp_path: Path) -> None:
    page = await upload(seller, draft, tmp_path, "dieu-le.pdf", pdf())
    after = await seller.send(page, page.form("/go"))
    assert "dieu-le.pdf" not in after.text
