"""Who may do what, when: the guards of the acts of officials."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.core.errors import Incomplete, NotAllowed, NotFound, WrongState
from app.documents.examine import Findings
from app.dossiers.actions import assign, deliver, extend, papers, process, receive, supplement
from app.dossiers.actions.decide import decide, propose
from app.dossiers.actions.supplement import Item
from app.dossiers.code import NUMBER, Numbering
from app.dossiers.lifecycle import Act, State
from app.dossiers.queries import assignees, case_file, document, issued_paper, progress
from app.issued.models import IssuedDocument
from app.tasks.queries import open_of
from tests.dossiers.world import AT, COMPETITION, LICENCE, MARKET, PROMOTION, World, report, unknown


async def unknown_application(world: World) -> tuple:
    dossier_id = await world.ready(PROMOTION, world.retailer)
    document_id = await world.attach(world.retailer, dossier_id, "application")
    await world.checked(dossier_id, document_id, Findings(unknown("9900000048")))
    from app.dossiers.actions.submit import submit

    await submit(world.session, world.retailer, dossier_id, at=world.at)
    return dossier_id, document_id


async def test_a_dossier_with_an_unknown_signature_is_not_received_until_it_is_known(world: World):
    dossier_id, document_id = await unknown_application(world)
    with pytest.raises(Incomplete) as refused:
        await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    assert [(problem.where, problem.slug) for problem in refused.value.problems] == [("application", "paper-unknown")]

    await world.checked(dossier_id, document_id, Findings(report("9900000048")))
    assert (await receive.receive(world.session, world.desk, dossier_id, at=world.at)).number


async def test_an_official_overrides_an_unknown_signature_with_reasons_only(world: World):
    dossier_id, document_id = await unknown_application(world)
    with pytest.raises(Incomplete):
        await papers.override(world.session, world.desk, dossier_id, document_id, reason="  ", at=world.at)
    with pytest.raises(NotFound):
        officer = world.actors[f"officer_{COMPETITION}"]
        await document(world.session, officer, dossier_id, document_id)
    await papers.override(world.session, world.desk, dossier_id, document_id, reason="Đã gọi CA xác nhận", at=world.at)
    await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    shown = await document(world.session, world.desk, dossier_id, document_id)
    assert shown.overridden is not None
    assert shown.overridden.reason == "Đã gọi CA xác nhận"


async def test_what_is_known_to_be_right_or_wrong_cannot_be_overridden(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    case = await case_file(world.session, world.desk, dossier_id, at=world.at)
    with pytest.raises(WrongState) as refused:
        await papers.override(world.session, world.desk, dossier_id, case.documents[0].id, reason="Vì sao", at=world.at)
    assert refused.value.slug == "nothing-to-override"


async def test_numbers_follow_each_other_and_match_the_legal_shapes(world: World):
    numbers = []
    for _ in range(2):
        dossier_id = await world.submitted(PROMOTION, world.retailer)
        numbers.append((await receive.receive(world.session, world.desk, dossier_id, at=world.at)).number)
    assert numbers == ["G02-20261123-0000001", "G02-20261123-0000002"]
    old = Numbering("2018", "G02").number(AT.date(), 1)
    assert old == "000.00.00.G02-261123-0001"
    assert all(NUMBER.fullmatch(number) for number in [*numbers, old])


async def test_only_the_desk_receives_and_nobody_receives_twice(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    with pytest.raises(NotAllowed):
        await receive.receive(world.session, world.retailer, dossier_id, at=world.at)
    await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    with pytest.raises(WrongState):
        await receive.receive(world.session, world.desk, dossier_id, at=world.at)


async def test_refusing_at_the_desk_needs_a_reason(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    with pytest.raises(Incomplete):
        await receive.refuse(world.session, world.desk, dossier_id, reason="", at=world.at)


async def test_what_is_printed_on_a_form_has_a_limit(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    endless = "x" * 5_001
    with pytest.raises(Incomplete):
        await receive.refuse(world.session, world.desk, dossier_id, reason="x", proper_authority=endless, at=world.at)
    items = [Item("paper", "rules", endless)]
    with pytest.raises(Incomplete):
        await supplement.ask_at_intake(world.session, world.desk, dossier_id, items, reason="Thiếu", at=world.at)


async def test_the_leader_assigns_a_case_officer_of_the_unit_only(world: World):
    dossier_id = await world.received(LICENCE, world.seller)
    leader = world.actors[f"leader_{COMPETITION}"]
    for wrong in (f"officer_{MARKET}", f"head_{COMPETITION}"):
        with pytest.raises(Incomplete):
            await assign.assign(world.session, leader, dossier_id, assignee=world.actors[wrong].person_id, at=world.at)
    offered = await assignees(world.session, leader, dossier_id, at=world.at)
    assert {who.name for who in offered} == {"Colleague G02.918", "Officer G02.918"}


async def test_a_step_in_someone_elses_hands_stays_there_until_it_is_reassigned(world: World):
    dossier_id = await world.in_review(LICENCE, world.seller, COMPETITION)
    colleague = world.actors[f"colleague_{COMPETITION}"]
    with pytest.raises(NotAllowed):
        await world.step(colleague, dossier_id)
    await assign.reassign(
        world.session,
        world.actors[f"head_{COMPETITION}"],
        dossier_id,
        await world.task(dossier_id),
        assignee=colleague.person_id,
        reason="Nghỉ phép",
        at=world.at,
    )
    await world.step(colleague, dossier_id)
    assert (await world.dossier(dossier_id)).officer == colleague.person_id


async def test_a_step_with_an_act_of_its_own_is_not_simply_completed(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    with pytest.raises(WrongState) as refused:
        await world.step(world.actors[f"officer_{MARKET}"], dossier_id)
    assert refused.value.slug == "another-act"


async def test_a_finished_step_cannot_be_finished_again(world: World):
    dossier_id = await world.in_review(LICENCE, world.seller, COMPETITION)
    officer, task_id = world.actors[f"officer_{COMPETITION}"], await world.task(dossier_id)
    await process.complete_step(world.session, officer, dossier_id, task_id, at=world.at)
    with pytest.raises(WrongState):
        await process.complete_step(world.session, officer, dossier_id, task_id, at=world.at)


async def test_a_refusal_needs_reasons_and_a_decision_its_own_step(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    with pytest.raises(Incomplete):
        await world.proposed(dossier_id, MARKET, "refused", " ")
    with pytest.raises(Incomplete):
        await world.proposed(dossier_id, MARKET, "maybe")
    leader = world.actors[f"leader_{MARKET}"]
    with pytest.raises(NotAllowed):
        await decide(world.session, leader, dossier_id, outcome="granted", reasons="", at=world.at)


async def test_who_drafted_does_not_decide(world: World):
    from dataclasses import replace

    from app.core.permissions import Role

    officer = world.actors[f"officer_{MARKET}"]
    both = replace(officer, roles=frozenset({Role.CASE_OFFICER, Role.UNIT_LEADER}))
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await propose(
        world.session, both, dossier_id, await world.task(dossier_id), outcome="granted", reasons="", facts={}, at=world.at
    )
    await world.step(world.actors[f"head_{MARKET}"], dossier_id)
    with pytest.raises(NotAllowed) as refused:
        await decide(world.session, both, dossier_id, outcome="granted", reasons="", at=world.at)
    assert refused.value.slug == "four-eyes"


async def test_a_supplement_in_review_is_asked_as_often_as_the_stage_allows(world: World):
    dossier_id = await world.in_review(LICENCE, world.seller, COMPETITION)
    officer, items = world.actors[f"officer_{COMPETITION}"], [Item("paper", "charter")]
    await supplement.ask(world.session, officer, dossier_id, items, reason="Thiếu trang", at=world.at)
    await world.checked(
        dossier_id, await world.attach(world.seller, dossier_id, "charter"), Findings(report(world.seller.tax_code))
    )
    await supplement.supply(world.session, world.seller, dossier_id, at=world.at)
    with pytest.raises(WrongState) as refused:
        await supplement.ask(world.session, officer, dossier_id, items, reason="Thiếu trang", at=world.at)
    assert refused.value.slug == "too-many-rounds"


@pytest.mark.parametrize("items", [[], [Item("field", "nope")], [Item("paper", "nope")]])
async def test_a_supplement_names_what_the_procedure_has(world: World, items: list[Item]):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    with pytest.raises(Incomplete):
        await supplement.ask_at_intake(world.session, world.desk, dossier_id, items, reason="Thiếu", at=world.at)


async def test_an_apology_moves_the_due_date_once_and_not_on_the_last_day(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    leader = world.actors[f"leader_{MARKET}"]
    old = (await world.dossier(dossier_id)).due_at
    with pytest.raises(WrongState) as late:
        await extend.extend(world.session, leader, dossier_id, days=2, reason="Chờ ý kiến", at=old)
    assert late.value.slug == "too-late-to-extend"
    new = await extend.extend(world.session, leader, dossier_id, days=2, reason="Chờ ý kiến", at=world.at)
    assert new == old + timedelta(days=2)
    with pytest.raises(WrongState) as again:
        await extend.extend(world.session, leader, dossier_id, days=2, reason="Chờ ý kiến", at=world.at)
    assert again.value.slug == "extended-already"


async def test_each_step_is_due_so_that_the_steps_after_it_keep_their_days(world: World):
    dossier_id = await world.received(LICENCE, world.seller)
    task = (await open_of(world.session, dossier_id))[0]
    assert task.step == "assign"
    assert task.due_at < (await world.dossier(dossier_id)).due_at
    await assign.assign(
        world.session,
        world.actors[f"leader_{COMPETITION}"],
        dossier_id,
        assignee=world.actors[f"officer_{COMPETITION}"].person_id,
        at=world.at,
    )
    await world.session.flush()
    check = (await open_of(world.session, dossier_id))[0]
    # 0.5 + 0.5 + 3 days after Monday: the end of Friday; one day is left for review and decision.
    assert (check.step, check.due_at.isoformat()) == ("validity_check", "2026-11-27T10:00:00+00:00")


async def test_a_business_sees_offices_not_officials_and_no_decision_before_it_is_issued(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await world.proposed(dossier_id, MARKET, "refused", "Thể lệ trái quy định.")
    await world.step(world.actors[f"head_{MARKET}"], dossier_id, "Đồng ý từ chối")
    leader = world.actors[f"leader_{MARKET}"]
    await decide(world.session, leader, dossier_id, outcome="refused", reasons="Trái quy định.", at=world.at)
    await world.session.flush()

    case = await case_file(world.session, world.retailer, dossier_id, at=world.at)
    assert case.card.decision is None
    assert case.proposal is None
    assert case.tasks == ()
    assert case.result is None
    officials = [event for event in case.events if event.unit]
    assert {event.actor_name for event in officials} == {""}
    assert all(event.office is not None for event in officials)
    assert "từ chối" not in str([event.payload for event in case.events])
    hidden = await world.result(await world.dossier(dossier_id))
    with pytest.raises(NotFound):
        await issued_paper(world.session, world.retailer, dossier_id, hidden.id)


async def test_the_case_file_says_what_each_person_may_do_now(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    desk = await case_file(world.session, world.desk, dossier_id, at=world.at)
    business = await case_file(world.session, world.retailer, dossier_id, at=world.at)
    assert desk.may == {Act.RECEIVE, Act.REFUSE_TO_RECEIVE, Act.ASK_INTAKE_SUPPLEMENT}
    assert business.may == {Act.WITHDRAW}
    await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    leader = await case_file(world.session, world.actors[f"leader_{MARKET}"], dossier_id, at=world.at)
    officer = await case_file(world.session, world.actors[f"officer_{MARKET}"], dossier_id, at=world.at)
    assert Act.ASSIGN in leader.may
    assert Act.ASSIGN not in officer.may
    assert leader.my_task is not None
    assert any(line.kind == "due" for line in leader.clock)


async def test_another_units_official_sees_nothing(world: World):
    dossier_id = await world.received(PROMOTION, world.retailer)
    with pytest.raises(NotFound):
        await case_file(world.session, world.actors[f"leader_{COMPETITION}"], dossier_id, at=world.at)


async def test_officials_do_not_see_drafts(world: World):
    dossier_id = await world.begin(PROMOTION, world.retailer)
    with pytest.raises(NotFound):
        await case_file(world.session, world.desk, dossier_id, at=world.at)


async def test_the_public_sees_the_degree_of_completion_with_reference_and_secret_only(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    reference, secret = (await world.dossier(dossier_id)).reference, world.secrets[dossier_id]
    await world.session.flush()
    shown = await progress(world.session, f" {reference.lower()} ", secret)
    assert (shown.percent, shown.national_code) == (20, 1)
    for key, word in ((reference, "nope"), ("XXXX-XXXX-XXXX", secret), ("\x00", secret)):
        with pytest.raises(NotFound):
            await progress(world.session, key, word)
    await receive.receive(world.session, world.desk, dossier_id, at=world.at)
    number = (await world.dossier(dossier_id)).number
    assert (await progress(world.session, number, secret)).percent == 40


async def test_opening_the_result_twice_returns_it_once(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await world.proposed(dossier_id, MARKET, "granted")
    await world.step(world.actors[f"head_{MARKET}"], dossier_id)
    leader = world.actors[f"leader_{MARKET}"]
    await decide(world.session, leader, dossier_id, outcome="granted", reasons="", at=world.at)
    await world.sealed(dossier_id, MARKET)
    for _ in range(2):
        await deliver.hand_over(world.session, world.retailer, dossier_id, at=world.at)
    dossier = await world.dossier(dossier_id)
    assert dossier.state == State.RETURNED
    assert await open_of(world.session, dossier_id) == []
    printed = await world.session.scalar(select(IssuedDocument.facts).where(IssuedDocument.id == dossier.result_id))
    assert printed["conditions"] == ["Chỉ kinh doanh hàng hóa trong danh mục."]


async def test_what_comes_after_the_deadline_is_not_taken_even_before_the_job_has_closed_the_dossier(world: World):
    dossier_id = await world.submitted(PROMOTION, world.retailer)
    await supplement.ask_at_intake(world.session, world.desk, dossier_id, [Item("paper", "rules")], reason="Thiếu", at=world.at)
    deadline = (await world.dossier(dossier_id)).answer_by
    with pytest.raises(WrongState) as refused:
        await supplement.supply(world.session, world.retailer, dossier_id, at=deadline)
    assert refused.value.slug == "too-late-to-supply"
