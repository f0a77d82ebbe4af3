"""The whole way of a dossier, told act by act."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from app.core.clock import VIETNAM
from app.core.errors import WrongState
from app.dossiers.actions import deliver, draft, lapse, pay, receive, stop, supplement, withdraw
from app.dossiers.actions.decide import decide
from app.dossiers.actions.supplement import Item
from app.dossiers.lifecycle import Act, State
from app.dossiers.models import DossierEvent, LedgerEntry, Submission
from app.dossiers.queries import case_file
from app.fees.queries import bills_of
from app.issued.models import IssuedDocument
from app.notices.models import Notice
from app.registers import queries as registers
from app.registers.rules import Dataset
from tests.dossiers.world import AT, COMPETITION, GATEWAY, LICENCE, MARKET, PROMOTION, RETAILER, World


def vietnam(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=VIETNAM).astimezone(UTC)


async def acts(world: World, dossier_id) -> list[str]:
    await world.session.flush()
    rows = await world.session.scalars(
        select(DossierEvent.act).where(DossierEvent.dossier_id == dossier_id).order_by(DossierEvent.seq)
    )
    return list(rows)


async def issued(world: World, dossier_id) -> list[str]:
    await world.session.flush()
    rows = await world.session.scalars(select(IssuedDocument.kind).where(IssuedDocument.dossier_id == dossier_id))
    return sorted(rows)


async def told(world: World, dossier_id) -> list[str]:
    await world.session.flush()
    return sorted(await world.session.scalars(select(Notice.kind).where(Notice.dossier_id == dossier_id)))


async def ticks(world: World, dossier_id) -> list[str]:
    await world.session.flush()
    rows = await world.session.scalars(
        select(LedgerEntry.kind).where(LedgerEntry.dossier_id == dossier_id).order_by(LedgerEntry.seq)
    )
    return list(rows)


async def test_a_licence_with_a_fee_goes_from_draft_to_the_hands_of_the_business(world: World):
    dossier_id = await world.paid()
    await world.proposed(dossier_id, COMPETITION, "granted")
    await world.step(world.actors[f"head_{COMPETITION}"], dossier_id)
    await world.step(world.actors[f"leader_{COMPETITION}"], dossier_id)
    await decide(world.session, world.actors[f"leader_{COMPETITION}"], dossier_id, outcome="granted", reasons="", at=world.at)
    await world.sealed(dossier_id, COMPETITION)
    await deliver.hand_over(world.session, world.seller, dossier_id, at=world.at)

    dossier = await world.dossier(dossier_id)
    assert dossier.state == State.RETURNED
    assert dossier.decision == "granted"
    assert await acts(world, dossier_id) == [
        "submit",
        "receive",
        "assign",
        "complete_step",
        "complete_step",
        "complete_step",
        "demand_fee",
        "settle",
        "complete_step",
        "complete_step",
        "complete_step",
        "decide",
        "sign",
        "issue",
        "publish",
        "deliver",
    ]
    assert await ticks(world, dossier_id) == ["start", "end_stage", "start", "stop"]
    assert await issued(world, dossier_id) == ["fee-notice", "fee-receipt", "form-01", "form-06", "receipt", "result"]
    assert await told(world, dossier_id) == ["fee-due", "fee-paid", "received", "result-ready", "submitted"]
    result = await world.result(dossier)
    licence = await registers.one(world.session, Dataset.LICENCES, result.number)
    assert licence["holder_tax_code"] == "9900000030"
    assert licence["document_sha256"] == result.sha256
    status = await registers.one(world.session, Dataset.DOSSIERS, dossier.number)
    assert status["national_status"] == 10


async def test_the_clock_of_a_licence_is_that_of_the_decree(world: World):
    """Five working days to check, then fifteen from the payment: by hand, over no holiday but weekends."""
    dossier_id = await world.received(LICENCE, world.seller)
    assert (await world.dossier(dossier_id)).due_at == vietnam(2026, 11, 30, 17, 0)

    world_at = world.at
    dossier_id = await world.awaiting_payment()
    waiting = await world.dossier(dossier_id)
    assert waiting.due_at is None
    assert waiting.answer_by == vietnam(2027, 1, 6, 0, 0)  # thirty working days, 1 January off

    world.at = vietnam(2026, 12, 1, 22, 15)
    notice = await world.notice_of_payment(dossier_id)
    await pay.settle(world.session, notice, gateway=GATEWAY, at=world.at)
    appraised = await world.dossier(dossier_id)
    assert appraised.due_at == vietnam(2026, 12, 22, 17, 0)
    assert appraised.stage == "appraisal"
    assert world_at == AT


async def test_a_registration_without_fee_is_refused_with_reasons_and_that_is_a_result(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await world.proposed(dossier_id, MARKET, "refused", "Thể lệ trái quy định.\nThiếu cơ cấu giải.")
    await world.step(world.actors[f"head_{MARKET}"], dossier_id)
    leader = world.actors[f"leader_{MARKET}"]
    await decide(world.session, leader, dossier_id, outcome="refused", reasons="Thể lệ trái quy định.", at=world.at)
    await world.sealed(dossier_id, MARKET)

    dossier = await world.dossier(dossier_id)
    assert (dossier.state, dossier.decision) == (State.ISSUED, "refused")
    result = await world.result(dossier)
    assert result.kind == "refusal"
    assert result.facts["reasons"] == ["Thể lệ trái quy định."]
    assert await told(world, dossier_id) == ["received", "refused", "submitted"]
    assert await bills_of(world.session, dossier_id) == []


async def test_a_supplement_at_intake_opens_only_the_marked_items_and_is_asked_once(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    items = [Item("paper", "rules", "Thiếu trang 2"), Item("field", "details", "Ghi rõ thời điểm quay số")]
    await supplement.ask_at_intake(world.session, world.desk, dossier_id, items, reason="Thiếu", at=world.at)
    waiting = await world.dossier(dossier_id)
    assert waiting.state == State.AWAITING_INTAKE_SUPPLEMENT
    assert waiting.answer_by is not None

    await world.checked(dossier_id, *await _new_paper(world, dossier_id, "rules"))
    await supplement.supply(world.session, world.retailer, dossier_id, at=world.at)

    dossier = await world.dossier(dossier_id)
    assert (dossier.state, dossier.round, dossier.open_items) == (State.SUBMITTED, 1, [])
    rounds = await world.session.scalars(select(Submission.round).where(Submission.dossier_id == dossier_id))
    assert sorted(rounds) == [0, 1]
    assert await issued(world, dossier_id) == ["form-02", "receipt", "receipt"]


async def _new_paper(world: World, dossier_id, paper: str):
    from app.documents.examine import Findings
    from tests.dossiers.world import report

    document_id = await world.attach(world.retailer, dossier_id, paper)
    return document_id, Findings(report(RETAILER))


async def test_a_supplement_in_review_stops_the_clock_and_starts_it_again_by_the_stages_policy(world: World):
    dossier_id = await world.paid()
    officer = world.actors[f"officer_{COMPETITION}"]
    world.later(days=1)
    await supplement.ask(world.session, officer, dossier_id, [Item("field", "deposit_ref")], reason="Sai số văn bản", at=world.at)
    with pytest.raises(WrongState) as refused:
        await supplement.supply(world.session, world.seller, dossier_id, at=world.at)
    assert refused.value.slug == "nothing-changed"
    paused = await world.dossier(dossier_id)
    assert paused.clock_paused
    assert paused.due_at is None

    world.at = vietnam(2026, 12, 10, 9, 0)
    await draft.save_page(
        world.session,
        world.seller,
        dossier_id,
        "ky-quy",
        [("deposit_ref", "02/2026/XNKQ")],
        revision=paused.revision,
        at=world.at,
    )
    await supplement.supply(world.session, world.seller, dossier_id, at=world.at)
    dossier = await world.dossier(dossier_id)
    assert dossier.state == State.IN_REVIEW
    assert dossier.due_at == vietnam(2026, 12, 24, 17, 0)  # a new limit of ten working days
    assert await ticks(world, dossier_id) == ["start", "end_stage", "start", "pause", "new_limit"]


async def test_a_business_withdraws_until_the_decision_and_owes_nothing_more(world: World):
    dossier_id = await world.awaiting_payment()
    await withdraw.withdraw(world.session, world.seller, dossier_id, reason="Đổi kế hoạch", at=world.at)

    dossier = await world.dossier(dossier_id)
    assert dossier.state == State.WITHDRAWN
    assert [bill.state for bill in await bills_of(world.session, dossier_id)] == ["cancelled"]
    assert await issued(world, dossier_id) == ["fee-notice", "form-01", "form-05", "form-06", "receipt"]
    case = await case_file(world.session, world.seller, dossier_id, at=world.at)
    assert case.may == frozenset()


async def test_what_is_not_paid_in_time_is_closed_as_the_procedure_says(world: World):
    dossier_id = await world.awaiting_payment()
    dossier = await world.dossier(dossier_id)
    deadline = dossier.answer_by
    assert deadline is not None

    assert await lapse.lapse_overdue(world.session, deadline - timedelta(seconds=1)) == 0
    assert await lapse.lapse_overdue(world.session, deadline) == 1
    assert await lapse.lapse_overdue(world.session, deadline) == 0

    closed = await world.dossier(dossier_id)
    assert closed.state == State.STOPPED
    assert [bill.state for bill in await bills_of(world.session, dossier_id)] == ["lapsed"]
    assert (await acts(world, dossier_id))[-1] == Act.LAPSE


async def test_a_supplement_nobody_answers_closes_the_dossier(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    items = [Item("paper", "rules")]
    await supplement.ask_at_intake(world.session, world.desk, dossier_id, items, reason="Thiếu", at=world.at)
    assert await lapse.lapse_overdue(world.session, world.at + timedelta(days=90)) == 1
    assert (await world.dossier(dossier_id)).state == State.STOPPED


async def test_money_that_comes_after_the_dossier_was_closed_moves_nothing(world: World):
    dossier_id = await world.awaiting_payment()
    notice = await world.notice_of_payment(dossier_id)
    await stop.stop(world.session, world.actors[f"leader_{COMPETITION}"], dossier_id, reason="Theo kết luận", at=world.at)
    settlement = await pay.settle(world.session, notice, gateway=GATEWAY, at=world.at)
    assert settlement.paid is None
    assert (await world.dossier(dossier_id)).state == State.STOPPED


async def test_a_forged_or_repeated_notice_changes_nothing(world: World):
    dossier_id = await world.awaiting_payment()
    notice = await world.notice_of_payment(dossier_id)
    forged = notice | {"vnp_SecureHash": "0" * 128}
    assert (await pay.settle(world.session, forged, gateway=GATEWAY, at=world.at)).reply.code == "97"
    assert (await world.dossier(dossier_id)).state == State.AWAITING_PAYMENT

    first = await pay.settle(world.session, notice, gateway=GATEWAY, at=world.at)
    again = await pay.settle(world.session, notice, gateway=GATEWAY, at=world.at)
    assert (first.reply.code, again.reply.code) == ("00", "02")
    assert (await acts(world, dossier_id)).count("settle") == 1


async def test_the_desk_refuses_to_receive_with_a_reason_on_form_03(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    await receive.refuse(world.session, world.desk, dossier_id, reason="Không thuộc thẩm quyền", at=world.at)
    dossier = await world.dossier(dossier_id)
    assert (dossier.state, dossier.number) == (State.REFUSED_AT_INTAKE, None)
    assert await issued(world, dossier_id) == ["form-03", "receipt"]
