"""Numbers run without gaps, whatever fails in between."""

import asyncio
from datetime import UTC, datetime

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.db import Sessions, transaction
from app.core.ids import uuid7
from app.issued import actions, numbering
from app.issued.models import IssuedDocument, IssuedNumber
from tests.issued.samples import SAMPLES
from tests.rows import AT, a_dossier


async def _document(session: AsyncSession) -> IssuedDocument:
    dossier = a_dossier()
    session.add(dossier)
    await session.flush()
    return await actions.order(session, SAMPLES["form-01"], dossier_id=dossier.id, unit="G02.918", at=AT)


async def _reserve(session: AsyncSession, document: IssuedDocument, series: str = "GCN-BCT", at: datetime = AT) -> str:
    return await numbering.reserve(session, series, dossier_id=document.dossier_id, issued_id=document.id, at=at)


async def test_each_series_counts_by_itself_and_begins_again_each_year_in_vietnam(session: AsyncSession):
    document = await _document(session)
    new_year = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)  # already 1 January in Vietnam
    assert await _reserve(session, document) == "01/2026/GCN-BCT"
    assert await _reserve(session, document) == "02/2026/GCN-BCT"
    assert await _reserve(session, document, "GP-BCT") == "01/2026/GP-BCT"
    assert await _reserve(session, document, at=new_year) == "01/2027/GCN-BCT"


async def test_many_at_once_and_some_failing_leave_no_gap_and_no_double(sessions: Sessions):
    async with transaction(sessions) as session:
        document = await _document(session)

    async def one(n: int) -> None:
        async with transaction(sessions) as session:
            await _reserve(session, document)
            await asyncio.sleep(0.005)
            if n % 3 == 0:
                raise InterruptedError

    results = await asyncio.gather(*(one(n) for n in range(18)), return_exceptions=True)
    assert sum(isinstance(result, InterruptedError) for result in results) == 6
    async with transaction(sessions) as session:
        taken = (await session.scalars(select(IssuedNumber.n).order_by(IssuedNumber.n))).all()
    assert taken == list(range(1, 13))


async def test_a_void_number_stays_with_its_reason_and_is_not_given_again(session: AsyncSession):
    document = await _document(session)
    number = await _reserve(session, document)
    await numbering.void(session, number, reason="Sai tên doanh nghiệp", at=AT)
    kept = await session.get_one(IssuedNumber, number)
    assert (kept.void_reason, kept.voided_at) == ("Sai tên doanh nghiệp", AT)
    assert await _reserve(session, document) == "02/2026/GCN-BCT"


async def test_a_number_belongs_to_a_document_that_exists(session: AsyncSession):
    document = await _document(session)
    with pytest.raises(Exception, match="fk_issued_number"):
        await numbering.reserve(session, "X", dossier_id=document.dossier_id, issued_id=uuid7(), at=AT)
