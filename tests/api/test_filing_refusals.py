"""What filing by machine does not take: bodies, files, keys, addresses. Each test has a draft of its own."""

import json
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from app.core.db import transaction
from tests.api.companies import PROMOTION, PROMOTION_ANSWERS, ROOT, Company, at_noon, company
from tests.dossiers import world as ministry
from tests.dossiers.world import RETAILER
from tests.machines import Portal


@pytest.fixture(scope="module")
async def standing_company(standing_portal: Portal):
    with at_noon():
        async with transaction(standing_portal.sessions) as session:
            await ministry.build(session)
        yield await company(standing_portal, RETAILER)


@pytest.fixture
async def retailer(standing_company: Company) -> Company:
    await standing_company.refresh()
    return standing_company


BODIES = {
    "NUL": b'{"answers": {"contact_person": "a\\u0000b"}}',
    "lone surrogate": b'{"answers": {"contact_person": "\\ud800"}}',
    "raw surrogate": b'{"answers": {"contact_person": "\xed\xa0\x80"}}',
    "NaN": b'{"answers": {"prizes": NaN}}',
    "twice": b'{"answers": {}, "answers": {}}',
    "not JSON": b"{",
    "list": b"[]",
    "deep": b'{"answers": ' + b"[" * 5000 + b"]" * 5000 + b"}",
    "no answers": b"{}",
    "answers not an object": b'{"answers": []}',
    "unknown member": b'{"answers": {}, "x": 1}',
    "unknown field": b'{"answers": {"khong_co": 1}}',
    "revision a word": b'{"answers": {}, "revision": "x"}',
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_answers_that_cannot_be_kept_are_refused_whole(retailer: Company, body):
    dossier = await retailer.start()
    headers = {"Content-Type": "application/json"}
    answer = await retailer.call("PUT", f"{ROOT}/dossiers/{dossier}/answers", content=body, headers=headers)
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await retailer.get(f"/dossiers/{dossier}")).json()["revision"] == 1


async def test_every_problem_of_the_answers_is_listed_with_its_place(retailer: Company):
    dossier = await retailer.start()
    wrong = {"answers": PROMOTION_ANSWERS | {"goods_promoted": [{"name": "Gạo", "price": "x"}]}}
    answer = await retailer.put(f"/dossiers/{dossier}/answers", wrong)
    assert answer.status_code == 422
    places = {problem["where"] for problem in answer.json()["problems"]}
    assert "goods_promoted.0.price" in places


@pytest.mark.parametrize(
    "path",
    ["/procedures/khong-co", "/procedures/khong-co/form", "/dossiers/khong-phai-uuid", "/khong-co", f"/dossiers/{UUID(int=1)}/x"],
)
async def test_what_does_not_exist_is_a_problem_document(retailer: Company, path):
    answer = await retailer.get(path)
    assert answer.status_code in {404, 422}
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_unknown_procedure_cannot_be_begun(retailer: Company):
    assert (await retailer.post("/dossiers", {"procedure": "khong-co-thu-tuc"})).status_code == 404
    assert (await retailer.post("/dossiers", {"procedure": "a b"})).status_code == 422


REFUSED_FILES = {
    "another format": ({"name": "tep.exe"}, 422),
    "no name": ({"name": ""}, 422),
    "empty": ({"content": b""}, 422),
    "too large": ({"content": b"%PDF-1.7" + bytes(26 * 1024 * 1024)}, 413),
    "unknown paper": ({"paper": "khong_co"}, 404),
    "unknown place": ({"place": 9}, 404),
    "paper not a name": ({"paper": "..%2f..%2fetc"}, 404),
}


@pytest.mark.parametrize("changed,status", REFUSED_FILES.values(), ids=REFUSED_FILES)
async def test_a_file_that_does_not_fit_its_place_is_refused_and_leaves_nothing(
    retailer: Company, standing_portal: Portal, changed, status
):
    dossier = await retailer.start()
    answer = await retailer.upload(dossier, **({"paper": "rules"} | changed))
    assert answer.status_code == status, answer.text
    assert not [path for path in standing_portal.blobs.root.rglob("*") if path.is_file()]


async def test_a_path_in_a_file_name_is_only_a_name(retailer: Company):
    dossier = await retailer.start()
    answer = await retailer.upload(dossier, "rules", name="..%2F..%2Fetc%2Fthe-le%00.pdf")
    assert (answer.status_code, answer.json()["name"]) == (201, "the-le.pdf")


@pytest.mark.parametrize("key", ["", "ngan", "x" * 101, "có dấu tiếng Việt".encode()])
async def test_a_post_without_a_key_is_refused(retailer: Company, key):
    answer = await retailer.call("POST", f"{ROOT}/dossiers", json={"procedure": PROMOTION}, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["slug"]) == (422, "idempotency-key")


async def test_nothing_of_the_request_is_echoed_in_a_refusal(retailer: Company):
    answer = await retailer.put(f"/dossiers/{uuid4()}/answers", {"answers": {"bi_mat": "9900000048"}, "x<y": 1})
    assert "9900000048" not in answer.text
    assert json.loads(answer.text)["slug"]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
async def test_a_body_that_does_not_say_it_is_json_is_an_unsupported_type(retailer: Company, kind):
    dossier = await retailer.start()
    answer = await retailer.call("PUT", f"{ROOT}/dossiers/{dossier}/answers", content=b"{}", headers={"Content-Type": kind})
    assert (answer.status_code, answer.json()["slug"]) == (415, "unsupported-type")
    assert answer.headers["dpop-nonce"]


async def test_a_body_that_no_act_asks_for_is_not_kept_in_memory(retailer: Company):
    dossier = await retailer.start()
    headers = {"Idempotency-Key": uuid4().hex, "Content-Type": "application/octet-stream"}
    answer = await retailer.call("POST", f"{ROOT}/dossiers/{dossier}/submit", content=b"x" * 2_000_000, headers=headers)
    assert (answer.status_code, answer.json()["slug"]) == (413, "too-large")


ROWS = text("""
    SELECT detail->>'action', detail->>'slug' FROM audit_row
    WHERE action = 'refused' AND subject_id IN (:mine, :foreign) ORDER BY 1
""")


async def test_an_act_that_was_refused_leaves_a_row_in_the_log(retailer: Company, standing_portal: Portal):
    mine, foreign = await retailer.start(), uuid4()
    await retailer.post(f"/dossiers/{mine}/withdraw", {"reason": "thử"})
    await retailer.get(f"/dossiers/{foreign}")

    async with transaction(standing_portal.sessions) as session:
        rows = (await session.execute(ROWS, {"mine": str(mine), "foreign": str(foreign)})).all()

    assert rows == [("filing.read_dossier", "not-found"), ("filing.withdraw_dossier", "wrong-state")]
