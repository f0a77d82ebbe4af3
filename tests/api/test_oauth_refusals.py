"""What the authorization server refuses: the client's word and the request, point by point. Nothing here changes anything."""

import pytest

from tests.machines import EDWARDS_KEY, ISSUER, OTHER_KEY, RSA_KEY, TOKEN_URL, FromNow, Machine


@pytest.fixture
def agency(standing_agency: Machine) -> Machine:
    return standing_agency


GOOD = {
    "plain": {},
    "typ JWT": {"header": {"typ": "JWT"}},
    "Ed25519": {"header": {"kid": "e1", "alg": "EdDSA"}, "key": EDWARDS_KEY},
    "PS256": {"header": {"kid": "r1", "alg": "PS256"}, "key": RSA_KEY},
    "five seconds past": {"claims": {"exp": FromNow(-5)}},
    "issued eight seconds ahead": {"claims": {"iat": FromNow(8), "nbf": FromNow(8)}},
}


@pytest.mark.parametrize("case", GOOD.values(), ids=GOOD)
async def test_a_signed_assertion_gets_a_token(agency: Machine, case):
    await agency.ask()
    header, key = case.get("header"), case.get("key")
    assertion = agency.assertion(header, *([key] if key else []), **case.get("claims", {}))
    answer = await agency.ask(assertion=assertion)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"


BAD = {
    "no sub": {"claims": {"sub": None}},
    "sub a number": {"claims": {"sub": 1}},
    "sub with NUL": {"claims": {"sub": "a\x00", "iss": "a\x00"}},
    "sub a lone surrogate": {"claims": {"sub": "\ud800", "iss": "\ud800"}},
    "iss differs": {"claims": {"iss": "bo-khac"}},
    "unknown client": {"claims": {"sub": "bo-khac", "iss": "bo-khac"}},
    **{f"no {name}": {"claims": {name: None}} for name in ("jti", "exp", "aud", "iss")},
    "jti with NUL": {"claims": {"jti": "a\x00"}},
    "jti too long": {"claims": {"jti": "x" * 129}},
    "aud of another server": {"claims": {"aud": "https://may-chu-khac.example"}},
    "aud is the token endpoint": {"claims": {"aud": TOKEN_URL}},
    "aud a list of one": {"claims": {"aud": [ISSUER]}},
    "aud a list of two": {"claims": {"aud": [ISSUER, "https://x.example"]}},
    "expired": {"claims": {"exp": FromNow(-60)}},
    "exp a day ahead": {"claims": {"exp": FromNow(86400)}},
    "exp not a number": {"claims": {"exp": "soon"}},
    "exp NaN": {"claims": {"exp": float("nan")}},
    "issued tomorrow": {"claims": {"iat": FromNow(86400)}},
    "good only from tomorrow": {"claims": {"nbf": FromNow(86400)}},
    "unknown kid": {"header": {"kid": "zz"}},
    "RS256": {"header": {"kid": "r1", "alg": "RS256"}, "key": RSA_KEY},
    "HS256": {"header": {"alg": "HS256"}},
    "none": {"header": {"alg": "none"}},
    "bad signature": {"key": OTHER_KEY},
}


@pytest.mark.parametrize("case", BAD.values(), ids=BAD)
async def test_an_assertion_that_is_not_right_in_every_point_is_refused(agency: Machine, case):
    await agency.ask()
    key = case.get("key")
    answer = await agency.ask(assertion=agency.assertion(case.get("header"), *([key] if key else []), **case.get("claims", {})))
    assert (answer.status_code, answer.json()["error"]) in {(400, "invalid_client"), (401, "invalid_client")}, answer.text


STRANGERS = {
    "unknown client": {"claims": {"sub": "bo-khac", "iss": "bo-khac"}},
    "unknown key": {"header": {"kid": "zz"}},
    "bad signature": {"key": OTHER_KEY},
    "none": {"header": {"alg": "none"}},
    "no sub": {"claims": {"sub": None}},
    "of an unknown client and with a bad aud": {"claims": {"sub": "bo-khac", "iss": "bo-khac", "aud": "x"}},
}


async def test_whoever_proves_nothing_learns_nothing_of_which_clients_there_are(agency: Machine):
    answers = set()
    for case in STRANGERS.values():
        key = case.get("key")
        said = agency.assertion(case.get("header"), *([key] if key else []), **case.get("claims", {}))
        answer = await agency.ask(assertion=said)
        answers.add((answer.status_code, answer.text))
    assert len(answers) == 1


async def test_the_parameter_client_id_must_be_the_client_of_the_assertion(agency: Machine):
    await agency.ask()
    assert (await agency.ask(client_id="cuc-thue")).status_code == 200
    assert (await agency.ask(client_id="khac")).json()["error"] == "invalid_client"


@pytest.mark.parametrize("assertion", ["a.b.c", "x", "e30.W10.AA", "." * 40, "e30." + "W" * 5000 + ".AA", ""])
async def test_garbage_for_an_assertion_is_refused(agency: Machine, assertion):
    answer = await agency.ask(client_assertion=assertion)
    assert answer.json()["error"] == "invalid_client", answer.text


REQUESTS = {
    "another grant": ({"grant_type": "password"}, "unsupported_grant_type"),
    "unknown resource": ({"resource": "https://x.example"}, "invalid_target"),
    "resource of filing": ({"resource": f"{ISSUER}/api/filing"}, "invalid_target"),
    "repeated scope": ({"scope": ["licences.read", "enterprises.read"]}, "invalid_request"),
    "wider scope": ({"scope": "licences.write"}, "invalid_scope"),
    "filing scope": ({"scope": "filing"}, "invalid_scope"),
    "mixed scope": ({"scope": "licences.read filing"}, "invalid_scope"),
    "no details": ({"authorization_details": None}, "invalid_authorization_details"),
    "details not JSON": ({"authorization_details": "{"}, "invalid_authorization_details"),
    "details deep": ({"authorization_details": "[" * 9000}, "invalid_authorization_details"),
    "details not a list": ({"authorization_details": "{}"}, "invalid_authorization_details"),
    "foreign agreement": ({"agreement": "TT-99"}, "invalid_authorization_details"),
    "agreement not a name": ({"agreement": ["TT-01"]}, "invalid_authorization_details"),
    "purpose outside": ({"purpose": "quang-cao"}, "invalid_authorization_details"),
    "unknown type": ({"type": "x"}, "invalid_authorization_details"),
    "data outside": ({"datatypes": ["enterprises"]}, "invalid_authorization_details"),
    "data not names": ({"datatypes": "licences"}, "invalid_authorization_details"),
    "action outside": ({"actions": ["export"]}, "invalid_authorization_details"),
    "a member we do not know": ({"privileges": ["all"]}, "invalid_authorization_details"),
    "another location": ({"locations": ["https://x.example"]}, "invalid_authorization_details"),
    "keys and data at once": ({"scope": "licences.read client.keys"}, "invalid_scope"),
    "details for keys": ({"scope": "client.keys"}, "invalid_authorization_details"),
}


@pytest.mark.parametrize("change,error", REQUESTS.values(), ids=REQUESTS)
async def test_a_request_for_more_than_the_agreement_gives_is_refused(agency: Machine, change, error):
    await agency.ask()
    form = {name: value for name, value in change.items() if name in {"grant_type", "resource", "scope", "authorization_details"}}
    if inner := {name: value for name, value in change.items() if name not in form}:
        form["authorization_details"] = agency.details(**inner)
    answer = await agency.ask(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error), answer.text


async def test_a_detail_may_name_this_resource_as_its_location(agency: Machine):
    await agency.ask()
    answer = await agency.ask(authorization_details=agency.details(locations=[f"{ISSUER}/api/sharing"]))
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("body", [b"\xff=\xff", b"a=%FF", b"&".join(b"a%d=1" % n for n in range(50)), b"x" * 40000])
async def test_a_body_that_is_no_form_is_refused(agency: Machine, body):
    answer = await agency.http.post(TOKEN_URL, content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert answer.json()["error"] in {"invalid_request", "unsupported_grant_type"}
    assert answer.status_code == 400


async def test_a_json_body_is_refused(agency: Machine):
    assert (await agency.http.post(TOKEN_URL, json={})).json()["error"] == "invalid_request"
