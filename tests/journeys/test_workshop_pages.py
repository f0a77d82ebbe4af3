"""The workshop of procedures in a browser: no axe violation, nothing wider than the window."""

from playwright.async_api import Page

from tests.journeys.conftest import Visit, faults

HOME = "/quan-tri/xuong"


async def test_the_pages_of_the_workshop_have_no_fault(looked_at: Visit) -> None:
    await looked_at.sign_in("ks-1")
    page = await looked_at.open(f"{HOME}/multi-level-selling-certificate/1")
    wrong = await faults(page, "workshop-version")
    await page.locator('form[action$="/soan"] button').click()
    draft = page.url
    await page.goto(f"{draft}/phan/documents")
    wrong += await faults(page, "workshop-papers")
    await page.locator('[name="new.id"]').fill("undertaking")
    await page.locator('[name="new.name.vi"]').fill("Bản cam kết tuân thủ pháp luật về bán hàng đa cấp")
    await page.locator('[name="new.name.en"]').fill("Undertaking")
    await page.locator('form[action$="/phan/documents"] .govuk-button-group button').first.click()
    wrong += await faults(page, "workshop-draft")
    wrong += await looked_through(page, draft)
    await page.goto(draft)
    await page.locator("textarea[name=text]").fill("procedure: a\nversion: b\n")
    await page.locator("textarea[name=text] ~ button, form:has(textarea[name=text]) button").first.click()
    wrong += await faults(page, "workshop-faulty")
    await page.goto(looked_at.portal.url + HOME)
    wrong += await faults(page, "workshop")
    assert not wrong


async def looked_through(page: Page, draft: str) -> list[str]:
    wrong: list[str] = []
    for end, name in {"xem": "workshop-preview", "trang-cong-khai": "workshop-public", "thu": "workshop-simulation"}.items():
        await page.goto(f"{draft}/{end}")
        wrong += await faults(page, name)
    return wrong
