"""Lists of work: who may take what, and what remains of it."""

from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.actor import Actor, ActorKind
from app.core.errors import NotFound
from app.core.ids import uuid7
from app.core.permissions import Role
from app.tasks import actions, queries
from app.tasks.models import Task
from app.tasks.rules import SENT_BACK, Assignee, Assignment
from tests.rows import AT, a_dossier

UNIT = "G02.918"


def official(*roles: Role, unit: str = UNIT) -> Actor:
    return Actor(ActorKind.OFFICIAL, name="Cán bộ", person_id=uuid7(), unit=unit, roles=frozenset(roles))


@pytest.fixture
async def task(session: AsyncSession) -> Task:
    dossier = a_dossier()
    session.add(dossier)
    await session.flush()
    assignment = Assignment("check", "validity", "work", Role.CASE_OFFICER, UNIT, AT + timedelta(days=3))
    opened = actions.open_task(session, dossier.id, assignment, at=AT)
    await session.flush()
    return opened


async def test_what_nobody_has_taken_is_for_anyone_of_the_role_in_the_unit(task: Task):
    assert queries.is_for(task, official(Role.CASE_OFFICER))
    assert not queries.is_for(task, official(Role.DIVISION_HEAD))
    assert not queries.is_for(task, official(Role.CASE_OFFICER, unit="G02.914"))


async def test_what_is_assigned_is_for_that_person_only(task: Task):
    officer, colleague = official(Role.CASE_OFFICER), official(Role.CASE_OFFICER)
    actions.reassign(task, Assignee(officer.person_id, officer.name))
    assert queries.is_for(task, officer)
    assert not queries.is_for(task, colleague)


async def test_a_task_done_is_no_longer_open_and_is_remembered_for_four_eyes(session: AsyncSession, task: Task):
    officer = official(Role.CASE_OFFICER)
    actions.complete(task, officer, note="Đủ", outcome="done", at=AT)
    await session.flush()
    assert await queries.open_of(session, task.dossier_id) == []
    assert await queries.done_by(session, task.dossier_id, "check") == Assignee(officer.person_id, officer.name)
    assert await queries.has_done(session, task.dossier_id, "check", officer.person_id)
    assert not await queries.has_done(session, task.dossier_id, "check", uuid7())
    with pytest.raises(NotFound):
        await queries.open_one(session, task.dossier_id, task.id)


async def test_a_task_that_was_only_sent_back_was_done_by_nobody(session: AsyncSession, task: Task):
    officer = official(Role.CASE_OFFICER)
    actions.complete(task, officer, note="Thiếu", outcome=SENT_BACK, at=AT)
    await session.flush()
    assert await queries.done_by(session, task.dossier_id, "check") is None
    assert not await queries.has_done(session, task.dossier_id, "check", officer.person_id)


async def test_when_a_dossier_ends_its_open_tasks_are_cancelled_and_done_ones_stay(session: AsyncSession, task: Task):
    done = actions.open_task(
        session, task.dossier_id, Assignment("assign", "validity", "assign", Role.UNIT_LEADER, UNIT, AT), at=AT
    )
    actions.complete(done, official(Role.UNIT_LEADER), at=AT)
    await session.flush()
    await actions.cancel_open(session, task.dossier_id, at=AT)
    await session.flush()
    assert (task.state, done.state) == ("cancelled", "done")
    assert {t.id for t in await queries.of_dossier(session, task.dossier_id)} == {task.id, done.id}
    assert await queries.open_of_many(session, [task.dossier_id]) == {}
