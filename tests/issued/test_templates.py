"""What the templates promise whatever is printed: nothing leaves the page, nothing is lost, a form reads as it is prescribed."""

import re
import subprocess
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from app.issued import editions
from app.issued.facts import Officer, Sheet
from tests.issued.samples import GOODS, SAMPLES, entries
from tests.issued.test_render import findings, made, text_of

LONG = "Nguyễn Thị Phương Thảo Đường Quỳnh Trưởng Khuyển Nghiễn ẤỂỖ " * 4 + "Một" * 40
AS_IT_IS = re.compile(r"\d{4}-\d\d-\d\d|[0-9a-f]{64}$|\d+$|G02\.|Bản điện tử")
# What a document may leave out: it says it in other words, or only the attached data hold it.
UNPRINTED = {"title", "capacity", "phone", "authority", "subject", "title_vi"}
LETTERS_LEAVE_OUT = {"address", "email", "dossier", "procedure_vi", "procedure_en"}
FORMS = {"receipt", "fee-receipt", "fee-notice"} | {f"form-{n:02}" for n in range(1, 8)}
MM = 72 / 25.4


def walked(value: Any, change: Callable[[str, str], Any], key: str = "") -> Any:
    """`value` with every string changed."""
    if isinstance(value, dict):
        return {name: walked(inner, change, name) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [walked(inner, change, key) for inner in value]
    return change(key, value) if isinstance(value, str) else value


def stretched(facts: Sheet) -> Sheet:
    """The same facts with every name, address, reason and title hundreds of letters long."""
    longer = walked(facts.model_dump(mode="json"), lambda _, text: text if AS_IT_IS.match(text) or not text else f"{text} {LONG}")
    return type(facts).model_validate(longer)


def strings(facts: Sheet, template: str) -> Iterator[str]:
    """Every text that must be found on the page."""
    said: list[tuple[str, str]] = []
    walked(facts.model_dump(mode="json"), lambda key, text: said.append((key, text)))
    left_out = UNPRINTED if template in FORMS else UNPRINTED | LETTERS_LEAVE_OUT
    return (text for key, text in said if key not in left_out and not re.match(r"\d{4}-\d\d-\d\d", text))


def letters_of(text: str) -> str:
    """`text` without blanks, which may be line breaks, and without capitals, which heads are set in."""
    return "".join(text.casefold().split())


def shown(pdf: bytes) -> str:
    """Everything the document says, cell after cell."""
    return letters_of(text_of(pdf, "-raw"))


def lost(facts: Sheet, template: str, pdf: bytes) -> list[str]:
    """The words of the facts that are nowhere in the document."""
    there = shown(pdf)
    return sorted({word for text in strings(facts, template) for word in text.casefold().split() if word not in there})


def outside(pdf: bytes) -> list[str]:
    """The words that leave the margins of NĐ 30/2020: left 30 mm, right 15 mm, top and bottom 20 mm (page numbers within)."""
    read = subprocess.run(["pdftotext", "-bbox", "-", "-"], input=pdf, capture_output=True, check=True).stdout
    tree = ET.fromstring(read.replace(b"\x0c", b""))
    html = "{http://www.w3.org/1999/xhtml}"
    return [
        f"{word.text} on a page of {page.get('width')}"
        for page in tree.iter(f"{html}page")
        for word in page.iter(f"{html}word")
        if not _inside(word, float(page.get("width", 0)), float(page.get("height", 0)))
    ]


def _inside(word: ET.Element, width: float, height: float) -> bool:
    left, top, right, bottom = (float(word.get(side, 0)) for side in ("xMin", "yMin", "xMax", "yMax"))
    return left >= 30 * MM - 1 and right <= width - 15 * MM + 1 and top >= 8 * MM and bottom <= height - 8 * MM


@pytest.mark.parametrize("template", sorted(SAMPLES))
def test_text_of_any_length_stays_on_the_page_and_none_is_lost(template: str):
    facts = stretched(SAMPLES[template])
    rendered = made(template, facts)
    assert outside(rendered.pdf) == []
    assert lost(facts, template, rendered.pdf) == []
    for place in rendered.places:
        left, low, right, high = place.box
        assert 30 * MM - 1 <= left < right, place
        assert 50 < low < high < 842 - 50, place


MANY = 200


# Which rows of a document are made many, and the word by which each is known.
ROWS = {
    "form-01": ("papers", "name"),
    "form-06": ("rows", "note"),
    "inspection-minutes": ("findings", "item"),
}


def many(template: str) -> Sheet:
    """The sample with two hundred rows, each with a word of its own."""
    facts, numbers = SAMPLES[template], range(1, MANY + 1)
    if template == "form-07":
        return facts.model_copy(update={"rows": entries(MANY)})
    if template == "licence":
        cells = tuple((f"Chất thứ-{n}z", "7664-93-9", str(n)) for n in numbers)
        return facts.model_copy(update={"tables": (GOODS.model_copy(update={"rows": cells}),)})
    rows, word = ROWS[template]
    first = getattr(facts, rows)[0]
    return facts.model_copy(update={rows: tuple(first.model_copy(update={word: f"Dòng thứ-{n}z"}) for n in numbers)})


@pytest.mark.parametrize("template", [*ROWS, "form-07", "licence"])
def test_two_hundred_rows_go_over_the_pages_and_none_is_lost(template: str):
    facts = many(template)
    pdf = made(template, facts).pdf
    assert outside(pdf) == []
    assert lost(facts, template, pdf) == []


# What stands for a label where the form says the thing itself, or leaves out what only explains it.
SAID = {
    "governing_body": "BỘ CÔNG THƯƠNG",
    "motto": "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM Độc lập - Tự do - Hạnh phúc",
    "form_no": "Số:",
    "place_date": "Hà Nội, ngày",
    "qr": "Quét mã để kiểm tra",
    "apology": "Chúng tôi xin lỗi",
    "fee_state": "Đã nộp / chưa nộp",
    "head_sign": "PHÓ CHỦ TỊCH",
    "request_ref": "Đơn đề nghị dừng, rút",
    "row_dossier": "Mã hồ sơ",
}
# The three days of form 07 are columns under one head: their names come after the heads of all columns.
BELOW = {"due_on", "returned_on"}


def label_of(entry: editions.Entry) -> str:
    """The words that a form prints for one of its lines: the label up to what explains it."""
    return letters_of(SAID.get(entry.id) or re.split(r"\s*[:(…]|\s/\s", entry.label)[0])


@pytest.mark.parametrize("n", range(1, 8))
def test_a_form_says_every_line_of_the_circular_in_its_words_and_order(n: int):
    template = f"form-{n:02}"
    facts = SAMPLES[template].model_copy(update={"office": "Bộ phận Tiếp nhận và Trả kết quả"})
    said, at = shown(made(template, facts).pdf), 0
    for entry in editions.in_force(template, date(2026, 11, 23)).entries:
        label = label_of(entry)
        found = said.find(label, 0 if entry.id in BELOW else at)
        assert found >= 0, f"{entry.label} is missing, or not in its place"
        at = at if entry.id in BELOW else found


def test_what_the_portal_answers_itself_carries_the_seal_of_the_organisation_alone():
    nobody = Officer(name="", title="Cục Hóa chất")
    rendered = made("acknowledgement", SAMPLES["acknowledgement"].model_copy(update={"signer": nobody}))
    assert [place.name for place in rendered.places] == ["seal"]
    assert findings(rendered.pdf) == []
    assert "CỤC HÓA CHẤT" in text_of(rendered.pdf)
