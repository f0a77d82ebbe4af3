"""Reading shared data: what the agreement gives, to whom it is shown that it was read, and nothing more."""

import base64
import hashlib
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.registers import actions as registers
from app.registers.rules import Dataset
from app.sharing import actions, agreements, reads
from app.sharing.rules import Grant
from tests.machines import FIELDS, HOLDER, ISSUER, LICENCE_URL, Machine, Portal, agree, licence, terms


async def test_a_parameter_that_is_not_taken_is_refused_rather_than_passed_over(reader: Machine):
    answers = [await reader.read(f"{LICENCE_URL}?{query}") for query in ("feilds=number", "fields=number&fields=title", "%00")]
    slugs = [(answer.status_code, answer.json()["slug"]) for answer in answers]
    assert slugs == [(400, "unknown-parameter"), (400, "invalid-parameter"), (400, "unknown-parameter")]


async def test_another_method_is_refused_with_the_ones_there_are(reader: Machine):
    answer = await reader.http.request("DELETE", LICENCE_URL)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")


async def test_exactly_the_granted_fields_are_delivered(reader: Machine):
    answer = await reader.read()
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == set(FIELDS)
    assert answer.json()["holder_tax_code"] == HOLDER
    digest = base64.b64encode(hashlib.sha256(answer.content).digest()).decode()
    assert answer.headers["content-digest"] == f"sha-256=:{digest}:"
    assert answer.headers["cache-control"] == "private, no-cache"


async def test_fewer_fields_can_be_asked_and_only_these_are_logged(reader: Machine, portal: Portal):
    answer = await reader.read(f"{LICENCE_URL}?fields=number,status")
    assert answer.json() == {"number": "07/2026/GCN-UBCT", "status": "valid"}
    assert [title.en for title in (await _reads(portal))[0].fields] == ["Number", "Status"]


@pytest.mark.parametrize("wanted", ["signer", "number,signer", "khong_co"])
async def test_a_field_outside_the_agreement_is_refused_with_the_clause(reader: Machine, portal: Portal, wanted):
    answer = await reader.read(f"{LICENCE_URL}?fields={wanted}")
    assert (answer.status_code, answer.json()["slug"]) == (403, "field-not-granted")
    assert "278/2025" in answer.json()["title_vi"]
    assert answer.headers["www-authenticate"].startswith('DPoP error="insufficient_scope"')
    async with transaction(portal.sessions) as session:
        kept = await session.scalars(text("select detail ->> 'slug' from audit_row where actor = 'client:cuc-thue'"))
        assert list(kept) == ["field-not-granted"]


async def test_data_outside_the_token_are_refused(reader: Machine):
    answer = await reader.read(f"{ISSUER}/api/sharing/v1/enterprises/{HOLDER}")
    assert (answer.status_code, answer.json()["slug"]) == (403, "insufficient-scope")


async def test_a_number_may_be_written_with_plain_slashes_too(reader: Machine):
    assert (await reader.read(LICENCE_URL.replace("%2F", "/"))).status_code == 200


async def test_an_unchanged_record_is_not_sent_again_but_the_question_is_logged(reader: Machine, portal: Portal):
    tag = (await reader.read()).headers["etag"]
    again = await reader.read(if_none_match=tag)
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    assert [read.unchanged for read in await _reads(portal)] == [True, False]
    async with transaction(portal.sessions) as session:
        await licence(session, status="revoked")
    assert (await reader.read(if_none_match=tag)).json()["status"] == "revoked"


async def test_a_tag_of_other_columns_is_no_tag_of_these(reader: Machine):
    tag = (await reader.read(f"{LICENCE_URL}?fields=number")).headers["etag"]
    assert (await reader.read(if_none_match=tag)).status_code == 200


@pytest.mark.parametrize("number", ["khong-co", "08/2026/GCN-UBCT"])
async def test_an_unknown_number_is_not_found_and_the_question_is_logged(reader: Machine, portal: Portal, number):
    answer = await reader.read(f"{ISSUER}/api/sharing/v1/licences/{number}")
    assert answer.status_code == 404
    assert answer.headers["log-entry"]
    assert (await _events(portal)) == [(404, number, None)]


@pytest.mark.parametrize("number", ["%00", "a%00b", "%ED%A0%80", "x" * 65, "a b", "%F0%9F%98%80", "'", "..%2f%00"])
async def test_what_cannot_be_a_number_is_not_found(reader: Machine, number):
    assert (await reader.read(f"{ISSUER}/api/sharing/v1/licences/{number}")).status_code == 404


async def test_a_record_outside_the_row_filter_is_as_good_as_missing(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, row_filter={"holder_province": ["79", "01"]}),)))
        await licence(session, "08/2026/GCN-UBCT", holder_province="48")
    await agency.get_token()
    inside, outside = await agency.read(), await agency.read(LICENCE_URL.replace("07", "08"))
    missing = await agency.read(LICENCE_URL.replace("07", "09"))
    assert (inside.status_code, outside.status_code, missing.status_code) == (200, 404, 404)
    assert outside.content == missing.content


async def test_a_deleted_record_is_not_found(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await registers.delete(session, Dataset.LICENCES, "07/2026/GCN-UBCT", at=clock.now())
    assert (await reader.read()).status_code == 404


@pytest.mark.parametrize("case_ref", ["", "a b", "x" * 65, "số", "a\tb"])
async def test_a_read_without_a_case_is_refused(reader: Machine, case_ref):
    answer = await reader.read(Case_Ref=case_ref.encode())
    assert (answer.status_code, answer.json()["slug"]) == (400, "case-ref-required")


async def test_a_refused_read_can_be_tried_again_with_the_same_nonce(reader: Machine):
    await reader.read(Case_Ref="")
    assert (await reader.read()).status_code == 200


async def test_an_ended_agreement_no_longer_reads_though_the_token_lives(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agreements.end_agreement(session, SYSTEM, code="TT-01", version=1, at=clock.now())
    answer = await reader.read()
    assert (answer.status_code, answer.json()["slug"]) == (401, "invalid_token")


async def test_a_suspended_client_no_longer_reads_though_the_token_lives(reader: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await actions.suspend_client(session, SYSTEM, client_id="cuc-thue", at=clock.now())
    assert (await reader.read()).status_code == 401


async def test_an_expired_token_is_refused(reader: Machine, monkeypatch):
    monkeypatch.setenv(clock.SHIFT_VARIABLE, "301")
    answer = await reader.read()
    assert (answer.status_code, answer.json()["slug"]) == (401, "invalid_token")


async def test_a_crash_that_empties_the_spent_proofs_revives_none(reader: Machine, portal: Portal):
    proof = reader.proof()
    assert (await reader.read(proofs=[proof])).status_code == 200
    async with transaction(portal.sessions) as session:
        await session.execute(text("delete from used_proof"))
    again = await reader.read(proofs=[proof])
    assert (again.status_code, again.json()["slug"]) == (401, "use_dpop_nonce")
    assert (await reader.read()).status_code == 200


async def test_more_than_the_rate_is_refused_with_the_time_to_wait(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, rate=60),)))
    await agency.get_token()
    answers = [await agency.read() for _ in range(21)]
    assert [answer.status_code for answer in answers] == [200] * 20 + [429]
    assert answers[0].headers["ratelimit-policy"] == '"hour";q=60;w=3600, "day";q=20000;w=86400'
    assert answers[0].headers["ratelimit"].startswith('"hour";r=19;t=60, "day";r=19999;t=')
    assert answers[-1].headers["retry-after"] == "60"
    assert answers[-1].json()["slug"] == "too-many-requests"


async def test_more_than_the_quota_of_a_day_is_refused_until_midnight(agency: Machine, portal: Portal):
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, quota_day=2),)))
    await agency.get_token()
    answers = [await agency.read() for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["slug"] == "quota-spent"
    assert 0 < int(answers[-1].headers["retry-after"]) <= 86_400
    async with transaction(portal.sessions) as session:
        await session.execute(text("update grant_use set day = day - 1"))
    assert (await agency.read()).status_code == 200


async def test_the_business_sees_who_read_which_fields_when_and_why(reader: Machine, portal: Portal):
    before = clock.now()
    answer = await reader.read(Acting_User="cb-17")
    read = (await _reads(portal))[0]
    assert str(read.id) == answer.headers["log-entry"]
    assert (read.agency.en, read.purpose.en, read.case_ref, read.acting_user) == ("Party CT", "Tax inspection", "HS-1", "cb-17")
    assert read.legal_basis[0].van_ban == "Nghị định 278/2025/NĐ-CP"
    assert (read.dataset, read.keys, len(read.fields)) == (Dataset.LICENCES, ("07/2026/GCN-UBCT",), len(FIELDS))
    assert before - timedelta(seconds=1) <= read.at <= clock.now()
    async with transaction(portal.sessions) as session:
        assert await reads.reads_of(session, HOLDER, before=read.id, at=clock.now()) == []
        assert await reads.reads_of(session, "9900000048", at=clock.now()) == []


async def test_the_log_keeps_the_proof_and_the_digest_of_what_was_delivered(reader: Machine, portal: Portal):
    proof = reader.proof()
    answer = await reader.read(proofs=[proof])
    async with transaction(portal.sessions) as session:
        kept = (await session.execute(text("select proof, response_digest, length(salt) from access_event"))).one()
    assert kept == (proof, hashlib.sha256(answer.content).hexdigest(), 32)


async def test_nobody_can_change_the_log(reader: Machine, portal: Portal):
    await reader.read()
    for statement in ("update access_event set purpose = 'x'", "delete from access_event"):
        with pytest.raises(Exception, match=r"permission denied|append-only"):
            async with transaction(portal.sessions) as session:
                await session.execute(text(statement))


async def test_a_client_sees_its_own_standing(reader: Machine):
    answer = await reader.call("GET", "/api/sharing/v1/me")
    assert answer.status_code == 200, answer.text
    assert answer.json()["client"]["client_id"] == "cuc-thue"
    assert [card["code"] for card in answer.json()["agreements"]] == ["TT-01"]


async def _reads(portal: Portal):
    async with transaction(portal.sessions) as session:
        return await reads.reads_of(session, HOLDER, at=clock.now())


async def _events(portal: Portal):
    async with transaction(portal.sessions) as session:
        return list(await session.execute(text("select status, key, subject_ref from access_event")))
