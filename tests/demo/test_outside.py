"""The outside world answers over HTTP and takes mail."""

import smtplib
import socket

import httpx
import pytest

from app.demo import outside
from app.demo.personas import PERSONAS

ASK = {
    "client_id": "mot-cua",
    "redirect_uri": "http://127.0.0.1:8000/dang-nhap/tra-ve",
    "response_type": "code",
    "scope": "openid",
    "state": "s",
    "nonce": "n",
    "code_challenge": "c",
    "code_challenge_method": "S256",
}


@pytest.fixture(scope="module")
async def world(made):
    transport = httpx.ASGITransport(outside.create_app(made))
    async with httpx.AsyncClient(transport=transport, base_url=made.demo_url) as client:
        yield client


async def test_the_provider_shows_everyone_in_both_languages(world):
    for language, heading in (("vi", "Bạn muốn đăng nhập"), ("en", "Who do you want to be?")):
        page = await world.get("/id/authorize", params=ASK | {"ui_locales": language})
        assert page.status_code == 200
        assert heading in page.text
        assert all(f'value="{subject}"' in page.text for subject in PERSONAS)


async def test_the_providers_pages_load_nothing_from_elsewhere_and_run_nothing(world):
    page = await world.get("/id/authorize", params=ASK)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy
    assert "style=" not in page.text
    assert "<script" not in page.text
    assert (await world.get("/id/style.css")).headers["content-type"].startswith("text/css")


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": "khac"},
        {"redirect_uri": "http://127.0.0.1:8000/dang-nhap/tra-ve/"},
        {"redirect_uri": "https://khac.example/"},
        {"response_type": "token"},
        {"code_challenge_method": "plain"},
        {"code_challenge": ""},
        {"scope": "profile"},
    ],
)
async def test_the_provider_sends_nobody_anywhere_for_a_request_that_is_not_ours(world, wrong):
    shown = await world.get("/id/authorize", params=ASK | wrong)
    sent = await world.post("/id/authorize", data=ASK | wrong | {"persona": "mc-1"})
    assert (shown.status_code, sent.status_code) == (400, 400)


async def test_a_token_needs_the_portals_signature(world):
    answer = await world.post("/id/token", data={"grant_type": "authorization_code", "code": "x"})
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


@pytest.mark.parametrize(
    "method,path,status",
    [
        ("GET", "/pki/vn/crls/pubca/latest.crl", 200),
        ("GET", "/pki/vn/crls/khong-co/latest.crl", 404),
        ("GET", "/pki/vn/certs/evil.crt", 200),
        ("POST", "/pki/vn/ocsp/pubca", 400),
        ("POST", "/pki/vn/tsa/tsa", 400),
    ],
)
async def test_the_authorities_answer_and_say_no_to_nonsense(world, method, path, status):
    assert (await world.request(method, path, content=b"vo nghia" if method == "POST" else None)).status_code == status


def test_mail_is_kept_as_it_came(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with outside.mail_sink(tmp_path, "127.0.0.1", port), smtplib.SMTP("127.0.0.1", port, timeout=5) as mail:
        mail.sendmail("khong-tra-loi@motcua.example", ["lienhe@vi-du.example"], "Subject: Thu\r\n\r\nNoi dung\r\n")
    (message,) = tmp_path.glob("*.eml")
    assert b"Noi dung" in message.read_bytes()
