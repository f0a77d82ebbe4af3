"""Every page of the public and of a business, and their error states: no axe violation, nothing wider than the window."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

from app.core.db import transaction
from app.documents.models import Document
from app.dossiers.models import Dossier
from tests.journeys.conftest import Portal, Visit, faults
from tests.make import pdf
from tests.portal import LICENCE, SELLER, demo_answers, judged

PUBLIC = {
    "home": "/",
    "procedures": "/thu-tuc",
    "search-without-result": "/thu-tuc?q=khong+co+gi",
    "procedure": f"/thu-tuc/{LICENCE}",
    "procedure-en": f"/thu-tuc/{LICENCE}?lang=en",
    "track": "/tra-cuu",
    "verify": "/xac-thuc",
    "verify-unknown": "/xac-thuc?so=99/2026/GCN-UBCT",
    "not-found": "/khong-co-trang-nay",
    "accessibility": "/kha-nang-tiep-can",
    "privacy": "/bao-ve-du-lieu",
    "help": "/tro-giup",
}


async def test_public_pages_have_no_fault(looked_at: Visit) -> None:
    wrong: list[str] = []
    for name, address in PUBLIC.items():
        page = await looked_at.open(address)
        wrong += await faults(page, name)
    assert not wrong


async def start(visit: Visit) -> str:
    """A new draft; its address."""
    await visit.sign_in(SELLER)
    page = await visit.open(f"/ho-so/moi/{LICENCE}")
    await page.locator("main form button").click()
    await expect(page.locator("h1")).to_contain_text("đa cấp")
    return page.url


async def fill(page: Page, values: dict[str, str]) -> None:
    """Type the demo's answers into the questions of this page."""
    for name, value in values.items():
        await fill_one(page, name, str(value))


async def fill_one(page: Page, name: str, value: str) -> None:
    if await page.locator(f'[name="{name}-day"]').count():
        year, month, day = value.split("-")
        for part, text in (("day", day), ("month", month), ("year", year)):
            await page.fill(f'[name="{name}-{part}"]', text)
    elif await page.locator(f'input[type=radio][name="{name}"], input[type=checkbox][name="{name}"]').count():
        await page.check(f'[name="{name}"][value="{value}"]')
    elif await page.locator(f'select[name="{name}"]').count():
        await page.select_option(f'select[name="{name}"]', value)
    elif await page.locator(f'[name="{name}"]').count():
        await page.fill(f'[name="{name}"]', value)


async def file_of(portal: Portal, draft: str) -> UUID:
    async with transaction(portal.sessions) as session:
        wanted = select(Document.id).where(Document.dossier_id == UUID(draft.rpartition("/")[2]), Document.removed_at.is_(None))
        return (await session.scalars(wanted.order_by(Document.uploaded_at.desc()))).first() or uuid4()


async def test_a_draft_from_start_to_check_has_no_fault_in_any_state(looked_at: Visit, tmp_path: Path) -> None:
    draft = await start(looked_at)
    wrong: list[str] = []

    page = await looked_at.open(f"/ho-so/moi/{LICENCE}")
    wrong += await faults(page, "start")
    await page.goto(draft)
    wrong += await faults(page, "tasks")
    await page.locator(".govuk-task-list__link").first.click()
    wrong += await faults(page, "form")
    await page.fill('[name="registration_office"]', "")
    await page.get_by_role("button", name="Lưu và tiếp tục").last.click()
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    wrong += await faults(page, "form-error")
    while "/to-khai/" in page.url:
        here = page.url
        await fill(page, demo_answers(LICENCE))
        if await page.get_by_role("button", name="Thêm dòng").count():
            await page.get_by_role("button", name="Thêm dòng").click()
            wrong += await faults(page, "form-rows")
        await page.get_by_role("button", name="Lưu và tiếp tục").last.click()
        assert page.url != here, await page.locator("main").inner_text()
    wrong += await faults(page, "papers-empty")
    await upload(page, tmp_path, "charter", "dieu-le-cong-ty.pdf", pdf(40_000))
    wrong += await faults(page, "papers-checking")
    await judged(looked_at.portal.sessions, await file_of(looked_at.portal, draft), verdict="VALID", binding="VALID")
    await upload(page, tmp_path, "owners", "danh-sach-co-dong.pdf", pdf(30_000))
    await judged(looked_at.portal.sessions, await file_of(looked_at.portal, draft), verdict="VALID", binding="OTHER")
    await upload(page, tmp_path, "application", "don-de-nghi.pdf", pdf(30_000))
    await judged(looked_at.portal.sessions, await file_of(looked_at.portal, draft), verdict="INDETERMINATE", binding="UNKNOWN")
    await upload(page, tmp_path, "deposit_confirmation", "ky-quy.txt", b"text")
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    wrong += await faults(page, "papers-error")
    await page.goto(f"{draft}/giay-to")
    wrong += await faults(page, "papers")
    await page.get_by_role("link", name="danh-sach-co-dong.pdf").click()
    wrong += await faults(page, "verdict")
    await page.goto(f"{draft}/kiem-tra")
    wrong += await faults(page, "check")
    await page.get_by_role("button", name="Nộp hồ sơ").click()
    wrong += await faults(page, "check-error")
    await page.goto(f"{draft}/xoa")
    wrong += await faults(page, "discard")
    assert not wrong


async def upload(page: Page, folder: Path, paper: str, name: str, content: bytes) -> None:
    path = folder / name
    path.write_bytes(content)
    place = page.locator(f"section#{paper} form").first
    await place.locator("input[type=file]").set_input_files(path)
    async with page.expect_navigation():
        await place.get_by_role("button", name="Tải lên").click()


ASKED = [
    {"kind": "field", "target": "phone", "note": "Số điện thoại không liên lạc được"},
    {"kind": "paper", "target": "charter", "note": "Thiếu trang 3"},
]
LISTS = {
    "mine": "/ho-so",
    "notices": "/thong-bao",
    "reads": "/du-lieu-cua-toi",
    "paid-forged": "/thanh-toan/tra-ve?vnp_TxnRef=1",
    "forbidden": "/can-bo",
}


@pytest.mark.parametrize(
    "state, more",
    [("submitted", {}), ("awaiting_supplement", {"open_items": ASKED}), ("awaiting_payment", {}), ("returned", {})],
    ids=["submitted", "supplement", "payment", "returned"],
)
async def test_a_dossier_under_way_has_no_fault_in_any_state(looked_at: Visit, state: str, more: dict[str, object]) -> None:
    draft = await start(looked_at)
    at = datetime.now(UTC)
    moved = {
        "state": state,
        "reference": f"{uuid4().hex[:4]}-{state}".upper(),
        "submitted_at": at,
        "due_at": at + timedelta(days=9),
    }
    async with transaction(looked_at.portal.sessions) as session:
        wanted = update(Dossier).where(Dossier.id == UUID(draft.rpartition("/")[2]))
        await session.execute(wanted.values(answer_by=at + timedelta(days=5), **moved, **more))
    addresses = {"": "progress", "/giay-to": "filed-papers", "/thanh-toan": "pay"}
    addresses |= {"/rut": "withdraw"} if state != "returned" else {}
    addresses |= {"/bo-sung": "supplement", "/to-khai/doanh-nghiep": "form-supplement"} if more else {}
    wrong: list[str] = []
    for end, name in addresses.items():
        page = await looked_at.open(draft + end)
        wrong += await faults(page, f"{name}-{state}")
    assert not wrong


async def test_lists_of_a_business_have_no_fault(looked_at: Visit) -> None:
    await start(looked_at)
    wrong: list[str] = []
    for name, address in LISTS.items():
        page = await looked_at.open(address)
        wrong += await faults(page, name)
    assert not wrong
