"""Extend what was issued: before a last time stamp's certificate ends, a new one goes over everything.

What holders have in hand stays genuine: each earlier file is the beginning of the present one, and its fingerprint is kept.
"""

import asyncio
import hashlib
import logging
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.audit.events import Event
from app.audit.record import record
from app.core import outbox
from app.core.actor import SYSTEM
from app.core.ids import uuid7
from app.issued.actions import ERASE, PATIENCE_SECONDS
from app.issued.models import IssuedDocument, IssuedVersion
from app.issued.press import Press, Unsound
from app.issued.rules import State
from signing import archive

log = logging.getLogger("motcua.issued")

EXTEND = "issued.extend"
MARGIN = timedelta(days=180)
"""Before the stamp's certificate ends: time enough for an authority that is silent for months."""
STILL_READ = timedelta(days=1)
"""Whoever was downloading the earlier file may finish."""
WORTH = timedelta(days=30)
"""A new stamp must last this much longer: an authority that has no new certificate yet is asked again later."""
_AT_ONCE = 500


async def ask_extensions(session: AsyncSession, *, at: datetime) -> int:
    """Put a job for each file whose turn has come; what is left over comes next time. The answer is how many."""
    due = select(IssuedDocument.dossier_id, IssuedDocument.id).where(IssuedDocument.stamped_until <= at + MARGIN)
    rows = (await session.execute(due.order_by(IssuedDocument.stamped_until).limit(_AT_ONCE))).all()
    for dossier_id, issued_id in rows:
        outbox.put(session, EXTEND, dossier_id=dossier_id, issued_id=issued_id)
    return len(rows)


async def extend(session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, press: Press, at: datetime) -> bool:
    """Job: one more time stamp over the file, checked before it takes the other's place. Whether this run extended it.

    Whatever goes wrong is raised: the file stays as it is, the job comes again. Revoked documents are extended as well:
    that they were issued must stay provable.
    """
    document = await session.get_one(IssuedDocument, (dossier_id, issued_id), with_for_update=True)
    if document.state != State.READY or document.stamped_until is None or document.stamped_until > at + MARGIN:
        return False
    ground = await press.ground(session, at)
    async with asyncio.timeout(PATIENCE_SECONDS):
        present = await press.blobs.get(document.file_key, dossier_id)
        if hashlib.sha256(present).hexdigest() != document.sha256:
            raise Unsound("the stored file is not the one that was issued")
        pdf = await press.extend(present, ground)
        until = archive.stamped_until(pdf)
        if until is None or until < document.stamped_until + WORTH:
            log.warning("time stamp not renewed: the authority's certificate is still the old one")
            return False
        await press.examine(pdf, ground, strict=True)
        key = uuid7()
        stored = await press.blobs.put_bytes(key, dossier_id, pdf)
    version = IssuedVersion(dossier_id=dossier_id, issued_id=issued_id, sha256=document.sha256, size=len(present), replaced_at=at)
    session.add(version)
    outbox.put(session, ERASE, not_before=at + STILL_READ, document_id=document.file_key)
    document.file_key, document.sha256, document.size = key, stored.sha256, stored.size
    document.stamped_until = until
    about = {"kind": document.kind, "sha256": stored.sha256, "before": version.sha256}
    record(
        session,
        SYSTEM,
        Event.PAPER_EXTENDED,
        subject_kind="issued",
        subject_id=issued_id,
        dossier_id=dossier_id,
        detail=about,
        at=at,
    )
    return True
