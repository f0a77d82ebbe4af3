"""A business at work under the real content policy: with scripts nothing is blocked, without scripts nothing is missing."""

import asyncio
from pathlib import Path

from playwright.async_api import Route, expect

from tests.journeys.conftest import Visit
from tests.journeys.test_pages import file_of, fill, start, upload
from tests.make import pdf
from tests.portal import LICENCE, demo_answers, judged


async def test_scripts_keep_within_the_policy_and_a_verdict_arrives_by_itself(visit: Visit, tmp_path: Path) -> None:
    draft = await start(visit)
    page = await visit.open(f"{draft}/giay-to")
    await upload(page, tmp_path, "charter", "dieu-le.pdf", pdf(40_000))
    await expect(page.get_by_text("Đang kiểm tra", exact=True)).to_be_visible()
    await judged(visit.portal.sessions, await file_of(visit.portal, draft), verdict="VALID", binding="VALID")
    await expect(page.locator("#charter .govuk-tag")).to_have_text("Hợp lệ", timeout=10_000)
    await expect(page.get_by_text("Đang kiểm tra", exact=True)).to_have_count(0)


async def test_who_saves_while_the_page_saves_itself_is_not_another_window(visit: Visit) -> None:
    draft = await start(visit)
    page = await visit.open(f"{draft}/to-khai/nguoi-dai-dien")
    await page.route("**/luu", late)
    async with page.expect_request("**/luu"):
        await fill(page, demo_answers(LICENCE))
        await page.locator("[name=rep_id]").blur()
    await page.locator("[name=rep_id]").fill("001099000111")
    await page.get_by_role("button", name="Lưu và tiếp tục").last.click()
    await expect(page.locator("h1")).not_to_have_text("Người đại diện theo pháp luật")


async def late(route: Route) -> None:
    """The server has saved; its answer takes its time."""
    answer = await route.fetch()
    await asyncio.sleep(0.5)
    await route.fulfill(response=answer)


async def test_the_form_is_filled_without_scripts(plain: Visit, tmp_path: Path) -> None:
    draft = await start(plain)
    page = await plain.open(draft)
    await page.locator(".govuk-task-list__link").first.click()
    while "/to-khai/" in page.url:
        here = page.url
        await fill(page, demo_answers(LICENCE))
        await page.get_by_role("button", name="Lưu và tiếp tục").last.click()
        assert page.url != here
    await upload(page, tmp_path, "charter", "dieu-le.pdf", pdf(40_000))
    await expect(page.get_by_role("link", name="Tải lại để xem kết quả kiểm tra")).to_be_visible()


async def test_the_keyboard_reaches_the_content_first_and_saves_with_enter(visit: Visit) -> None:
    draft = await start(visit)
    page = await visit.open(f"{draft}/to-khai/nguoi-dai-dien")
    await page.keyboard.press("Tab")
    await expect(page.locator(":focus")).to_have_text("Chuyển đến nội dung chính")
    await fill(page, demo_answers(LICENCE))
    await page.locator("[name=rep_id]").press("Enter")
    await expect(page.locator("h1")).not_to_have_text("Người đại diện theo pháp luật")
