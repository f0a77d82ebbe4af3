"""Every kind of notice has its words in both languages."""

import pytest

from app.notices import wording
from app.notices.wording import Kind

PARAMS = {
    "reference": "7K3M-Q8RT-2NVX",
    "number": "G02.918-20261123-0000042",
    "amount": 5_000_000,
    "due": "2026-12-14T09:30:00+00:00",
    "reply_by": "2027-01-06",
    "paper": "Điều lệ",
    "what": "kiểm tra thực tế",
    "what_en": "the visit",
    "level": "90",
    "when": "2026-11-23T02:30:00+00:00",
}


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_says_the_same_things_in_both_languages(kind: Kind):
    needed = wording.parameters(kind)
    assert needed <= PARAMS.keys()
    for text in (wording.TITLES[kind], wording.BODIES[kind]):
        names = [{part[1] for part in wording.Formatter().parse(words) if part[1]} for words in (text.vi, text.en)]
        assert names[0] == names[1]
    title, body = wording.title(kind, PARAMS), wording.body(kind, PARAMS)
    assert "{" not in title.vi + title.en + body.vi + body.en
    assert "\n" not in title.vi + title.en  # it becomes a mail's subject


def test_a_limit_is_called_in_the_readers_language():
    said = wording.body(Kind.LIMIT_NEAR, PARAMS)
    assert "kiểm tra thực tế: đã qua 90 % thời hạn" in said.vi
    assert "the visit: 90 % of the time is gone" in said.en


def test_times_and_money_are_written_as_people_read_them():
    body = wording.body(Kind.FEE_DUE, PARAMS)
    assert "5.000.000 đồng trước 16 giờ 30 ngày 14/12/2026" in body.vi
    assert "5,000,000 VND" in body.en
    assert "before 14/12/2026 16:30" in body.en
    assert "06/01/2027" in wording.body(Kind.SUPPLEMENT_ASKED, PARAMS).vi
    assert "khi đủ hồ sơ" in wording.body(Kind.RECEIVED, PARAMS | {"due": "khi đủ hồ sơ"}).vi
