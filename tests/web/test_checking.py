"""Anyone has a PDF checked, on the page and by machine: few at once, nothing kept, a sentence for whatever is refused."""

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import jsonschema_rs
import pytest
from fastapi import FastAPI
from sqlalchemy import text

import signing
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo.browsing import Browser, Page
from app.documents import anyone
from app.trust import actions as trust
from tests.make import pdf
from tests.pki import BUSINESS, NOW, OTHER, Pki, build

NAME = "Hợp đồng bí mật.pdf"
API = "/api/signature/check"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture(scope="module")
async def signed(pki: Pki) -> bytes:
    return await signing.sign_paper(pdf(), pki.signer("biz"))


@pytest.fixture(scope="module", autouse=True)
async def _store(pki: Pki, sessions: Sessions, settings: Settings) -> None:
    """The trust store of the test authorities, and the lists that the worker has fetched."""
    from app.core.actor import SYSTEM

    async with transaction(sessions) as session:
        await trust.put_into_force(session, SYSTEM, pki.trust, "test", key=trust.store_key(settings), at=NOW)
        kept = [(need, pki.answer(need)) for need in signing_needs(pki)]
        await trust.keep(session, kept, at=NOW)


def signing_needs(pki: Pki) -> list[signing.Need]:
    """A question for each revocation list."""
    every = pki.trust.authorities
    return [signing.Need(signing.Source.CRL, url, each.sha256) for each in every for url in each.crl]


@pytest.fixture(autouse=True)
async def _fresh(sessions: Sessions) -> AsyncIterator[None]:
    """Each test begins with its full rate."""
    yield
    async with transaction(sessions) as session:
        await session.execute(text("DELETE FROM rate_limit"))


async def check(browser: Browser, tmp_path: Path, content: bytes, *, name: str = NAME, **typed: str) -> Page:
    path = tmp_path / name
    path.write_bytes(content)
    page = await browser.get("/kiem-tra-chu-ky")
    return await browser.send(page, page.form("/kiem-tra-chu-ky"), typed, files=[("tep", path)])


async def test_the_page_says_who_signed_whether_it_is_right_and_for_whom(guest: Browser, tmp_path: Path, signed: bytes) -> None:
    page = await check(guest, tmp_path, signed, ma_so_thue=f" {BUSINESS} ")
    assert page.status == 200
    for words in (">HỢP LỆ<", "CÔNG TY CỔ PHẦN MINH HỌA", "có chữ ký của doanh nghiệp này", NAME, "đã được xóa ngay"):
        assert words in page.text, words
    other = await check(guest, tmp_path, signed, ma_so_thue=OTHER)
    assert "thuộc mã số thuế khác" in other.text
    assert "Belongs to another tax code" in (await _english(guest, tmp_path, signed)).text


async def _english(browser: Browser, tmp_path: Path, content: bytes) -> Page:
    await browser.get("/kiem-tra-chu-ky?lang=en")
    page = await check(browser, tmp_path, content, ma_so_thue=OTHER)
    await browser.get("/kiem-tra-chu-ky?lang=vi")
    return page


async def test_a_changed_file_is_explained(guest: Browser, tmp_path: Path, signed: bytes) -> None:
    at = signed.index(b"/MediaBox[0 0 595 842]")
    page = await check(guest, tmp_path, signed[: at + 13] + b"9" + signed[at + 14 :], ma_so_thue=BUSINESS)
    for words in (">KHÔNG HỢP LỆ<", "Nội dung không khớp với chữ ký", "Cần làm gì", "Ký số lại bản cuối cùng", "ghi mã số này"):
        assert words in page.text, words
    assert "có chữ ký của doanh nghiệp này" not in page.text


REFUSED = [
    ("hop-dong.docx", b"PK\x03\x04" + bytes(3000), "", 422, "không phải PDF"),
    ("rong.pdf", b"", "", 422, "Hãy chọn một tệp"),
    ("to.pdf", b"%PDF-1.7\n" + bytes(26_500_000), "", 413, "lớn hơn 25 MB"),
    ("a.pdf", b"%PDF-1.7\n", "0100109107", 422, "đúng số kiểm tra"),
]


@pytest.mark.parametrize("name, content, code, status, said", REFUSED, ids=["not-pdf", "empty", "too-large", "tax-code"])
async def test_what_cannot_be_checked_is_said_beside_its_field(
    guest: Browser, tmp_path: Path, name: str, content: bytes, code: str, status: int, said: str
) -> None:
    page = await check(guest, tmp_path, content, name=name, ma_so_thue=code)
    assert page.status == status
    assert said in page.text
    assert f'href="#{"ma_so_thue" if code else "tep"}"' in page.text
    assert f'value="{code}"' in page.text or not code


async def test_nothing_is_kept_and_nothing_is_written_down(
    guest: Browser, tmp_path: Path, signed: bytes, settings: Settings, sessions: Sessions, caplog: pytest.LogCaptureFixture
) -> None:
    before = await _rows(sessions)
    with caplog.at_level(logging.DEBUG):
        await check(guest, tmp_path, signed, ma_so_thue=BUSINESS)
        await check(guest, tmp_path, b"no pdf")
    assert [path for path in (settings.var / "checking").rglob("*") if path.is_file()] == []
    assert await _rows(sessions) == before
    logged = caplog.text
    assert "bí mật" not in logged
    assert BUSINESS not in logged
    assert "MINH HỌA" not in logged


async def _rows(sessions: Sessions) -> dict[str, int]:
    """How many rows each table has; the rates are of no one."""
    async with sessions() as session:
        names = await session.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'rate_limit'")
        )
        return {name: await session.scalar(text(f'SELECT count(*) FROM "{name}"')) or 0 for name in names.all()}


async def test_a_foreign_page_cannot_send_files_here(guest: Browser) -> None:
    sent = {"csrf": (None, ""), "tep": ("a.pdf", pdf())}
    answer = await guest.http.post("/kiem-tra-chu-ky", files=sent, headers={"origin": "https://evil.example"})
    assert answer.status_code == 403


async def test_a_machine_gets_the_published_form_of_the_report(guest: Browser, signed: bytes) -> None:
    raw = await guest.http.post(f"{API}?tax_code={BUSINESS}", content=signed, headers={"content-type": "application/pdf"})
    assert raw.status_code == 200
    told = raw.json()
    jsonschema_rs.validator_for(signing.schema()).validate(told["report"])
    assert (told["report"]["verdict"], told["report"]["integrity_only"]) == ("VALID", False)
    assert told["binding"]["result"] == "BOUND"
    form = await guest.http.post(API, data={"tax_code": OTHER}, files={"file": (NAME, signed)})
    assert form.json()["binding"]["result"] == "MST_MISMATCH"
    plain = await guest.http.post(API, content=pdf(), headers={"content-type": "application/pdf"})
    assert (plain.json()["report"]["verdict"], plain.json()["binding"]) == ("UNSIGNED", None)


BAD_CALLS = [
    ({"content": b"{}", "headers": {"content-type": "application/json"}}, 415, "unsupported-type"),
    ({"content": b"hello", "headers": {"content-type": "application/pdf"}}, 422, "not-a-pdf"),
    ({"content": b"", "headers": {"content-type": "application/pdf"}}, 422, "empty-file"),
    ({"content": b"%PDF-" + bytes(26_300_000), "headers": {"content-type": "application/pdf"}}, 413, "too-large"),
    ({"data": {"x": "y"}, "files": {"other": ("", b"")}}, 422, "file-missing"),
    ({"files": {"tep": ("a.pdf", pdf())}}, 422, "file-field"),
    ({"content": pdf(), "headers": {"content-type": "application/pdf"}, "params": {"tax_code": "12"}}, 422, "tax-code"),
]


@pytest.mark.parametrize("call, status, slug", BAD_CALLS, ids=[row[2] for row in BAD_CALLS])
async def test_a_machine_is_refused_in_both_languages(guest: Browser, call: dict, status: int, slug: str) -> None:
    answer = await guest.http.post(API, **call)
    told = answer.json()
    assert (answer.status_code, told["slug"]) == (status, slug)
    assert told["title"]
    assert told["title_vi"]


async def test_more_than_a_few_a_minute_from_one_address_wait(guest: Browser, tmp_path: Path) -> None:
    answers = [await guest.http.post(API, content=b"x", headers={"content-type": "application/pdf"}) for _ in range(6)]
    assert [each.status_code for each in answers] == [422] * 5 + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert f"after {answers[-1].headers['retry-after']} s" in answers[-1].json()["title"]
    page = await check(guest, tmp_path, pdf())
    assert page.status == 429
    assert page.headers["retry-after"]
    assert "quá nhiều yêu cầu" in page.text


async def test_a_full_counter_says_when_to_come_back(
    guest: Browser, world: FastAPI, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.state.counter, "_free", 0)
    answer = await guest.http.post(API, content=pdf(), headers={"content-type": "application/pdf"})
    assert (answer.status_code, answer.json()["slug"], answer.headers["retry-after"]) == (503, "checks-busy", "5")
    page = await check(guest, tmp_path, pdf())
    assert page.status == 503
    assert page.headers["retry-after"] == "5"
    assert "đang bận" in page.text


@pytest.mark.parametrize("door", [API, "/kiem-tra-chu-ky"], ids=["machine", "page"])
@pytest.mark.parametrize("why", ["busy", "too-many"])
async def test_a_refusal_waits_until_a_large_file_has_been_sent(
    guest: Browser, world: FastAPI, monkeypatch: pytest.MonkeyPatch, door: str, why: str
) -> None:
    """A browser that is cut off while it sends shows a broken connection instead of the sentence."""
    sent = 0

    async def large() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(20):
            sent += 1
            yield bytes(100_000)

    async def no(*_: object, **__: object) -> None:
        raise anyone.Busy

    if why == "busy":
        monkeypatch.setattr(world.state.counter, "_free", 0)
    else:
        monkeypatch.setattr(anyone, "admit", no)
    headers = {"content-type": "application/pdf", "origin": str(guest.http.base_url).rstrip("/")}
    answer = await guest.http.post(door, content=large(), headers=headers)
    assert (answer.status_code, sent) == (503, 20), answer.text[:300]


async def test_a_sender_who_never_finishes_gives_the_place_back(
    world: FastAPI, sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def drop_by_drop() -> AsyncIterator[bytes]:
        yield b"%PDF-1.7\n"
        await asyncio.sleep(30)

    monkeypatch.setattr(anyone, "BODY_SECONDS", 0.2)
    counter: anyone.Counter = world.state.counter
    free = counter._free
    with pytest.raises(anyone.Incomplete, match="too-slow"):
        async with counter.place() as path:
            await anyone.check(sessions, counter, drop_by_drop(), path, tax_code=None, at=NOW)
    assert counter._free == free
    assert not path.exists()


def test_what_a_killed_process_left_behind_is_removed(tmp_path: Path) -> None:
    left, mine = tmp_path / "999999999-ab", tmp_path / "1-cd"
    for folder in (left, mine):
        folder.mkdir()
        (folder / "x.pdf").write_bytes(b"x")
    anyone.sweep(tmp_path)
    assert (left.exists(), mine.exists()) == (False, True)
