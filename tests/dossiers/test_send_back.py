"""Back to the step before: to whom, from where, and what it leaves alone."""

import pytest

from app.core.errors import Incomplete, NotAllowed, WrongState
from app.dossiers.actions import process
from app.dossiers.actions.decide import decide, propose
from app.dossiers.lifecycle import Act, State
from app.dossiers.queries import case_file
from app.tasks.queries import of_dossier, open_of
from tests.dossiers.test_stories import ticks
from tests.dossiers.world import COMPETITION, MARKET, PROMOTION, World

OFFICER, HEAD, LEADER = f"officer_{MARKET}", f"head_{MARKET}", f"leader_{MARKET}"


async def send_back(world: World, who: str, dossier_id, reason: str = "Bổ sung căn cứ") -> None:
    task_id = await world.task(dossier_id)
    await process.send_back(world.session, world.actors[who], dossier_id, task_id, reason=reason, at=world.at)
    await world.session.flush()


async def drafted(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await world.proposed(dossier_id, MARKET, "granted")
    await world.session.flush()
    return dossier_id


async def test_the_head_returns_a_draft_to_the_officer_who_made_it_and_the_clock_runs_on(world: World):
    dossier_id = await drafted(world)
    before, clock = await world.dossier(dossier_id), await ticks(world, dossier_id)
    due, first_due = before.due_at, (await of_dossier(world.session, dossier_id))[-2].due_at
    world.later(hours=1)
    await send_back(world, HEAD, dossier_id)

    dossier = await world.dossier(dossier_id)
    assert (dossier.state, dossier.due_at) == (State.IN_REVIEW, due)
    assert await ticks(world, dossier_id) == clock
    again = (await open_of(world.session, dossier_id))[0]
    assert (again.step, again.assignee) == ("appraise", world.actors[OFFICER].person_id)
    assert again.due_at == first_due
    closed = next(task for task in await of_dossier(world.session, dossier_id) if task.step == "check")
    assert (closed.state, closed.outcome, closed.note) == ("done", "sent_back", "Bổ sung căn cứ")


async def test_the_leader_returns_to_the_head_by_name_and_the_way_forward_is_the_same(world: World):
    dossier_id = await drafted(world)
    await world.step(world.actors[HEAD], dossier_id)
    await send_back(world, LEADER, dossier_id)
    task = (await open_of(world.session, dossier_id))[0]
    assert (task.step, task.assignee) == ("check", world.actors[HEAD].person_id)
    await send_back(world, HEAD, dossier_id)
    await world.proposed(dossier_id, MARKET, "refused", "Trái quy định.")
    await world.step(world.actors[HEAD], dossier_id)
    await decide(world.session, world.actors[LEADER], dossier_id, outcome="refused", reasons="Trái quy định.", at=world.at)
    assert (await world.dossier(dossier_id)).state == State.DECIDED


async def test_sending_back_needs_a_reason_a_step_before_and_the_task_in_hand(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    with pytest.raises(WrongState) as first:
        await send_back(world, OFFICER, dossier_id)
    assert first.value.slug == "nothing-before"
    await world.proposed(dossier_id, MARKET, "granted")
    with pytest.raises(NotAllowed):
        await send_back(world, LEADER, dossier_id)
    with pytest.raises(Incomplete):
        await send_back(world, HEAD, dossier_id, "  ")


async def test_a_stage_that_has_ended_is_not_reached_again(world: World):
    dossier_id = await world.paid()
    with pytest.raises(WrongState) as refused:
        await send_back(world, f"officer_{COMPETITION}", dossier_id)
    assert refused.value.slug == "nothing-before"


async def test_whoever_drafted_before_it_went_back_still_does_not_decide(world: World):
    from dataclasses import replace

    from app.core.permissions import Role
    from app.dossiers.actions.assign import reassign

    both = replace(world.actors[OFFICER], roles=frozenset({Role.CASE_OFFICER, Role.UNIT_LEADER}))
    dossier_id = await drafted(world)
    await send_back(world, HEAD, dossier_id)
    colleague, task_id = world.actors[f"colleague_{MARKET}"], await world.task(dossier_id)
    head = world.actors[HEAD]
    await reassign(world.session, head, dossier_id, task_id, assignee=colleague.person_id, reason="Nghỉ", at=world.at)
    await propose(world.session, colleague, dossier_id, task_id, outcome="granted", reasons="", facts={}, at=world.at)
    await world.step(world.actors[HEAD], dossier_id)
    with pytest.raises(NotAllowed) as refused:
        await decide(world.session, both, dossier_id, outcome="granted", reasons="", at=world.at)
    assert refused.value.slug == "four-eyes"


async def test_only_who_has_a_step_before_is_offered_it_and_the_business_reads_no_reason(world: World):
    dossier_id = await drafted(world)
    head = await case_file(world.session, world.actors[HEAD], dossier_id, at=world.at)
    leader = await case_file(world.session, world.actors[LEADER], dossier_id, at=world.at)
    assert Act.SEND_BACK in head.may
    assert Act.SEND_BACK not in leader.may
    await send_back(world, HEAD, dossier_id, "Nội bộ")
    officer = await case_file(world.session, world.actors[OFFICER], dossier_id, at=world.at)
    assert Act.SEND_BACK not in officer.may
    business = await case_file(world.session, world.retailer, dossier_id, at=world.at)
    assert "Nội bộ" not in str(business.events)
