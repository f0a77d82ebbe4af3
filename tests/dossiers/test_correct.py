"""A result that went out is revoked or replaced; nothing that happened is rewritten."""

from dataclasses import replace as changed

import pytest
from sqlalchemy import select

from app.core.clock import day_in_vietnam
from app.core.errors import Incomplete, NotAllowed, WrongState
from app.core.ids import uuid7
from app.core.permissions import Role
from app.dossiers.actions import correct, deliver
from app.dossiers.actions.decide import decide, signed
from app.dossiers.lifecycle import Act, State
from app.dossiers.queries import case_file
from app.identity.models import Enterprise
from app.issued import queries as issued
from app.issued.models import IssuedNumber
from app.issued.rules import Standing
from app.issued.rules import State as IssuedState
from app.registers.models import SharedRecord
from app.tasks.queries import open_of
from tests.dossiers.test_stories import acts, ticks, told
from tests.dossiers.world import COMPETITION, MARKET, PROMOTION, SELLER, World

WHY = "Cấp sai thẩm quyền, theo kết luận số 12."


async def granted(world: World):
    """A licence in the hands of its holder."""
    dossier_id = await world.paid()
    await world.proposed(dossier_id, COMPETITION, "granted")
    await world.step(world.actors[f"head_{COMPETITION}"], dossier_id)
    leader = world.actors[f"leader_{COMPETITION}"]
    await world.step(leader, dossier_id)
    await decide(world.session, leader, dossier_id, outcome="granted", reasons="", at=world.at)
    await world.sealed(dossier_id, COMPETITION)
    await deliver.hand_over(world.session, world.seller, dossier_id, at=world.at)
    return dossier_id


async def refused(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    await world.proposed(dossier_id, MARKET, "refused", "Thể lệ trái quy định.\nThiếu cơ cấu giải.")
    await world.step(world.actors[f"head_{MARKET}"], dossier_id)
    leader = world.actors[f"leader_{MARKET}"]
    await decide(world.session, leader, dossier_id, outcome="refused", reasons="Trái quy định.\nThiếu giải.", at=world.at)
    await world.sealed(dossier_id, MARKET)
    return dossier_id


async def revoke(world: World, dossier_id, unit: str = COMPETITION, why: str = WHY) -> None:
    await correct.revoke(world.session, world.actors[f"leader_{unit}"], dossier_id, reason=why, at=world.at)


async def replace(world: World, dossier_id, unit: str = COMPETITION, why: str = WHY):
    return await correct.replace(world.session, world.actors[f"leader_{unit}"], dossier_id, reason=why, at=world.at)


async def result_of(world: World, dossier_id):
    return await world.result(await world.dossier(dossier_id))


async def record(world: World, number: str) -> dict:
    await world.session.flush()
    return (await world.session.scalars(select(SharedRecord.doc).where(SharedRecord.key == number))).one()


async def standing(world: World, number: str):
    await world.session.flush()
    return await issued.by_number(world.session, number, today=day_in_vietnam(world.at))


async def test_a_revoked_result_says_so_wherever_it_is_read_and_the_dossier_stays_returned(world: World):
    dossier_id = await granted(world)
    before, clock, result = await acts(world, dossier_id), await ticks(world, dossier_id), await result_of(world, dossier_id)
    shared = await record(world, result.number)
    await revoke(world, dossier_id)

    history = [*shared["status_history"], {"status": "revoked", "from": shared["issued_on"]}]
    assert await record(world, result.number) == shared | {"status": "revoked", "status_history": history}
    verified = await standing(world, result.number)
    assert (verified.standing, verified.revoked_reason) == (Standing.REVOKED, WHY)
    assert (await world.dossier(dossier_id)).state == State.RETURNED
    assert await acts(world, dossier_id) == [*before, "correct"]
    assert await ticks(world, dossier_id) == clock
    assert "result-revoked" in await told(world, dossier_id)
    case = await case_file(world.session, world.seller, dossier_id, at=world.at)
    assert case.events[-1].payload == {"way": "revoked", "number": result.number, "reason": WHY}
    assert [paper.revoked_reason for paper in case.issued if paper.kind == "result"] == [WHY]


async def test_only_a_leader_revokes_with_a_reason_and_once(world: World):
    dossier_id = await granted(world)
    with pytest.raises(NotAllowed):
        await correct.revoke(world.session, world.actors[f"head_{COMPETITION}"], dossier_id, reason=WHY, at=world.at)
    with pytest.raises(Incomplete):
        await revoke(world, dossier_id, why=" ")
    await revoke(world, dossier_id)
    for again in (revoke, replace):
        with pytest.raises(WrongState) as told_so:
            await again(world, dossier_id)
        assert told_so.value.slug == "not-in-force"


async def test_what_has_no_result_yet_cannot_be_corrected(world: World):
    dossier_id = await world.in_review(PROMOTION, world.retailer, MARKET)
    for act in (revoke, replace):
        with pytest.raises(WrongState):
            await act(world, dossier_id, MARKET)


async def test_correcting_is_offered_to_the_leader_while_the_result_stands(world: World):
    dossier_id = await granted(world)
    leader, clerk = world.actors[f"leader_{COMPETITION}"], world.actors[f"clerk_{COMPETITION}"]
    assert Act.CORRECT in (await case_file(world.session, leader, dossier_id, at=world.at)).may
    assert Act.CORRECT not in (await case_file(world.session, clerk, dossier_id, at=world.at)).may
    await revoke(world, dossier_id)
    assert Act.CORRECT not in (await case_file(world.session, leader, dossier_id, at=world.at)).may


async def test_a_replacement_takes_a_new_number_and_ends_the_old_one_when_it_is_out(world: World):
    dossier_id = await granted(world)
    old, clock = await result_of(world, dossier_id), await ticks(world, dossier_id)
    world.later(days=40)
    business = await world.session.get_one(Enterprise, SELLER)
    business.name_vi = "Công ty TNHH Tên Đúng"
    await world.session.flush()
    new_id = await replace(world, dossier_id)
    new = await result_of(world, dossier_id)

    assert (new.id, new.replaces, new.series) == (new_id, old.id, old.series)
    assert new.number != old.number
    assert new.facts["applicant"]["name"] == "Công ty TNHH Tên Đúng"
    assert (new.facts["valid_from"], new.valid_until) == (old.facts["valid_from"], old.valid_until)
    assert f"thay thế văn bản số {old.number}" in new.facts["paragraphs"][-1]
    assert new.facts["conditions"] == old.facts["conditions"]
    assert (await standing(world, old.number)).standing is Standing.VALID

    await world.sealed(dossier_id, COMPETITION)
    gone, here = await standing(world, old.number), await standing(world, new.number)
    assert (gone.standing, gone.replaced_by, gone.revoked_reason) == (Standing.REPLACED, new.number, WHY)
    assert here.standing is Standing.VALID
    assert (await record(world, old.number))["status"] == "replaced"
    assert (await record(world, new.number))["status"] == "valid"
    assert (await acts(world, dossier_id))[-4:] == ["correct", "sign", "issue", "publish"]
    assert await ticks(world, dossier_id) == clock
    assert (await world.dossier(dossier_id)).state == State.RETURNED
    assert (await told(world, dossier_id)).count("result-replaced") == 1
    assert [task.kind for task in await open_of(world.session, dossier_id)] == ["work"]  # the publication, once


async def test_the_business_sees_no_replacement_before_it_is_issued(world: World):
    dossier_id = await granted(world)
    await replace(world, dossier_id)
    await world.session.flush()
    case = await case_file(world.session, world.seller, dossier_id, at=world.at)
    assert [paper.ready for paper in case.issued if paper.kind == "result"] == [True]


async def test_one_replacement_at_a_time_by_someone_who_may_sign_it(world: World):
    dossier_id = await granted(world)
    leader = world.actors[f"leader_{COMPETITION}"]
    minister = changed(leader, unit="G02", roles=frozenset({Role.MINISTRY_LEADER}))
    with pytest.raises(NotAllowed) as stranger:
        await correct.replace(world.session, minister, dossier_id, reason=WHY, at=world.at)
    assert stranger.value.slug == "not-the-signer"
    drafter = changed(leader, person_id=world.actors[f"officer_{COMPETITION}"].person_id)
    with pytest.raises(NotAllowed) as same:
        await correct.replace(world.session, drafter, dossier_id, reason=WHY, at=world.at)
    assert same.value.slug == "four-eyes"
    await replace(world, dossier_id)
    with pytest.raises(WrongState) as twice:
        await replace(world, dossier_id)
    assert twice.value.slug == "replacement-under-way"


async def test_revoking_drops_a_replacement_under_way_and_its_number_stays_void(world: World):
    dossier_id = await granted(world)
    old = await result_of(world, dossier_id)
    await replace(world, dossier_id)
    new = await result_of(world, dossier_id)
    new.state, new.signed_key, new.signed_at = IssuedState.SIGNED, uuid7(), world.at
    await world.session.flush()
    await signed(world.session, dossier_id, new.id, at=world.at)
    await revoke(world, dossier_id)

    assert (await standing(world, old.number)).standing is Standing.REVOKED
    kept = await world.session.get_one(IssuedNumber, new.number)
    assert kept.void_reason == WHY
    assert [task.kind for task in await open_of(world.session, dossier_id)] == ["work"]
    with pytest.raises(NotAllowed):
        await deliver.issue(world.session, world.actors[f"clerk_{COMPETITION}"], dossier_id, at=world.at)


async def test_a_refusal_is_replaced_with_its_reasons_and_has_no_shared_record(world: World):
    dossier_id = await refused(world)
    old = await result_of(world, dossier_id)
    await replace(world, dossier_id, MARKET, "Ghi sai căn cứ.")
    new = await result_of(world, dossier_id)
    assert new.facts["reasons"] == ["Trái quy định.", "Thiếu giải."]
    await world.sealed(dossier_id, MARKET)
    assert (await standing(world, old.number)).standing is Standing.REPLACED
    assert await world.session.scalar(select(SharedRecord).where(SharedRecord.key.in_([old.number, new.number]))) is None
    assert (await world.dossier(dossier_id)).state == State.ISSUED
    await revoke(world, dossier_id, MARKET)
    assert (await standing(world, new.number)).standing is Standing.REVOKED
