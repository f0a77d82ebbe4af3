"""From a draft to a version: written by one, published by another, ended by two; nothing is lost on the way."""

import json
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import yaml
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import actions, drafts, files, queries
from app.catalogue.drafts import Standing, standing
from app.catalogue.reading import read
from app.catalogue.writing import written
from app.core.actor import ANYONE, SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, Incomplete, NotAllowed, NotFound
from app.core.permissions import Role
from app.identity.actions import put_person
from tests.catalogue.examples import DEFINITIONS
from tests.catalogue.test_actions import version as named

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
SLUG = "a-drafted-licence"


def version(number: int, **changes: object) -> dict[str, object]:
    """Under a name of these tests alone: a process reads each published version once."""
    return named(number, procedure=SLUG, **changes)


async def controller(session: AsyncSession, name: str) -> Actor:
    person_id = await put_person(session, "https://id.example", name, name, None, None)
    return Actor(kind=ActorKind.OFFICIAL, person_id=person_id, roles=frozenset({Role.PROCEDURE_CONTROLLER}))


@pytest.fixture
async def first(session: AsyncSession) -> Actor:
    return await controller(session, "Cao Văn Kiểm")


@pytest.fixture
async def second(session: AsyncSession) -> Actor:
    return await controller(session, "Tạ Thị Quản")


@pytest.fixture(autouse=True)
async def first_version(session: AsyncSession) -> None:
    await actions.publish(session, SYSTEM, version(1), at=NOW)


async def edited(session: AsyncSession, actor: Actor, **changes: object) -> tuple[UUID, int]:
    """A draft of the next version with these changes."""
    draft_id = await actions.draft(session, actor, SLUG, at=NOW)
    await session.flush()
    content = yaml.safe_load((await drafts.one(session, draft_id)).text) | changes
    await actions.save(session, actor, draft_id, 1, written(content), at=NOW)
    return draft_id, 2


async def test_what_one_writes_another_publishes_and_the_version_before_ends_by_itself(session, first, second):
    draft_id, revision = await edited(session, first, migration="ask", valid_from=date(2027, 1, 1))
    approval = await actions.propose(session, first, draft_id, revision, "Quyết định 12", at=NOW)
    with pytest.raises(NotAllowed):
        await actions.confirm(session, first, approval, at=NOW)
    (waiting,) = await drafts.proposals(session, [actions.VERSION_CHANGE])
    assert any("Hồ sơ đang mở" in line.text.vi for line in waiting.lines)

    published = await actions.confirm(session, second, approval, at=NOW)
    assert (published.version, published.migration) == (2, "ask")
    found = {each.version: each for each in await drafts.versions(session, slug=SLUG, on=DAY)}
    assert (found[1].standing, found[1].last_day) == (Standing.IN_FORCE, date(2026, 12, 31))
    assert found[2].standing is Standing.TO_COME
    assert not await drafts.listing(session)


async def test_a_draft_with_a_fault_is_kept_but_never_proposed(session, first):
    draft_id, revision = await edited(session, first, checks=[{"id": "C1"}])
    with pytest.raises(Incomplete) as refusal:
        await actions.propose(session, first, draft_id, revision, "Lý do", at=NOW)
    assert any(problem.where.startswith("checks.C1") for problem in refusal.value.problems)


OUT_OF_TURN = [
    ({"version": 5, "migration": "ask"}, "not-next"),
    ({"valid_from": date(2026, 7, 2), "migration": "ask"}, "in-the-past"),
    ({}, "nothing-changes"),
]


@pytest.mark.parametrize("changes, slug", OUT_OF_TURN, ids=[slug for _, slug in OUT_OF_TURN])
async def test_a_version_comes_in_its_turn(session, first, changes, slug):
    draft_id, revision = await edited(session, first, **changes)
    with pytest.raises(Incomplete) as refusal:
        await actions.propose(session, first, draft_id, revision, "Lý do", at=NOW)
    assert slug in {problem.slug for problem in refusal.value.problems}


async def test_of_two_who_save_the_second_is_told(session, first, second):
    draft_id, revision = await edited(session, first)
    await actions.save(session, second, draft_id, revision, "a: 1", at=NOW)
    with pytest.raises(Conflict):
        await actions.save(session, first, draft_id, revision, "b: 2", at=NOW)


async def test_a_draft_that_waits_cannot_be_changed_until_it_is_turned_down(session, first, second):
    draft_id, revision = await edited(session, first, migration="ask")
    approval = await actions.propose(session, first, draft_id, revision, "Lý do", at=NOW)
    with pytest.raises(Conflict):
        await actions.save(session, first, draft_id, revision, "a: 1", at=NOW)
    await actions.reject(session, second, approval, at=NOW)
    await actions.save(session, first, draft_id, revision, "a: 1", at=NOW)


async def test_whoever_proposed_may_take_it_back_and_nobody_else(session, first, second):
    draft_id, revision = await edited(session, first, migration="ask")
    approval = await actions.propose(session, first, draft_id, revision, "Lý do", at=NOW)
    with pytest.raises(NotAllowed):
        async with session.begin_nested():
            await actions.withdraw(session, second, approval, at=NOW)
    await actions.withdraw(session, first, approval, at=NOW)
    with pytest.raises(Conflict):
        await actions.confirm(session, second, approval, at=NOW)
    await actions.save(session, first, draft_id, revision, "a: 1", at=NOW)
    ending = await actions.propose_end(session, first, SLUG, DAY, "Bãi bỏ", at=NOW)
    await actions.withdraw(session, first, ending, at=NOW)
    assert not await drafts.proposals(session, [actions.VERSION_CHANGE, actions.RETIREMENT])


async def test_two_persons_end_a_procedure_and_a_later_version_begins_it_anew(session, first, second):
    approval = await actions.propose_end(session, first, SLUG, DAY, "Bãi bỏ", at=NOW)
    with pytest.raises(NotAllowed):
        await actions.confirm_end(session, first, approval, at=NOW)
    await actions.confirm_end(session, second, approval, at=NOW)
    assert (await queries.published(session, SLUG, on=DAY)).version == 1
    with pytest.raises(NotFound):
        await queries.published(session, SLUG, on=DAY + timedelta(days=1))
    await actions.publish(session, SYSTEM, version(2, valid_from=date(2027, 1, 1)), at=NOW)
    assert (await queries.published(session, SLUG, on=date(2027, 1, 1))).version == 2
    with pytest.raises(DBAPIError, match="permission denied"):
        await session.execute(text("UPDATE procedure_end SET last_day = '2030-01-01'"))


async def test_a_file_goes_out_and_comes_back_without_loss(session, first):
    given = await drafts.text_of(session, SLUG, 1)
    draft_id = await actions.take_in(session, first, given, at=NOW)
    await session.flush()
    row = await drafts.one(session, draft_id)
    assert files.sha256(read(row.text).definition) == files.sha256(version(1))


def test_every_shipped_procedure_is_written_with_the_same_content():
    for definition in DEFINITIONS.values():
        kept = json.loads(json.dumps(files.plain(definition), sort_keys=True))
        assert files.sha256_of(written(kept)) == files.sha256(definition)


BAD_FILES = ["", "a: [", "- 1\n- 2\n", "procedure: 7\n", 'procedure: "a\\0b"\n', "title: \u202eabc\n", "x" * 400_001]


@pytest.mark.parametrize("content", BAD_FILES, ids=["empty", "broken", "list", "number", "hidden", "bidi", "long"])
async def test_what_is_no_definition_is_refused_in_words(session, first, content):
    with pytest.raises(Incomplete) as refusal:
        await actions.take_in(session, first, content, at=NOW)
    assert all(problem.text.vi and problem.text.en for problem in refusal.value.problems)


async def test_only_procedure_control_may_write(session):
    with pytest.raises(NotAllowed):
        await actions.take_in(session, ANYONE, "a: 1", at=NOW)


STANDINGS = [
    (date(2026, 1, 1), None, None, None, Standing.IN_FORCE),
    (date(2027, 1, 1), None, None, None, Standing.TO_COME),
    (date(2026, 1, 1), date(2026, 11, 23), None, None, Standing.SUPERSEDED),
    (date(2026, 1, 1), date(2026, 11, 24), None, None, Standing.IN_FORCE),
    (date(2026, 1, 1), None, date(2026, 11, 22), None, Standing.ENDED),
    (date(2026, 1, 1), None, None, date(2026, 11, 22), Standing.RETIRED),
    (date(2026, 1, 1), None, None, date(2026, 11, 23), Standing.IN_FORCE),
]


@pytest.mark.parametrize("valid_from, later, valid_to, retired, expected", STANDINGS, ids=range(len(STANDINGS)))
def test_where_a_version_stands(valid_from, later, valid_to, retired, expected):
    assert standing(valid_from, later, valid_to, retired, DAY) is expected
