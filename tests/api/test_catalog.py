"""The catalogue of shared data, and what an answer says of a dataset that will end."""

from dataclasses import replace
from datetime import date

import pytest

from app.registers.rules import SCHEMAS, Dataset, Life
from tests.machines import Machine

ENDING = Life(deprecated_on=date(2027, 1, 1), ends_on=date(2028, 1, 1), successor="/api/sharing/v2/licences")


async def test_the_catalogue_names_every_dataset_with_its_fields_classes_and_conditions(standing_reader: Machine):
    answer = await standing_reader.http.get("/catalog")
    assert answer.headers["content-type"] == "application/ld+json"
    said = answer.json()
    assert {one["dct:identifier"] for one in said["dcat:dataset"]} == set(Dataset)
    licences = next(one for one in said["dcat:dataset"] if one["dct:identifier"] == "licences")
    signer = next(one for one in licences["csvw:tableSchema"]["csvw:column"] if one["csvw:name"] == "signer")
    assert (signer["dct:type"], signer["dct:accessRights"]["@id"].rpartition("/")[2]) == ("ca-nhan", "RESTRICTED")
    assert licences["dct:modified"]["@value"]
    assert licences["dcat:contactPoint"]["vcard:hasEmail"] == {"@id": "mailto:a@example.vn"}
    assert said["dcat:service"][0]["dcat:endpointDescription"]["@id"].endswith("/api/sharing/openapi.yaml")


async def test_every_prefix_and_every_address_of_ours_in_the_catalogue_leads_somewhere(standing_reader: Machine):
    said = (await standing_reader.http.get("/catalog")).json()
    used = {name.partition(":")[0] for name in names_in(said) if ":" in name}
    assert used <= set(said["@context"])
    for wanted in (said["foaf:homepage"]["@id"], said["dcat:service"][0]["dcat:endpointDescription"]["@id"]):
        assert (await standing_reader.http.get(wanted)).status_code == 200


def names_in(part) -> set[str]:
    if isinstance(part, list):
        return {name for each in part for name in names_in(each)}
    if not isinstance(part, dict):
        return set()
    return set(part) - {"@context"} | {name for key, each in part.items() if key != "@context" for name in names_in(each)}


@pytest.mark.parametrize("language, words", [("vi", "Người ký"), ("en", "Signer")])
async def test_a_browser_is_shown_the_page_in_its_language(standing_reader: Machine, language, words):
    sent = await standing_reader.http.get("/catalog", headers={"accept": "text/html"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/danh-muc-du-lieu")
    page = await standing_reader.http.get(f"/danh-muc-du-lieu?lang={language}")
    assert words in page.text
    assert "ca-nhan" not in page.text


async def test_whatever_is_answered_about_a_dataset_that_will_end_says_so(standing_reader: Machine, monkeypatch):
    assert "deprecation" not in (await standing_reader.read()).headers
    monkeypatch.setitem(SCHEMAS, Dataset.LICENCES, replace(SCHEMAS[Dataset.LICENCES], life=ENDING))
    for answer in (await standing_reader.read(), await standing_reader.read(Case_Ref="")):
        assert answer.headers["deprecation"] == "@1798736400"  # midnight in Vietnam, RFC 9745
        assert answer.headers["sunset"] == "Fri, 31 Dec 2027 17:00:00 GMT"
        assert '</api/sharing/v2/licences>; rel="successor-version"' in answer.headers["link"]
    page = await standing_reader.http.get("/danh-muc-du-lieu?lang=vi")
    assert "Nên rời phiên bản này từ 01/01/2027" in page.text
