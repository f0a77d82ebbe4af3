"""Agreements in pages: drafted by the steward, read and remarked on by the other side, brought into force by a second person."""

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.demo.browsing import Browser, Page
from app.demo.personas import TAX_OFFICE
from app.sharing import actions, agreements
from app.sharing.rules import ITEM_NAME, MINISTRY
from tests.web.conftest import browser_of

DESK, READ = "/quan-tri/chia-se", "/thoa-thuan"


@pytest.fixture(scope="module")
async def parties(sessions: Sessions) -> None:
    contact = {"contact": "Đầu mối", "phone": "000", "email": "a@example.vn"}
    async with transaction(sessions) as session:
        for code, name in ((MINISTRY, "Bộ Công Thương"), (TAX_OFFICE, "Cục Thuế"), ("G06", "Bộ Khoa học")):
            said = {"code": code, "name_vi": name, "name_en": name, **contact}
            await actions.register_party(session, SYSTEM, **said, at=clock.now())


@pytest.fixture
async def steward(world: FastAPI, parties) -> AsyncIterator[Browser]:
    browser = await browser_of(world, "dl-1")
    yield browser
    await browser.close()


@pytest.fixture
async def second(world: FastAPI, parties) -> AsyncIterator[Browser]:
    browser = await browser_of(world, "qt-1")
    yield browser
    await browser.close()


@pytest.fixture
async def partner(world: FastAPI, parties) -> AsyncIterator[Browser]:
    browser = await browser_of(world, "ct-1")
    yield browser
    await browser.close()


async def drafted(steward: Browser, code: str) -> str:
    """The address of a complete draft, written with the pages' own forms."""
    listing = await steward.get(DESK)
    draft = (await steward.send(listing, listing.form("/moi"), {"code": code, "party": TAX_OFFICE})).url
    await fill(steward, f"{draft}/phan/chung", {"title_vi": "Chia sẻ giấy phép", "title_en": "Sharing licences"})
    named = {"purpose.0.code": "kiem-tra-thue", "purpose.0.vi": "Kiểm tra thuế", "purpose.0.en": "Tax inspection"}
    named |= {"basis.0.van_ban": "Nghị định 278/2025/NĐ-CP", "basis.0.dieu_khoan": "Điều 7"}
    await fill(steward, f"{draft}/phan/muc-dich", named)
    await fill(steward, f"{draft}/phan/noi-dung", {f"item.{key}": "như mẫu" for key in ITEM_NAME})
    await fill(steward, f"{draft}/du-lieu/licences", {"field": ["number", "status"], "filter.status": "valid, expired"})
    return draft


async def fill(browser: Browser, url: str, values: dict[str, str | list[str]]) -> Page:
    shown = await browser.get(url)
    return await browser.send(shown, shown.form(url.rsplit("8000", maxsplit=1)[-1]), values)


async def test_a_draft_says_what_is_missing_until_every_page_is_filled(steward: Browser):
    listing = await steward.get(DESK)
    empty = await steward.send(listing, listing.form("/moi"), {"code": "TT-01", "party": TAX_OFFICE})
    assert "Phải nêu dữ liệu được chia sẻ." in empty.text
    refused = await steward.send(empty, empty.form("/de-nghi"))
    assert refused.status == 422
    again = await steward.send(listing, listing.form("/moi"), {"code": "TT-01", "party": TAX_OFFICE})
    assert (again.status, "Mã chưa hợp lệ hoặc đã dùng" in again.text) == (422, True)
    ready = await steward.get(await drafted(steward, "TT-02"))
    assert "Cần bổ sung trước khi đề nghị ký" not in ready.text
    assert "Chỉ các bản ghi có “Tình trạng hiệu lực” là: valid, expired." in ready.text


async def test_a_personal_field_asks_for_its_article(steward: Browser):
    draft = await drafted(steward, "TT-03")
    without = await fill(steward, f"{draft}/du-lieu/licences", {"field": ["number", "signer"]})
    assert "phải nêu điều khoản riêng cho phép" in without.text
    article = {"field": ["number", "signer"], "basis.signer.van_ban": "Luật 91/2025/QH15", "basis.signer.dieu_khoan": "Điều 9"}
    given = await fill(steward, f"{draft}/du-lieu/licences", article)
    assert "phải nêu điều khoản riêng cho phép" not in given.text
    assert "Luật 91/2025/QH15, Điều 9" in given.text


async def test_the_other_side_reads_rehearses_and_asks_for_a_change(steward: Browser, partner: Browser):
    draft = await drafted(steward, "TT-04")
    theirs = f"{READ}/ban-nhap/{draft.rsplit('/', 1)[1]}"
    assert (await partner.get(theirs)).status == 404
    assert "TT-04" not in (await partner.get(READ)).text
    shown = await steward.get(draft)
    await steward.send(shown, shown.form("/gui"))
    read = await partner.get(theirs)
    assert "Chia sẻ giấy phép" in read.text
    rehearsal = await partner.get(f"{theirs}/dien-tap")
    assert "&#34;number&#34;" in rehearsal.text
    assert "holder_name" in rehearsal.text.partition("Trường không được đọc")[2]
    empty = await partner.send(read, read.form("/y-kien"), {"kind": "change"})
    assert (empty.status, "Hãy viết ý kiến." in empty.text) == (422, True)
    await partner.send(read, read.form("/y-kien"), {"kind": "change", "about": "du-lieu", "text": "Cần thêm ngày cấp"})
    assert "Cần thêm ngày cấp" in (await steward.get(draft)).text


async def proposed(steward: Browser, sessions: Sessions, code: str, *, sign: bool) -> str:
    """The address of a version; signed on both sides if wished, as the jobs enter it."""
    draft = await steward.get(await drafted(steward, code))
    made = await steward.send(draft, draft.form("/de-nghi"))
    if sign:
        async with transaction(sessions) as session:
            for side in (TAX_OFFICE, MINISTRY):
                said = {"code": code, "version": 1, "party": side, "signer": side, "signature": "00"}
                await agreements.sign_agreement(session, SYSTEM, **said, at=clock.now())
    return made.url


async def test_a_second_person_brings_it_into_force_and_one_suffices_to_suspend_it(
    steward: Browser, second: Browser, partner: Browser, guest: Browser, sessions: Sessions
):
    url = await proposed(steward, sessions, "TT-05", sign=True)
    own = await steward.get(url)
    assert "/hieu-luc" not in own.text
    shown = await second.get(url)
    active = await second.send(shown, shown.form("/hieu-luc"))
    assert "Đang có hiệu lực" in active.text
    assert "Kiểm tra thuế" in (await guest.get("/chia-se-du-lieu")).text
    unsaid = await second.send(active, active.form("/tam-dung"))
    assert (unsaid.status, "Hãy nêu lý do." in unsaid.text) == (422, True)
    await second.send(active, active.form("/tam-dung"), {"reason": "Nghi lộ khóa"})
    assert "Nghi lộ khóa" in (await partner.get(url)).text
    assert "TT-05" not in (await guest.get("/chia-se-du-lieu")).text
    assert (await guest.get("/chia-se-du-lieu/TT-05")).status == 200


async def test_what_is_not_in_force_is_nobodys_business(steward: Browser, guest: Browser, clerk: Browser, sessions: Sessions):
    url = await proposed(steward, sessions, "TT-06", sign=False)
    assert (await guest.get("/chia-se-du-lieu/TT-06")).status == 404
    assert (await guest.get("/chia-se-du-lieu/TT-06/1/thoa-thuan.json")).status == 404
    assert (await clerk.get(url)).status == 403
    assert (await clerk.get(DESK)).status == 403


async def test_the_contact_officer_of_another_agency_enters_nowhere_else(partner: Browser):
    for path in (DESK, "/quan-tri", "/can-bo", "/can-bo/ky-so", "/quan-tri/tai-khoan"):
        assert (await partner.get(path)).status == 403, path


async def test_an_agency_is_registered_with_the_code_its_certificate_must_name(steward: Browser):
    listing = await steward.get(DESK)
    said = {"unit": "G15", "contact": "Nguyễn A", "phone": "024", "email": "a@example.vn", "budget_code": "x"}
    refused = await steward.send(listing, listing.form("/ben"), said)
    assert (refused.status, "chỉ gồm chữ số" in refused.text) == (422, True)
    kept = await steward.send(refused, refused.form("/ben"), {"budget_code": "1059001"})
    assert '<option value="G15">' in kept.text.partition("/chia-se/moi")[2]


@pytest.mark.parametrize("path", ["TT-99/1", "TT-99/99999999999999999999", "a b/1", "TT-99/x", "ban-nhap/1"])
async def test_an_address_that_leads_nowhere_says_so(steward: Browser, path: str):
    assert (await steward.get(f"{READ}/{path}")).status in (404, 422)


async def test_what_was_signed_is_given_out_for_machines(steward: Browser, second: Browser, guest: Browser, sessions: Sessions):
    url = await proposed(steward, sessions, "TT-07", sign=True)
    shown = await second.get(url)
    await second.send(shown, shown.form("/hieu-luc"))
    content = await guest.get("/chia-se-du-lieu/TT-07/1/thoa-thuan.json")
    assert b'"code":"TT-07"' in content.content
    assert (await guest.get("/chia-se-du-lieu/TT-07/1/thoa-thuan.jws")).status == 404  # nobody signed it with a key here
