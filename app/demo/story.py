"""One filing from sign-in to shared data, each step through the real doors, as people and machines would do it."""

import asyncio
import hashlib
import json
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import yaml

from app.core import clock
from app.core.settings import Settings
from app.demo import agreeing, consumer, papers
from app.demo.browsing import Browser, Page, Value, WebForm
from app.demo.people import Failed, People, expect
from app.demo.personas import PERSONAS

ANSWERS = Path(__file__).parent / "answers"
DESK = "mc-1"
PATIENCE_SECONDS = 60
"""For what a job does: signature checks, seals, the gateway's notice. The receipt alone must be there in 10 seconds."""
RECEIPT_SECONDS = 10
_ON_THE_WAY = ("TNHS", "BLP", "TBP", "PKS")
"""Numbers of receipts, fee notices and control slips: no result."""


@dataclass
class Story:
    """What one filing has come to."""

    slug: str
    settings: Settings
    people: People
    who: str
    staff: list[str]
    fee: bool
    find: str
    answers: dict[str, Value | int | date]
    dossier_id: str = ""
    reference: str = ""
    number: str = ""
    result_number: str = ""
    result: bytes = b""
    said: str = ""

    @classmethod
    def of(cls, slug: str, settings: Settings, people: People) -> "Story":
        """The story of a procedure, from the answers that its demo business gives."""
        told = yaml.safe_load((ANSWERS / f"{slug}.yaml").read_text())
        return cls(slug, settings, people, told["who"], told["staff"], told["fee"], told["find"], told["answers"])

    @property
    def here(self) -> str:
        """The dossier's address for its business."""
        return f"/ho-so/{self.dossier_id}"

    @property
    def tax_code(self) -> str:
        """The tax code of the business."""
        return PERSONAS[self.who].tax_code or ""

    async def business(self) -> Browser:
        """The business person's browser."""
        return await self.people.be(self.who)


async def arrive(story: Story) -> None:
    """1. The business signs in and finds its own page."""
    mine = await (await story.business()).get("/ho-so")
    expect(mine.status == 200 and PERSONAS[story.who].name in mine.text, "the business sees its own dossiers")


async def choose(story: Story) -> None:
    """2. It finds the procedure without accents, reads the page and starts a draft."""
    browser = await story.business()
    found = await browser.get("/thu-tuc?" + urlencode({"q": story.find}))
    links = found.links(f"/thu-tuc/{story.slug}")
    expect(links, f"a search for {story.find!r} finds the procedure")
    procedure = await browser.get(links[0])
    starts = procedure.links(f"/ho-so/moi/{story.slug}")
    expect(starts, "the procedure page has a start button")
    start = await browser.get(starts[0])
    draft = await browser.send(start, start.form("/ho-so/moi/"))
    story.dossier_id = draft.url.rstrip("/").rsplit("/", 1)[-1]
    expect(draft.status == 200 and re.fullmatch(r"[0-9a-f-]{36}", story.dossier_id), "a draft opens")


async def fill(story: Story) -> None:
    """3. It leaves one page empty, is told what is missing, then fills the form page by page."""
    browser = await story.business()
    pages = (await browser.get(story.here)).links(f"{story.here}/to-khai/")
    empty = await browser.get(pages[-1])
    refused = await browser.send(empty, empty.form("/to-khai/"))
    expect(refused.status == 422 and "govuk-error-summary" in refused.text, "an empty page says what is missing")
    for url in pages:
        shown = await browser.get(url)
        form = shown.form("/to-khai/")
        saved = await browser.send(shown, form, typed(form, story.answers))
        expect(saved.status == 200 and saved.url != shown.url, f"the page {url} is taken as typed")


def typed(form: WebForm, answers: dict[str, Value | int | date]) -> dict[str, Value]:
    """The answers that belong on this page, as a person types them: a date in its three boxes."""
    given: dict[str, Value] = {}
    for name, answer in answers.items():
        if f"{name}-day" in form.names:
            day = answer if isinstance(answer, date) else today() + timedelta(days=int(str(answer)))
            given |= {f"{name}-day": str(day.day), f"{name}-month": str(day.month), f"{name}-year": str(day.year)}
        elif name in form.names and isinstance(answer, str | list):
            given[name] = answer
    return given


def today() -> date:
    """The day in Vietnam, by the portal's clock."""
    return clock.day_in_vietnam(clock.now())


async def hand_in_papers(story: Story) -> None:
    """4. Every paper is uploaded, checked and found in order."""
    browser = await story.business()
    shown = await browser.get(f"{story.here}/giay-to")
    while waiting := [form for form in shown.forms() if form.files]:
        shown = await upload(browser, shown, waiting[0], _ready_file(story, waiting[0]))
    checked = await settle(browser, f"{story.here}/giay-to", _all_known)
    expect("Không hợp lệ" not in checked.text, "every paper is found valid")


def _all_known(page: Page) -> bool:
    """Right after a start a status may be unknown until the certificate authorities have answered; the portal asks again."""
    return "Đang kiểm tra" not in page.text and "Chưa xác định" not in page.text


async def upload(browser: Browser, shown: Page, form: WebForm, path: Path) -> Page:
    """Send one file through its form."""
    answer = await browser.send(shown, form, files=[(form.files[0], path)])
    expect(answer.status == 200, f"{path.name} is taken, not answered {answer.status}")
    return answer


def place_of(form: WebForm) -> tuple[str, int]:
    """The paper and the place among its files that an upload form is for."""
    asked = dict(parse_qsl(urlsplit(form.action).query))
    return asked["giay-to"], int(asked.get("vi-tri", "0"))


def _ready_file(story: Story, form: WebForm) -> Path:
    paper, place = place_of(form)
    folder = papers.file_of(story.settings, story.tax_code, story.slug, paper, place, "pdf").parent
    return next(folder.glob(f"{paper}-{place + 1}.*"))


async def settle(browser: Browser, url: str, ready: Callable[[Page], object], seconds: float = PATIENCE_SECONDS) -> Page:
    """Reload `url` until `ready(page)` holds; `Failed` when it never does."""
    ends = time.monotonic() + seconds
    while True:
        page = await browser.get(url)
        if ready(page):
            return page
        expect(time.monotonic() < ends, f"{url} should have changed within {seconds:.0f} s")
        await asyncio.sleep(0.3)


async def submit(story: Story) -> None:
    """5. It submits; the reference is there at once, the sealed receipt within ten seconds."""
    browser = await story.business()
    check = await browser.get(f"{story.here}/kiem-tra")
    done = await browser.send(check, check.form("/nop"))
    found = re.search(r'id="ma-ho-so"[^>]*>([^<]+)<', done.text)
    expect(done.status == 200 and found, f"the reference is shown, not {done.status}")
    story.reference = found.group(1).strip() if found else ""
    page = await settle(browser, story.here, lambda page: page.links("/van-ban/"), RECEIPT_SECONDS)
    receipt = await browser.get(page.links("/van-ban/")[0])
    expect(receipt.content.startswith(b"%PDF-"), "the receipt is a PDF")
    again = await browser.send(check, check.form("/nop"))
    expect(story.reference in again.text, "a second submit shows the same dossier")


async def be_received(story: Story) -> None:
    """6. The desk receives: number, form 01, due date."""
    desk = await story.people.be(DESK)
    queue = await desk.get("/can-bo?" + urlencode({"hang": "intake", "tim": story.reference}))
    expect(queue.links(f"/can-bo/ho-so/{story.dossier_id}"), "the dossier waits in the desk's queue")
    case = await settle(desk, f"/can-bo/ho-so/{story.dossier_id}", lambda page: "Chưa xác định" not in page.text)
    received = await desk.send(case, case.form("/tiep-nhan"))
    numbers = re.findall(r"Hồ sơ ([A-Z0-9.]+-\d{6,8}-\d{4,8})", received.text)
    expect(received.status == 200 and numbers, "the dossier has its number")
    story.number = numbers[0]
    mine = await settle(await story.business(), story.here, lambda page: len(page.links("/van-ban/")) >= 2)
    expect(story.number in mine.text, "the business sees number and form 01")


OFFICE_ACTS = ("/phan-cong", "/de-xuat", "/quyet-dinh", "/phat-hanh", "/hoan-thanh")


async def office_works(story: Story, until: Callable[[Page], object]) -> None:
    """The unit's people do whatever is theirs to do, one act after another, until `until(business page)` holds."""
    browser = await story.business()
    ends = time.monotonic() + 2 * PATIENCE_SECONDS
    while True:
        page = await browser.get(story.here)
        if until(page):
            return
        expect(time.monotonic() < ends, "the unit brings the dossier to its next station")
        if not await _someone_acts(story):
            await asyncio.sleep(0.3)


async def _someone_acts(story: Story) -> bool:
    for subject in story.staff:
        official = await story.people.be(subject)
        case = await official.get(f"/can-bo/ho-so/{story.dossier_id}")
        if case.status == 200 and await _act(official, case):
            return True
    return False


async def _act(official: Browser, case: Page) -> bool:
    form = next((form for part in OFFICE_ACTS for form in case.forms() if form.action.endswith(part)), None)
    if form is None:
        return False
    values: dict[str, Value] = {}
    if "assignee" in form.names:
        values["assignee"] = _first_choice(case)
    if "outcome" in form.names:
        values |= {"outcome": "granted", "reasons": "Hồ sơ đáp ứng đủ điều kiện theo quy định."}
    done = await official.send(case, form, values)
    expect(done.status == 200, f"{form.action} is done, not answered {done.status}")
    return True


def _first_choice(case: Page) -> str:
    chosen = re.search(r'<select[^>]*name="assignee".*?<option value="([0-9a-f-]{36})"', case.text, re.DOTALL)
    expect(chosen, "there is a case officer to choose")
    return chosen.group(1) if chosen else ""


async def pay(story: Story) -> None:
    """7. The fee falls due when the procedure says; the gateway's notice alone settles it."""
    procedure = await (await story.business()).get(f"/thu-tuc/{story.slug}")
    expect(story.fee != ("Không thu phí" in procedure.text), "the procedure page says whether there is a fee")
    if not story.fee:
        story.said = "nothing is due"
        return
    await fee_falls_due(story)
    redirect = await start_payment(story)
    browser = await story.business()
    gateway = await browser.get(redirect)
    back = await browser.send(
        gateway, gateway.form("/answer"), {"answer": "pay"} if _asks_field(gateway) else {}, button=_pay_button(gateway)
    )
    expect(back.status == 200 and back.url.startswith(story.people.portal), "the gateway sends the browser back")
    await settle(browser, story.here, lambda page: "/thanh-toan" not in "".join(page.links(story.here)))


def _asks_field(gateway: Page) -> bool:
    return "answer" in gateway.form("/answer").names


def _pay_button(gateway: Page) -> tuple[str, str] | None:
    buttons = [button for button in gateway.form("/answer").buttons if button[1] == "pay"]
    return (buttons[0][0], "pay") if buttons else None


async def fee_falls_due(story: Story) -> None:
    """The unit works until the business is asked to pay."""
    await office_works(story, lambda page: page.links(f"{story.here}/thanh-toan"))


async def start_payment(story: Story) -> str:
    """The address at the gateway to which the portal sends the payer."""
    browser = await story.business()
    shown = await browser.get(f"{story.here}/thanh-toan")
    form = shown.form("/thanh-toan")
    headers = {"Origin": story.people.portal}
    answer = await browser.http.post(form.action, data=form.fields, headers=headers, follow_redirects=False)
    expect(answer.status_code == 303, f"the portal sends the payer to the gateway, not {answer.status_code}")
    return answer.headers["location"]


async def be_decided(story: Story) -> None:
    """8. The unit appraises, the leader decides and signs, the records officer seals; the business has the result."""
    await office_works(story, lambda page: "Đã có kết quả" in page.text)


async def verify(story: Story) -> None:
    """9. Anyone can check the result: by its number on the public page, and by our own engine on the file."""
    browser = await story.business()
    mine = await browser.get(story.here)
    story.result_number = result_number(mine.text)
    story.result = await _result_bytes(story, mine)
    public = Browser(story.people.portal)
    seen = await public.get("/xac-thuc?" + urlencode({"so": story.result_number}))
    await public.close()
    digest = hashlib.sha256(story.result).hexdigest()
    expect(seen.status == 200 and digest in seen.text, "the verification page knows the number and the file's hash")
    await asyncio.to_thread(judge, story.result)


def result_number(shown: str) -> str:
    """The number of the result, among those of everything issued that a page shows. `StopIteration` when there is none."""
    numbers: list[str] = re.findall(r"\d{2,}/20\d\d/[A-ZĐ-]+", shown)
    return next(number for number in numbers if not number.endswith(_ON_THE_WAY))


def only_report(said: str) -> dict[str, Any]:
    """The one report in what `motcua signature check FILE --json` printed. Raises `Failed` for anything else."""
    try:
        [report] = json.loads(said)["reports"]
    except (ValueError, KeyError, TypeError):
        raise Failed(f"the command prints one report, not {said[:80]!r}") from None
    return dict(report)


def judge(pdf: bytes) -> None:
    """Our own engine, and `pdfsig` where it is installed, accept the file: personal signature, seal, time stamp."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        Path(file.name).write_bytes(pdf)
        report = only_report(_said([sys.executable, "-m", "app", "signature", "check", file.name, "--json"]))
        expect(report["verdict"] == "VALID", f"our engine says VALID, not {report['verdict']}")
        kinds = [signature["kind"] for signature in report["signatures"]]
        expect(kinds == ["sig", "seal", "doc_ts"], f"personal signature, seal, time stamp, not {kinds}")
        if shutil.which("pdfsig"):
            expect(
                _said(["pdfsig", "-nocert", file.name]).count("Signature is Valid") == 2, "pdfsig finds signature and seal valid"
            )


def _said(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


async def _result_bytes(story: Story, mine: Page) -> bytes:
    """The newest document of the dossier that carries the result's number."""
    browser = await story.business()
    for url in mine.links("/van-ban/"):
        if story.result_number in _text_around(mine, url):
            return (await browser.get(url)).content
    raise Failed("the result can be downloaded")


def _text_around(page: Page, url: str) -> str:
    at = page.text.index(urlsplit(url).path)
    return page.text[at - 400 : at + 400]


async def share(story: Story) -> None:
    """10. Another agency reads the licence under its agreement; the business sees who read what."""
    portal = story.people.portal
    case_ref = f"KT-{secrets.token_hex(4)}"
    async with httpx.AsyncClient(base_url=portal, timeout=30) as http:
        client = consumer.Consumer(http, portal, consumer.CLIENT, story.settings.var / "demo" / "clients")
        read = await client.get(
            f"/api/sharing/v1/licences/{story.result_number}",
            scope="licences.read",
            agreement=agreeing.AGREEMENT,
            purpose=agreeing.PURPOSE,
            case_ref=case_ref,
        )
    expect(
        read.status_code == 200 and read.json()["number"] == story.result_number, f"the agency reads it, not {read.status_code}"
    )
    seen = await (await story.business()).get("/du-lieu-cua-toi")
    expect(case_ref in seen.text and story.result_number in seen.text, "the business sees the read")


STEPS = {
    "sign_in": arrive,
    "choose": choose,
    "fill": fill,
    "papers": hand_in_papers,
    "submit": submit,
    "receive": be_received,
    "pay": pay,
    "decide": be_decided,
    "verify": verify,
    "share": share,
}
