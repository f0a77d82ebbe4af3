"""Readings of shared data put straight into the log, single and of many, and sealed: for tests of what enterprises see."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from app.audit import seal
from app.core import clock
from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.core.settings import Settings
from app.sharing.models import AccessEvent, AccessSubject
from tests.machines import agree, party, terms

BASIS = [{"van_ban": "Nghị định 278/2025/NĐ-CP", "dieu_khoan": "Điều 7"}]


async def an_agreement(sessions: Sessions) -> None:
    """The tax office and what was agreed with it."""
    async with transaction(sessions) as session:
        for code in ("G02", "CT"):
            await party(session, code)
        await agree(session, terms())


async def read(sessions: Sessions, subject: str | None, *, at: datetime | None = None, **changes: Any) -> UUID:
    """One reading; with `subjects` of many: (tax code, key) in order."""
    subjects = changes.pop("subjects", ())
    at = at or clock.now()
    event = AccessEvent(
        **{
            "id": uuid7(),
            "at": at,
            "party": "CT",
            "client_id": "cuc-thue",
            "agreement": "TT-01",
            "agreement_version": 1,
            "purpose": "kiem-tra-thue",
            "legal_basis": BASIS,
            "action": "list" if subjects else "read",
            "dataset": "licences",
            "key": "" if subjects else "07/2026/GCN-UBCT",
            "subject_ref": subject,
            "fields": ["number", "title", "status"],
            "rows": len(subjects) or 1,
            "status": 200,
            "jti": uuid4().hex,
            "jkt": "k",
            "proof": "p",
            "case_ref": "HS-1",
            "salt": uuid4().hex,
            **changes,
        }
    )
    rows = [
        AccessSubject(event_id=event.id, n=n, subject_ref=who, key=key, salt=uuid4()) for n, (who, key) in enumerate(subjects, 1)
    ]
    if rows:
        event.subjects_hash = hashlib.sha256(b"".join(map(_digest, rows))).hexdigest()
    async with transaction(sessions) as session:
        session.add_all([event, *rows])
    return event.id


def _digest(row: AccessSubject) -> bytes:
    return hashlib.sha256(row.salt.bytes + row.subject_ref.encode() + b"\0" + row.key.encode()).digest()


async def sealed(sessions: Sessions, settings: Settings) -> None:
    """Take what was read into the tree, as the worker does each second."""
    async with transaction(sessions) as session:
        await seal.seal(session, "access", seal.checkpoint_key(settings), at=clock.now())
