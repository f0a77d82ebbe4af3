"""The workshop of procedures: written by one, tried out, published by another."""

import re
from pathlib import Path

import pytest
from fastapi import FastAPI

from app.demo.browsing import Browser, Page
from tests.web.conftest import browser_of

HOME = "/quan-tri/xuong"
SLUG = "spirits-production-licence"


@pytest.fixture
async def first(world: FastAPI) -> Browser:
    return await browser_of(world, "ks-1")


@pytest.fixture
async def second(world: FastAPI) -> Browser:
    return await browser_of(world, "qt-2")


async def begun(browser: Browser) -> Page:
    shown = await browser.get(f"{HOME}/{SLUG}/1")
    return await browser.send(shown, shown.form("/soan"))


def address(draft: Page) -> str:
    return next(link for link in draft.links(f"{HOME}/ban-nhap/")).partition("/phan/")[0].removesuffix("/xem")


async def test_a_version_is_written_with_forms_tried_out_and_published_by_another(first: Browser, second: Browser) -> None:
    draft = await begun(first)
    here = address(draft)
    assert "Không có gì khác phiên bản trước" in draft.text
    part = await first.get(f"{here}/phan/documents")
    form = part.form("/phan/documents")
    changed = await first.send(part, form, {"new.id": "undertaking", "new.name.vi": "Bản cam kết", "new.name.en": "Undertaking"})
    assert "Thêm giấy tờ: “Bản cam kết”" in changed.text
    assert "Không có lỗi" in changed.text

    assert "Bản cam kết" in (await first.get(f"{here}/trang-cong-khai")).text
    assert "Hồ sơ đã chạy lại" in (await first.get(f"{here}/thu")).text

    asked = await first.send(changed, changed.form("/de-nghi"), {"note": "Quyết định 99/QĐ-BCT"})
    assert ("Quyết định 99/QĐ-BCT" in asked.text, "/cong-bo/" in asked.text) == (True, False)
    again = await first.send(asked, asked.form("/rut/"))
    assert "Quyết định 99/QĐ-BCT" not in again.text
    changed = await first.get(here)
    await first.send(changed, changed.form("/de-nghi"), {"note": "Quyết định 99/QĐ-BCT"})
    waiting = await second.get(f"{HOME}?lang=en")
    assert "New paper: “Undertaking”" in waiting.text
    published = await second.send(waiting, waiting.form("/cong-bo/"))
    assert "to come" in published.text
    file = await second.get(f"{HOME}/{SLUG}/2.yaml")
    assert "Bản cam kết" in file.content.decode()


async def test_a_fault_is_kept_and_shown_with_its_line_and_never_proposed(first: Browser) -> None:
    draft = await begun(first)
    here = address(draft)
    saved = await first.send(draft, draft.form(here.rpartition("/")[2]), {"text": "procedure: x\nversion: không"})
    assert "Dòng 2" in saved.text
    assert (await first.get(f"{here}/xem")).status == 409
    asked = await first.send(saved, saved.form("/de-nghi"), {"note": "Lý do"})
    assert asked.status == 422
    stale = await first.send(draft, draft.form("/bo"))
    assert (stale.status, "vừa được lưu ở nơi khác" in stale.text) == (409, True)
    gone = await first.send(saved, saved.form("/bo"))
    assert gone.status == 200


async def test_a_procedure_ends_only_by_two(first: Browser, second: Browser) -> None:
    shown = await first.get(f"{HOME}/trade-remedy-exemption/1")
    day = {"last-day-day": "31", "last-day-month": "12", "last-day-year": "2099"}
    silent = await first.send(shown, shown.form("/bai-bo"), day | {"note": ""})
    assert (silent.status, "Hãy ghi lý do" in silent.text) == (422, True)
    asked = await first.send(silent, silent.form("/bai-bo"), day | {"note": "Bãi bỏ theo luật mới"})
    assert "/xac-nhan-bai-bo/" not in asked.text
    waiting = await second.get(HOME)
    await second.send(waiting, waiting.form("/xac-nhan-bai-bo/"))
    assert (await second.send(waiting, waiting.form("/xac-nhan-bai-bo/"))).status == 409
    assert "31/12/2099" in (await second.get(f"{HOME}/trade-remedy-exemption/1")).text


@pytest.mark.parametrize(
    "content, status, words", [(b"\xff\xfe", 422, "UTF-8"), (b"a: [", 422, "YAML"), (b"procedure: thu", 200, "Dòng")]
)
async def test_a_file_becomes_a_draft_or_is_refused_in_words(
    first: Browser, tmp_path: Path, content: bytes, status: int, words: str
) -> None:
    shown = await first.get(HOME)
    file = tmp_path / "tep.yaml"
    file.write_bytes(content)
    taken = await first.send(shown, shown.form("/tai-len"), {}, files=[("file", file)])
    assert (taken.status, words in taken.text) == (status, True)


async def test_the_workshop_is_for_procedure_control_alone(world: FastAPI) -> None:
    assert (await (await browser_of(world, "qt-1")).get(HOME)).status == 403


async def test_codes_of_the_national_catalogue_are_seen_and_become_drafts(first: Browser, tmp_path: Path) -> None:
    shown = await first.get(f"{HOME}/danh-muc/nhap")
    file = tmp_path / "danh-muc.csv"
    file.write_text("mã thủ tục,slug,số quyết định\n=1.004191,tobacco-licence,77/QĐ-BCT\n1.9,khong-co,\n")
    seen = await first.send(shown, shown.form("/xem"), {}, files=[("list", file)])
    assert "<ins>1.004191</ins>" in seen.text
    assert "1 dòng không khớp" in seen.text
    taken = await first.send(seen, seen.form("/nhan"))
    draft = await first.get(taken.links(f"{HOME}/ban-nhap/")[0])
    assert ("1.004191" in draft.text, "77/QĐ-BCT" in draft.text) == (True, True)
    file.write_text("a,b")
    refused = await first.send(shown, shown.form("/xem"), {}, files=[("list", file)])
    assert (refused.status, "cột mã thủ tục" in refused.text) == (422, True)


async def test_a_form_keeps_the_comments_of_the_file_and_says_faults_beside_their_values(first: Browser) -> None:
    draft = await begun(first)
    here = address(draft)
    text = draft.form(here.rpartition("/")[2]).fields["text"][0]
    comments = [line for line in text.splitlines() if line.startswith("#")]
    part = await first.get(f"{here}/phan/process")
    wrong = await first.send(part, part.form("/phan/process"), {"process.decide.role": "intake_officer"})
    assert 'href="#process.decide' in wrong.text
    moved = await first.send(wrong, wrong.form("/phan/process"), {"process.decide.days": "9"}, button=("_up", "process.review"))
    assert moved.url.endswith("/phan/process")
    shown = await first.get(here)
    kept = shown.form(here.rpartition("/")[2]).fields["text"][0]
    assert comments
    assert set(comments) <= set(kept.splitlines())
    line = next(number for number, each in enumerate(kept.splitlines(), start=1) if "id: decide" in each)
    assert f'<li id="dong-{line}" class="wrong">' in shown.text


async def test_the_preview_reacts_as_a_business_would_see_it_and_keeps_nothing(first: Browser) -> None:
    begun_here = await first.get(f"{HOME}/multi-level-selling-certificate/1")
    here = address(await first.send(begun_here, begun_here.form("/soan")))
    seen = await first.get(f"{here}/xem")
    assert "Giấy phép kinh doanh quyền phân phối bán lẻ (tùy câu trả lời chưa có)" in seen.text
    foreign = await first.send(seen, seen.form("/xem"), {"foreign_capital": "true"}, button=("_add", "goods"))
    assert ("phân phối bán lẻ</li>" in foreign.text, "goods.1.name" in foreign.text) == (True, True)
    checked = await first.send(foreign, foreign.form("/xem"), {"foreign_capital": "false"}, button=("_check", "1"))
    assert ("Có nội dung cần sửa" in checked.text, "phân phối bán lẻ</li>" in checked.text) == (True, False)
    assert not any(words in checked.text for words in ("Tờ khai này không có mục", "Mã số thuế chưa đúng"))
    form = foreign.form("/xem")
    form.action += "/doi"
    parts = await first.send(foreign, form, {"foreign_capital": "true"})
    assert ("hx-swap-oob" in parts.text, "<html" in parts.text, "phân phối bán lẻ" in parts.text) == (True, False, True)
    assert (await first.get(f"{here}/xem")).form("/xem").fields.get("foreign_capital") is None


async def test_a_version_with_a_unit_that_does_not_exist_is_never_proposed(first: Browser) -> None:
    draft = await begun(first)
    typed = (await first.get(f"{HOME}/{SLUG}/1.yaml")).content.decode()
    typed = typed.replace("version: 1\n", "version: 2\n").replace("valid_from: 2026-", "valid_from: 2036-")
    elsewhere = re.sub(r"unit: [GH]\d\d\.\d+", "unit: G99.999", typed)
    saved = await first.send(draft, draft.form(address(draft).rpartition("/")[2]), {"text": elsewhere})
    assert "không có “G99.999”" in saved.text
    refused = await first.send(saved, saved.form("/de-nghi"), {"note": "Lý do"})
    assert (refused.status, "/cong-bo/" in refused.text, "/rut/" in refused.text) == (422, False, False)


async def test_of_two_who_change_a_part_the_second_keeps_what_was_typed(first: Browser, second: Browser) -> None:
    here = address(await begun(first))
    parts = [await each.get(f"{here}/phan/general") for each in (first, second)]
    await first.send(parts[0], parts[0].form("/phan/general"), {"title.en": "A name of the first"})
    told = await second.send(parts[1], parts[1].form("/phan/general"), {"title.en": "A name of the second"})
    assert (told.status, "A name of the second" in told.text) == (409, True)
