import pytest

from motcua_client import AuthorizationRefused, ClientKey, Portal, Purpose, Refused

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
