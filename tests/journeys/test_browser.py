"""One licence from sign-in to shared data in Chromium, without scripts and under the portal's own policy, by everyone concerned.

The portal, its worker and the outside world run as an operator runs them. At each station the page is looked at a second time,
with scripts: whatever the browser complains of fails the test, and so does whatever axe finds at either width.
"""

import asyncio
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import psycopg
import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, expect
from psycopg import sql

from app.core import embedded
from app.core.settings import Settings
from app.demo import agreeing, consumer, papers, pki, world
from app.demo.personas import DIRECT_SELLER
from tests.conftest import SERVER
from tests.demo.conftest import KEYS
from tests.journeys.conftest import PATIENCE, faults
from tests.journeys.test_pages import fill
from tests.portal import LICENCE, SELLER, demo_answers

STARTS_IN_SECONDS = 300
WAITS_SECONDS = 120
REFUSED = "the server responded with a status of 4"
"""What Chromium writes when a page was answered 4xx: an answer we mean to give."""

pytestmark = pytest.mark.browser


@dataclass(frozen=True)
class Instance:
    """A running portal of its own."""

    url: str
    settings: Settings


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    """Portal, worker and outside world under their supervisor, on a database of their own."""
    name, var = f"journey_{os.getpid()}_{secrets.token_hex(3)}", tmp_path_factory.mktemp("instance")
    app_url, owner_url = embedded.addresses(SERVER, database=name)
    portal, outside, mail = _free_ports(3)
    settings = Settings(var=var, public_url=f"http://127.0.0.1:{portal}", demo_url=f"http://127.0.0.1:{outside}", smtp_port=mail)
    pki.make_keys(KEYS)
    shutil.copytree(KEYS, var / "demo" / "pki")
    world.prepare(settings)
    papers.make_files(settings, (DIRECT_SELLER,))
    told = {"MOTCUA_VAR": str(var), "MOTCUA_PUBLIC_URL": settings.public_url, "MOTCUA_DEMO_URL": settings.demo_url}
    told |= {"MOTCUA_SMTP_PORT": str(mail), "DATABASE_URL": app_url, "MIGRATION_DATABASE_URL": owner_url}
    with (var / "log").open("w") as log:
        command = [sys.executable, "-m", "app", "demo", "run"]
        supervisor = subprocess.Popen(command, env=os.environ | told, stdout=log, stderr=subprocess.STDOUT)
    try:
        _until_ready(f"{settings.public_url}/dang-nhap", supervisor, var / "log")
        yield Instance(settings.public_url, settings)
    finally:
        supervisor.send_signal(signal.SIGINT)
        supervisor.wait(30)
        with psycopg.connect(embedded.ensure(SERVER), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        bound = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [each.getsockname()[1] for each in bound]


def _until_ready(url: str, supervisor: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until one gets as far as the identity provider's page: then the portal, its database and the world outside are up."""
    ends = time.monotonic() + STARTS_IN_SECONDS
    while supervisor.poll() is None and time.monotonic() < ends:
        try:
            if httpx.get(url, timeout=10, follow_redirects=True).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.5)
    pytest.fail(f"the portal does not start:\n{log.read_text()[-3000:]}")


@dataclass
class Person:
    """One person at the portal: the window they work in, without scripts; and who looks over their shoulder, with scripts."""

    subject: str
    at: Page
    scripted: Page
    wrong: list[str]

    async def press(self, name: str) -> None:
        """Press a button of the page's main part and wait for the answer."""
        async with self.at.expect_navigation():
            await self.at.get_by_role("main").get_by_role("button", name=name, exact=True).first.click()

    async def look(self, name: str, path: str = "") -> None:
        """Open the page at hand (or `path`) with scripts under the policy, and let axe look at it there."""
        address = self.at.url if not path else "/".join(self.at.url.split("/")[:3]) + path
        for cookie in await self.at.context.cookies(address):
            await self.scripted.context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": address}])
        await self.scripted.goto(address)
        self.wrong += await faults(self.scripted, name)


@dataclass
class Cast:
    """Everyone who has a part, each with browser windows of their own; and all that was wrong with any page."""

    instance: Instance
    browser: Browser
    wrong: list[str] = field(default_factory=list)
    people: dict[str, Person] = field(default_factory=dict)

    async def be(self, subject: str) -> Person:
        """A person, signed in at the identity provider as they would."""
        if subject not in self.people:
            person = self.people[subject] = await self.anyone(subject)
            await person.at.goto(f"{self.instance.url}/dang-nhap")
            await person.at.locator(f"button[value='{subject}']").click()
            await expect(person.at).to_have_url(f"{self.instance.url}/")
        return self.people[subject]

    async def anyone(self, subject: str = "") -> Person:
        """Someone not signed in."""
        plain, scripted = await self._window(java_script_enabled=False), await self._window()
        return Person(subject, await plain.new_page(), await scripted.new_page(), self.wrong)

    async def _window(self, **given: bool) -> BrowserContext:
        size = {"width": 1280, "height": 900}
        context = await self.browser.new_context(viewport=size, locale="vi-VN", **given)  # type: ignore[arg-type]
        context.set_default_timeout(PATIENCE)
        context.on("console", self._heard)
        context.on("weberror", lambda error: self.wrong.append(str(error.error)))
        return context

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and REFUSED not in message.text:
            self.wrong.append(f"console: {message.text}")

    async def leave(self) -> None:
        """Close every window."""
        for context in self.browser.contexts:
            await context.close()


@pytest.fixture
async def cast(instance: Instance, chromium: Browser) -> AsyncIterator[Cast]:
    """Nobody yet."""
    made = Cast(instance, chromium)
    yield made
    await made.leave()


async def until(page: Page, ready: Callable[[Page], Awaitable[bool]]) -> None:
    """Reload, as someone without scripts would, until `ready(page)` holds."""
    ends = time.monotonic() + WAITS_SECONDS
    while not await ready(page):
        assert time.monotonic() < ends, await page.locator("main").inner_text()
        await asyncio.sleep(0.4)
        await page.reload()


def says(text: str) -> Callable[[Page], Awaitable[bool]]:
    """Whether the main part of a page holds `text`."""

    async def look(page: Page) -> bool:
        return text in await page.locator("main").inner_text()

    return look


def no_longer_says(text: str) -> Callable[[Page], Awaitable[bool]]:
    """Whether `text` is gone from the main part of a page."""

    async def look(page: Page) -> bool:
        return not await says(text)(page)

    return look


async def test_a_licence_goes_the_whole_way_without_scripts(cast: Cast) -> None:
    business = await cast.be(SELLER)
    dossier = await file_a_dossier(business, cast.instance.settings)
    await be_received(cast, dossier)
    await be_found_valid(cast, dossier)
    await pay(business, dossier)
    await be_decided(cast, dossier)
    number = await take_the_result(business, dossier)
    await verify(cast, number)
    await share(cast, number)
    assert not cast.wrong


async def file_a_dossier(business: Person, settings: Settings) -> str:
    """Search, fill, upload, submit; the answer is the dossier's id."""
    page = business.at
    await page.goto(page.url + "thu-tuc?q=ban+hang+da+cap")
    await page.locator(f"main a[href='/thu-tuc/{LICENCE}']").first.click()
    await page.locator(f"main a[href*='/ho-so/moi/{LICENCE}']").first.click()
    await page.locator("main form button").last.click()
    here = page.url
    await page.locator(".govuk-task-list__link").first.click()
    while "/to-khai/" in page.url:
        await fill(page, demo_answers(LICENCE))
        await business.press("Lưu và tiếp tục")
    await page.goto(f"{here}/giay-to")
    await hand_in(page, settings)
    await until(page, no_longer_says("Đang kiểm tra"))
    await page.goto(f"{here}/kiem-tra")
    await business.press("Nộp hồ sơ")
    await expect(page.locator("#ma-ho-so")).not_to_be_empty()
    await business.look("way-submitted")
    return here.rpartition("/")[2]


async def hand_in(page: Page, settings: Settings) -> None:
    """Every file the procedure asks for, from the ready-made ones."""
    waiting = page.locator("main form:has(input[type=file])")
    while await waiting.count():
        asked = parse_qs(urlsplit(await waiting.first.get_attribute("action") or "").query)
        paper, place = asked["giay-to"][0], int(asked.get("vi-tri", ["0"])[0])
        folder = papers.file_of(settings, DIRECT_SELLER, LICENCE, paper, place, "pdf").parent
        await waiting.first.locator("input[type=file]").set_input_files(next(folder.glob(f"{paper}-{place + 1}.*")))
        async with page.expect_navigation():
            await waiting.first.get_by_role("button").last.click()


async def open_case(cast: Cast, subject: str, dossier: str) -> Person:
    """An official finds the dossier in their list and opens it."""
    person = await cast.be(subject)
    await person.at.goto(f"{cast.instance.url}/can-bo")
    await person.at.locator(f"main a[href='/can-bo/ho-so/{dossier}']").click()
    return person


async def act(cast: Cast, subject: str, dossier: str, button: str) -> Person:
    """An official opens the dossier, is looked at, and does what the page offers first."""
    person = await open_case(cast, subject, dossier)
    await person.press(button)
    await expect(person.at.locator(".govuk-notification-banner--success")).to_be_visible()
    return person


async def be_received(cast: Cast, dossier: str) -> None:
    """The desk looks at the list, a report, the supplement it might ask for; and receives."""
    desk = await open_case(cast, "mc-1", dossier)
    await desk.look("worklist-desk", "/can-bo")
    await desk.look("case-desk")
    await desk.look("supplement-ask", f"/can-bo/ho-so/{dossier}/yeu-cau-bo-sung")
    await desk.at.get_by_role("link", name="Báo cáo").first.click()
    await desk.look("report")
    await desk.at.goto(f"{cast.instance.url}/can-bo/ho-so/{dossier}/yeu-cau-bo-sung")
    await desk.press("Gửi yêu cầu bổ sung")
    await expect(desk.at.locator(".govuk-error-summary")).to_be_visible()
    await act(cast, "mc-1", dossier, "Tiếp nhận hồ sơ")


async def be_found_valid(cast: Cast, dossier: str) -> None:
    """Leader, officer, head of division and leader again, until the business is asked to pay."""
    leader = await open_case(cast, "lc-918", dossier)
    await leader.look("case-leader-assign")
    await leader.at.get_by_label("Chuyên viên thụ lý").select_option(label="Nguyễn Văn Thử")
    await leader.press("Phân công")
    officer = await open_case(cast, "cv-918-1", dossier)
    await officer.look("case-officer-en", f"/can-bo/ho-so/{dossier}?lang=en")
    for subject in ("cv-918-1", "lp-918", "lc-918"):
        await act(cast, subject, dossier, "Hoàn thành bước này")


async def pay(business: Person, dossier: str) -> None:
    """To the gateway and back under the policy for forms; then until the gateway's own notice has come."""
    page = business.at
    portal = "/".join(page.url.split("/")[:3])
    await page.goto(f"{portal}/ho-so/{dossier}/thanh-toan")
    await page.locator("main form button").first.click()
    await page.locator("button[value=pay]").click()
    await expect(page).to_have_url(re.compile(re.escape(portal)))
    await business.look("way-paid")
    await page.goto(f"{portal}/ho-so/{dossier}")
    await until(page, no_longer_says("Chờ nộp phí"))


async def be_decided(cast: Cast, dossier: str) -> None:
    """Appraised, reviewed, decided and signed, sealed."""
    officer = await open_case(cast, "cv-918-1", dossier)
    await officer.look("case-officer-draft")
    await officer.at.get_by_label("Chấp thuận", exact=True).check()
    await officer.at.get_by_label("Kết quả thẩm định, lý do").fill("Hồ sơ đáp ứng đủ điều kiện.")
    await officer.press("Trình lãnh đạo phòng")
    for subject in ("lp-918", "lc-918"):
        await act(cast, subject, dossier, "Hoàn thành bước này")
    leader = await open_case(cast, "lc-918", dossier)
    await leader.look("case-leader-decide")
    await leader.press("Quyết định và ký")
    clerk = await cast.be("vt-918")
    await clerk.at.goto(f"{cast.instance.url}/can-bo/ho-so/{dossier}")
    await until(clerk.at, says("Đóng dấu và phát hành"))
    await clerk.look("case-clerk")
    await clerk.press("Đóng dấu và phát hành")


async def take_the_result(business: Person, dossier: str) -> str:
    """The business downloads its licence; the answer is the licence's number."""
    page = business.at
    await page.goto("/".join(page.url.split("/")[:3]) + f"/ho-so/{dossier}")
    await until(page, says("Đã có kết quả"))
    await business.look("way-result")
    paper = page.locator(".mc-results > li", has_text="GCN-CTQG")
    async with page.expect_download() as coming:
        await paper.get_by_role("link").click()
    assert (await (await coming.value).path()).read_bytes().startswith(b"%PDF-")
    number = (await paper.locator(".mc-meta").inner_text()).removeprefix("Số ").partition(" ·")[0]
    return number.strip()


async def verify(cast: Cast, number: str) -> None:
    """Anyone checks the licence by its number."""
    guest = await cast.anyone()
    await guest.at.goto(f"{cast.instance.url}/xac-thuc")
    await guest.at.locator("main form input[type=text], main form input[type=search]").first.fill(number)
    await guest.at.locator("main form button").first.click()
    await expect(guest.at.locator("main")).to_contain_text("Bán hàng Đa cấp Giả Định")
    await guest.look("way-verified")


async def share(cast: Cast, number: str) -> None:
    """Another agency reads the licence, and its holder sees who read what and why."""
    settings = cast.instance.settings
    async with httpx.AsyncClient(base_url=cast.instance.url, timeout=30) as http:
        agency = consumer.Consumer(http, cast.instance.url, consumer.CLIENT, settings.var / "demo" / "clients")
        told = {"agreement": agreeing.AGREEMENT, "purpose": agreeing.PURPOSE, "case_ref": "KT-2026-TRINH-DUYET"}
        read = await agency.get(f"/api/sharing/v1/licences/{number}", scope="licences.read", **told)
    assert read.status_code == 200
    business = await cast.be(SELLER)
    await business.at.goto(f"{cast.instance.url}/du-lieu-cua-toi")
    await expect(business.at.locator("main")).to_contain_text("KT-2026-TRINH-DUYET")
    await business.look("way-reads")


async def test_administrators_pages_and_refusals_have_no_fault(cast: Cast) -> None:
    pages = {
        "": "admin",
        "/tai-khoan": "admin-accounts",
        "/tin-cay": "admin-trust",
        "/tin-cay/them": "admin-trust-add",
        "/tin-cay/dich-vu?ten=MAU-CA+SHA-256+(DEMO)": "admin-trust-service",
        "/lich": "admin-calendar",
        "/chia-se": "admin-sharing",
    }
    administrator = await cast.be("qt-1")
    for end, name in (pages | {f"/thu-tuc/{LICENCE}": "admin-procedure"}).items():
        await administrator.look(name, f"/quan-tri{end}")
        if name == "admin-trust-service":
            await preview(administrator)
    await administrator.look("admin-forbidden", "/can-bo")
    controller = await cast.be("qt-2")
    await controller.look("worklist-all", "/can-bo?hang=all")
    await controller.look("worklist-none", "/can-bo?tim=khong+co&lang=en")
    guest = await cast.anyone()
    await guest.at.goto(f"{cast.instance.url}/dang-nhap/tra-ve?error=access_denied&state=x")
    await expect(guest.at.locator("h1")).to_be_visible()
    await guest.look("sign-in-refused")
    await guest.look("admin-missing", "/can-bo/ho-so/khong-co")
    assert not cast.wrong


async def preview(administrator: Person) -> None:
    """What another address of revocation lists would change; nobody proposes it."""
    page = administrator.scripted
    await page.fill('[name="crl"]', f"http://crl.example.vn/{'a' * 120}.crl")
    async with page.expect_navigation():
        await page.locator('form[action$="/dia-chi"] button').click()
    await expect(page.locator("main")).to_contain_text("Chưa có gì được lưu")
    administrator.wrong += await faults(page, "admin-trust-preview")


async def test_an_administrator_asks_and_another_confirms_without_scripts(cast: Cast) -> None:
    first, second = await cast.be("qt-1"), await cast.be("qt-2")
    for person in (first, second):
        await person.at.goto(f"{cast.instance.url}/quan-tri/tai-khoan")
    await first.at.get_by_label("Người").select_option(label="Mai Thị Thử")
    await first.at.get_by_label("Vai trò").select_option(label="Thanh tra, kiểm tra")
    await first.at.get_by_label("Đơn vị").select_option("G02.914")
    await first.press("Gửi đề nghị")
    await first.press("Xác nhận")
    await expect(first.at.locator(".govuk-error-summary")).to_be_visible()
    await second.at.reload()
    await second.look("admin-accounts-waiting")
    await second.press("Xác nhận")
    await expect(second.at.locator("tbody")).to_contain_text("Thanh tra, kiểm tra")
    assert not cast.wrong
