"""The pages that speak of signatures: no axe violation, nothing wider than the window, nothing that needs scripts."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import select, update

import signing
from app.core.db import transaction
from app.documents.models import Document
from app.documents.rules import own_signature, refusal_of
from app.dossiers.models import Dossier
from app.issued.models import IssuedDocument
from app.issued.rules import State, Way
from signing import Policy
from signing.model import Report
from tests.journeys.conftest import Portal, Visit, faults
from tests.journeys.test_pages import file_of, start, upload
from tests.make import pdf
from tests.pki import BUSINESS, NOW, Pki, build
from tests.web.test_official import Office, reviewed


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
async def reports(pki: Pki) -> dict[str, Report]:
    """What the engine really says of a few files."""
    good = Policy(at=NOW, trust=pki.trust, evidence=pki.evidence())
    signed = await signing.sign_paper(pdf(), pki.signer("biz"), tsa=pki.tsa())
    revoked = await signing.sign_paper(pdf(), pki.signer("bizrev"))
    return {
        "good": signing.check(signed, good),
        "revoked": signing.check(revoked, good),
        "unknown": signing.check(signed, Policy(at=NOW, trust=pki.trust)),
    }


async def found(portal: Portal, document_id: UUID, made: Report) -> None:
    told = {"verdict": made.verdict, "binding": own_signature(made, BUSINESS), "refusal": refusal_of(made)}
    told |= {"state": "checked", "report": made.to_json(), "checked_at": datetime.now(UTC)}
    async with transaction(portal.sessions) as session:
        await session.execute(update(Document).where(Document.id == document_id).values(**told))


async def test_the_page_of_a_check_has_no_fault_for_its_owner_and_for_the_official(
    looked_at: Visit, reports: dict[str, Report], tmp_path: Path
) -> None:
    draft = await start(looked_at)
    page = await looked_at.open(f"{draft}/giay-to")
    await upload(page, tmp_path, "charter", "Điều lệ tổ chức và hoạt động của công ty, bản cuối.pdf", pdf())
    file = await file_of(looked_at.portal, draft)
    wrong: list[str] = []
    for name, made in reports.items():
        await found(looked_at.portal, file, made)
        await page.goto(f"{draft}/giay-to/{file}")
        await expect(page.locator("h1")).to_be_visible()
        wrong += await faults(page, f"check-{name}")
    async with transaction(looked_at.portal.sessions) as session:
        values = {"state": "submitted", "reference": f"{file}"[-8:].upper(), "submitted_at": datetime.now(UTC)}
        await session.execute(update(Dossier).where(Dossier.id == UUID(draft.rpartition("/")[2])).values(**values))
    await page.goto(draft)
    wrong += await faults(page, "progress-with-files")
    await looked_at.sign_in("mc-1")
    await found(looked_at.portal, file, reports["good"])
    await page.goto(f"{looked_at.portal.url}/can-bo/ho-so/{draft.rpartition('/')[2]}/giay-to/{file}")
    await expect(page.locator("h1")).to_be_visible()
    wrong += await faults(page, "report")
    assert not wrong


async def checked(page: Page, folder: Path, content: bytes, tax_code: str = "") -> None:
    path = folder / "hop-dong.pdf"
    path.write_bytes(content)
    await page.locator("input[type=file]").set_input_files(path)
    await page.fill('[name="ma_so_thue"]', tax_code)
    async with page.expect_navigation():
        await page.get_by_role("button", name="Kiểm tra", exact=True).click()


async def test_the_public_check_has_no_fault_in_any_state(looked_at: Visit, pki: Pki, tmp_path: Path) -> None:
    page = await looked_at.open("/kiem-tra-chu-ky")
    wrong = await faults(page, "public-check")
    await checked(page, tmp_path, b"no pdf at all")
    wrong += await faults(page, "public-check-error")
    await checked(page, tmp_path, await signing.sign_paper(pdf(), pki.signer("biz")), BUSINESS)
    await expect(page.locator(".mc-verdict")).to_contain_text("KHÔNG XÁC ĐỊNH")
    wrong += await faults(page, "public-check-done")
    assert not wrong


async def test_anyone_checks_a_file_without_scripts(plain: Visit, pki: Pki, tmp_path: Path) -> None:
    page = await plain.open("/kiem-tra-chu-ky")
    await checked(page, tmp_path, pdf(), BUSINESS)
    await expect(page.locator(".mc-verdict")).to_contain_text("CHƯA KÝ SỐ")


async def test_the_signing_queue_has_no_fault_and_works_without_scripts(looked_at: Visit, plain: Visit) -> None:
    portal = looked_at.portal
    office = Office(None, portal.sessions, portal.settings)  # type: ignore[arg-type]  # only `have` is used
    await office.have(reviewed)
    await office.have(reviewed)
    await looked_at.sign_in("lc-918")
    page = await looked_at.open("/can-bo/ky-so")
    wrong = await faults(page, "signing-queue")
    await page.get_by_role("button", name="Ký các kết quả đã chọn").click()
    await expect(page.locator(".govuk-error-summary")).to_be_visible()
    wrong += await faults(page, "signing-queue-error")
    await plain.sign_in("lc-918")
    page = await plain.open("/can-bo/ky-so")
    for box in await page.locator('input[name="chon"]').all():
        await box.check()
    await page.get_by_role("button", name="Ký các kết quả đã chọn").click()
    await expect(page.locator("h1")).to_have_text("Ký 2 kết quả?")
    twin = await looked_at.open("/can-bo/ky-so")
    for box in await twin.locator('input[name="chon"]').all():
        await box.check()
    await twin.get_by_role("button", name="Ký các kết quả đã chọn").click()
    wrong += await faults(twin, "signing-confirm")
    await page.get_by_role("button", name="Xác nhận và ký").click()
    await expect(page.locator(".govuk-notification-banner--success")).to_contain_text("Đã quyết định 2 hồ sơ")
    await twin.get_by_role("button", name="Xác nhận và ký").click()
    await expect(twin.locator("main")).to_contain_text("không ký lần thứ hai")
    wrong += await faults(twin, "signing-done")
    await wait_for_their_signer(portal)
    await twin.goto(f"{portal.url}/can-bo/ky-so")
    await expect(twin.get_by_role("button", name="Gửi tệp đã ký")).to_be_visible()
    wrong += await faults(twin, "signing-waits")
    assert not wrong


async def wait_for_their_signer(portal: Portal) -> None:
    """One result waits for an approval, the other for a file signed elsewhere; the jobs that print them are played."""
    async with transaction(portal.sessions) as session:
        wanted = select(IssuedDocument).where(IssuedDocument.personal_signer.is_not(None)).order_by(IssuedDocument.asked_at)
        for document, way in zip((await session.scalars(wanted)).all(), (Way.APPROVAL, Way.UPLOAD), strict=True):
            document.state, document.way, document.error = State.WAITING, way, "wrong-pin"
            document.prepared_key = document.id
