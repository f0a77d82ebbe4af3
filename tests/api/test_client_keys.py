"""A client changes its own keys: with a token for that alone, one key beside the other, and nobody else's."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.sharing import actions, client_keys
from tests.machines import CLIENT_KEY, EDWARDS_KEY, ISSUER, OTHER_KEY, PROOF_KEY, RSA_KEY, FromNow, Machine, Portal, compact

PATH = "/oauth/clients/me/keys"
NEW = ECKey.generate_key("P-256", {"kid": "c2"})


def introduction(header: Mapping[str, Any] | None = None, key: Any = NEW, signer: Any = None, **claims: Any) -> str:
    said = {"iss": "cuc-thue", "aud": f"{ISSUER}/oauth/clients/me", "iat": FromNow(0)} | claims
    public = {"alg": "ES256", "typ": "client-key+jwt", "jwk": key.as_dict(private=False), **(header or {})}
    return compact(public, said, signer or key)


@pytest.fixture
async def keeper(agency: Machine) -> Machine:
    """The agency with a token for its keys: three of them so far."""
    await agency.get_token(scope="client.keys", authorization_details=None)
    return agency


async def test_a_new_key_is_good_beside_the_old_until_the_client_ends_that(keeper: Machine):
    added = await keeper.call("POST", PATH, json={"introduction": introduction()})
    assert (added.status_code, added.json()["good"], added.json()["origin"]) == (201, True, "own")
    for header, key in (({"kid": "c2"}, NEW), ({}, CLIENT_KEY)):
        assert (await keeper.ask(assertion=keeper.assertion(header, key))).status_code == 200
    shown = {key["kid"]: key["good"] for key in (await keeper.call("GET", PATH)).json()["keys"]}
    assert shown == {"c1": True, "e1": True, "r1": True, "c2": True}


async def test_a_client_changes_over_without_a_break(keeper: Machine):
    await keeper.call("POST", PATH, json={"introduction": introduction()})
    keeper.token = ""
    fresh = await keeper.ask(assertion=keeper.assertion({"kid": "c2"}, NEW), scope="client.keys", authorization_details=None)
    old = keeper.token
    assert fresh.status_code == 200, fresh.text
    keeper.token = fresh.json()["access_token"]
    assert (await keeper.call("DELETE", f"{PATH}/c1")).status_code == 204
    assert (await keeper.ask()).json()["error"] == "invalid_client"
    assert old != keeper.token


async def test_the_tokens_got_with_an_ended_key_end_with_it(keeper: Machine):
    assert (await keeper.call("DELETE", f"{PATH}/c1")).status_code == 204
    assert (await keeper.call("GET", PATH)).status_code == 401


async def test_the_last_good_key_stays(keeper: Machine):
    for kid in ("e1", "r1"):
        assert (await keeper.call("DELETE", f"{PATH}/{kid}")).status_code == 204
    kept = await keeper.call("DELETE", f"{PATH}/c1")
    assert (kept.status_code, kept.json()["slug"]) == (409, "last-key")


async def test_an_ended_key_never_comes_back_under_any_name(keeper: Machine):
    await keeper.call("POST", PATH, json={"introduction": introduction()})
    await keeper.call("DELETE", f"{PATH}/c2")
    again = [introduction(), introduction({"jwk": {**NEW.as_dict(private=False), "kid": "c9"}})]
    answers = [await keeper.call("POST", PATH, json={"introduction": one}) for one in again]
    assert [answer.json()["slug"] for answer in answers] == ["key-used-before"] * 2


async def test_a_client_has_four_good_keys_at_most(keeper: Machine):
    await keeper.call("POST", PATH, json={"introduction": introduction()})
    fifth = await keeper.call("POST", PATH, json={"introduction": introduction(key=ECKey.generate_key("P-256", {"kid": "c3"}))})
    assert (fifth.status_code, fifth.json()["slug"]) == (409, "too-many-keys")


async def test_keys_are_changed_a_few_times_a_day_at_most(keeper: Machine):
    answers = [await keeper.call("DELETE", f"{PATH}/khong-co") for _ in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]


async def test_a_token_that_reads_data_changes_no_keys(agency: Machine):
    await agency.get_token()
    answer = await agency.call("POST", PATH, json={"introduction": introduction()})
    assert answer.status_code == 401
    assert "/.well-known/oauth-protected-resource/oauth/clients/me" in answer.headers["www-authenticate"]


async def test_a_token_for_keys_reads_no_data(keeper: Machine):
    assert (await keeper.read()).status_code == 401


BAD = {
    "not a JWS": "x",
    "another typ": introduction({"typ": "JWT"}),
    "signed by another key": introduction(signer=OTHER_KEY),
    "of another client": introduction(iss="khac"),
    "for another resource": introduction(aud=ISSUER),
    "aud a list": introduction(aud=[f"{ISSUER}/oauth/clients/me"]),
    "an hour old": introduction(iat=FromNow(-3600)),
    "without iat": introduction(iat=None),
    "without kid": introduction({"jwk": PROOF_KEY.as_dict(private=False)}, PROOF_KEY),
    "with the private part": introduction({"jwk": {**NEW.as_dict(private=True), "kid": "c2"}}),
    "RS256": introduction({"alg": "RS256"}, RSA_KEY),
    "alg none": introduction({"alg": "none"}),
}


async def test_a_key_that_does_not_introduce_itself_properly_is_refused(keeper: Machine, portal: Portal):
    for why, said in BAD.items():
        async with transaction(portal.sessions) as session:
            with pytest.raises(client_keys.Incomplete):
                await client_keys.add_own_key(session, "cuc-thue", said, resource=f"{ISSUER}/oauth/clients/me", at=clock.now())
                pytest.fail(why)


PUBLISHED = [NEW.as_dict(private=False)]
EDWARDS = EDWARDS_KEY.as_dict(private=False)


async def _published(portal: Portal, keys: list[Mapping[str, Any]], *, later: int = 0) -> dict[str, bool]:
    at = clock.now() + timedelta(seconds=later)
    async with transaction(portal.sessions) as session:
        await client_keys.take_published(session, "cuc-thue", keys, at=at)
    async with transaction(portal.sessions) as session:
        return {card.kid: card.good for card in await client_keys.own_keys(session, "cuc-thue", at=at)}


async def test_published_keys_become_the_clients_keys_and_the_others_end(agency: Machine, portal: Portal):
    assert await _published(portal, PUBLISHED) == {"c1": False, "e1": False, "r1": False, "c2": True}


async def test_a_key_that_is_published_again_is_good_again_but_a_revoked_one_never(agency: Machine, portal: Portal):
    await _published(portal, [CLIENT_KEY.as_dict(private=False), EDWARDS])
    async with transaction(portal.sessions) as session:
        await actions.revoke_client_key(session, SYSTEM, client_id="cuc-thue", kid="c1", at=clock.now())
    await _published(portal, PUBLISHED, later=1)
    good = await _published(portal, [*PUBLISHED, CLIENT_KEY.as_dict(private=False), EDWARDS], later=2)
    assert good == {"c1": False, "e1": True, "r1": False, "c2": True}


async def test_another_key_under_a_known_name_is_not_taken(agency: Machine, portal: Portal):
    await _published(portal, [OTHER_KEY.as_dict(private=False)])
    async with transaction(portal.sessions) as session:
        kept = await session.scalar(text("select jwk ->> 'x' from client_key where kid = 'c1'"))
    assert kept == CLIENT_KEY.as_dict(private=False)["x"]
