import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from app.core.db import transaction
from app.registers.rules import Dataset
from app.sharing.rules import Grant
from motcua_client import AuthorizationRefused, ClientKey, Portal, Purpose, Refused
from tests.machines import FIELDS, agree, fed, licence, terms

DESCRIBED = yaml.safe_load((Path(__file__).parents[2] / "openapi" / "sharing.yaml").read_text())["paths"]
UNDER = Purpose("TT-01", "kiem-tra-thue")
LICENCE = "07/2026/GCN-UBCT"


async def test_a_record_comes_with_its_tag_and_its_entry_in_the_log(run):
    record = await run(lambda portal: portal.case("HS-1", under=UNDER).get("licences", LICENCE))
    assert record["holder_tax_code"] == "9900000030"
    assert record.etag
    assert record.log_entry
    assert record.limits.left_now is not None


async def test_only_the_fields_asked_for_come(run):
    record = await run(lambda portal: portal.case("HS-1", under=UNDER).get("licences", LICENCE, fields=["number", "status"]))
    assert set(record.fields) == {"number", "status"}


async def test_a_record_that_did_not_change_is_the_known_one(run):
    def tell(portal: Portal):
        case = portal.case("HS-1", under=UNDER)
        first = case.get("licences", LICENCE)
        return first, case.get("licences", LICENCE, known=first)

    first, second = await run(tell)
    assert second is first


async def test_one_token_serves_many_questions(run, bridge):
    before = len(bridge.asked)

    def tell(portal: Portal):
        case = portal.case("HS-1", under=UNDER)
        for _ in range(3):
            case.get("licences", LICENCE)

    await run(tell)
    tokens = [one for one in bridge.asked[before:] if one.url.path == "/oauth/token"]
    assert len(tokens) == 2, "one for the nonce, one for the token"


async def test_a_refusal_says_what_in_both_languages(run):
    with pytest.raises(Refused) as refused:
        await run(lambda portal: portal.case("HS-1", under=UNDER).get("licences", "khong-co"))
    assert refused.value.status == 404
    assert refused.value.title
    assert refused.value.title_vi


async def test_a_field_outside_the_agreement_is_refused_by_name(run):
    with pytest.raises(Refused) as refused:
        await run(lambda portal: portal.case("HS-1", under=UNDER).get("licences", LICENCE, fields=["signer"]))
    assert refused.value.slug == "field-not-granted"
    assert "signer" in refused.value.title


@pytest.mark.parametrize(
    "client_id,under,error",
    [("khong-co", UNDER, "invalid_client"), ("cuc-thue", Purpose("TT-99", "kiem-tra-thue"), "invalid_authorization_details")],
)
async def test_no_token_no_answer(run, client_id, under, error):
    with pytest.raises(AuthorizationRefused) as refused:
        await run(lambda portal: portal.case("HS-1", under=under).get("licences", LICENCE), client_id=client_id)
    assert refused.value.error == error


MANY = Purpose("TT-02", "kiem-tra-thue")


@pytest.fixture(scope="module")
async def followed(standing_portal, standing_agency) -> None:
    """A second agreement, which gives many records at once."""
    grant = Grant(Dataset.LICENCES, FIELDS, actions=("read", "list", "lookup", "changes"))
    async with transaction(standing_portal.sessions) as session:
        await agree(session, terms("TT-02", grants=(grant,)))
        for number in ("08", "09", "10"):
            await licence(session, f"{number}/2026/GCN-UBCT")


async def test_a_list_goes_on_by_itself_to_its_end(run, followed):
    found = await run(lambda portal: [*portal.case("HS-1", under=MANY).list("licences", limit=2, fields=["number"])])
    assert [each.key for each in found] == [f"{number}/2026/GCN-UBCT" for number in ("07", "08", "09", "10")]
    assert found[0].fields == {"number": "07/2026/GCN-UBCT"}


async def test_a_look_up_says_what_is_missing(run, followed, bridge):
    found = await run(lambda portal: portal.case("HS-1", under=MANY).lookup("licences", [LICENCE, "99/2026/GCN-UBCT"]))
    assert [each.key for each in found] == [LICENCE]
    assert found.missing == ("99/2026/GCN-UBCT",)
    assert found.log_entry
    assert "GCN" not in str(bridge.asked[-1].url)


async def test_changes_are_followed_from_the_place_that_was_kept(run, followed, standing_portal):
    await fed(standing_portal)
    first = await run(lambda portal: portal.case("HS-1", under=MANY).changes("licences"))
    assert len(first.items) == 4
    assert first.up_to_date
    async with transaction(standing_portal.sessions) as session:
        await licence(session, "11/2026/GCN-UBCT")
    await fed(standing_portal)
    second = await run(lambda portal: portal.case("HS-1", under=MANY).changes("licences", first.next))
    assert [(each.key, each.op) for each in second] == [("11/2026/GCN-UBCT", "upsert")]


async def test_a_cursor_of_no_use_is_refused(run, followed):
    with pytest.raises(Refused) as refused:
        await run(lambda portal: portal.case("HS-1", under=MANY).changes("licences", "xxxx"))
    assert refused.value.slug == "cursor-invalid"


async def test_a_subscription_is_made_and_ended(run, followed):
    def tell(portal: Portal):
        case = portal.case("HS-1", under=MANY)
        made = case.subscribe("licences", "https://thue.example.vn/tin")
        assert case.replay(made, datetime(2026, 1, 1, tzinfo=UTC)) == 0
        case.unsubscribe(made)
        return made

    assert (await run(tell)).secret.startswith("whsec_")


async def test_every_address_that_is_called_is_in_the_description(run, followed, bridge):
    """What the library asks for, the portal describes: method and path."""
    known = {(method.upper(), re.sub(r"\{[^}]+\}", "[^?]+", path)) for path, ways in DESCRIBED.items() for method in ways}
    called = [one for one in bridge.asked if one.url.path.startswith("/api/sharing/v1")]
    assert len({one.url.path for one in called}) > 4
    for one in called:
        assert any(method == one.method and re.fullmatch(path, one.url.path) for method, path in known), one


async def test_what_the_portal_knows_of_a_client(run):
    told = await run(lambda portal: portal.me(under=UNDER, dataset="licences"))
    assert told["client"]["client_id"] == "cuc-thue"


def test_an_address_without_tls_is_refused():
    with pytest.raises(ValueError, match="https"):
        Portal("http://dvc.example.gov.vn", "cuc-thue", ClientKey.generate())


def test_a_key_is_never_written_over_another(tmp_path):
    key = ClientKey.generate()
    key.save(tmp_path / "khoa.json")
    with pytest.raises(FileExistsError):
        ClientKey.generate().save(tmp_path / "khoa.json")
    assert ClientKey.load(tmp_path / "khoa.json").public == key.public
    assert (tmp_path / "khoa.json").stat().st_mode & 0o077 == 0
    assert "d" not in key.public
