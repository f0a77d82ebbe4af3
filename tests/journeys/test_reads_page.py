"""“Ai đã xem dữ liệu của tôi” in a browser: it checks every line itself, once loaded without a network, and says what fails."""

import pytest
from playwright.async_api import expect
from sqlalchemy import text

from app.demo.personas import DIRECT_SELLER, RETAILER
from tests import portal, read_log
from tests.journeys.conftest import Portal, Visit, faults

PAGE = "/du-lieu-cua-toi"


@pytest.fixture(scope="module")
async def logged(served: Portal) -> None:
    """Readings of the seller's data, single and in a list."""
    await read_log.an_agreement(served.sessions)
    await read_log.read(served.sessions, DIRECT_SELLER)
    await read_log.read(served.sessions, None, subjects=[(RETAILER, "GP-1"), (DIRECT_SELLER, "GP-2"), (DIRECT_SELLER, "GP-3")])
    await read_log.sealed(served.sessions, served.settings)


async def test_every_line_is_checked_and_again_without_a_network(visit: Visit, logged: None) -> None:
    await visit.sign_in(portal.SELLER)
    page = await visit.open(PAGE)

    await expect(page.locator("[data-status=good], [data-status=unsigned]")).to_be_visible()
    await expect(page.locator("[data-mark=good]")).to_have_count(2)
    await visit.context.set_offline(True)
    await page.evaluate("document.querySelectorAll('[data-mark]').forEach(mark => { mark.dataset.mark = '' })")
    await page.get_by_role("button", name="Kiểm tra lại, không cần mạng").click()
    await expect(page.locator("[data-mark=good]")).to_have_count(2)


async def test_the_log_may_grow_between_visits_and_nothing_else(visit: Visit, logged: None, owner) -> None:
    await visit.sign_in(portal.SELLER)
    page = await visit.open(PAGE)
    await expect(page.locator("[data-status=good], [data-status=unsigned]")).to_be_visible()
    for _ in range(5):
        await read_log.read(visit.portal.sessions, RETAILER)
    await read_log.sealed(visit.portal.sessions, visit.portal.settings)
    await page.reload()
    await expect(page.locator("[data-status=good], [data-status=unsigned]")).to_be_visible()

    kept = "JSON.parse(localStorage.getItem('motcua-log-access'))"
    other = "x => ({...x, checkpoint: x.checkpoint.replace(/\\n[A-Za-z0-9+/]{43}=\\n/, '\\n' + 'A'.repeat(43) + '=\\n')})"
    await page.evaluate(f"localStorage.setItem('motcua-log-access', JSON.stringify(({other})({kept})))")
    await page.reload()
    await expect(page.locator("[data-status=fork]")).to_contain_text("CẢNH BÁO")
    await expect(page.locator("[data-mark=bad]")).to_have_count(2)


async def test_a_line_that_says_something_else_than_the_log_is_marked(visit: Visit, logged: None, owner) -> None:
    await owner.execute(text("UPDATE access_event SET case_ref = 'HS-9' WHERE subject_ref = :mine"), {"mine": DIRECT_SELLER})
    await owner.commit()
    await visit.sign_in(portal.SELLER)
    page = await visit.open(PAGE)

    await expect(page.locator("[data-mark=bad]")).to_have_count(1)
    await expect(page.locator("[data-mark=bad]")).to_contain_text("KHÔNG KHỚP")
    await owner.execute(text("UPDATE access_event SET case_ref = 'HS-1' WHERE subject_ref = :mine"), {"mine": DIRECT_SELLER})
    await owner.commit()


async def test_the_pages_have_no_fault(looked_at: Visit, logged: None) -> None:
    await looked_at.sign_in(portal.SELLER)
    page = await looked_at.open(PAGE)
    await expect(page.locator("[data-mark=good]")).to_have_count(2)
    await page.get_by_text("Cách tự kiểm tra").click()
    wrong = await faults(page, "who-read")
    await page.get_by_role("link", name="Hỏi lại / phản ánh").first.click()
    await page.get_by_role("button", name="Gửi").click()
    wrong += await faults(page, "ask-read")
    await page.get_by_label("Phản ánh: việc đọc này không đúng").check()
    await page.get_by_label("Nội dung").fill("Vụ việc này không liên quan đến chúng tôi.")
    await page.get_by_role("button", name="Gửi").click()
    await expect(page.get_by_text("Hạn trả lời")).to_be_visible()
    wrong += await faults(page, "who-read-asked")
    await looked_at.sign_in("qt-1")
    await page.goto(f"{looked_at.portal.url}/quan-tri/hoi-lai")
    wrong += await faults(page, "read-questions")

    assert not wrong


async def test_without_scripts_the_page_says_how_to_check(plain: Visit, logged: None) -> None:
    await plain.sign_in(portal.SELLER)
    page = await plain.open(PAGE)

    await expect(page.get_by_text("hãy tải bằng chứng và kiểm tra bằng chương trình độc lập")).to_be_visible()
    await expect(page.get_by_role("button", name="Kiểm tra lại")).to_have_count(0)
    await expect(page.get_by_role("link", name="Tải bằng chứng")).to_be_visible()
