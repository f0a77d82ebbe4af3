"""Filing by machine: the whole way over HTTP, the same act sent twice, and everything that is not allowed."""

import asyncio
import hashlib
from uuid import UUID, uuid4

import pytest

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.dossiers.actions import decide, receive, supplement
from app.dossiers.supplements import Item
from app.sharing import actions
from tests.api.companies import PAPERS, ROOT, Company, at_the_ministry, company, noon, retailer, world
from tests.dossiers.world import COMPETITION, LICENCE, PROMOTION, PROMOTION_ANSWERS, SELLER, World
from tests.machines import ISSUER, Machine, Portal
from tests.make import pdf

__all__ = ["noon", "retailer", "world"]


async def test_a_company_files_from_the_catalogue_to_the_receipt(retailer: Company):
    procedures = (await retailer.get("/procedures?search=khuyen mai may rui")).json()["items"]
    assert [one["slug"] for one in procedures] == [PROMOTION]
    asked = (await retailer.get(f"/procedures/{PROMOTION}")).json()
    assert [paper["id"] for paper in asked["papers"]] == list(PAPERS)
    schema = (await retailer.call("GET", asked["form"])).json()
    assert "programme_name" in schema["properties"]

    dossier = await retailer.ready()
    answer = await retailer.post(f"/dossiers/{dossier}/submit")
    assert answer.status_code == 200, answer.text
    assert answer.json()["reference"]
    shown = (await retailer.get(f"/dossiers/{dossier}")).json()
    assert (shown["state"], shown["reference"], shown["national_status"]) == ("submitted", answer.json()["reference"], 1)
    assert shown["submitted_at"].endswith("Z")
    assert [document["acceptance"] for document in (await retailer.get(f"/dossiers/{dossier}/documents")).json()["items"]]
    lines = (await retailer.get("/dossiers?state=submitted")).json()
    assert [line["id"] for line in lines["items"]] == [dossier]


async def test_the_same_post_again_is_the_same_act(retailer: Company):
    first, again = [await retailer.post("/dossiers", {"procedure": PROMOTION}, key="khoa-so-1") for _ in range(2)]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert len((await retailer.get("/dossiers")).json()["items"]) == 1
    other = await retailer.post("/dossiers", {"procedure": LICENCE}, key="khoa-so-1")
    assert (other.status_code, other.json()["slug"]) == (409, "idempotency-key-reused")


async def test_twenty_times_the_same_submit_at_once_is_one_submission(retailer: Company):
    dossier = await retailer.ready()
    answers = await asyncio.gather(*(retailer.post(f"/dossiers/{dossier}/submit", key="nop-mot-lan") for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["reference"] for answer in answers}) == 1


async def test_a_second_submit_under_another_key_is_refused(retailer: Company):
    dossier = await retailer.ready()
    await retailer.post(f"/dossiers/{dossier}/submit")
    again = await retailer.post(f"/dossiers/{dossier}/submit")
    assert (again.status_code, again.json()["slug"]) == (409, "already-submitted")


async def test_a_refused_post_may_be_corrected_under_the_same_key(retailer: Company):
    dossier = await retailer.start()
    refused = await retailer.post(f"/dossiers/{dossier}/submit", key="nop-lai-duoc")
    assert (refused.status_code, refused.json()["slug"]) == (422, "incomplete")
    assert len(refused.json()["problems"]) > 5
    await retailer.fill(dossier)
    for paper in PAPERS:
        await retailer.upload(dossier, paper)
    assert (await retailer.post(f"/dossiers/{dossier}/submit", key="nop-lai-duoc")).status_code == 200


async def test_another_companys_dossier_is_as_good_as_missing(retailer: Company, portal: Portal):
    dossier = await retailer.ready()
    seller = await company(portal, SELLER)
    for path, missing in ((f"/dossiers/{dossier}", f"/dossiers/{uuid4()}"), (f"/dossiers/{dossier}/documents",) * 2):
        answer, nothing = await seller.get(path), await seller.get(missing)
        assert (answer.status_code, nothing.status_code) == (404, 404)
        assert answer.content == nothing.content
    assert (await seller.post(f"/dossiers/{dossier}/submit")).status_code == 404
    assert (await seller.put(f"/dossiers/{dossier}/answers", {"answers": {}})).status_code == 404
    assert (await seller.upload(dossier, "rules")).status_code == 404
    assert (await seller.get("/dossiers")).json()["items"] == []


async def test_one_companys_key_is_not_anothers(retailer: Company, portal: Portal):
    mine = await retailer.post("/dossiers", {"procedure": PROMOTION}, key="khoa-so-1")
    theirs = await (await company(portal, SELLER)).post("/dossiers", {"procedure": PROMOTION}, key="khoa-so-1")
    assert mine.json()["id"] != theirs.json()["id"]


async def test_an_old_revision_is_a_conflict(retailer: Company):
    dossier = await retailer.start()
    said = {"answers": PROMOTION_ANSWERS, "revision": 1}
    assert (await retailer.put(f"/dossiers/{dossier}/answers", said)).json() == {"revision": 2}
    assert (await retailer.put(f"/dossiers/{dossier}/answers", said)).status_code == 409


async def test_a_file_is_kept_with_its_digest_and_the_same_again_changes_nothing(retailer: Company, portal: Portal):
    dossier, content = await retailer.start(), pdf(4000)
    first = await retailer.upload(dossier, "rules", content)
    assert (first.status_code, first.json()["sha256"]) == (201, hashlib.sha256(content).hexdigest())
    again = await retailer.upload(dossier, "rules", content)
    assert (again.status_code, again.json()) == (200, first.json())
    other = await retailer.upload(dossier, "rules", pdf(5000))
    assert other.status_code == 201
    found = (await retailer.get(f"/dossiers/{dossier}/documents")).json()["items"]
    assert [document["id"] for document in found] == [other.json()["id"]]
    read = await retailer.get(f"/dossiers/{dossier}/documents/{other.json()['id']}")
    assert read.json() == found[0]
    gone = await retailer.call("DELETE", f"{ROOT}/dossiers/{dossier}/documents/{other.json()['id']}")
    assert gone.status_code == 204
    assert (await retailer.get(f"/dossiers/{dossier}/documents")).json()["items"] == []
    assert len([path for path in portal.blobs.root.rglob("*") if path.is_file()]) <= 2  # the replaced ones wait for their job


async def test_a_supplement_is_supplied_and_the_dossier_goes_on(retailer: Company, portal: Portal, world: World):
    dossier = await retailer.ready()
    await retailer.post(f"/dossiers/{dossier}/submit")
    async with at_the_ministry(portal, world) as there:
        said = {"reason": "Thể lệ chưa rõ.", "at": there.at}
        await supplement.ask_at_intake(there.session, there.desk, _id(dossier), [Item("paper", "rules", "bản rõ")], **said)
    shown = (await retailer.get(f"/dossiers/{dossier}")).json()
    assert shown["open_items"] == [{"kind": "paper", "target": "rules", "note": "bản rõ"}]
    assert (await retailer.upload(dossier, "quality_papers", pdf(6000))).status_code == 409
    assert (await retailer.upload(dossier, "rules", pdf(6000))).status_code == 201
    answer = await retailer.post(f"/dossiers/{dossier}/supply")
    assert (answer.status_code, answer.json()["state"]) == (200, "submitted"), answer.text


async def test_a_dossier_is_withdrawn_with_a_reason(retailer: Company, portal: Portal, world: World):
    dossier = await retailer.ready()
    await retailer.post(f"/dossiers/{dossier}/submit")
    assert (await retailer.post(f"/dossiers/{dossier}/withdraw", {"reason": ""})).status_code == 422
    answer = await retailer.post(f"/dossiers/{dossier}/withdraw", {"reason": "Đổi kế hoạch kinh doanh."})
    assert (answer.status_code, answer.json()["state"]) == (200, "withdrawn"), answer.text
    async with at_the_ministry(portal, world) as there:
        with pytest.raises(Exception, match="wrong-state"):
            await receive.receive(there.session, there.desk, _id(dossier), at=there.at)


async def test_a_draft_is_thrown_away(retailer: Company):
    dossier = await retailer.start()
    assert (await retailer.call("DELETE", f"{ROOT}/dossiers/{dossier}")).status_code == 204
    assert (await retailer.get(f"/dossiers/{dossier}")).status_code == 404


async def test_a_bill_is_paid_at_the_gateways_address(portal: Portal, world: World):
    async with at_the_ministry(portal, world) as there:
        dossier = await there.awaiting_payment()
    seller = await company(portal, SELLER)
    shown = (await seller.get(f"/dossiers/{dossier}")).json()
    assert [(bill["amount"], bill["state"]) for bill in shown["bills"]] == [(5_000_000, "open")]
    answer = await seller.post(f"/dossiers/{dossier}/payments", {"bill": shown["bills"][0]["id"]})
    assert answer.status_code == 201, answer.text
    assert answer.json()["url"].startswith(portal.settings.gateway_url)
    assert (await seller.post(f"/dossiers/{dossier}/payments", {"bill": str(uuid4())})).status_code in {404, 409}


async def test_the_result_is_fetched_and_that_counts_as_received(portal: Portal, world: World):
    async with at_the_ministry(portal, world) as there:
        dossier = await there.paid()
        await there.proposed(dossier, COMPETITION, "granted")
        await there.step(there.actors[f"head_{COMPETITION}"], dossier)
        await there.step(there.actors[f"leader_{COMPETITION}"], dossier)
        said = {"outcome": "granted", "reasons": "", "at": there.at}
        await decide.decide(there.session, there.actors[f"leader_{COMPETITION}"], dossier, **said)
        await there.sealed(dossier, COMPETITION)
    seller = await company(portal, SELLER)
    result = next(one for one in (await seller.get(f"/dossiers/{dossier}")).json()["issued"] if one["kind"] == "result")
    assert result["ready"]
    await portal.blobs.put_bytes(_id(result["id"]), dossier, b"x" * result["size"])
    answer = await seller.get(f"/dossiers/{dossier}/issued/{result['id']}/content")
    assert (answer.status_code, len(answer.content)) == (200, result["size"]), answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert (await seller.get(f"/dossiers/{dossier}")).json()["state"] == "returned"
    assert (await seller.get(f"/dossiers/{dossier}/issued/{uuid4()}/content")).status_code == 404


async def test_a_token_for_shared_data_does_not_file(reader: Machine):
    answer = await reader.call("GET", f"{ROOT}/dossiers")
    assert (answer.status_code, answer.json()["slug"]) == (401, "invalid_token")
    assert f"{ISSUER}/.well-known/oauth-protected-resource/api/filing" in answer.headers["www-authenticate"]


async def test_a_filing_token_does_not_read_shared_data(retailer: Company):
    retailer_reads = await retailer.call("GET", "/api/sharing/v1/me")
    assert retailer_reads.status_code == 401


async def test_a_suspended_client_files_nothing_more(retailer: Company, portal: Portal):
    async with transaction(portal.sessions) as session:
        await actions.suspend_client(session, SYSTEM, client_id=retailer.client_id, at=clock.now())
    assert (await retailer.get("/dossiers")).status_code == 401


async def test_of_twenty_uses_of_one_proof_at_once_one_acts(retailer: Company):
    url = f"{ISSUER}{ROOT}/dossiers"
    headers = {"Authorization": f"DPoP {retailer.token}", "DPoP": retailer.proof(htm="POST", htu=url)}

    async def once():
        sent = headers | {"Idempotency-Key": uuid4().hex}
        return await retailer.http.post(url, headers=sent, json={"procedure": PROMOTION})

    answers = await asyncio.gather(*(once() for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 19


def _id(text: str):
    return UUID(str(text))
