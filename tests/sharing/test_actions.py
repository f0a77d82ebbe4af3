"""Parties, clients and keys: who may come in."""

from datetime import timedelta

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM, Actor, ActorKind
from app.core.errors import Conflict, Incomplete, NotAllowed
from app.core.permissions import Role
from app.sharing import actions
from app.sharing.rules import fault_of_key
from tests.machines import CLIENT_KEY, RSA_KEY, party

AT = clock.now()


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


async def test_someone_without_the_right_enters_nobody(session):
    with pytest.raises(NotAllowed):
        said = {"code": "CT", "name_vi": "a", "name_en": "a", "contact": "a", "phone": "0", "email": "a@example.vn"}
        await actions.register_party(session, Actor(ActorKind.OFFICIAL, roles=frozenset({Role.CASE_OFFICER})), **said, at=AT)
