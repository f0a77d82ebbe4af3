"""The authorization server: what it takes as a client's word, what it gives, and what it takes back."""

import asyncio
import json
from datetime import timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import text

from app.core import clock, limits
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.demo.consumer import Consumer
from app.sharing import actions
from app.sharing.oauth import UNKNOWN
from tests.machines import ISSUER, OTHER_KEY, PROOF_KEY, Machine, Portal, agree, terms


async def test_the_first_answer_gives_the_nonce_and_the_second_the_token(agency: Machine):
    first, second = await agency.ask(), await agency.ask()
    assert (first.status_code, first.json()["error"]) == (400, "use_dpop_nonce")
    assert second.status_code == 200


async def test_the_token_is_an_at_jwt_bound_to_the_key_and_says_what_was_granted(agency: Machine):
    await agency.ask()
    answer = (
        await agency.ask(authorization_details=agency.details(datatypes=["licences", "dossiers"], actions=["read", "changes"]))
    ).json()
    keys = KeySet.import_key_set((await agency.http.get(f"{ISSUER}/oauth/jwks")).json())
    token = jwt.decode(answer["access_token"], keys, algorithms=["ES256"])
    assert token.header["typ"] == "at+jwt"
    said = token.claims
    assert (said["iss"], said["aud"], said["client_id"], said["sub"]) == (ISSUER, f"{ISSUER}/api/sharing", "cuc-thue", "cuc-thue")
    assert said["exp"] - said["iat"] == answer["expires_in"] == 300
    assert said["cnf"] == {"jkt": PROOF_KEY.thumbprint()}
    detail = answer["authorization_details"][0]
    assert (detail["datatypes"], detail["actions"]) == (["licences"], ["read"])
    assert detail["legal_basis"] == [{"van_ban": "Nghị định 278/2025/NĐ-CP", "dieu_khoan": "Điều 7"}]
    assert detail["agreement_hash"] == terms().content_hash(1)
    assert answer["token_type"] == "DPoP"


async def test_an_assertion_is_good_once_even_when_the_request_failed(agency: Machine):
    assertion = agency.assertion()
    assert (await agency.ask(assertion=assertion)).json()["error"] == "use_dpop_nonce"
    assert (await agency.ask(assertion=assertion)).json()["error"] == "invalid_client"


async def test_a_known_client_that_is_refused_leaves_a_row(agency: Machine, portal: Portal):
    await agency.ask()
    await agency.ask(authorization_details=agency.details(purpose="quang-cao"))
    async with transaction(portal.sessions) as session:
        kept = await session.execute(text("select subject_id, detail ->> 'slug' from audit_row where action = 'refused'"))
        assert list(kept) == [("cuc-thue", "invalid_authorization_details")]


async def test_of_twenty_uses_of_one_assertion_at_once_one_gets_a_token(agency: Machine):
    await agency.ask()
    assertion = agency.assertion()
    answers = await asyncio.gather(*(agency.ask(assertion=assertion) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 19


async def test_a_revoked_key_is_refused_at_once(agency: Machine, portal: Portal):
    await agency.ask()
    async with transaction(portal.sessions) as session:
        await actions.revoke_client_key(session, SYSTEM, client_id="cuc-thue", kid="c1", at=clock.now())
    assert (await agency.ask()).json()["error"] == "invalid_client"


async def test_a_key_that_is_not_yet_valid_is_refused(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        jwk, later = {**OTHER_KEY.as_dict(private=False), "kid": "c2"}, clock.now() + timedelta(days=1)
        await actions.add_client_key(session, SYSTEM, client_id="cuc-thue", jwk=jwk, valid_from=later, at=clock.now())
    await agency.ask()
    assert (await agency.ask(assertion=agency.assertion({"kid": "c2"}, OTHER_KEY))).json()["error"] == "invalid_client"


async def test_a_suspended_client_gets_no_token_until_it_is_let_in_again(agency: Machine, portal: Portal):
    await agency.ask()
    async with transaction(portal.sessions) as session:
        await actions.suspend_client(session, SYSTEM, client_id="cuc-thue", at=clock.now())
    refused = await agency.ask()
    assert (refused.json()["error"], refused.json()["error_description"]) == ("invalid_client", UNKNOWN)
    async with transaction(portal.sessions) as session:
        await actions.resume_client(session, SYSTEM, client_id="cuc-thue", at=clock.now())
    assert (await agency.ask()).status_code == 200


async def test_the_tokens_got_with_a_revoked_key_end_with_it(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await actions.revoke_client_key(session, SYSTEM, client_id="cuc-thue", kid="e1", at=clock.now())
    assert (await reader.read()).status_code == 200
    async with transaction(portal.sessions) as session:
        await actions.revoke_client_key(session, SYSTEM, client_id="cuc-thue", kid="c1", at=clock.now())
    assert (await reader.read()).status_code == 401


async def test_a_token_of_an_ended_agreement_is_not_active(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms())
    assert await _asked(reader, "introspect") == {"active": False}


async def test_a_client_that_asks_for_tokens_too_often_is_told_to_wait(agency: Machine, portal: Portal):
    await agency.ask()
    async with transaction(portal.sessions) as session:
        await session.execute(text("update rate_limit set tat = tat + interval '1 hour' where key = 'oauth-client:cuc-thue'"))
        await limits.take(session, "oauth-client:cuc-thue", rate=1, per_seconds=3600, burst=9, at=clock.now())
    answer = await agency.ask()
    assert (answer.status_code, answer.json()["error"], answer.headers["retry-after"]) == (429, "slow_down", "1")


async def test_an_address_that_fails_too_often_is_not_looked_at_for_a_while(agency: Machine, portal: Portal):
    await agency.ask()
    assert (await agency.ask(client_assertion="x")).json()["error"] == "invalid_client"
    async with transaction(portal.sessions) as session:
        await session.execute(text("update rate_limit set tat = tat + interval '2 minutes' where key like 'oauth-failed:%'"))
    answer = await agency.ask()
    assert (answer.status_code, answer.json()["error"]) == (429, "slow_down")


async def test_who_proves_nothing_is_remembered_as_nobody(agency: Machine, portal: Portal):
    await agency.ask(assertion=agency.assertion(key=OTHER_KEY))
    async with transaction(portal.sessions) as session:
        kept = await session.execute(text("select actor, subject_id from audit_row where action = 'refused'"))
        assert list(kept) == [("anyone:-", "cuc-thue")]


async def test_a_client_asks_about_its_own_token_and_takes_it_back(reader: Machine):
    assert (await _asked(reader, "introspect"))["active"] is True
    assert await _asked(reader, "revoke") == {}
    assert await _asked(reader, "introspect") == {"active": False}
    assert (await reader.read()).status_code == 401


async def test_another_clients_token_is_nothing_to_ask_about(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        jwks = [OTHER_KEY.as_dict(private=False)]
        said = {"client_id": "khac", "party": "CT", "name": "Khác", "scopes": ["licences.read"], "jwks": jwks}
        await actions.register_client(session, SYSTEM, **said, at=clock.now())
    other = Machine(portal.http, "khac", token=reader.token)
    assert await _asked(other, "introspect", OTHER_KEY) == {"active": False}
    assert (await _asked(other, "revoke", OTHER_KEY))["error"] == "invalid_grant"
    assert (await reader.read()).status_code == 200


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "e30.e30.AA"])
async def test_a_token_that_is_not_ours_is_not_active(agency: Machine, token):
    agency.token = token
    assert await _asked(agency, "introspect") == {"active": False}


async def _asked(client: Machine, endpoint: str, key=None) -> dict:
    form = {
        "token": client.token,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": client.assertion(None, *([key] if key else [])),
    }
    answer = await client.http.post(f"{ISSUER}/oauth/{endpoint}", data=form)
    return json.loads(answer.text)


async def test_the_server_says_what_it_can(portal: Portal):
    metadata = (await portal.http.get("/.well-known/oauth-authorization-server")).json()
    assert metadata["issuer"] == ISSUER
    assert metadata["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert metadata["tls_client_certificate_bound_access_tokens"] is False
    assert "mtls_endpoint_aliases" not in metadata
    for resource in metadata["protected_resources"]:
        said = (await portal.http.get(f"/.well-known/oauth-protected-resource{resource.removeprefix(ISSUER)}")).json()
        assert (said["resource"], said["authorization_servers"]) == (resource, [ISSUER])
        assert said["dpop_bound_access_tokens_required"] is True
        assert set(said["scopes_supported"]) <= set(metadata["scopes_supported"])
        assert set(said.get("authorization_details_types_supported", ())) <= set(
            metadata["authorization_details_types_supported"]
        )
    for key in (await portal.http.get("/oauth/jwks")).json()["keys"]:
        assert "d" not in key


async def test_a_new_server_key_is_published_before_it_signs(reader: Machine, portal: Portal):
    secret = portal.settings.secret_key.get_secret_value().encode()
    async with transaction(portal.sessions) as session:
        kid = await actions.rotate_server_key(session, SYSTEM, secret=secret, at=clock.now())
    portal.app.state.ring = None
    keys = (await portal.http.get("/oauth/jwks")).json()["keys"]
    published = [key["kid"] for key in keys if key["kty"] == "EC"]
    assert len(published) == 2
    assert kid in published
    assert jwt.decode(await reader.get_token(), portal.app.state.ring.published, algorithms=["ES256"]).header["kid"] != kid
    assert (await reader.read()).status_code == 200


async def test_the_demo_consumer_reads_like_an_integrator_would(agency: Machine, portal: Portal, tmp_path):
    consumer = Consumer(portal.http, ISSUER, "thu", tmp_path)
    async with transaction(portal.sessions) as session:
        jwks = [consumer.key.as_dict(private=False)]
        said = {"client_id": "thu", "party": "CT", "name": "Thử", "scopes": ["licences.read"], "jwks": jwks}
        await actions.register_client(session, SYSTEM, **said, at=clock.now())
    said = {"scope": "licences.read", "agreement": "TT-01", "purpose": "kiem-tra-thue", "case_ref": "HS/1"}
    answer = await consumer.get("/api/sharing/v1/licences/07/2026/GCN-UBCT", **said)
    assert answer.status_code == 200, answer.text
    assert answer.json()["holder_name"] == "Công ty Ví Dụ"
