"""DPoP proofs at a protected resource: everything RFC 9449 lets through, and everything it does not."""

import asyncio
import base64
from datetime import UTC, datetime

import pytest
from joserfc.jwk import ECKey

from app.sharing.proofs import Nonces, normal_uri, read_proof
from tests.machines import EDWARDS_KEY, ISSUER, LICENCE_URL, OTHER_KEY, PROOF_KEY, RSA_KEY, FromNow, Machine, compact


@pytest.fixture
async def reader(standing_reader: Machine) -> Machine:
    await standing_reader.refresh()
    return standing_reader


ACCEPTED = {
    "plain": {},
    "header name in capitals": {"name": "DPOP"},
    "scheme in lower case": {"scheme": "dpop"},
    "scheme in capitals": {"scheme": "DPOP"},
    "htu with query": {"claims": {"htu": f"{LICENCE_URL}?a=1"}},
    "htu with fragment": {"claims": {"htu": f"{LICENCE_URL}#x"}},
    "htu with upper-case scheme": {"claims": {"htu": LICENCE_URL.replace("http:", "HTTP:")}},
    "htu with lower-case escapes": {"claims": {"htu": LICENCE_URL.replace("%2F", "%2f")}},
    "extra claims": {"claims": {"extra": "x", "nbf": FromNow(-5)}},
    "extra header members": {"header": {"extra": "x", "kid": "k"}},
    "ten seconds old": {"claims": {"iat": FromNow(-10)}},
    "fifty seconds ahead": {"claims": {"iat": FromNow(50)}},
}


@pytest.mark.parametrize("case", ACCEPTED.values(), ids=ACCEPTED)
async def test_a_proof_that_the_standard_allows_is_accepted(reader: Machine, case):
    proof = reader.proof(case.get("header"), **case.get("claims", {}))
    answer = await reader.read(proofs=[proof], scheme=case.get("scheme", "DPoP"), name=case.get("name", "DPoP"))
    assert answer.status_code == 200, answer.text


PRIVATE = {**PROOF_KEY.as_dict(private=True)}
REFUSED = {
    "typ missing": {"header": {"typ": None}},
    "typ wrong": {"header": {"typ": "JWT"}},
    "alg missing": {"header": {"alg": None}},
    "alg none": {"header": {"alg": "none"}},
    "alg RS256": {"header": {"alg": "RS256"}, "key": RSA_KEY},
    "crit": {"header": {"crit": ["x"], "x": 1}},
    "jwk missing": {"header": {"jwk": None}},
    "jwk with a private part": {"header": {"jwk": PRIVATE}},
    "jwk symmetric": {"header": {"jwk": {"kty": "oct", "k": "AAAA"}}},
    "jwk not an object": {"header": {"jwk": "x"}},
    "jwk on a curve we do not take": {"header": {"jwk": ECKey.generate_key("P-384").as_dict(private=False)}},
    **{f"{name} missing": {"claims": {name: None}} for name in ("jti", "htm", "htu", "iat", "ath", "nonce")},
    "jti with NUL": {"claims": {"jti": "a\x00b"}},
    "jti a lone surrogate": {"claims": {"jti": "\ud800"}},
    "jti too long": {"claims": {"jti": "x" * 129}},
    "jti a number": {"claims": {"jti": 7}},
    "htm wrong": {"claims": {"htm": "POST"}},
    "htu of another path": {"claims": {"htu": LICENCE_URL.replace("07", "08")}},
    "htu of another host": {"claims": {"htu": LICENCE_URL.replace("127.0.0.1", "127.0.0.2")}},
    "htu not an address": {"claims": {"htu": "http://[::1"}},
    "iat an hour ago": {"claims": {"iat": FromNow(-3600)}},
    "iat in an hour": {"claims": {"iat": FromNow(3600)}},
    "iat true": {"claims": {"iat": True}},
    "ath wrong": {"claims": {"ath": base64.urlsafe_b64encode(bytes(32)).decode()}},
    "another key": {"key": OTHER_KEY},
    "foreign nonce": {"claims": {"nonce": "abc"}},
    "nonce a number": {"claims": {"nonce": 1}},
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
async def test_a_proof_that_is_not_right_in_every_point_is_refused(reader: Machine, case):
    answer = await reader.read(proofs=[reader.proof(case.get("header"), case.get("key", PROOF_KEY), **case.get("claims", {}))])
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"].startswith("DPoP error=")
    assert answer.headers["dpop-nonce"]


SIGNED_BADLY = {
    "no proof": lambda client: [],
    "two proofs": lambda client: [client.proof(), client.proof()],
    "not a JWT": lambda client: ["abc"],
    "a deep header": lambda client: [base64.urlsafe_b64encode(b"[" * 2000).decode() + ".e30.AA"],
    "too long": lambda client: [client.proof(extra="x" * 5000)],
    "bad signature": lambda client: [client.proof().rpartition(".")[0] + "." + "A" * 86],
}


@pytest.mark.parametrize("proofs", SIGNED_BADLY.values(), ids=SIGNED_BADLY)
async def test_a_header_that_is_not_one_signed_proof_is_refused(reader: Machine, proofs):
    answer = await reader.read(proofs=proofs(reader))
    assert answer.status_code == 401, answer.text


async def test_a_proof_is_good_once(reader: Machine):
    proof = reader.proof()
    assert (await reader.read(proofs=[proof])).status_code == 200
    again = await reader.read(proofs=[proof])
    assert again.status_code == 401
    assert again.json()["slug"] == "invalid_dpop_proof"


async def test_of_twenty_uses_of_one_proof_at_once_one_reads(reader: Machine):
    proof = reader.proof()
    answers = await asyncio.gather(*(reader.read(proofs=[proof]) for _ in range(20)))
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 19


async def test_a_bound_token_shown_as_bearer_is_a_stolen_token(reader: Machine):
    assert (await reader.read(scheme="Bearer", proofs=[])).status_code == 401
    assert (await reader.read(scheme="Bearer")).status_code == 401


async def test_a_token_in_the_query_string_is_not_looked_at(reader: Machine):
    answer = await reader.http.get(
        f"{LICENCE_URL}?access_token={reader.token}", headers={"DPoP": reader.proof(), "Case-Ref": "HS-1"}
    )
    assert answer.status_code == 401


SAME = [
    ("https://api.example/a", "https://api.example:443/a"),
    ("https://api.example/a", "HTTPS://API.Example/a"),
    ("https://api.example/a", "https://api.example/a?x=1#y"),
    ("http://api.example/a", "http://api.example:80/a"),
    ("https://api.example/", "https://api.example"),
    ("https://api.example/a%2fb", "https://api.example/a%2Fb"),
    ("https://api.example/%61", "https://api.example/a"),
    ("https://api.example/Đ", "https://api.example/%C4%90"),
]
OTHER = [
    ("https://api.example/a", "http://api.example/a"),
    ("https://api.example/a", "https://api.example:444/a"),
    ("https://api.example/a", "https://api.example/A"),
    ("https://api.example/a", "https://api.example.evil/a"),
    ("https://api.example/a", "https://api.example/a/"),
    ("https://api.example/a%2Fb", "https://api.example/a/b"),
    ("https://api.example/a", "https://api.example:x/a"),
]


@pytest.mark.parametrize("one,other", SAME)
def test_two_spellings_of_one_address_are_equal(one, other):
    assert normal_uri(one) == normal_uri(other)


@pytest.mark.parametrize("one,other", OTHER)
def test_two_addresses_are_not_equal(one, other):
    assert normal_uri(one) != normal_uri(other)


def test_a_nonce_is_good_for_its_minute_and_the_next():
    nonces, noon = Nonces(b"k"), datetime(2026, 11, 23, 12, 0, 30, tzinfo=UTC)
    given = nonces.current(noon)
    assert nonces.good(given, noon.replace(minute=1))
    assert not nonces.good(given, noon.replace(minute=2))
    assert not Nonces(b"other").good(given, noon)


def test_the_tests_speak_of_the_portal_under_test():
    assert LICENCE_URL.startswith(ISSUER)


@pytest.mark.parametrize("alg,key", [("PS256", RSA_KEY), ("EdDSA", EDWARDS_KEY), ("Ed25519", EDWARDS_KEY)])
def test_a_proof_may_be_signed_with_another_kind_of_key(alg, key):
    at, nonces = datetime.now(UTC), Nonces(b"k")
    header = {"alg": alg, "typ": "dpop+jwt", "jwk": key.as_dict(private=False)}
    claims = {"htm": "GET", "htu": LICENCE_URL, "iat": FromNow(0), "jti": "x", "nonce": nonces.current(at)}
    proof = read_proof([compact(header, claims, key)], "GET", LICENCE_URL, nonces, at=at)
    assert proof.jkt == key.thumbprint()
