"""A paper that the business signs too: it brings our sealed file back with its own signature on it, and a job looks at it.

What the business has in hand stays genuine: the sealed file is the beginning of the countersigned one, its fingerprint is kept.
"""

import asyncio
import hashlib
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core import outbox
from app.core.errors import WrongState
from app.core.text import Text
from app.issued.actions import ERASE, PATIENCE_SECONDS
from app.issued.models import IssuedDocument, IssuedVersion
from app.issued.press import Press, Unsound
from app.issued.rules import State
from signing import Report, countersigned
from signing.model import Indication

ACCEPT = "issued.countersigned"
MOST_BYTES = 40 << 20
STILL_READ = timedelta(days=1)
"""Whoever was downloading the sealed file may finish."""
_UNDER_WAY = Text("Bản đã ký đang được kiểm tra. Hãy đợi ít phút.", "The signed file is being checked. Wait a few minutes.")
_NOT_READY = Text("Văn bản chưa được đóng dấu. Hãy thử lại sau ít phút.", "The document is not sealed yet. Try again soon.")
WHY_NOT = {
    "other-bytes": Text(
        "Tệp không phải bản đã tải về, hoặc phần mềm đã lưu lại toàn bộ tệp. Hãy tải biên bản về và ký lại.",
        "This is not the file that was given out, or the program saved it anew. Download the minutes and sign those.",
    ),
    "not-one": Text(
        "Tệp phải có thêm đúng một chữ ký số của doanh nghiệp. Hãy tải về và ký một lần.",
        "The file must carry exactly one more signature, the enterprise's. Download it and sign once.",
    ),
    "not-valid": Text(
        "Chữ ký chưa hợp lệ. Hãy ký bằng chứng thư số công cộng còn hiệu lực của doanh nghiệp.",
        "The signature is not valid. Sign with the enterprise's own certificate, in force.",
    ),
    "another-signer": Text(
        "Chứng thư số không mang mã số thuế của doanh nghiệp. Hãy ký bằng chứng thư của chính doanh nghiệp.",
        "The certificate does not name this enterprise's tax code. Sign with the enterprise's own.",
    ),
    "certifies": Text(
        "Hãy dùng kiểu ký thông thường (phê duyệt), không dùng kiểu chứng thực tài liệu.",
        "Use an ordinary (approval) signature, not one that certifies the document.",
    ),
    "more-than-a-signature": Text(
        "Ngoài chữ ký, nội dung tệp đã bị thay đổi. Hãy tải biên bản về và chỉ ký.",
        "Something besides the signature was changed. Download the minutes and do nothing but sign.",
    ),
}


async def bring(session: AsyncSession, document: IssuedDocument, *, key: UUID) -> None:
    """The business brings the file (blob `key`) back; a job looks at it."""
    if document.state != State.READY:
        raise WrongState(_NOT_READY, slug="not-ready")
    if document.upload_key is not None:
        raise WrongState(_UNDER_WAY, slug="being-checked")
    document.upload_key, document.error = key, None
    outbox.put(session, ACCEPT, dossier_id=document.dossier_id, issued_id=document.id)


async def accept(
    session: AsyncSession, dossier_id: UUID, issued_id: UUID, *, tax_code: str, press: Press, at: datetime
) -> IssuedDocument | None:
    """Job: look at the file. The document when the signed file has taken its place; else the business is told why not."""
    found = select(IssuedDocument).where(IssuedDocument.dossier_id == dossier_id, IssuedDocument.id == issued_id)
    document = (await session.scalars(found.with_for_update())).one()
    if document.upload_key is None:
        return None
    ground, key = await press.ground(session, at), document.upload_key
    async with asyncio.timeout(PATIENCE_SECONDS):
        given = await press.blobs.get(document.file_key, dossier_id)
        back = await press.blobs.get(key, dossier_id)
        report = await press.report(back, ground, roles=None)
        if _only_waits(report):
            raise Unsound("revocation is not known yet")  # the job comes again
        problem = await asyncio.to_thread(partial(countersigned.problem_of, given, back, report, tax_code=tax_code))
    document.upload_key, document.error = None, problem
    if problem:
        outbox.put(session, ERASE, document_id=key)
        return None
    _replaced(session, document, back, key, at)
    return document


def _only_waits(report: Report) -> bool:
    waits = {(Indication.TOTAL_PASSED, None), (Indication.INDETERMINATE, "TRY_LATER")}
    found = {(sign.indication, sign.subindication) for sign in report.signatures}
    return found <= waits and (Indication.INDETERMINATE, "TRY_LATER") in found


def _replaced(session: AsyncSession, document: IssuedDocument, back: bytes, key: UUID, at: datetime) -> None:
    before = {"sha256": document.sha256, "size": document.size}
    session.add(IssuedVersion(dossier_id=document.dossier_id, issued_id=document.id, **before, replaced_at=at))
    outbox.put(session, ERASE, not_before=at + STILL_READ, document_id=document.file_key)
    document.file_key, document.sha256, document.size = key, hashlib.sha256(back).hexdigest(), len(back)
