"""Reading with a token that is bound to the certificate of the connection, as our own TLS front tells it."""

import base64
from datetime import timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pydantic import SecretStr

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import transaction
from app.sharing import actions
from tests.machines import ASSERTION_TYPE, CLIENT_KEY, LICENCE_URL, TOKEN_URL, Machine, Portal

SECRET = "the front's own secret, long enough"


def certificate() -> str:
    """A `Client-Cert` header (RFC 9440)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "thue.example")])
    now = clock.now()
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
    return f":{base64.b64encode(builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)).decode()}:"


OURS = {"Client-Cert": certificate(), "Front-Secret": SECRET}


@pytest.fixture
async def token(agency: Machine, portal: Portal, monkeypatch: pytest.MonkeyPatch) -> str:
    """A token that is bound to our certificate."""
    monkeypatch.setattr(portal.settings, "mtls_url", "https://m.example.vn")
    monkeypatch.setattr(portal.settings, "front_secret", SecretStr(SECRET))
    async with transaction(portal.sessions) as session:
        said = {"client_id": "thue-m", "party": "CT", "name": "Thuế", "scopes": ["licences.read"], "sender_constraint": "mtls"}
        await actions.register_client(session, SYSTEM, **said, jwks=[CLIENT_KEY.as_dict(private=False)], at=clock.now())
    machine = Machine(agency.http, client_id="thue-m")
    form = {"grant_type": "client_credentials", "scope": "licences.read", "client_assertion_type": ASSERTION_TYPE}
    form |= {"client_assertion": machine.assertion(), "authorization_details": machine.details()}
    answer = await agency.http.post(TOKEN_URL, data=form, headers=OURS)
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


async def read(portal: Portal, token: str, scheme: str = "Bearer", **headers: str) -> httpx.Response:
    said = {"Authorization": f"{scheme} {token}", "Case-Ref": "HS-1"} | {key.replace("_", "-"): headers[key] for key in headers}
    return await portal.http.get(LICENCE_URL, headers=said)


async def test_the_certificate_of_the_connection_reads_as_often_as_it_likes(portal: Portal, token: str):
    answers = [await read(portal, token, **OURS) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].headers["log-entry"] != answers[1].headers["log-entry"]


BAD = {
    "no certificate": ({}, "Bearer", 401),
    "another certificate": ({"Client-Cert": certificate(), "Front-Secret": SECRET}, "Bearer", 401),
    "shown as DPoP": (OURS, "DPoP", 401),
    "not from the front": ({"Client-Cert": OURS["Client-Cert"]}, "Bearer", 400),
    "a front that does not know the secret": (OURS | {"Front-Secret": "x"}, "Bearer", 400),
    "no certificate in it": (OURS | {"Client-Cert": ":AAAA:"}, "Bearer", 400),
}


@pytest.mark.parametrize("headers,scheme,status", BAD.values(), ids=BAD)
async def test_whoever_else_shows_the_token_reads_nothing(portal: Portal, token: str, headers, scheme, status):
    assert (await read(portal, token, scheme, **headers)).status_code == status


async def test_a_suspended_client_is_shut_out_at_the_next_call(portal: Portal, token: str):
    async with transaction(portal.sessions) as session:
        await actions.suspend_client(session, SYSTEM, client_id="thue-m", at=clock.now())
    assert (await read(portal, token, **OURS)).status_code == 401
