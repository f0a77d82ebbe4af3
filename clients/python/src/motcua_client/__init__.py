"""Typed client for the shared data of Một Cửa.

>>> with Portal("https://dvc.example.gov.vn", "cuc-thue", ClientKey.load("khoa.json")) as portal:
...     case = portal.case("HS-2026-118", under=Purpose("TT-01", "kiem-tra-thue"))
...     licence = case.get("licences", "07/2026/GCN-UBCT")
"""

from motcua_client.answers import Change, Changes, Export, File, Found, Item, Limits, Record, Subscription
from motcua_client.keys import ClientKey
from motcua_client.login import Login, Purpose
from motcua_client.portal import Case, Portal
from motcua_client.refusals import AuthorizationRefused, Fault, Refused, Resync
from motcua_client.signatures import SignatureInvalid, read_manifest, verify_response
from motcua_client.webhooks import Delivery, WebhookInvalid, read_webhook

__all__ = [
    "AuthorizationRefused",
    "Case",
    "Change",
    "Changes",
    "ClientKey",
    "Delivery",
    "Export",
    "Fault",
    "File",
    "Found",
    "Item",
    "Limits",
    "Login",
    "Portal",
    "Purpose",
    "Record",
    "Refused",
    "Resync",
    "SignatureInvalid",
    "Subscription",
    "WebhookInvalid",
    "read_manifest",
    "read_webhook",
    "verify_response",
]
