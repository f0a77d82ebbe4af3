"""Filing page by page in a browser without scripts: what was typed is never lost."""

import re
from dataclasses import replace

import pytest

from app.demo.browsing import Browser, Page, WebForm
from tests.portal import LICENCE, demo_answers


def values_for(form: WebForm) -> dict[str, str | list[str]]:
    """The demo's answers to the questions of this page; a date goes into its three boxes."""
    given: dict[str, str | list[str]] = {}
    for name, value in demo_answers(LICENCE).items():
        if f"{name}-day" in form.names:
            year, month, day = str(value).split("-")
            given |= {f"{name}-day": day, f"{name}-month": month, f"{name}-year": year}
        elif name in form.names:
            given[name] = str(value)
    return given


async def filled(browser: Browser, draft: str) -> Page:
    """Every page of the form saved, starting from the task list; the answer to the last one."""
    page = await browser.get((await browser.get(draft)).links("/to-khai/")[0])
    while "/to-khai/" in page.url:
        form = page.form("/to-khai/")
        answer = await browser.send(page, form, values_for(form))
        assert answer.status == 200, re.findall(r"error-message.*?</p>", answer.text, re.DOTALL)
        page = answer
    return page


async def test_the_form_is_saved_page_by_page_and_leads_to_the_papers(seller: Browser, draft: str) -> None:
    last = await filled(seller, draft)
    assert last.url.endswith("/giay-to")
    tasks = await seller.get(draft)
    assert "Đã lưu lúc" in tasks.text
    assert "Còn" not in tasks.text


async def test_an_error_stands_beside_what_was_typed_and_in_the_summary(seller: Browser, draft: str) -> None:
    page = await seller.get((await seller.get(draft)).links("/to-khai/")[0])
    form = page.form("/to-khai/")
    typed = values_for(form) | {"first_issue_date-day": "31", "first_issue_date-month": "2", "registration_office": ""}
    answer = await seller.send(page, form, typed)
    assert answer.status == 422
    assert "<title>Lỗi: " in answer.text
    assert 'href="#first_issue_date"' in answer.text
    assert 'href="#registration_office"' in answer.text
    assert 'value="31"' in answer.text
    again = answer.form("/to-khai/")
    assert (await seller.send(answer, again, values_for(again))).status == 200


@pytest.mark.parametrize("sign", ["\u202e", "\u200b", "\ufeff"], ids=["bidi", "zero width", "byte order"])
async def test_hidden_signs_in_an_answer_are_told_and_not_swallowed(seller: Browser, draft: str, sign: str) -> None:
    page = await seller.get((await seller.get(draft)).links("/to-khai/")[0])
    form = page.form("/to-khai/")
    answer = await seller.send(page, form, values_for(form) | {"registration_office": f"Sở Công{sign} Thương"})
    assert answer.status == 422
    assert "có ký tự ẩn" in answer.text


async def test_a_control_sign_that_nothing_can_keep_is_left_out(seller: Browser, draft: str) -> None:
    page = await seller.get((await seller.get(draft)).links("/to-khai/")[0])
    form = page.form("/to-khai/")
    answer = await seller.send(page, form, values_for(form) | {"registration_office": "Sở Công\0 Thương"})
    assert answer.status == 200


async def test_a_row_is_added_and_removed_by_the_server(seller: Browser, draft: str) -> None:
    addresses = (await seller.get(draft)).links("/to-khai/")
    pages = [await seller.get(address) for address in addresses]
    page = next(each for each in pages if "goods.0.name" in each.form("/to-khai/").names)
    form = page.form("/to-khai/")
    longer = await seller.send(page, form, {"goods.0.name": "Trà"}, button=("_add", "goods"))
    assert longer.status == 200
    assert "goods.1.name" in longer.form("/to-khai/").names
    assert 'value="Trà"' in longer.text
    second = longer.form("/to-khai/")
    shorter = await seller.send(longer, second, {"goods.1.name": "Cà phê"}, button=("_remove", "goods.0"))
    assert "goods.1.name" not in shorter.form("/to-khai/").names
    assert 'value="Cà phê"' in shorter.text
    assert 'value="Trà"' not in shorter.text


async def test_a_page_saved_in_another_window_is_shown_again_with_what_was_typed(seller: Browser, draft: str) -> None:
    address = (await seller.get(draft)).links("/to-khai/")[0]
    first, second = await seller.get(address), await seller.get(address)
    await seller.send(first, first.form("/to-khai/"), values_for(first.form("/to-khai/")))
    mine = values_for(second.form("/to-khai/")) | {"registration_office": "Phòng của tôi"}
    answer = await seller.send(second, second.form("/to-khai/"), mine)
    assert answer.status == 409
    assert "cửa sổ khác" in answer.text
    assert "Phòng của tôi" in answer.text
    form = answer.form("/to-khai/")
    assert (await seller.send(answer, form, {})).status == 200


@pytest.mark.parametrize(
    "control",
    [{"_revision": "9" * 5000}, {"_remove": "goods." + "9" * 5000}, {"_remove": "goods.0", "goods." + "9" * 5000 + ".name": "x"}],
)
async def test_a_control_with_an_endless_number_is_no_fault_of_ours(seller: Browser, draft: str, control: dict[str, str]) -> None:
    page = await seller.get((await seller.get(draft)).links("/to-khai/")[0])
    form = page.form("/to-khai/")
    form.names |= set(control)
    assert (await seller.send(page, form, control)).status < 500


async def test_a_row_with_a_high_number_makes_no_long_table(seller: Browser, draft: str) -> None:
    pages = [await seller.get(address) for address in (await seller.get(draft)).links("/to-khai/")]
    page = next(each for each in pages if "goods.0.name" in each.form("/to-khai/").names)
    form = page.form("/to-khai/")
    form.names |= {"goods.9999.name", "_add"}
    answer = await seller.send(page, form, {"goods.9999.name": "x", "_add": "goods"})
    assert len([name for name in answer.form("/to-khai/").names if name.startswith("goods.") and name.endswith(".name")]) <= 3


async def test_a_field_that_the_page_does_not_have_is_named(seller: Browser, draft: str) -> None:
    page = await seller.get((await seller.get(draft)).links("/to-khai/")[0])
    form = page.form("/to-khai/")
    form.names.add("secret_field")
    answer = await seller.send(page, form, values_for(form) | {"secret_field": "1"})
    assert answer.status == 422
    assert "secret_field" in answer.text


@pytest.mark.parametrize("address", ["{draft}", "{draft}/giay-to", "{draft}/kiem-tra", "{draft}/thanh-toan", "{draft}/bo-sung"])
async def test_a_foreign_dossier_answers_exactly_like_a_missing_one(
    seller: Browser, retailer: Browser, draft: str, address: str
) -> None:
    foreign = await retailer.get(address.format(draft=draft))
    missing = await retailer.get(address.format(draft="/ho-so/0199aaaa-0000-7000-8000-000000000000"))
    nonsense = await retailer.get(address.format(draft="/ho-so/khong-phai-uuid"))
    assert foreign.status == missing.status == nonsense.status == 404
    body = re.compile(r"<main.*</main>", re.DOTALL)
    assert body.findall(foreign.text) == body.findall(missing.text) == body.findall(nonsense.text)


async def test_submitting_too_early_lists_everything_with_a_way_to_each(seller: Browser, draft: str) -> None:
    check = await seller.get(f"{draft}/kiem-tra")
    answer = await seller.send(check, check.form("/nop"))
    assert answer.status == 422
    assert "Chưa nộp được" in answer.text
    assert "/to-khai/" in answer.text
    assert "/giay-to#" in answer.text


async def test_a_draft_can_be_thrown_away(seller: Browser, draft: str) -> None:
    page = await seller.get(f"{draft}/xoa")
    gone = await seller.send(page, page.form("/xoa"))
    assert gone.url.endswith("/ho-so")
    assert (await seller.get(draft)).status == 404


def hangs_on(answer: Page) -> set[str]:
    """The parts of the page that came back."""
    return set(re.findall(r'id="(o-[\w-]+)"[^>]*hx-swap-oob', answer.text))


async def test_a_page_saves_itself_and_brings_back_what_hangs_on_the_answer(seller: Browser, draft: str) -> None:
    pages = [await seller.get(address) for address in (await seller.get(draft)).links("/to-khai/")]
    page = next(each for each in pages if "foreign_capital" in each.form("/to-khai/").names)
    form = page.form("/to-khai/")
    kept = await seller.send(page, replace(form, action=f"{form.action}/luu"), {"foreign_capital": "true"})
    assert (kept.status, hangs_on(kept)) == (200, {"o-attachments"})
    assert "Đã lưu lúc" in kept.text
    assert "Giấy phép kinh doanh quyền phân phối bán lẻ" in kept.text, "the list of papers follows from the answer"
    again = (await seller.get(page.url)).form("/to-khai/")
    assert again.fields["foreign_capital"] == ["true"]
    assert f'value="{again.fields["_revision"][0]}"' in kept.text


async def test_a_page_that_saves_itself_never_overwrites_another_window(seller: Browser, draft: str) -> None:
    address = (await seller.get(draft)).links("/to-khai/")[0]
    first, second = await seller.get(address), await seller.get(address)
    await seller.send(first, first.form("/to-khai/"), values_for(first.form("/to-khai/")))
    form = second.form("/to-khai/")
    mine = values_for(form) | {"registration_office": "Phòng của tôi"}
    kept = await seller.send(second, replace(form, action=f"{form.action}/luu"), mine)
    assert "cửa sổ khác" in kept.text
    assert "Phòng của tôi" not in (await seller.get(address)).text
