"""Asked by one, confirmed by another."""

from datetime import UTC, datetime, timedelta

import pytest

from app.approvals import actions, queries
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, NotAllowed, NotFound
from app.core.ids import uuid7
from app.identity.actions import put_person

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


async def _someone(session, subject: str) -> Actor:
    person_id = await put_person(session, "https://id.example", subject, subject, None, None)
    return Actor(kind=ActorKind.OFFICIAL, person_id=person_id)


async def test_what_was_asked_comes_back_to_the_second_person_and_waits_no_longer(session):
    first, second = await _someone(session, "1"), await _someone(session, "2")
    asked = await actions.ask(session, first, "kho.doi", {"gi": "việc"}, at=AT)
    later = await actions.ask(session, first, "kho.doi", {"gi": "việc khác"}, at=AT + timedelta(hours=1))
    assert [one.id for one in await queries.waiting(session, "kho.doi")] == [asked, later]

    assert await actions.confirm(session, second, asked, "kho.doi", at=AT) == {"gi": "việc"}
    assert [one.id for one in await queries.waiting(session, "kho.doi")] == [later]
    for decide in (actions.confirm, actions.reject):
        with pytest.raises(Conflict):
            await decide(session, second, asked, "kho.doi", at=AT)


@pytest.mark.parametrize("decide", [actions.confirm, actions.reject])
async def test_whoever_asked_decides_nothing(session, decide):
    first = await _someone(session, "1")
    asked = await actions.ask(session, first, "kho.doi", {}, at=AT)
    with pytest.raises(NotAllowed):
        await decide(session, first, asked, "kho.doi", at=AT)


async def test_an_approval_of_one_kind_is_not_found_as_another(session):
    first, second = await _someone(session, "1"), await _someone(session, "2")
    asked = await actions.ask(session, first, "kho.doi", {}, at=AT)
    for wrong in ((asked, "vai-tro"), (uuid7(), "kho.doi")):
        with pytest.raises(NotFound):
            await actions.confirm(session, second, *wrong, at=AT)


async def test_the_portal_itself_is_nobody_and_cannot_ask(session):
    with pytest.raises(NotAllowed):
        await actions.ask(session, SYSTEM, "kho.doi", {}, at=AT)
