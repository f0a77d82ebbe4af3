"""The ledger of a limit, against due dates worked out by hand."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest

from app.core.clock import VIETNAM
from app.core.text import Text
from app.worktime import ledger
from app.worktime.actions import shipped
from app.worktime.calendar import Calendar, Unit
from app.worktime.explained import explain
from app.worktime.ledger import Entry, Kind, OutOfOrder, Phase

CALENDAR = Calendar.of(shipped())
APOLOGY = "chậm nhất lúc này phải xin lỗi và hẹn lại"
NAMES = {"validity": Text("kiểm tra", "validity check"), "appraisal": Text("thẩm định", "appraisal")}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def entry(kind: Kind, when: str, stage: str = "validity", length: int | None = None, unit: Unit = "working_day") -> Entry:
    return Entry(kind, stage, at(when), Decimal(length) if length else None, unit if length else None, "NĐ 137/2026 Đ.11")


VALIDITY = entry(Kind.START, "2026-08-28 10:00", length=5)
ASKED = entry(Kind.PAUSE, "2026-09-04 09:00")
PAID = entry(Kind.START, "2026-12-18 21:40", "appraisal", 15)

# Procedure 5.2 by hand.
#
# | entry                          | day 1    | days that count                                                | due        |
# |--------------------------------|----------|----------------------------------------------------------------|------------|
# | received Fri 28/8, 5           | Thu 3/9  | (31/8 swapped, 1–2/9 National Day) 3 4 · 7 8 9                  | Wed 9/9    |
# | asked Fri 4/9                  |          | clock paused                                                   | none       |
# | supplied Thu 10/9 15:30, again | Fri 11/9 | 11 · 14 15 16 17                                               | Thu 17/9   |
# | valid 16/9                     |          | between stages, waiting for payment                            | none       |
# | paid Fri 18/12 21:40, 15       | Mon 21/12| 21–25 (5) · 28–31 (9) · 1/1 off · 4–8/1 (14) · 11/1 (15)        | Mon 11/1   |
# | asked 30/12, supplied Mon 25/1,|          |                                                                |            |
# |   new limit 10                 | Tue 26/1 | 26–29 (4) · 1–4/2 (8) · Tết 5–9 and 10–11 off · 12 (9) · 15 (10)| Mon 15/2   |
BY_HAND: list[tuple[list[Entry], str | None]] = [
    ([VALIDITY], "2026-09-09 17:00"),
    ([VALIDITY, ASKED], None),
    ([VALIDITY, ASKED, entry(Kind.RESTART, "2026-09-10 15:30")], "2026-09-17 17:00"),
    ([VALIDITY, entry(Kind.END_STAGE, "2026-09-08 11:00")], None),
    ([VALIDITY, entry(Kind.END_STAGE, "2026-09-08 11:00"), PAID], "2027-01-11 17:00"),
    (
        [PAID, entry(Kind.PAUSE, "2026-12-30 10:00", "appraisal"), entry(Kind.NEW_LIMIT, "2027-01-25 14:00", "appraisal", 10)],
        "2027-02-15 17:00",
    ),
    # the day announced as Culture Day (24/11) counts until it is law: 24 25 26 27 · 30
    ([entry(Kind.START, "2026-11-23 09:10", length=5)], "2026-11-30 17:00"),
    # EXCLUDE: Tue 3/11 (1) Wed 4 (2, paused that day) | Thu 5 … Mon 9 (resumed that day) | Tue 10 (3) Wed 11 (4) Thu 12 (5)
    (
        [
            entry(Kind.START, "2026-11-02 09:00", length=5),
            entry(Kind.PAUSE, "2026-11-04 16:00"),
            entry(Kind.RESUME, "2026-11-09 08:30"),
        ],
        "2026-11-12 17:00",
    ),
    # a pause within one day costs nothing
    (
        [
            entry(Kind.START, "2026-11-02 09:00", length=5),
            entry(Kind.PAUSE, "2026-11-04 09:00"),
            entry(Kind.RESUME, "2026-11-04 16:00"),
        ],
        "2026-11-09 17:00",
    ),
    # extended by 3: 9/11 → Tue 10, Wed 11, Thu 12
    ([entry(Kind.START, "2026-11-02 09:00", length=5), entry(Kind.EXTEND, "2026-11-06 09:00", length=3)], "2026-11-12 17:00"),
    # 8 working hours from Mon 10:00: 2 + 2 until a pause at 15:00; the other 4 from Wed 8:00, to noon
    (
        [
            entry(Kind.START, "2026-11-02 10:00", length=8, unit="working_hour"),
            entry(Kind.PAUSE, "2026-11-02 15:00"),
            entry(Kind.RESUME, "2026-11-04 08:00"),
        ],
        "2026-11-04 12:00",
    ),
    # 10 calendar days, paused 4/11, resumed 9/11: 3 4 | 10 11 12 13 14 15 16 17
    (
        [
            entry(Kind.START, "2026-11-02 10:00", length=10, unit="day"),
            entry(Kind.PAUSE, "2026-11-04 15:00"),
            entry(Kind.RESUME, "2026-11-09 08:00"),
        ],
        "2026-11-17 17:00",
    ),
    # asked in the morning of the last day (Mon 9/11): that day is not lost but follows the answer, Thu 12 → Fri 13
    (
        [
            entry(Kind.START, "2026-11-02 09:00", length=5),
            entry(Kind.PAUSE, "2026-11-09 09:00"),
            entry(Kind.RESUME, "2026-11-12 10:00"),
        ],
        "2026-11-13 17:00",
    ),
    # extended by 3 working days after 10 calendar days (to Thu 12/11), paused Fri 13, resumed Wed 18: Fri 13, Thu 19, Fri 20
    (
        [
            entry(Kind.START, "2026-11-02 09:00", length=10, unit="day"),
            entry(Kind.EXTEND, "2026-11-11 09:00", length=3),
            entry(Kind.PAUSE, "2026-11-13 09:00"),
            entry(Kind.RESUME, "2026-11-18 09:00"),
        ],
        "2026-11-20 17:00",
    ),
    # accepted Mon 16:00 in hours and asked at 16:30: nothing was used yet; 4 hours from Wed 8:00
    (
        [
            entry(Kind.START, "2026-11-02 16:00", length=4, unit="working_hour"),
            entry(Kind.PAUSE, "2026-11-02 16:30"),
            entry(Kind.RESUME, "2026-11-04 08:00"),
        ],
        "2026-11-04 12:00",
    ),
    ([VALIDITY, entry(Kind.STOP, "2026-09-01 08:00")], None),
    ([], None),
]

# 5 days from Mon 2/11 end Mon 9; extended by 10: Mon 23/11 was promised. Asked Tue 10, supplied Wed 11.
PROMISED = [
    entry(Kind.START, "2026-11-02 09:00", length=5),
    entry(Kind.EXTEND, "2026-11-06 09:00", length=10),
    entry(Kind.PAUSE, "2026-11-10 09:00"),
]


@pytest.mark.parametrize("entries, due", BY_HAND)
def test_the_due_date_is_the_one_worked_out_by_hand(entries: list[Entry], due: str | None) -> None:
    assert ledger.due(entries, CALENDAR) == (at(due) if due else None)


@pytest.mark.parametrize(
    "answered, due, without",
    [
        ("2026-11-11 09:00", "2026-11-23 17:00", "2026-11-18 17:00"),  # 5 days afresh would end before the promised day
        ("2026-11-20 09:00", "2026-11-27 17:00", "2026-11-27 17:00"),  # they end after it: nothing is added
    ],
)
def test_a_restart_does_not_take_back_the_day_an_apology_promised(answered: str, due: str, without: str) -> None:
    entries = [*PROMISED, entry(Kind.RESTART, answered)]
    assert ledger.due(entries, CALENDAR) == at(due)
    assert ledger.due(entries, replace(CALENDAR, keeps_promise=False)) == at(without)
    kept = [line.at for line in explain(entries, CALENDAR) if line.kind == "promise"]
    assert kept == ([at(due)] if due != without else [])


def test_the_state_says_stage_and_rounds() -> None:
    entries = [VALIDITY, ASKED]
    assert ledger.state(entries).phase is Phase.PAUSED
    assert (ledger.state(entries).stage, ledger.state(entries).rounds) == ("validity", 1)
    assert ledger.state([*entries, entry(Kind.RESTART, "2026-09-10 15:30")]).rounds == 1
    assert ledger.state([]).phase is Phase.NOT_STARTED
    assert ledger.state([VALIDITY, entry(Kind.STOP, "2026-09-01 08:00")]).phase is Phase.STOPPED


@pytest.mark.parametrize(
    "entries",
    [
        [ASKED],
        [VALIDITY, VALIDITY],
        [VALIDITY, entry(Kind.RESUME, "2026-09-04 09:00")],
        [VALIDITY, entry(Kind.PAUSE, "2026-08-01 09:00")],
        [VALIDITY, entry(Kind.PAUSE, "2026-09-04 09:00", "appraisal")],
        [VALIDITY, entry(Kind.EXTEND, "2026-09-04 09:00")],
        [VALIDITY, entry(Kind.STOP, "2026-09-04 09:00"), entry(Kind.START, "2026-09-05 09:00", length=5)],
    ],
)
def test_an_entry_that_cannot_follow_is_refused(entries: list[Entry]) -> None:
    with pytest.raises(OutOfOrder):
        ledger.state(entries)


def test_a_supplement_answers_with_the_entry_of_its_policy() -> None:
    ten: tuple[Decimal, Unit] = (Decimal(10), "working_day")
    made = [
        ledger.supplied(policy, "appraisal", at("2027-01-25 14:00"), new_limit=ten, ground="L2", calendar_version="1")
        for policy in ("EXCLUDE", "RESTART", "NEW_LIMIT")
    ]
    assert [(each.kind, each.length) for each in made] == [
        (Kind.RESUME, None),
        (Kind.RESTART, None),
        (Kind.NEW_LIMIT, Decimal(10)),
    ]


def test_warnings_come_at_70_and_90_percent_and_on_the_working_day_before() -> None:
    # 10 days from Mon 2/11: day 7 is Wed 11, day 9 is Fri 13, day 10 (due) is Mon 16; the working day before is Fri 13
    found = ledger.warnings([entry(Kind.START, "2026-11-02 09:00", length=10)], CALENDAR)
    assert [(alert.kind, alert.at) for alert in found] == [
        ("70", at("2026-11-11 17:00")),
        ("90", at("2026-11-13 17:00")),
        ("last_day", at("2026-11-13 17:00")),
    ]
    assert ledger.warnings([VALIDITY, ASKED], CALENDAR) == []


def test_the_computation_is_explained_line_by_line() -> None:
    lines = explain([entry(Kind.START, "2026-11-20 16:00", length=2)], CALENDAR, NAMES)
    assert [(line.kind, line.text.vi) for line in lines] == [
        ("entry", "16:00 20/11/2026: Bắt đầu “kiểm tra”, thời hạn 2 ngày làm việc (NĐ 137/2026 Đ.11)."),
        ("skipped", "thứ Sáu 20/11/2026: ngày bắt đầu, không tính."),
        ("skipped", "thứ Bảy 21/11/2026: ngày nghỉ hằng tuần, không tính."),
        ("skipped", "Chủ nhật 22/11/2026: ngày nghỉ hằng tuần, không tính."),
        ("day", "thứ Hai 23/11/2026: ngày thứ 1."),
        (
            "day",
            "thứ Ba 24/11/2026: ngày thứ 2 (dự kiến là ngày nghỉ “Ngày Văn hóa Việt Nam”, chưa được xác nhận).",
        ),
        ("alert", f"Nhắc việc: còn một ngày làm việc kể từ 17:00 23/11/2026; {APOLOGY} (NĐ 61/2018 Đ.19.9)."),
        ("alert", "Nhắc việc: đã qua 70 % thời hạn lúc 11:12 24/11/2026."),
        ("alert", "Nhắc việc: đã qua 90 % thời hạn lúc 15:24 24/11/2026."),
        ("due", "Đến hạn lúc 17:00 24/11/2026 (lịch làm việc 2026-11-22)."),
    ]
    assert lines[0].text.en == "16:00 20/11/2026: “validity check” starts, limit 2 working days (NĐ 137/2026 Đ.11)."


def test_hours_are_explained_stretch_by_stretch() -> None:
    entries = [
        entry(Kind.START, "2026-11-20 16:00", length=6, unit="working_hour"),
        entry(Kind.PAUSE, "2026-11-23 10:00"),
        entry(Kind.RESUME, "2026-11-25 09:30"),
    ]
    lines = explain(entries, CALENDAR, NAMES)[3:]
    assert [(line.kind, line.text.vi.partition(": ")[2]) for line in lines if line.kind in ("day", "skipped")] == [
        ("skipped", "hết giờ tiếp nhận, không tính."),
        ("skipped", "ngày nghỉ hằng tuần, không tính."),
        ("skipped", "ngày nghỉ hằng tuần, không tính."),
        ("day", "08:00–10:00: 2 giờ."),
        (
            "skipped",
            "tạm dừng, không tính (dự kiến là ngày nghỉ “Ngày Văn hóa Việt Nam”, chưa được xác nhận).",
        ),
        ("day", "09:30–12:00, 13:00–14:30: 4 giờ."),
    ]
    assert lines[-1].at == at("2026-11-25 14:30")
