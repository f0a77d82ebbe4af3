"""Procedures as data: what the portal asks of a version, and the licence's dates worked out by hand."""

from datetime import datetime
from decimal import Decimal

from app.core.clock import VIETNAM
from app.core.text import Text
from app.worktime import ledger
from app.worktime.ledger import Entry, Kind
from tests.catalogue.examples import CALENDAR, LICENCE, LOTTERY, TODAY, licence_answers, lottery_answers


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=VIETNAM)


def test_if_you_file_today_the_answer_is_due_on() -> None:
    # Received Mon 23/11: validity 24 25 26 27 · 30. Paid that moment: 1–4/12 (4) · 7–11 (9) · 14–18 (14) · Mon 21/12 (15).
    outlook = LICENCE.outlook(CALENDAR, at("2026-11-23 09:00"))
    assert [(each.stage.id, each.due) for each in outlook] == [
        ("validity", at("2026-11-30 17:00")),
        ("appraisal", at("2026-12-21 17:00")),
    ]


def test_the_licence_as_data_gives_the_dates_worked_out_by_hand() -> None:
    # Received Mon 23/11 → validity due 30/11. Supplement asked 26/11, answered Tue 8/12, starts again: 9 10 11 · 14 15/12.
    # Valid 14/12, paid Thu 17/12: 18 (1) · 21–25 (6) · 28–31 (10) · 1/1 off · 4–8/1 (15) → Fri 8/1/2027.
    # Asked 5/1, answered Mon 11/1, new limit 10: 12–15 (4) · 18–22 (9) · Mon 25/1 (10).
    validity, appraisal = LICENCE.stages
    assert validity.supplement
    assert appraisal.supplement
    assert appraisal.supplement.new_limit
    entries = [Entry(Kind.START, validity.id, at("2026-11-23 09:00"), validity.length, "working_day")]
    assert ledger.due(entries, CALENDAR) == at("2026-11-30 17:00")
    entries.append(Entry(Kind.PAUSE, validity.id, at("2026-11-26 10:00")))
    answered = at("2026-12-08 10:00")
    entries.append(ledger.supplied(validity.supplement.policy, validity.id, answered, ground="L2", calendar_version="1"))
    assert ledger.due(entries, CALENDAR) == at("2026-12-15 17:00")
    entries.append(Entry(Kind.END_STAGE, validity.id, at("2026-12-14 10:00")))
    entries.append(Entry(Kind.START, appraisal.id, at("2026-12-17 10:00"), appraisal.length, "working_day"))
    assert ledger.due(entries, CALENDAR) == at("2027-01-08 17:00")
    entries.append(Entry(Kind.PAUSE, appraisal.id, at("2027-01-05 10:00")))
    limit = appraisal.supplement.new_limit
    again = (limit.length, limit.unit)
    policy = appraisal.supplement.policy
    entries.append(
        ledger.supplied(policy, appraisal.id, at("2027-01-11 10:00"), new_limit=again, ground="L2", calendar_version="1")
    )
    assert ledger.due(entries, CALENDAR) == at("2027-01-25 17:00")


def test_tasks_are_due_as_their_days_run() -> None:
    start = at("2026-11-23 09:00")
    due = {step.id: CALENDAR.due_of(start, LICENCE.days_until(step.id), "working_day") for step in LICENCE.steps_of("validity")}
    assert due == {
        "receive": at("2026-11-24 12:00"),
        "assign": at("2026-11-24 17:00"),
        "validity_check": at("2026-11-27 17:00"),
        "validity_review": at("2026-11-30 12:00"),
        "validity_decision": at("2026-11-30 17:00"),
    }


def test_stages_and_steps_follow_one_another() -> None:
    assert [stage.id for stage in LICENCE.stages] == ["validity", "appraisal"]
    following = LICENCE.next_stage("validity")
    assert following
    assert following.id == "appraisal"
    assert LICENCE.next_stage("appraisal") is None
    step = LICENCE.next_step("decide")
    assert step
    assert step.id == "issue"
    assert LICENCE.next_step("validity_decision") is None


def test_papers_hang_on_the_answers() -> None:
    def needed(**changes: object) -> list[tuple[str, bool | None]]:
        needs = LICENCE.papers_needed(licence_answers(**changes), today=TODAY)
        return [(need.paper.id, need.required) for need in needs][8:]

    assert needed(foreign_capital=False) == []
    assert needed(foreign_capital=True) == [("foreign_capital_proof", True), ("retail_licence", True)]
    assert needed(foreign_capital=None) == [("foreign_capital_proof", None), ("retail_licence", None)]


def test_a_paper_in_two_formats_is_two_files_and_the_pdf_is_the_signed_one() -> None:
    paper = LICENCE.paper("operation_papers")
    assert paper
    assert paper.formats == (("pdf",), ("doc", "docx"))
    assert paper.signed_places == (0,)


def test_the_fee_falls_due_after_the_validity_check() -> None:
    assert LICENCE.fees_due("filing", licence_answers(), today=TODAY) == []
    [due] = LICENCE.fees_due("after_validity_check", licence_answers(), today=TODAY)
    assert (due.amount, due.fee.unpaid_after.length, due.fee.unpaid_after.then) == (5_000_000, Decimal(30), "return")
    assert LOTTERY.fees_due("after_validity_check", lottery_answers(), today=TODAY) == []


def test_limit_and_fee_are_said_in_a_sentence() -> None:
    assert LICENCE.time_limit_text.vi == (
        "5 ngày làm việc (kiểm tra tính hợp lệ của hồ sơ); sau đó 15 ngày làm việc kể từ ngày nộp phí (thẩm định)"
    )
    assert LICENCE.fee_text == Text(
        "5.000.000 đồng, nộp sau khi hồ sơ được xác nhận hợp lệ", "5,000,000 VND, payable once the dossier is found valid"
    )
    assert (LOTTERY.time_limit_text.en, LOTTERY.fee_text.vi) == ("5 working days", "Không thu phí")


def test_the_result_prints_what_was_answered() -> None:
    facts = {label.en: value for label, value in LOTTERY.result_facts(lottery_answers() | {"total_value": 130_000_000})}
    assert facts["Provinces"] == "Hà Nội; Đà Nẵng"
    assert facts["From"] == "04/01/2027"
    assert facts["Total prize value"] == "130.000.000 đồng"
    assert LICENCE.number_series("granted") != LICENCE.number_series("refused")
    assert set(LICENCE.register_doc(licence_answers())) == set(LICENCE.result.register_as.fields)
