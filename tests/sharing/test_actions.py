"""Agreements and clients: who may come in, and how an agreement comes into force and ends."""

from datetime import timedelta
from uuid import uuid4

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, Incomplete, NotAllowed, WrongState
from app.core.permissions import Role
from app.registers.rules import Dataset
from app.sharing import actions, queries
from app.sharing.rules import Grant, fault_of_key, faults_of_terms
from tests.machines import CLIENT_KEY, RSA_KEY, agree, party, terms

AT = clock.now()


def officer() -> Actor:
    return Actor(ActorKind.OFFICIAL, person_id=uuid4(), unit="G02", roles=frozenset({Role.DATA_OFFICER}))


async def test_whoever_proposes_an_agreement_cannot_bring_it_into_force_alone(session):
    await party(session, "CT")
    one, other = officer(), officer()
    made = await actions.propose_agreement(session, one, terms(), at=AT)
    for side in ("G02", "CT"):
        said = {"code": made.code, "version": 1, "party": side, "signer": side, "signature": "00"}
        await actions.sign_agreement(session, one, **said, at=AT)
    with pytest.raises(NotAllowed):
        await actions.activate_agreement(session, one, code=made.code, version=1, at=AT)
    await actions.activate_agreement(session, other, code=made.code, version=1, at=AT)
    assert [card.status for card in await queries.agreements(session)] == ["active"]


async def test_an_agreement_that_one_side_has_signed_is_not_in_force(session):
    await party(session, "CT")
    made = await actions.propose_agreement(session, SYSTEM, terms(), at=AT)
    said = {"code": made.code, "version": 1, "party": "CT", "signer": "CT", "signature": "00"}
    await actions.sign_agreement(session, SYSTEM, **said, at=AT)
    with pytest.raises(WrongState):
        await actions.activate_agreement(session, SYSTEM, code=made.code, version=1, at=AT)
    with pytest.raises(Conflict):
        await actions.sign_agreement(session, SYSTEM, **said, at=AT)


async def test_a_new_version_ends_the_one_before(session):
    await party(session, "CT")
    assert [await agree(session, terms()), await agree(session, terms())] == [1, 2]
    assert [(card.version, card.status) for card in await queries.agreements(session, party="CT")] == [
        (2, "active"),
        (1, "ended"),
    ]


async def test_someone_without_the_right_enters_nobody(session):
    with pytest.raises(NotAllowed):
        await actions.propose_agreement(session, Actor(ActorKind.OFFICIAL, roles=frozenset({Role.CASE_OFFICER})), terms(), at=AT)


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
}


@pytest.mark.parametrize("change", BAD_TERMS.values(), ids=BAD_TERMS)
def test_terms_that_say_too_little_or_too_much_are_no_agreement(change):
    assert faults_of_terms(terms(**change))


def test_good_terms_have_a_hash_that_any_change_changes():
    assert not faults_of_terms(terms())
    hashes = {terms().content_hash(1), terms().content_hash(2), terms(code="TT-02").content_hash(1)}
    assert len(hashes) == 3


KEYS = {
    "private": CLIENT_KEY.as_dict(private=True),
    "no kid": ECKey.generate_key("P-256").as_dict(private=False),
    "bad kid": {**CLIENT_KEY.as_dict(private=False), "kid": "a b"},
    "P-384": ECKey.generate_key("P-384", {"kid": "x"}).as_dict(private=False),
    "symmetric": {"kty": "oct", "k": "AAAA", "kid": "x"},
    "short RSA": {"kty": "RSA", "n": "A" * 171, "e": "AQAB", "kid": "x"},
}


@pytest.mark.parametrize("jwk", KEYS.values(), ids=KEYS)
def test_a_key_that_is_not_a_good_public_key_is_refused(jwk):
    assert fault_of_key(jwk)


def test_good_public_keys_are_taken():
    assert not [fault for key in (CLIENT_KEY, RSA_KEY) if (fault := fault_of_key(key.as_dict(private=False)))]


def test_a_key_may_be_named_by_its_thumbprint_whatever_that_begins_with():
    public = CLIENT_KEY.as_dict(private=False)
    assert not [kid for kid in ("-thumbprint", "_thumbprint") if fault_of_key({**public, "kid": kid})]
    assert fault_of_key({**public, "kid": "a/b"})


async def test_another_key_under_a_known_kid_is_a_conflict(session):
    await party(session, "CT")
    said = {"client_id": "a", "party": "CT", "name": "A", "scopes": ["licences.read"], "at": AT}
    await actions.register_client(session, SYSTEM, jwks=[CLIENT_KEY.as_dict(private=False)], **said)
    await actions.register_client(session, SYSTEM, jwks=[CLIENT_KEY.as_dict(private=False)], **said)
    other = ECKey.generate_key("P-256", {"kid": "c1"}).as_dict(private=False)
    with pytest.raises(Conflict):
        await actions.register_client(session, SYSTEM, jwks=[other], **said)


@pytest.mark.parametrize("scopes,tax_code", [(["filing"], None), (["licences.read"], "9900000030"), (["x"], None), ([], None)])
async def test_only_filing_clients_have_a_company(session, scopes, tax_code):
    said = {"client_id": "a", "party": "CT", "name": "A", "scopes": scopes, "tax_code": tax_code, "jwks": []}
    with pytest.raises(Incomplete):
        await actions.register_client(session, SYSTEM, **said, at=AT)


async def test_what_can_no_longer_be_replayed_is_forgotten(session):
    for moment, jti in ((AT - timedelta(minutes=1), "old"), (AT + timedelta(minutes=1), "new")):
        for table, owner in (("used_proof", "owner"), ("used_assertion", "client_id")):
            statement = text(f"insert into {table} ({owner}, jti, expires) values ('a', :jti, :moment)")
            await session.execute(statement, {"jti": jti, "moment": moment})
    await actions.sweep(session, at=AT)
    left = await session.scalars(text("select jti from used_proof union all select jti from used_assertion"))
    assert list(left) == ["new", "new"]
