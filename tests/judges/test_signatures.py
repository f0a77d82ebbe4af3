"""Foreign verifiers of what we sign: answers (RFC 9421) and webhooks (Standard Webhooks)."""

import base64
import json
import secrets
from typing import Any

import httpx
import pytest

from app.core import clock
from app.core.db import transaction
from app.core.ids import uuid7
from app.registers.rules import Dataset
from app.sharing.rules import Grant
from app.sharing.webhooks import Parcel, signed_headers
from tests.machines import FIELDS, LICENCE_URL, Machine, Portal, agree, terms

LIST_URL = LICENCE_URL.rpartition("/")[0]
ALL = ("read", "lookup", "list", "changes")


@pytest.fixture
async def many(agency: Machine, portal: Portal) -> Machine:
    async with transaction(portal.sessions) as session:
        await agree(session, terms(grants=(Grant(Dataset.LICENCES, FIELDS, actions=ALL),)))
    await agency.get_token()
    return agency


def shown(name: str, answer: httpx.Response) -> dict[str, Any]:
    asked = answer.request
    kept = ("content-type", "content-digest", "log-entry", "signature", "signature-input")
    headers = {header: answer.headers[header] for header in kept}
    request = {"method": asked.method, "url": str(asked.url), "headers": {"dpop": asked.headers["dpop"]}}
    return {"name": name, "answer": {"status": answer.status_code, "headers": headers, "body": answer.text}, "request": request}


async def test_foreign_verifiers_take_what_we_sign_and_nothing_altered(many: Machine, portal: Portal, judge):
    wish = {"Want_Signature": "ed25519"}
    body = json.dumps({"keys": ["07/2026/GCN-UBCT", "khong-co"]})
    headers = {"Case-Ref": "HS-1", "Want-Signature": "ed25519", "Content-Type": "application/json"}
    signed = [
        shown("a record", await many.read(f"{LICENCE_URL}?fields=number,status", **wish)),
        shown("no record", await many.read(LICENCE_URL.replace("07", "77"), **wish)),
        shown(
            "a list",
            await many.read(f"{LIST_URL}?limit=5", Accept_Signature='sig=("@status");alg="ed25519"'),
        ),
        shown("a look-up", await many.call("POST", "/api/sharing/v1/licences/lookup", headers=headers, content=body)),
    ]
    key, event = secrets.token_bytes(32), json.dumps({"specversion": "1.0", "id": "1"}).encode()
    parcel = Parcel(uuid7(), uuid7(), "https://thue.example", event, key, 0)
    secret = f"whsec_{base64.b64encode(key).decode()}"
    webhook = {"secret": secret, "headers": signed_headers(parcel, clock.now()), "body": event.decode()}
    keys = [each for each in (await portal.http.get("/oauth/jwks")).json()["keys"] if each["kty"] == "OKP"]
    assert judge("signatures.mjs", {"signed": signed, "webhook": webhook, "keys": keys})["held"] == 4 * 9 + 4
