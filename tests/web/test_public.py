"""Pages for everyone."""

from app.demo.browsing import Browser
from tests.portal import LICENCE


async def test_search_ignores_accents(guest: Browser) -> None:
    found = await guest.get("/thu-tuc?q=ban hang da cap")
    assert found.status == 200
    assert f"/thu-tuc/{LICENCE}" in found.text
    nothing = await guest.get("/thu-tuc?q=khong co gi nhu the")
    assert LICENCE not in nothing.text
    assert "0 thủ tục" in nothing.text


async def test_a_procedure_page_says_who_how_long_how_much_which_papers_and_when_the_answer_is_due(guest: Browser) -> None:
    page = await guest.get(f"/thu-tuc/{LICENCE}")
    assert page.status == 200
    for words in (
        "5.000.000 đồng",
        "15 ngày làm việc",
        "Ai thực hiện",
        "Giấy tờ phải nộp",
        "Căn cứ pháp lý",
        "chậm nhất ngày",
        "chờ xác nhận",
    ):
        assert words in page.text, words


async def test_the_same_address_speaks_english_after_one_click(guest: Browser) -> None:
    english = await guest.get(f"/thu-tuc/{LICENCE}?lang=en")
    assert '<html lang="en">' in english.text
    assert "Papers to file" in english.text
    again = await guest.get("/")
    assert "Find a procedure" in again.text


async def test_an_unknown_procedure_is_a_friendly_404(guest: Browser) -> None:
    page = await guest.get("/thu-tuc/khong-co")
    assert page.status == 404
    assert "Không tìm thấy" in page.text


async def test_tracking_with_a_wrong_key_says_what_to_do_and_nothing_else(guest: Browser) -> None:
    page = await guest.get("/tra-cuu")
    answer = await guest.send(page, page.form("/tra-cuu"), {"ma": "7K3M-Q8RT-2NVX", "khoa": "sai"})
    assert answer.status == 404
    assert "Hãy kiểm tra lại" in answer.text


async def test_an_unknown_number_is_not_verified(guest: Browser) -> None:
    for address in ("/xac-thuc?so=07/2026/GCN-UBCT", "/xac-thuc/khong-co-khoa-nay"):
        page = await guest.get(address)
        assert page.status == 404
        assert "Hãy kiểm tra lại số" in page.text


async def test_an_address_with_hidden_characters_leads_nowhere(guest: Browser) -> None:
    for address in ("/xac-thuc?so=%00", "/thu-tuc?q=a%E2%80%AEb", "/thu-tuc/%00", "/xac-thuc/%00"):
        assert (await guest.get(address)).status == 404


async def test_every_page_carries_the_strict_policy_and_no_inline_script_or_style(guest: Browser) -> None:
    for address in (
        "/",
        "/thu-tuc",
        f"/thu-tuc/{LICENCE}",
        "/tra-cuu",
        "/xac-thuc",
        "/khong-co",
        "/tro-giup",
        "/bao-ve-du-lieu",
        "/kha-nang-tiep-can",
    ):
        page = await guest.get(address)
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "form-action 'self' http://127.0.0.1:8001" in policy
        assert page.headers["x-content-type-options"] == "nosniff"
        assert "<style" not in page.text
        assert " style=" not in page.text
        assert " onclick" not in page.text
        assert page.text.count("<script") == page.text.count('<script type="module" src="/static/') + page.text.count(
            '<script defer src="/static/'
        )


async def test_served_files_are_kept_for_ever_and_compressed(guest: Browser) -> None:
    from app.web import assets

    answer = await guest.http.get(assets.url("app.css"), headers={"accept-encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/css")
    assert "GDS Transport" not in answer.text


async def test_the_catalogue_is_by_sector_and_the_search_stays_from_sector_to_sector(guest: Browser) -> None:
    every = await guest.get("/thu-tuc")
    sectors = every.links("linh_vuc=")
    assert len(sectors) > 10
    assert len([link for link in every.links("/thu-tuc/") if "?" not in link]) >= 50
    chemicals = await guest.get("/thu-tuc?linh_vuc=hoa-chat&q=giay phep")
    listed = [link for link in chemicals.links("/thu-tuc/") if "?" not in link]
    assert listed
    assert all("chemical" in link or "precursor" in link for link in listed)
    assert all("q=giay" in link for link in chemicals.links("linh_vuc="))
    assert 'name="linh_vuc" value="hoa-chat"' in chemicals.text
