"""Rows that tests of instruments stand on: the smallest dossier and enterprise the tables take."""

from datetime import UTC, datetime
from typing import Any

from app.core.ids import uuid7
from app.dossiers.models import Dossier
from app.identity.models import Enterprise

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)


def a_dossier(**changed: Any) -> Dossier:
    values = {
        "id": uuid7(),
        "procedure": "trial",
        "version": 1,
        "tax_code": "9900000030",
        "enterprise_name": "Công ty Ví Dụ",
        "channel": "online",
        "unit": "G02.918",
        "desk": "G02.990",
        "state": "awaiting_payment",
        "answers": {},
        "revision": 0,
        "title_vi": "Thủ tục thử",
        "title_en": "Trial procedure",
        "search_text": "",
        "created_at": AT,
        "saved_at": AT,
        "sort_at": AT,
        "clock_paused": False,
        "round": 1,
        "open_items": [],
        "events": 0,
        "entries": 0,
    }
    return Dossier(**(values | changed))


def an_enterprise(**changed: Any) -> Enterprise:
    values = {
        "tax_code": "9900000030",
        "name_vi": "Công ty Ví Dụ",
        "email": "hop-thu@vi-du.example",
        "search_key": "cong ty vi du",
        "source": "demo",
    }
    return Enterprise(**(values | changed))
