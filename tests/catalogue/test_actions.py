"""The catalogue's table: published once and for ever, found without accents."""

import copy
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue import actions, queries
from app.core.actor import ANYONE, SYSTEM
from app.core.errors import Conflict, Incomplete, NotAllowed, NotFound
from tests.catalogue.examples import DEFINITIONS

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
DAY = date(2026, 11, 23)
SLUG = "multi-level-selling-certificate"


def version(number: int, **changes: object) -> dict[str, object]:
    """Another version of the licence under a name of its own, so that no other test has read it."""
    return copy.deepcopy(DEFINITIONS[f"{SLUG}/1"]) | {"procedure": "a-test-licence", "version": number} | changes


async def test_seeding_twice_changes_nothing(session: AsyncSession) -> None:
    assert await actions.seed(session, at=NOW) == await actions.seed(session, at=NOW) == len(DEFINITIONS)
    procedure = await queries.published(session, SLUG, on=DAY)
    assert (procedure.slug, procedure.version) == (SLUG, 1)


async def test_a_published_version_never_takes_another_content(session: AsyncSession) -> None:
    await actions.publish(session, SYSTEM, version(1), at=NOW)
    with pytest.raises(Conflict):
        await actions.publish(session, SYSTEM, version(1, migration="ask"), at=NOW)


@pytest.mark.parametrize("statement", ["UPDATE procedure_version SET decision = 'x'", "DELETE FROM procedure_version"])
async def test_not_even_the_database_lets_a_published_version_change(session: AsyncSession, statement: str) -> None:
    await actions.seed(session, at=NOW)
    with pytest.raises(DBAPIError, match="permission denied"):
        await session.execute(text(statement))


async def test_the_version_in_force_is_the_newest_whose_day_has_come(session: AsyncSession) -> None:
    await actions.publish(session, SYSTEM, version(1, valid_to=date(2027, 6, 30)), at=NOW)
    await actions.publish(session, SYSTEM, version(2, valid_from=date(2027, 1, 1)), at=NOW)
    assert (await queries.published(session, "a-test-licence", on=DAY)).version == 1
    assert (await queries.published(session, "a-test-licence", on=date(2027, 1, 1))).version == 2
    assert (await queries.get(session, "a-test-licence", 1)).version == 1
    with pytest.raises(NotFound):
        await queries.published(session, "a-test-licence", on=date(2026, 6, 30))
    assert [card.version for card in await queries.listing(session, on=date(2027, 1, 1)) if card.slug == "a-test-licence"] == [2]


async def test_an_unknown_procedure_is_not_found(session: AsyncSession) -> None:
    with pytest.raises(NotFound):
        await queries.published(session, "no-such-thing", on=DAY)
    with pytest.raises(NotFound):
        await queries.get(session, "no-such-thing", 1)


LOTTERY = "promotion-lottery-registration"
SEARCHES: list[tuple[str, set[str]]] = [
    ("ban hang da cap", {SLUG}),
    ("BÁN HÀNG ĐA CẤP", {SLUG}),
    ("khuyến mại", {LOTTERY}),
    ("đăng ký", {SLUG, LOTTERY}),
    ("promotion chance", {LOTTERY}),
    ("cap da", {SLUG}),  # every word, in any order
    ("khuyến mại đa cấp", set()),
    ("_", set()),
    ("%", {SLUG, LOTTERY}),  # no letter, so no wish
    ("", {SLUG, LOTTERY}),
]


async def test_the_search_ignores_accents(session: AsyncSession) -> None:
    await actions.seed(session, at=NOW)
    for typed, found in SEARCHES:
        assert {card.slug for card in await queries.listing(session, search=typed, on=DAY)} & {SLUG, LOTTERY} == found, typed


async def test_a_definition_with_faults_is_refused_with_all_of_them(session: AsyncSession) -> None:
    faulty = version(1)
    faulty["checks"][0]["legal"] = "L99"  # type: ignore[index]
    faulty["fees"][0]["amount"] = "-1"  # type: ignore[index]
    with pytest.raises(Incomplete) as refusal:
        await actions.publish(session, SYSTEM, faulty, at=NOW)
    assert {problem.slug for problem in refusal.value.problems} == {"unknown-citation", "negative-fee"}


async def test_not_everybody_may_publish(session: AsyncSession) -> None:
    with pytest.raises(NotAllowed):
        await actions.publish(session, ANYONE, version(1), at=NOW)
