"""Administrators' pages of the trust store: seen before proposed, proposed by one, adopted by another."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1crypto import pem
from fastapi import FastAPI

from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.demo.browsing import Browser, Page
from app.trust import actions
from signing.model import Role
from signing.trustfile import read_trust
from tests import portal
from tests.pki import Pki, build
from tests.signing import test_trustlist as lists
from tests.web.conftest import browser_of

HOME = "/quan-tri/tin-cay"
DAY = {"since-day": "1", "since-month": "2", "since-year": "2026"}


@pytest.fixture(scope="module")
def pki(tmp_path_factory) -> Pki:
    return build(tmp_path_factory.mktemp("pki"))


@pytest.fixture
async def first(world: FastAPI) -> Browser:
    """An administrator."""
    return await browser_of(world, "qt-1")


@pytest.fixture
async def second(world: FastAPI) -> Browser:
    """Another one."""
    return await browser_of(world, "qt-2")


@pytest.fixture(autouse=True)
async def in_force(sessions: Sessions, settings: Settings, pki: Pki) -> None:
    """Each test begins with a fresh epoch of two roots; what others left waiting is turned down."""
    store, key = pki.trust_with(without=("gcaca",)), actions.store_key(settings)
    async with transaction(sessions) as session:
        await actions.put_into_force(session, SYSTEM, store, "bắt đầu", key=key, at=datetime.now(UTC))


async def upload(browser: Browser, folder: Path, end: str, values: dict[str, str], content: bytes) -> Page:
    shown = await browser.get(f"{HOME}/them")
    form = shown.form(end)
    file = folder / "tep"
    file.write_bytes(content)
    (name,) = form.files
    return await browser.send(shown, form, values, files=[(name, file)])


def first_card(page: Page) -> str:
    return page.text.partition('class="mc-card')[2].partition("</form>")[0]


async def test_a_certificate_is_seen_proposed_by_one_and_adopted_by_another(first, second, pki, tmp_path):
    told = DAY | {"service": "CA Bộ Công Thương", "role": "below", "crl": "http://crl.example.vn/a.crl"}
    preview = await upload(first, tmp_path, "/chung-thu", told, pki.cert("gcaca").dump())
    assert "Thêm 1, chấm dứt 0, đổi 0." in preview.text
    assert "CA Bộ Công Thương" in preview.text

    silent = await first.send(preview, preview.form("/de-nghi"), {"note": ""})
    assert (silent.status, "Hãy ghi lý do" in silent.text) == (422, True)
    proposed = await first.send(silent, silent.form("/de-nghi"), {"note": "Công văn 12"})
    assert "Công văn 12" in proposed.text
    assert "một quản trị viên khác quyết định" in proposed.text
    assert not [form for form in proposed.forms() if "/ap-dung/" in form.action or "/tu-choi/" in form.action]
    waiting = await second.get(HOME)
    around = preview.form("/de-nghi")
    around.action = waiting.form("/ap-dung/").action
    alone = await first.send(preview, around)
    assert (alone.status, "hai người" in alone.text) == (409, True)

    adopted = await second.send(waiting, waiting.form("/ap-dung/"))
    assert "Không có đề nghị nào." in adopted.text
    assert "CA Bộ Công Thương" in adopted.text
    shown = await second.get(f"{HOME}/dich-vu?ten=CA%20B%E1%BB%99%20C%C3%B4ng%20Th%C6%B0%C6%A1ng&lang=en")
    assert "Granted" in shown.text
    assert "http://crl.example.vn/a.crl" in shown.text


async def test_a_second_administrator_may_turn_it_down(first, second):
    shown = await first.get(f"{HOME}/dich-vu?ten=pubca")
    preview = await first.send(shown, shown.form("/dia-chi"), {"crl": "http://elsewhere.example.vn/x.crl", "ocsp": ""})
    await first.send(preview, preview.form("/de-nghi"), {"note": "Đổi máy chủ"})
    waiting = await second.get(HOME)
    refused = await second.send(waiting, waiting.form("/tu-choi/"))
    assert "Không có đề nghị nào." in refused.text
    assert "elsewhere.example.vn" not in (await second.get(f"{HOME}/dich-vu?ten=pubca")).text


async def test_a_status_counts_from_a_day_on_and_is_shown_with_both_ends(first, second):
    shown = await first.get(f"{HOME}/dich-vu?ten=pubca")
    preview = await first.send(shown, shown.form("/trang-thai"), DAY | {"status": "suspended"})
    assert "tạm đình chỉ từ 01/02/2026" in preview.text
    await first.send(preview, preview.form("/de-nghi"), {"note": "Quyết định 7"})
    waiting = await second.get(HOME)
    adopted = await second.send(waiting, waiting.form("/ap-dung/"))
    assert "Tạm đình chỉ" in adopted.text
    assert "01/02/2026" in (await second.get(f"{HOME}/dich-vu?ten=pubca")).text


async def test_a_proposal_that_was_overtaken_cannot_be_adopted(first, second, sessions, settings, pki):
    shown = await first.get(f"{HOME}/dich-vu?ten=pubca")
    preview = await first.send(shown, shown.form("/dia-chi"), {"crl": "", "ocsp": ""})
    await first.send(preview, preview.form("/de-nghi"), {"note": "Bỏ địa chỉ"})
    address = (await second.get(HOME)).form("/ap-dung/").action
    async with transaction(sessions) as session:
        key = actions.store_key(settings)
        await actions.put_into_force(session, SYSTEM, pki.trust, "khác", key=key, at=datetime.now(UTC))

    waiting = await second.get(HOME)
    assert "chỉ có thể từ chối" in waiting.text
    form = waiting.form("/tu-choi/")
    form.action = address
    late = await second.send(waiting, form)
    assert (late.status, "đã thay đổi sau khi có đề nghị" in late.text) == (409, True)
    await second.send(waiting, waiting.form("/tu-choi/"))


async def test_a_published_list_is_previewed_and_proposed_like_any_change(first, second, pki, tmp_path):
    certificate = pem.armor("CERTIFICATE", pki.cert("seal").dump()).decode()
    xml = lists.signed(
        pki,
        lists.a_list(
            lists.a_service(lists.CA, "Nước ngoài", [pki.cert("gcaca").dump()], (lists.GRANTED, 0)),
            lists.a_service(lists.CA, "pubca", [pki.cert("pubca").dump()], (lists.WITHDRAWN, 700), (lists.GRANTED, 0)),
            lists.a_service(lists.CA, "Người thường", [pki.cert("biz").dump()], (lists.GRANTED, 0)),
        ),
    )
    told = {"operator": certificate, "list-role": "foreign"}
    preview = await upload(first, tmp_path, "/danh-sach", told, xml)
    assert "Thêm 1, chấm dứt 1" in preview.text
    assert "left out: Người thường" in preview.text, "a certificate that may not issue others is no authority"
    assert pki.cert("seal").sha256.hex() in preview.text
    proposed = await first.send(preview, preview.form("/de-nghi"), {"note": "Kỳ tháng 11"})
    assert "Kỳ tháng 11. ETSI TS 119 612, 7" in proposed.text
    waiting = await second.get(HOME)
    adopted = await second.send(waiting, waiting.form("/ap-dung/"))
    assert "Nước ngoài được công nhận" in adopted.text
    again = await upload(first, tmp_path, "/danh-sach", told, xml)
    assert (again.status, "không mới hơn số 7 đã áp dụng" in again.text) == (422, True)

    unsigned = await upload(first, tmp_path, "/danh-sach", told, xml.replace(b"granted", b"Granted", 1))
    assert (unsigned.status, "Không có gì được nhập" in unsigned.text) == (422, True)
    for content in (b"<a/>", b"", b'<!DOCTYPE a [<!ENTITY b "b">]><a>&b;</a>'):
        assert (await upload(first, tmp_path, "/danh-sach", told, content)).status == 422
    nobody = await upload(first, tmp_path, "/danh-sach", told | {"operator": "x"}, xml)
    assert (nobody.status, "không phải là chứng thư số" in nobody.text) == (422, True)


@pytest.mark.parametrize(
    "values,content,sentence",
    [
        ({}, b"hello", "không phải là chứng thư số"),
        ({"role": ""}, b"", "Hãy chọn một tệp"),
        ({"role": ""}, b"x", "Hãy chọn một mục"),
        ({"since-month": "13"}, b"x", "ngày, tháng, năm có thật"),
        ({}, b"x" * 70_000, "lớn hơn mức cho phép"),
    ],
    ids=["no-certificate", "no-file", "no-role", "no-day", "large"],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(first, tmp_path, values, content, sentence):
    told = DAY | {"service": "Dịch vụ tôi gõ", "role": "filer"} | values
    answer = await upload(first, tmp_path, "/chung-thu", told, content)
    assert (answer.status, sentence in answer.text, "Dịch vụ tôi gõ" in answer.text) == (422, True, True)


async def test_an_epoch_is_exported_as_a_file_that_the_command_line_reads(first):
    shown = await first.get(HOME)
    newest = re.search(r"/quan-tri/tin-cay/dot/\d+\.json", shown.text)[0]
    store = read_trust((await first.get(newest)).content)
    assert any(Role.FILER in anchor.roles for anchor in store.anchors)
    with_lists = (await first.get(f"{newest}?thu-hoi=co")).content
    assert (read_trust(with_lists), "evidence" in json.loads(with_lists)) == (store, True)
    assert (await first.get(f"{HOME}/dot/999.json")).status == 404


@pytest.mark.parametrize("change", ["", "[]", "{}", '{"base": 1, "added": 7}', '{"base": "x"}'])
async def test_a_change_that_our_page_did_not_write_leads_nowhere(first, change):
    shown = await first.get(f"{HOME}/dich-vu?ten=pubca")
    preview = await first.send(shown, shown.form("/dia-chi"), {"crl": "", "ocsp": ""})
    assert json.loads(preview.form("/de-nghi").fields["change"][0])["readdressed"]
    answer = await first.send(preview, preview.form("/de-nghi"), {"change": change, "note": "x"})
    assert answer.status in (404, 409)


async def test_nobody_else_changes_the_store(world: FastAPI, first):
    shown = await first.get(f"{HOME}/dich-vu?ten=pubca")
    for subject in (portal.SELLER, "mc-1"):
        browser = await browser_of(world, subject)
        assert (await browser.send(shown, shown.form("/dia-chi"))).status == 403
        adding = await first.get(f"{HOME}/them")
        assert (await browser.send(adding, adding.form("/chung-thu"))).status == 403
