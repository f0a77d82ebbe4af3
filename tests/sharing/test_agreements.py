"""Agreements: how a version comes into force, stops and ends, and that nobody can change what it says."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from app.core import clock
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.db import transaction
from app.core.errors import Conflict, Incomplete, NotAllowed, WrongState
from app.core.permissions import Role
from app.registers.rules import Dataset
from app.sharing import agreements, queries
from app.sharing.canonical import canonical
from app.sharing.rules import Basis, Grant, faults_of_terms, terms_of
from tests.machines import Machine, Portal, agree, party, terms

AT = clock.now()


def officer() -> Actor:
    return Actor(ActorKind.OFFICIAL, person_id=uuid4(), unit="G02", roles=frozenset({Role.DATA_OFFICER}))


async def test_whoever_proposes_an_agreement_cannot_bring_it_into_force_alone(session):
    await party(session, "CT")
    one, other = officer(), officer()
    made = await agreements.propose_agreement(session, one, terms(), at=AT)
    for side in ("G02", "CT"):
        said = {"code": made.code, "version": 1, "party": side, "signer": side, "signature": "00"}
        await agreements.sign_agreement(session, one, **said, at=AT)
    with pytest.raises(NotAllowed, match="same-person"):
        await agreements.activate_agreement(session, one, code=made.code, version=1, at=AT)
    await agreements.activate_agreement(session, other, code=made.code, version=1, at=AT)
    assert [card.status for card in await queries.agreements(session)] == ["active"]


async def test_an_agreement_that_one_side_has_signed_is_not_in_force(session):
    await party(session, "CT")
    made = await agreements.propose_agreement(session, SYSTEM, terms(), at=AT)
    said = {"code": made.code, "version": 1, "party": "CT", "signer": "CT", "signature": "00"}
    await agreements.sign_agreement(session, SYSTEM, **said, at=AT)
    with pytest.raises(WrongState):
        await agreements.activate_agreement(session, SYSTEM, code=made.code, version=1, at=AT)
    with pytest.raises(Conflict):
        await agreements.sign_agreement(session, SYSTEM, **said, at=AT)


async def test_a_new_version_ends_the_one_before(session):
    await party(session, "CT")
    assert [await agree(session, terms()), await agree(session, terms())] == [1, 2]
    assert [(card.version, card.status) for card in await queries.agreements(session, party="CT")] == [
        (2, "active"),
        (1, "ended"),
    ]


async def test_someone_without_the_right_proposes_nothing(session):
    with pytest.raises(NotAllowed):
        nobody = Actor(ActorKind.OFFICIAL, roles=frozenset({Role.CASE_OFFICER}))
        await agreements.propose_agreement(session, nobody, terms(), at=AT)


async def test_only_one_version_is_under_way_until_it_is_withdrawn(session):
    await party(session, "CT")
    made = await agreements.propose_agreement(session, SYSTEM, terms(), at=AT)
    with pytest.raises(WrongState, match="version-under-way"):
        await agreements.propose_agreement(session, SYSTEM, terms(), at=AT)
    said = {"code": made.code, "version": 1, "at": AT}
    with pytest.raises(Incomplete):
        await agreements.withdraw_agreement(session, officer(), reason=" ", **said)
    await agreements.withdraw_agreement(session, officer(), reason="Bên khai thác đề nghị", **said)
    assert (await agreements.propose_agreement(session, SYSTEM, terms(), at=AT)).version == 2


CHANGES = {
    "terms": "update agreement set valid_to = valid_to + 1",
    "content": "update agreement set content = '{}'",
    "the version": "delete from agreement",
    "a grant": "update agreement_grant set fields = '[\"signer\"]'",
    "another grant": "delete from agreement_grant",
    "a step": "delete from agreement_step",
}


@pytest.mark.parametrize("statement", CHANGES.values(), ids=CHANGES)
async def test_not_even_the_application_changes_what_was_agreed(session, statement):
    await party(session, "CT")
    await agree(session, terms())
    with pytest.raises(DBAPIError, match=r"never change|permission denied|append-only"):
        async with session.begin_nested():
            await session.execute(text(statement))


async def test_suspension_stops_the_next_call_though_the_token_lives_and_resuming_lets_it_read(reader: Machine, portal: Portal):
    said = {"code": "TT-01", "version": 1, "at": clock.now()}
    assert (await reader.read()).status_code == 200
    async with transaction(portal.sessions) as session:
        await agreements.suspend_agreement(session, officer(), reason="Nghi lộ khóa", **said)
    stopped = await reader.read()
    assert (stopped.status_code, "invalid_token" in stopped.headers["www-authenticate"]) == (401, True)
    async with transaction(portal.sessions) as session:
        await agreements.resume_agreement(session, officer(), reason="Đã thay khóa", **said)
    assert (await reader.read()).status_code == 200


async def test_a_token_of_the_version_before_reads_nothing_after_the_amendment(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, ("number",)),)))
    assert (await reader.read()).status_code == 401
    await reader.get_token()
    assert set((await reader.read()).json()) == {"number"}


async def test_the_term_ends_an_agreement_by_itself(session):
    await party(session, "CT")
    await agree(session, terms())
    last = terms().valid_to
    at = clock.now() + timedelta(days=(last - AT.date()).days)
    assert await agreements.end_by_term(session, at=at) == 0
    assert await agreements.end_by_term(session, at=at + timedelta(days=1)) == 1
    assert [card.status for card in await queries.agreements(session)] == ["ended"]


async def test_an_agreement_whose_term_has_passed_is_neither_proposed_nor_brought_into_force(session):
    await party(session, "CT")
    with pytest.raises(Incomplete):
        await agreements.propose_agreement(session, SYSTEM, terms(), at=AT + timedelta(days=800))
    made = await agreements.propose_agreement(session, SYSTEM, terms(), at=AT)
    for side in ("G02", "CT"):
        said = {"code": made.code, "version": 1, "party": side, "signer": side, "signature": "00"}
        await agreements.sign_agreement(session, SYSTEM, **said, at=AT)
    with pytest.raises(WrongState, match="term-passed"):
        await agreements.activate_agreement(session, SYSTEM, code=made.code, version=1, at=AT + timedelta(days=800))


BAD_TERMS = {
    "no purpose": {"purposes": ()},
    "no basis": {"legal_basis": ()},
    "no data": {"grants": ()},
    "eleven items": {"items": dict.fromkeys(["parties"], "x")},
    "ends before it begins": {"valid_to": AT.date() - timedelta(days=400)},
    "unknown field": {"grants": (Grant(Dataset.LICENCES, ("secret'; drop",)),)},
    "unknown filter": {"grants": (Grant(Dataset.LICENCES, ("number",), row_filter={"x": ["1"]}),)},
    "unknown action": {"grants": (Grant(Dataset.LICENCES, ("number",), actions=("write",)),)},
    "bad code": {"code": "a b"},
    "personal field without its article": {"grants": (Grant(Dataset.LICENCES, ("signer",)),)},
    "personal field with half an article": {
        "grants": (Grant(Dataset.LICENCES, ("signer",), field_basis={"signer": Basis("Luật 91/2025/QH15", "")}),)
    },
    "hidden without a law": {"grants": (Grant(Dataset.LICENCES, ("number",), hidden_days=30),)},
    "no limit": {"grants": (Grant(Dataset.LICENCES, ("number",), rate=0),)},
    "twice the same purpose": {"purposes": terms().purposes * 2},
    "basis without an article": {"legal_basis": (Basis("Luật Dữ liệu", ""),)},
    "never deleted": {"delete_within_days": 0},
}


@pytest.mark.parametrize("change", BAD_TERMS.values(), ids=BAD_TERMS)
def test_terms_that_say_too_little_or_too_much_are_no_agreement(change):
    assert faults_of_terms(terms(**change))


def test_good_terms_have_a_hash_that_any_change_changes():
    assert not faults_of_terms(terms())
    hashes = {terms().content_hash(1), terms().content_hash(2), terms(code="TT-02").content_hash(1)}
    assert len(hashes) == 3


def test_a_personal_field_is_given_with_its_own_article_and_comes_back_from_json_the_same():
    basis = {"signer": Basis("Luật 91/2025/QH15", "Điều 9")}
    said = terms(grants=(Grant(Dataset.LICENCES, ("number", "signer"), field_basis=basis, hidden_days=9, hidden_basis="Luật"),))
    assert not faults_of_terms(said)
    assert terms_of(said.plain()) == said


def test_canonical_json_is_that_of_the_standard():
    # RFC 8785, 3.2.2 and 3.2.3, without their numbers.
    given = {
        "string": '\u20ac$\u000f\nA\'B"\\\\"/',
        "literals": [None, True, False],
        "\u20ac": 1,
        "\r": 2,
        "\U0001f600": 3,
        "\ufb33": 4,
    }
    wanted = '{"\\r":2,"literals":[null,true,false],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","€":1,"\U0001f600":3,"\ufb33":4}'
    assert canonical(given).decode() == wanted
    with pytest.raises(ValueError, match="whole"):
        canonical([0.5])
