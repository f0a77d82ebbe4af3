"""Foreign OAuth clients against the portal on a real port, and behind a TLS front."""

import secrets
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from typing import Any

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc.jwk import ECKey

from app.core import clock
from app.core.actor import SYSTEM
from app.core.db import Sessions, transaction
from app.core.settings import Settings
from app.main import create_app
from app.sharing import actions
from tests.machines import CLIENT_KEY, EDWARDS_KEY, RSA_KEY, agree, licence, party, terms

CERTIFIED_KEY = ECKey.generate_key("P-256", {"kid": "m1"})
KEYS = {"ES256": CLIENT_KEY, "PS256": RSA_KEY, "EdDSA": EDWARDS_KEY}


def certificate(name: str) -> dict[str, str]:
    """A self-signed certificate for this machine, with its key."""
    key, at = generate_private_key(SECP256R1()), datetime.now(UTC)
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    made = x509.CertificateBuilder(who, who, key.public_key(), x509.random_serial_number(), at, at + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return {"key": pem.decode(), "cert": made.sign(key, SHA256()).public_bytes(Encoding.PEM).decode()}


@pytest.fixture
def told(database, sessions: Sessions, background: Callable[[str, dict[str, Any]], str], tmp_path) -> Iterator[dict[str, Any]]:
    """The portal and its front, served; and what the clients must know."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = listening.getsockname()[1]
        front = {"front": certificate("front"), "secret": secrets.token_urlsafe(32), "portal": port}
        settings = Settings(
            DATABASE_URL=database.app_url,
            var=tmp_path,
            secret_key=secrets.token_urlsafe(32),
            blob_key=b64encode(secrets.token_bytes(32)).decode(),
            gateway_secret=secrets.token_hex(16),
            public_url=f"http://127.0.0.1:{port}",
            mtls_url=f"https://127.0.0.1:{background('front.mjs', front)}",
            front_secret=front["secret"],
        )
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        end = time.monotonic() + 20
        while not server.started and time.monotonic() < end:
            time.sleep(0.02)
        private = [{**key.as_dict(private=True), "alg": name} for name, key in {**KEYS, "ES256 ": CERTIFIED_KEY}.items()]
        yield {
            "issuer": settings.issuer,
            "record": f"{settings.issuer}/api/sharing/v1/licences/07%2F2026%2FGCN-UBCT",
            "client_id": "cuc-thue",
            "certified": "hai-quan",
            "keys": [{**key, "alg": key["alg"].strip()} for key in private],
            "certificates": [certificate("may-1"), certificate("may-2")],
            **front,
        }
        server.should_exit = True
        thread.join(20)


async def test_foreign_clients_find_every_flow_as_the_standards_say(told, sessions: Sessions, judge):
    async with transaction(sessions) as session:
        await party(session, "G02")
        await party(session, "CT")
        said = {"party": "CT", "name": "Máy", "scopes": ["licences.read"], "at": clock.now()}
        jwks = [key.as_dict(private=False) for key in KEYS.values()]
        await actions.register_client(session, SYSTEM, client_id="cuc-thue", jwks=jwks, **said)
        own = [CERTIFIED_KEY.as_dict(private=False)]
        await actions.register_client(session, SYSTEM, client_id="hai-quan", jwks=own, sender_constraint="mtls", **said)
        await agree(session, terms())
        await licence(session)
    assert judge("clients.mjs", told)["held"] >= 35
