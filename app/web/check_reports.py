"""A file's signature report as it leaves the portal: PDF for the folder, JSON and ETSI XML for machines."""

import asyncio
from datetime import datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from app.core.clock import in_vietnam
from app.core.errors import NotFound
from app.core.text import Text
from app.documents import explain
from app.documents.again import is_queued
from app.documents.eight_steps import STANDING
from app.documents.explain import Explained
from app.documents.receipts import receipts_of
from app.documents.rules import Acceptance, FileState
from app.dossiers.queries import CaseFile
from app.dossiers.views import DocumentView
from app.issued.checked import signature_report
from app.trust.queries import Kept


def told_of(case: CaseFile, file: DocumentView) -> Explained | None:
    """The file's report in words; None while it is being checked, and for files that carry no signatures."""
    return explain.explained(file.report, case.card.tax_code) if file.report else None


async def shown(session: AsyncSession, case: CaseFile, file: DocumentView, at: datetime) -> dict[str, Any]:
    """What a page about the file's check needs."""
    told = told_of(case, file)
    refused = file.acceptance is Acceptance.REFUSED
    return {
        "told": told,
        "headline": explain.headline_for(told, refused=refused) if told and file.state == FileState.CHECKED else None,
        "today": explain.today_of(file.today, file.verdict) if file.today else None,
        "queued": is_queued(file.state, file.next_check_at, at),
        "standings": STANDING,
        "receipts": await _receipts(session, case.card.id, file.id),
    }


async def _receipts(session: AsyncSession, dossier_id: UUID, document_id: UUID) -> list[tuple[Text, Text]]:
    """What was kept as proof when the file was handed in: our own time stamps, and what the authorities said."""
    rows = []
    for one in await receipts_of(session, dossier_id, document_id):
        stamped = f"{in_vietnam(one.at):%d/%m/%Y %H:%M:%S}, {one.tsa}"
        rows.append((Text(f"Dấu thời gian tiếp nhận {one.number}", f"Receipt time stamp {one.number}"), _same(stamped)))
        rows += [(Text("Bằng chứng lưu kèm", "Evidence kept with it"), _answer(kept)) for kept in one.answers]
    return rows


def _answer(kept: Kept) -> Text:
    when = f"{in_vietnam(kept.this_update):%d/%m/%Y %H:%M}"
    kind = str(kept.kind).upper()
    return Text(f"{kind} của {kept.issuer}, {when}", f"{kind} of {kept.issuer}, {when}")


async def as_pdf(session: AsyncSession, case: CaseFile, file: DocumentView, *, at: datetime) -> Response:
    """The printed report, made on demand in a thread."""
    told = told_of(case, file)
    if told is None or file.report is None:
        raise NotFound
    about = [
        (Text("Hồ sơ", "Dossier"), _same(case.card.called or str(case.card.id))),
        (Text("Thủ tục", "Procedure"), case.card.title),
        (Text("Doanh nghiệp", "Enterprise"), _same(f"{case.card.enterprise_name}, {case.card.tax_code}")),
        (Text("Giấy tờ", "Paper"), file.paper_name),
        (Text("Tệp", "File"), _same(file.name)),
    ]
    receipts = await _receipts(session, case.card.id, file.id)
    values = explain.printable(told, file.report, file=file.name, about=about, reason=file.reason, receipts=receipts, at=at)
    return _file(await asyncio.to_thread(signature_report, values), "application/pdf", file.name, "pdf")


def as_json(file: DocumentView) -> Response:
    """The report as it is kept."""
    if file.report is None:
        raise NotFound
    return _file(orjson.dumps(file.report, option=orjson.OPT_INDENT_2), "application/json", file.name, "json")


def as_xml(file: DocumentView) -> Response:
    """ETSI TS 119 102-2, where there is a signature to report on."""
    made = explain.etsi(file.report) if file.report else None
    if made is None:
        raise NotFound
    return _file(made, "application/xml", file.name, "xml")


def _file(content: bytes, media_type: str, name: str, ending: str) -> Response:
    shown = quote(f"kiem-tra-{name.rpartition('.')[0] or name}.{ending}", safe="")
    headers = {
        "content-disposition": f"attachment; filename*=UTF-8''{shown}",
        "content-security-policy": "sandbox; default-src 'none'",
        "cache-control": "private, no-store",
    }
    return Response(content, media_type=media_type, headers=headers)


def _same(text: str) -> Text:
    return Text(text, text)
