"""`motcua journey`: both procedures from sign-in to shared data against the running portal, and three refusals."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx

from app.core.settings import Settings
from app.demo import papers
from app.demo.people import Failed, People, expect
from app.demo.story import (
    ANSWERS,
    STEPS,
    Story,
    choose,
    fee_falls_due,
    place_of,
    settle,
    start_payment,
    upload,
)

Entry = dict[str, Any]


def run(settings: Settings, portal: str) -> dict[str, Any]:
    """The journey's report: `{"steps": [{"name", "ok", "ms"}…], "ok"}`; a failed step also says what was expected."""
    return asyncio.run(_run(settings, portal.rstrip("/")))


async def _run(settings: Settings, portal: str) -> dict[str, Any]:
    people = People(portal)
    steps: list[Entry] = []
    try:
        stories = [Story.of(path.stem, settings, people) for path in sorted(ANSWERS.glob("*.yaml"))]
        for story in stories:
            await _tell(story, steps)
        with_fee = next(story.slug for story in stories if story.fee)
        for name, deed in REFUSALS.items():
            steps.append(await _timed(f"refuse: {name}", partial(deed, Story.of(with_fee, settings, people))))
    finally:
        await people.close()
    return {"steps": steps, "ok": all(step["ok"] for step in steps)}


async def _tell(story: Story, steps: list[Entry]) -> None:
    """Every step of the story; after one that failed the rest is not tried, and says so."""
    failed = False
    for name, deed in STEPS.items():
        full = f"{story.slug}: {name}"
        if failed:
            steps.append({"name": full, "ok": False, "ms": 0, "note": "not tried: a step before it failed"})
            continue
        story.said = ""
        entry = await _timed(full, partial(deed, story))
        steps.append(entry | ({"note": story.said} if story.said else {}))
        failed = not entry["ok"]


async def _timed(name: str, deed: Callable[[], Awaitable[None]]) -> Entry:
    started = time.monotonic()
    entry: Entry = {"name": name, "ok": True}
    try:
        await deed()
    except (Failed, LookupError, StopIteration, httpx.HTTPError) as error:
        entry |= {"ok": False, "note": f"{type(error).__name__}: {error}"}
    return entry | {"ms": round((time.monotonic() - started) * 1000)}


async def _refuse_file(story: Story, name: str, sentence: str) -> None:
    """Upload a faulty file as a paper that must be signed; it is refused in words, and the dossier cannot be submitted."""
    await choose(story)
    browser = await story.business()
    shown = await browser.get(f"{story.here}/giay-to")
    form = next(form for form in shown.forms() if form.files and place_of(form)[1] == 0)
    await upload(browser, shown, form, papers.hostile_file(story.settings, story.tax_code, name))
    judged = await settle(browser, f"{story.here}/giay-to", lambda page: "Đang kiểm tra" not in page.text)
    expect("Không hợp lệ" in judged.text and sentence in judged.text, f"the page says {sentence!r}")
    check = await browser.get(f"{story.here}/kiem-tra")
    refused = await browser.send(check, check.form("/nop"))
    expect(refused.status == 422, f"the dossier is not taken, not answered {refused.status}")


async def wrong_signer(story: Story) -> None:
    """A paper signed with another enterprise's certificate."""
    await _refuse_file(story, "sai-ma-so-thue", "mã số thuế của doanh nghiệp nộp hồ sơ")


async def altered_pdf(story: Story) -> None:
    """A signed paper of which one character was changed."""
    await _refuse_file(story, "sua-sau-khi-ky", "không khớp với chữ ký")


async def forged_ipn(story: Story) -> None:
    """A payment notice with a false checksum changes nothing."""
    for step in ("choose", "fill", "papers", "submit", "receive"):
        await STEPS[step](story)
    await fee_falls_due(story)
    asked = dict(parse_qsl(urlsplit(await start_payment(story)).query))
    notice = {name: asked[name] for name in ("vnp_TmnCode", "vnp_Amount", "vnp_TxnRef", "vnp_OrderInfo")}
    notice |= {"vnp_ResponseCode": "00", "vnp_TransactionStatus": "00", "vnp_TransactionNo": "1", "vnp_SecureHash": "0" * 128}
    browser = await story.business()
    answer = await browser.http.get("/api/payments/vnpay/ipn?" + urlencode(notice))
    expect(answer.json()["RspCode"] == "97", f"the notice is refused as forged, not {answer.text}")
    page = await browser.get(story.here)
    expect(page.links(f"{story.here}/thanh-toan"), "the fee is still to be paid")


REFUSALS: dict[str, Callable[[Story], Awaitable[None]]] = {
    "wrong signer's tax code": wrong_signer,
    "altered PDF": altered_pdf,
    "forged IPN": forged_ipn,
}


def as_text(told: dict[str, Any]) -> str:
    """The report for a person: a line a step."""
    lines = [
        f"{'✓' if step['ok'] else '✗'} {step['name']:<52} {step['ms']:>7} ms  {step.get('note', '')}" for step in told["steps"]
    ]
    return "\n".join([*lines, "", "OK" if told["ok"] else "FAILED"])
