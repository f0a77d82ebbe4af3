"""OpenAPI of exactly one agreement: its paths, its fields, its limits, and no other's."""

import pytest

from app.core.db import transaction
from app.registers.rules import Dataset
from app.sharing.rules import Grant
from tests.machines import FIELDS, Machine, agree, party, terms

URL = "/api/sharing/v1/openapi?agreement="
GRANTS = (
    Grant(Dataset.ENTERPRISES, ("tax_code", "province"), ("read", "list"), {"province": ["01"]}, rate=60, quota_day=100),
    Grant(Dataset.LICENCES, FIELDS, ("changes",), signed_response=True),
)


@pytest.fixture(scope="module")
async def contract(standing_reader, standing_portal):
    async with transaction(standing_portal.sessions) as session:
        await agree(session, terms("TT-05", grants=GRANTS))
        await party(session, "CA")
        await agree(session, terms("TT-06", party="CA"))
    answer = await standing_reader.call("GET", f"{URL}TT-05")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_it_has_the_paths_that_the_agreement_gives_and_those_of_every_client(contract):
    root = "/api/sharing/v1"
    of_data = {path for path in contract["paths"] if path.startswith((f"{root}/enterprises", f"{root}/licences"))}
    assert of_data == {f"{root}/enterprises", f"{root}/enterprises/{{key}}", f"{root}/licences/changes"}
    others = {path.removeprefix(root).split("/")[1] for path in set(contract["paths"]) - of_data}
    assert others == {"me", "openapi", "subscriptions"}  # changes may be told of; nothing may be exported


def test_records_have_the_granted_fields_alone(contract):
    schemas = contract["components"]["schemas"]
    assert set(schemas["enterprises"]["properties"]) == {"tax_code", "province"}
    assert set(schemas["licences"]["properties"]) == set(FIELDS)
    assert not {"dossiers", "NewExport", "procedures_item"} & set(schemas)


def test_it_says_limits_filters_and_what_to_ask_a_token_for(contract):
    listing = contract["paths"]["/api/sharing/v1/enterprises"]["get"]
    assert listing["x-limits"] == {"requests_per_hour": 60, "records_per_day": 100}
    assert listing["x-records-only"] == {"province": ["01"]}
    names = {one["name"]: one for one in listing["parameters"]}
    assert "province" in names
    assert "status" not in names  # a filter on a field that is not given
    assert names["fields"]["schema"]["pattern"] == "^(tax_code|province)(,(tax_code|province))*$"
    assert contract["paths"]["/api/sharing/v1/licences/changes"]["get"]["x-signed-response"]
    assert contract["x-agreement"]["authorization_details"][0]["purpose"] == "kiem-tra-thue"
    assert contract["servers"] == [{"url": "http://127.0.0.1:8000"}]


@pytest.mark.parametrize("code", ["TT-06", "KHONG-CO"])
async def test_anothers_agreement_is_the_same_404_as_none(standing_reader: Machine, contract, code):
    assert contract
    answer = await standing_reader.call("GET", f"{URL}{code}")
    assert (answer.status_code, answer.json()["slug"]) == (404, "not-found")
