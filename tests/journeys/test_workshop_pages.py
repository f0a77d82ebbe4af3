"""The workshop of procedures in a browser: no axe violation, nothing wider than the window, a preview that reacts."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from playwright.async_api import Page, expect
from sqlalchemy import update

from app.catalogue.files import plain
from app.catalogue.writing import written
from app.core.db import transaction
from app.dossiers.models import Dossier, Submission
from bench import form as large
from tests.journeys.conftest import PICTURES, Visit, faults
from tests.journeys.test_pages import start
from tests.portal import LICENCE, demo_answers

HOME = "/quan-tri/xuong"


async def test_the_pages_of_the_workshop_have_no_fault(looked_at: Visit, tmp_path: Path) -> None:
    await filed(looked_at)
    await looked_at.sign_in("ks-1")
    page = await looked_at.open(f"{HOME}/{LICENCE}/1")
    wrong = await faults(page, "workshop-version")
    await page.locator('form[action$="/soan"] button').click()
    draft = page.url
    await page.goto(f"{draft}/phan/documents")
    await page.locator('[name="new.name.vi"]').fill("Bản cam kết tuân thủ pháp luật về bán hàng đa cấp")
    await page.locator('[name="new.name.en"]').fill("Undertaking")
    wrong += await faults(page, "workshop-papers")
    await page.get_by_role("button", name="Lưu vào bản nháp").last.click()
    wrong += await faults(page, "workshop-draft")
    wrong += await looked_through(page, draft)
    await page.goto(f"{draft}/phan/process")
    await page.locator('[name="process.decide.role"]').select_option("intake_officer")
    await page.get_by_role("button", name="Lưu vào bản nháp").last.click()
    wrong += await faults(page, "workshop-steps-faulty")
    await page.goto(draft)
    wrong += await faults(page, "workshop-faulty")
    await page.goto(looked_at.portal.url + HOME)
    wrong += await faults(page, "workshop")
    if PICTURES:
        wrong += await long_form(page, tmp_path)
    assert not wrong


async def filed(visit: Visit) -> None:
    """A dossier that was filed before the draft is tried out."""
    dossier_id, at = UUID((await start(visit)).rpartition("/")[2]), datetime.now(UTC)
    told = {"answers": plain(demo_answers(LICENCE)), "answers_sha256": "", "papers": [], "filed_by": "Nguyễn Văn Ví Dụ"}
    moved = {"state": "submitted", "submitted_at": at, "reference": "9K2F-44TQ"}
    async with transaction(visit.portal.sessions) as session:
        session.add(Submission(dossier_id=dossier_id, round=0, at=at, **told))
        await session.execute(update(Dossier).where(Dossier.id == dossier_id).values(**moved))


async def looked_through(page: Page, draft: str) -> list[str]:
    wrong: list[str] = []
    for end, name in {"xem": "workshop-preview", "trang-cong-khai": "workshop-public", "thu": "workshop-simulation"}.items():
        await page.goto(f"{draft}/{end}")
        wrong += await faults(page, name)
    await expect(page.locator("main")).to_contain_text("9K2F-44TQ")
    return wrong


async def long_form(page: Page, folder: Path) -> list[str]:
    """A hundred questions and a table of fifty rows, as a business would see them."""
    definition = large.definition() | {"valid_from": "2027-01-01"}
    next(field for field in definition["fields"] if field["type"] == "rows")["min_rows"] = large.ROWS
    file = folder / "bieu-mau-dai.yaml"
    file.write_text(written(definition), "utf-8")
    await page.locator('[name="file"]').set_input_files(file)
    await page.get_by_role("button", name="Nhập thành bản nháp").click()
    await page.goto(f"{page.url}/xem")
    await expect(page.get_by_text("Dòng 50", exact=True)).to_be_visible()
    return await faults(page, "workshop-long-form")


async def test_the_preview_shows_what_an_answer_calls_for_at_once_and_rows_come_and_go(visit: Visit) -> None:
    await visit.sign_in("ks-1")
    page = await visit.open(f"{HOME}/{LICENCE}/1")
    await page.locator('form[action$="/soan"] button').click()
    await page.goto(f"{page.url}/xem")
    await page.locator('[name="foreign_capital"][value="true"]').check()
    papers = page.locator("#outcome li", has_text="phân phối bán lẻ")
    await expect(papers).not_to_contain_text("tùy câu trả lời")
    await page.get_by_role("button", name="Thêm dòng").click()
    await expect(page.locator('[name="goods.1.name"]')).to_be_visible()
    await page.get_by_role("button", name="Xóa dòng").first.click()
    await expect(page.locator('[name="goods.1.name"]')).to_have_count(0)
