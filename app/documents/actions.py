"""Take files in, put them away, write down what their check said. Whether they may be changed now is the heart's question."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import outbox
from app.core.actor import Actor
from app.core.blobs import Stored
from app.core.errors import Incomplete, Problem, WrongState
from app.core.ids import uuid7
from app.core.text import Text, file_name
from app.documents.examine import Findings
from app.documents.formats import MEDIA_TYPES, ending_of
from app.documents.models import Document, SignatureOverride
from app.documents.rules import FileState, Own, own_signature, refusal_of
from app.documents.slots import Slot
from app.documents.stamping import await_stamp
from signing import Verdict
from signing.codes import CODES

_FIRST_WAIT = timedelta(seconds=10)
_LONGEST_WAIT = timedelta(hours=1)


async def attach(
    session: AsyncSession,
    actor: Actor,
    dossier_id: UUID,
    slot: Slot,
    *,
    tax_code: str,
    name: str,
    stored: Stored,
    document_id: UUID,
    at: datetime,
) -> Document:
    """Put a stored file into its slot in place of what was there, and ask for its check."""
    shown = file_name(name)
    _refuse_unfit(slot, shown, stored.size)
    await _clear(session, dossier_id, slot, at)
    document = Document(
        dossier_id=dossier_id,
        id=document_id,
        paper=slot.paper.id,
        place=slot.place,
        row=slot.row,
        name=shown,
        media_type=MEDIA_TYPES[ending_of(shown)],
        size=stored.size,
        sha256=stored.sha256,
        state=FileState.CHECKING,
        checks=0,
        tax_code=tax_code,
        uploaded_by=actor.ref,
        uploaded_at=at,
    )
    session.add(document)
    outbox.put(session, "documents.check", dossier_id=dossier_id, document_id=document_id)
    return document


def _refuse_unfit(slot: Slot, name: str, size: int) -> None:
    if ending_of(name) not in slot.formats:
        kinds = ", ".join(slot.formats)
        text = Text(
            f"Tệp này phải có định dạng {kinds}. Hãy chuyển đổi rồi tải lên lại.",
            f"This file must be in the format {kinds}. Convert it and upload it again.",
        )
        raise Incomplete([Problem(slot.paper.id, "wrong-format", text)])
    if size > slot.max_bytes:
        limit = slot.paper.max_mb
        text = Text(
            f"Tệp lớn hơn {limit} MB. Hãy giảm dung lượng rồi tải lên lại.",
            f"The file is larger than {limit} MB. Make it smaller and upload it again.",
        )
        raise Incomplete([Problem(slot.paper.id, "too-large", text)])
    if size == 0:
        text = Text("Tệp rỗng. Hãy chọn tệp khác.", "The file is empty. Choose another file.")
        raise Incomplete([Problem(slot.paper.id, "empty-file", text)])


async def _clear(session: AsyncSession, dossier_id: UUID, slot: Slot, at: datetime) -> None:
    there = select(Document).where(
        Document.dossier_id == dossier_id,
        Document.paper == slot.paper.id,
        Document.place == slot.place,
        Document.row.is_not_distinct_from(slot.row),
        Document.removed_at.is_(None),
    )
    for document in await session.scalars(there):
        await put_away(session, document, at=at)


async def put_away(session: AsyncSession, document: Document, *, at: datetime) -> None:
    """Take a file out: what was never filed is erased, what was filed stays as evidence."""
    document.removed_at = at
    document.next_check_at = None
    if document.filed_round is None:
        await session.delete(document)
        outbox.put(session, "documents.erase", dossier_id=document.dossier_id, document_id=document.id)


async def keep_findings(
    session: AsyncSession, dossier_id: UUID, document_id: UUID, findings: Findings, *, at: datetime
) -> Document | None:
    """Write down what the check said; None when the file was taken out meanwhile. Unknown ones are looked at again later."""
    document = await session.get(Document, (dossier_id, document_id), with_for_update=True)
    if document is None or document.removed_at is not None:
        return None
    document.state = FileState.CHECKED
    document.checked_at = at
    document.checks += 1
    document.next_check_at = None
    known_before = document.verdict
    document.refusal = findings.flaw
    if findings.report is not None:
        document.verdict = findings.report.verdict
        document.binding = own_signature(findings.report, document.tax_code)
        document.refusal = refusal_of(findings.report)
        document.report = findings.report.to_json()
        document.today = _today(findings)
        document.trust_epoch = findings.report.trust_epoch
        _note_doubt(document, findings.report.verdict, at)
        if document.filed_round is not None and document.verdict != known_before:
            await_stamp(document, at=at)  # what is known now was not known at filing: it gets a receipt of its own
    return document


def _today(findings: Findings) -> dict[str, Any] | None:
    """What the check would say today, beside a report that judges as of the filing."""
    if findings.today is None or findings.filed_at is None:
        return None
    grave = [code for code in sorted(findings.today.codes) if CODES[code].forces is not None]
    return {"verdict": findings.today.verdict, "codes": grave, "as_of": findings.filed_at.isoformat()}


def _note_doubt(document: Document, verdict: Verdict, at: datetime) -> None:
    """What cannot be told yet is asked again, ever more rarely."""
    if verdict is not Verdict.INDETERMINATE:
        document.unknown_since = None
        return
    document.unknown_since = document.unknown_since or at
    document.next_check_at = at + min(_FIRST_WAIT * 2 ** min(document.checks - 1, 10), _LONGEST_WAIT)


def override(session: AsyncSession, actor: Actor, document: Document, *, reason: str, at: datetime) -> SignatureOverride:
    """Accept a signature that cannot be verified, with reasons. Refused for what is known to be wrong."""
    if document.refusal is not None or document.binding != Own.UNKNOWN:
        raise WrongState(
            Text(
                "Chỉ được chấp nhận tệp có chữ ký của doanh nghiệp chưa xác minh được.",
                "Only a file whose enterprise signature could not be verified can be accepted this way.",
            ),
            slug="nothing-to-override",
        )
    accepted = SignatureOverride(
        dossier_id=document.dossier_id,
        id=uuid7(),
        document_id=document.id,
        by=actor.ref,
        by_name=actor.name,
        reason=reason,
        at=at,
    )
    session.add(accepted)
    return accepted
