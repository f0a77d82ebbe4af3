import base64
import json

import pytest

from motcua_client import WebhookInvalid, read_webhook
from motcua_client.webhooks import _signature

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
NOW = 1_790_000_000
EVENT = {
    "specversion": "1.0",
    "id": "01",
    "type": "vn.gov.moit.shared.changed",
    "source": "https://dvc.example.gov.vn",
    "time": "2026-11-23T08:00:00+00:00",
    "data": {"dataset": "licences", "key": "07/2026/GCN-UBCT", "version": 3},
}
BODY = json.dumps(EVENT).encode()


def headers(body: bytes = BODY, moment: int = NOW, secret: str = SECRET) -> dict[str, str]:
    signature = _signature(secret, f"msg_1.{moment}.".encode() + body).decode()
    return {"Webhook-Id": "msg_1", "Webhook-Timestamp": str(moment), "Webhook-Signature": f"v1,{signature}"}


def test_a_good_delivery_is_read():
    event = read_webhook(BODY, headers(), SECRET, now=NOW + 10)
    assert (event.dataset, event.key, event.version) == ("licences", "07/2026/GCN-UBCT", 3)


def test_one_of_several_signatures_is_enough():
    given = headers()
    given["Webhook-Signature"] = "v1a,xxxx v1,AAAA " + given["Webhook-Signature"]
    assert read_webhook(BODY, given, SECRET, now=NOW).id == "01"


@pytest.mark.parametrize(
    "body,given",
    [
        (BODY + b" ", headers()),
        (BODY, headers(secret="whsec_" + base64.b64encode(b"another").decode())),
        (BODY, headers(moment=NOW - 301)),
        (BODY, headers(moment=NOW + 301)),
        (BODY, headers() | {"Webhook-Id": "msg_2"}),
        (BODY, headers() | {"Webhook-Signature": ""}),
        (BODY, {}),
        (b"{}", headers(b"{}")),
        (b"[]", headers(b"[]")),
        (b"\xff", headers(b"\xff")),
    ],
    ids=["altered", "other secret", "old", "from the future", "other message", "unsigned", "bare", "empty", "a list", "no text"],
)
def test_anything_else_is_not(body, given):
    with pytest.raises(WebhookInvalid):
        read_webhook(body, given, SECRET, now=NOW)
