"""Lists: the right dossiers in the right order, down an index, and page after page."""

import re
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import ClauseElement, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.errors import NotAllowed
from app.core.permissions import Role
from app.dossiers.lifecycle import State
from app.dossiers.models import ClockWarning
from app.dossiers.queries import Order, Queue, counts, mine, queues_of, worklist
from app.dossiers.warnings import STAGE
from app.dossiers.worklist import cursor, dossier_statement, matching, position, task_statements
from tests.dossiers.world import AT, COMPETITION, LICENCE, MARKET, PROMOTION, World

FILL = """
INSERT INTO dossier (id, reference, procedure, version, tax_code, enterprise_name, channel, unit, desk, state, answers,
    revision, title_vi, title_en, search_text, created_at, saved_at, sort_at, clock_paused, round, open_items, events, entries)
SELECT gen_random_uuid(), 'R' || i, 'p', 1, '99' || lpad((i % 500)::text, 8, '0'), 'Cong ty ' || i, 'online',
    'G02.9' || (10 + i % 9), 'G02.990',
    (ARRAY['submitted','in_review','in_review','returned','returned'])[1 + i % 5], '{}',
    1, 't', 't', 'cong ty so ' || i || ' ban hang', now(), now() - make_interval(mins => i),
    now() + make_interval(mins => i * 7 % 9973),
    false, 0, '[]', 0, 0
FROM generate_series(1, 8000) i
"""
TASKS = """
INSERT INTO task (dossier_id, id, step, stage, kind, role, unit, assignee, state, opened_at, due_at, note)
SELECT d.id, gen_random_uuid(), 's', 's', 'work', (ARRAY['case_officer','division_head'])[1 + n % 2], d.unit,
    CASE WHEN n % 3 = 0 THEN ('00000000-0000-0000-0000-0000000000' || lpad((n % 40)::text, 2, '0'))::uuid END,
    (ARRAY['open','done','done'])[1 + n % 3], now(), d.sort_at, ''
FROM (SELECT id, unit, sort_at, row_number() OVER (ORDER BY id) AS n FROM dossier) d
"""


@pytest.fixture
async def crowded(sessions, owner: AsyncSession) -> AsyncSession:
    """Eight thousand dossiers and as many tasks, with statistics; emptied afterwards by `sessions`."""
    for statement in (FILL, TASKS):
        await owner.execute(text(statement))
    await owner.commit()
    await owner.execute(text("ANALYZE dossier, task"))
    await owner.commit()
    return owner


async def plan(session: AsyncSession, statement: ClauseElement) -> str:
    compiled = statement.compile(dialect=postgresql.asyncpg.dialect(), compile_kwargs={"literal_binds": True})
    rows = await session.execute(text("EXPLAIN " + str(compiled).replace(":", "\\:")))
    return "\n".join(row for (row,) in rows)


def unsorted(shown: str) -> bool:
    return "Seq Scan" not in shown and not re.search(r"\bSort\b", shown)


async def test_every_queue_runs_down_an_index_and_search_down_its_own(crowded: AsyncSession, world: World):
    officer = world.actors[f"officer_{COMPETITION}"]
    asked = {
        "mine": task_statements(officer, Queue.TASKS_MINE)[0],
        "team": task_statements(officer, Queue.TASKS_TEAM)[0],
        "intake": dossier_statement(world.desk, Queue.INTAKE, None),
        "unit": dossier_statement(officer, Queue.UNIT, None),
        "unit and state": dossier_statement(officer, Queue.UNIT, State.IN_REVIEW),
        "all": dossier_statement(officer, Queue.ALL, None),
    }
    for name, statement in asked.items():
        shown = await plan(crowded, statement.limit(51))
        assert unsorted(shown), f"{name}\n{shown}"

    searched = dossier_statement(officer, Queue.ALL, None).where(matching("công ty số 1234"))
    shown = await plan(crowded, searched.limit(51))
    assert "ix_dossier_search" in shown
    assert "Seq Scan" not in shown


async def test_the_desk_finds_what_waits_to_be_received_oldest_first(world: World):
    first = await world.submitted(PROMOTION, world.retailer)
    world.later(hours=1)
    second = await world.submitted(LICENCE, world.seller)
    found = await worklist(world.session, world.desk, Queue.INTAKE, at=world.at)
    assert [card.id for card in found.items] == [first, second]
    assert (await counts(world.session, world.desk))[Queue.INTAKE] == 2


@pytest.mark.parametrize("order, expected", [("due", [0, 1, 2, 3, 4]), ("latest", [4, 3, 2, 1, 0]), ("warned", [3, 1, 4, 0, 2])])
async def test_pages_follow_each_other_without_gap_or_overlap_in_every_order(world: World, order: str, expected: list[int]):
    filed = []
    for _ in range(5):
        filed.append(await world.submitted(PROMOTION, world.retailer))
        world.later(minutes=1)
    for number, kind in ((4, "70"), (1, "90"), (3, "last_day"), (3, "70")):
        world.session.add(ClockWarning(dossier_id=filed[number], inside=STAGE, kind=kind, run=0, at=world.at))
    await world.session.flush()
    seen, after = [], None
    while True:
        page = await worklist(world.session, world.desk, Queue.INTAKE, order=Order(order), after=after, limit=2, at=world.at)
        seen += [card.id for card in page.items]
        if (after := page.next) is None:
            break
    assert seen == [filed[number] for number in expected]


async def test_an_officer_sees_own_tasks_and_the_head_what_nobody_has_taken(world: World):
    dossier_id = await world.in_review(LICENCE, world.seller, COMPETITION)
    officer, head = world.actors[f"officer_{COMPETITION}"], world.actors[f"head_{COMPETITION}"]
    await world.session.flush()
    own = await worklist(world.session, officer, Queue.TASKS_MINE, at=world.at)
    assert [(card.id, card.task.step) for card in own.items] == [(dossier_id, "validity_check")]
    await world.step(officer, dossier_id)
    await world.session.flush()
    assert (await worklist(world.session, officer, Queue.TASKS_MINE, at=world.at)).items == ()
    team = await worklist(world.session, head, Queue.TASKS_TEAM, at=world.at)
    assert [card.task.step for card in team.items] == ["validity_review"]


async def test_several_roles_see_one_merged_list(world: World):
    dossier_id = await world.received(LICENCE, world.seller)
    leader = world.actors[f"leader_{COMPETITION}"]
    both = replace(leader, roles=frozenset({Role.UNIT_LEADER, Role.DIVISION_HEAD}))
    await world.session.flush()
    found = await worklist(world.session, both, Queue.TASKS_TEAM, at=world.at)
    assert [card.id for card in found.items] == [dossier_id]


async def test_filters_narrow_a_queue(world: World):
    licence = await world.received(LICENCE, world.seller)
    await world.received(LICENCE, world.seller)
    officer = world.actors[f"officer_{COMPETITION}"]
    number = (await world.dossier(licence)).number

    async def ids(**wanted) -> list:
        return [card.id for card in (await worklist(world.session, officer, Queue.UNIT, at=world.at, **wanted)).items]

    assert await ids(text=number) == [licence]
    assert len(await ids(text="ban hang da cap gia đị")) == 2
    assert await ids(text="khong co") == []
    assert len(await ids(text="' | :* \\ \x00")) == 2  # no word in it: no filter
    assert await ids(state=State.IN_REVIEW) == []
    assert len(await ids(procedure=LICENCE)) == 2
    assert await ids(overdue=True) == []
    world.later(days=30)
    assert len(await ids(overdue=True)) == 2


async def test_another_units_queue_is_empty_and_a_business_has_none(world: World):
    await world.received(LICENCE, world.seller)
    stranger = world.actors[f"officer_{MARKET}"]
    assert (await worklist(world.session, stranger, Queue.UNIT, at=world.at)).items == ()
    assert queues_of(world.seller) == ()
    for actor, queue in ((world.seller, Queue.INTAKE), (stranger, Queue.INTAKE), (world.desk, Queue.ALL)):
        with pytest.raises(NotAllowed):
            await worklist(world.session, actor, queue, at=world.at)


async def test_a_business_finds_its_own_the_last_touched_first(world: World):
    first = await world.begin(PROMOTION, world.retailer)
    world.later(minutes=5)
    second = await world.submitted(PROMOTION, world.retailer)
    await world.begin(LICENCE, world.seller)
    await world.session.flush()
    found = await mine(world.session, world.retailer, limit=1)
    rest = await mine(world.session, world.retailer, limit=1, before=found.next)
    assert [card.id for card in (*found.items, *rest.items)] == [second, first]
    assert rest.next is None
    drafts = await mine(world.session, world.retailer, state=State.DRAFT)
    assert [card.id for card in drafts.items] == [first]


def test_a_cursor_is_read_back_and_anything_else_is_the_beginning():
    key = uuid4()
    assert position(cursor(AT, key)) == (AT, key)
    before_all_days = cursor(datetime.fromisoformat("0001-01-01T00:00:00+14:00"), key)
    for wrong in ("", "%%%", "YWJj", cursor(AT, key)[:-6], "é", before_all_days):
        assert position(wrong)[0] < AT - timedelta(days=365 * 100)
