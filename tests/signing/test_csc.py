"""Keys at a remote signing service: certomancer's server on loopback speaks the consortium's protocol."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp import web

from signing import Verdict, check, sign_paper
from signing.csc import ClientToken, Consent, CscService, open_csc
from signing.keys import KeyFailed, fits
from tests.csc import RULES, Provider, provider_of


@pytest.fixture
async def provider(pki) -> AsyncIterator[Provider]:
    async with provider_of(pki) as opened:
        yield opened


def refusing(word: str, status: int = 400, method: str = "authorize"):
    def answer(path: str, _said: dict) -> web.StreamResponse | None:
        said = {"error": word, "error_description": "words of the service"}
        return web.json_response(said, status=status) if path.endswith(method) else None

    return answer


@pytest.mark.parametrize("label, scheme", [("biz", "rsassa_pss"), ("official", "ecdsa")])
async def test_a_remote_key_signs_documents_that_pass(provider, paper, policy, label, scheme):
    signer = await open_csc(provider.service(), f"vn/{label}")

    report = check(await sign_paper(paper, signer), policy)
    assert (report.verdict, report.signatures[0].algorithm) == (Verdict.VALID, scheme)
    assert provider.paths() == ["info", "authorize", "signHash"]


async def test_only_digests_leave_and_the_authorisation_names_them(provider, pki, paper):
    signer = await open_csc(provider.service(), "vn/biz")
    await sign_paper(paper, signer)

    (_, allowed, _), (_, signed, bearer) = provider.asked[1:]
    assert bearer == "Bearer bearer-of-the-portal"
    assert allowed["hash"] == signed["hash"]
    assert [len(base64.b64decode(one)) for one in signed["hash"]] == [32]
    assert (signed["signAlgo"], signed["hashAlgo"]) == ("1.2.840.113549.1.1.10", "2.16.840.1.101.3.4.2.1")


async def test_several_digests_are_signed_under_one_consent(provider, pki):
    signer = await open_csc(provider.service(), "vn/biz")
    digests = [bytes([n]) * 32 for n in range(3)]
    signatures = await signer.sign_many(digests, "rsassa_pss", Consent(pin="1234", otp="987654"))

    assert provider.paths() == ["info", "authorize", "signHash"]
    assert (provider.asked[1][1]["PIN"], provider.asked[1][1]["OTP"], provider.asked[1][1]["numSignatures"]) == (
        "1234",
        "987654",
        3,
    )
    pairs = zip(digests, signatures, strict=True)
    assert all(fits(pki.cert("biz"), digest, signature, "rsassa_pss") for digest, signature in pairs)


async def test_more_than_the_service_takes_at_once_is_said_before_anyone_is_asked(provider):
    signer = await open_csc(provider.service(), "vn/biz")
    with pytest.raises(KeyFailed) as failed:
        await signer.sign_many([bytes(32)] * 4, "rsassa_pss", Consent())
    assert (failed.value.reason, provider.paths()) == ("too-many", ["info"])


async def test_pkcs1_v15_only_where_the_service_offers_nothing_else(provider, paper, policy):
    def without_pss(path: str, _said: dict) -> web.StreamResponse | None:
        if not path.endswith("info"):
            return None
        offers = {"status": "enabled", "algo": ["1.2.840.113549.1.1.11"], "len": 2048}
        return web.json_response({"key": offers, "cert": {"certificates": told["certificates"]}, "multisign": 1})

    told = {"certificates": await _certificates(provider)}
    provider.instead = without_pss
    signer = await open_csc(provider.service(), "vn/biz")
    provider.instead = lambda _path, _said: None

    report = check(await sign_paper(paper, signer), policy)
    assert (report.verdict, report.signatures[0].algorithm) == (Verdict.VALID, "rsassa_pkcs1v15")


async def _certificates(provider: Provider) -> list[str]:
    signer = await open_csc(provider.service(), "vn/biz")
    return [base64.b64encode(one).decode() for one in (signer.certificate, *signer.chain)]


@pytest.mark.parametrize(
    "word, status, reason",
    [
        ("invalid_pin", 400, "wrong-pin"),
        ("invalid_otp", 400, "wrong-pin"),
        ("access_denied", 401, "refused"),
        ("invalid_request", 400, "refused"),
        ("server_error", 503, "unreachable"),
    ],
)
async def test_a_refusal_is_told_by_its_kind_and_not_in_the_service_s_words(provider, word, status, reason):
    signer = await open_csc(provider.service(), "vn/biz")
    provider.instead = refusing(word, status)
    with pytest.raises(KeyFailed) as failed:
        await signer.sign(bytes(32), "rsassa_pss")
    assert failed.value.reason == reason
    assert "words of the service" not in str(failed.value)


async def test_a_service_that_gives_tokens_for_a_while_is_asked_for_one_when_it_is_needed(provider, pki):
    """Client credentials: once, again when it has ended, and once more when the service says that it has."""
    given, ended = iter("abcdef"), set()

    def answer(path: str, _said: dict) -> web.StreamResponse | None:
        if path.endswith("/oauth2/token"):
            return web.json_response({"access_token": next(given), "token_type": "Bearer", "expires_in": 3600})
        refused = not path.endswith("info") and provider.asked[-1][2].removeprefix("Bearer ") in ended
        return web.json_response({"error": "invalid_token"}, status=401) if refused else None

    provider.instead = answer
    token = ClientToken(str(provider.server.make_url("/oauth2/token")), "portal", "secret of the portal")
    signer = await open_csc(replace(provider.service(), token=token), "vn/biz")
    await signer.sign(bytes(32), "rsassa_pss")
    assert provider.paths() == ["token", "info", "authorize", "signHash"]
    assert (provider.asked[0][1]["grant_type"], provider.asked[3][2]) == ("client_credentials", "Bearer a")
    ended.add("a")
    await signer.sign(bytes(32), "rsassa_pss")
    assert provider.paths()[4:] == ["authorize", "token", "authorize", "signHash"]
    ended |= set("bcdef")
    with pytest.raises(KeyFailed, match="refused"):
        await signer.sign(bytes(32), "rsassa_pss")
    assert provider.paths()[8:] == ["authorize", "token", "authorize"], "one try more, not a loop"
    assert "secret" not in repr(signer)


@pytest.mark.parametrize(
    "said, status, reason",
    [
        ({"error": "invalid_client"}, 401, "refused"),
        ({}, 200, "unsuitable"),
        ({"access_token": "a\nX: y"}, 200, "unsuitable"),
        ({}, 503, "unreachable"),
    ],
    ids=["unknown-client", "no-token", "two-lines", "down"],
)
async def test_without_a_token_nothing_is_asked_of_the_key(provider, said, status, reason):
    provider.instead = lambda _path, _said: web.json_response(said, status=status)
    token = ClientToken(str(provider.server.make_url("/oauth2/token")), "portal", "secret")
    with pytest.raises(KeyFailed) as failed:
        await open_csc(replace(provider.service(), token=token), "vn/biz")
    assert (failed.value.reason, provider.paths()) == (reason, ["token"])


@pytest.mark.parametrize(
    "answer",
    [b"", b"[]", b"not json", json.dumps({"signatures": []}).encode(), json.dumps({"signatures": ["!"]}).encode()],
    ids=["nothing", "a-list", "words", "no-signature", "no-base64"],
)
async def test_an_answer_without_sense_is_not_taken_for_a_signature(provider, answer):
    signer = await open_csc(provider.service(), "vn/biz")
    provider.instead = lambda path, _said: web.Response(body=answer) if path.endswith("signHash") else None
    with pytest.raises(KeyFailed) as failed:
        await signer.sign(bytes(32), "rsassa_pss")
    assert failed.value.reason == "unsuitable"


async def test_a_redirect_a_flood_and_silence_are_unreachable(provider):
    signer = await open_csc(provider.service(), "vn/biz")
    for answer in (
        lambda _p, _s: web.Response(status=307, headers={"Location": "http://127.0.0.1:1/"}),
        lambda _p, _s: web.Response(body=b" " * 2000),
    ):
        provider.instead = answer
        short = replace(signer, service=provider.service(max_bytes=1000))
        with pytest.raises(KeyFailed) as failed:
            await short.sign(bytes(32), "rsassa_pss")
        assert failed.value.reason == "unreachable"
    gone = replace(signer, service=replace(provider.service(), url="http://127.0.0.1:1/csc/v1"))
    with pytest.raises(KeyFailed, match="unreachable"):
        await gone.sign(bytes(32), "rsassa_pss")


async def test_other_hosts_and_plain_http_are_never_called(provider):
    for service in (
        replace(provider.service(), url="http://localhost:1/csc/v1"),
        provider.service(allow_loopback=False),
    ):
        with pytest.raises(KeyFailed) as failed:
            await open_csc(service, "vn/biz")
        assert failed.value.reason == "unsuitable"
    assert provider.asked == []


async def test_a_disabled_key_and_an_unknown_one_are_said(provider):
    with pytest.raises(KeyFailed) as failed:
        await open_csc(provider.service(), "nonsense")
    assert failed.value.reason == "refused"


def test_no_secret_is_in_a_text_of_ours():
    service = CscService("https://sign.example/csc/v1", "bearer", RULES)
    assert "bearer" not in repr(service)
    assert "1234" not in repr(Consent("1234", "1234"))
