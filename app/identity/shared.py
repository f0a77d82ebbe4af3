"""The record of an enterprise that other agencies read, written in the transaction that learns of it."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from app.identity.models import Enterprise
from app.registers import actions as registers
from app.registers import queries as register_queries
from app.registers.rules import Dataset


async def share_enterprise(session: AsyncSession, tax_code: str, *, at: datetime) -> None:
    """Bring the shared record of an enterprise up to date. What only we need (telephone, mail, personal numbers) stays here."""
    row = await session.get(Enterprise, tax_code, populate_existing=True)
    if row is None:
        return
    province = await register_queries.code_named(session, "provinces", row.province) if row.province else None
    doc = {
        "tax_code": row.tax_code,
        "name_vi": row.name_vi,
        "name_en": row.name_en,
        "head_office": row.head_office,
        "province": province,
        "legal_form": row.legal_form,
        "founded": row.founded.isoformat() if row.founded else None,
        "status": row.status,
        "legal_representative": row.legal_representative,
    }
    known = {name: value for name, value in doc.items() if value is not None}
    await registers.put(session, Dataset.ENTERPRISES, tax_code, known, tax_code, at=at)
