"""What the ministry already knows about a filer: results that a form may refer to, and papers it need not ask for again."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.communes import Communes, Listed, provinces_of
from app.catalogue.definition import OnceOnly, Paper
from app.catalogue.procedure import Procedure
from app.catalogue.questions import FieldType
from app.catalogue.references import Records
from app.core.actor import SYSTEM
from app.core.clock import day_in_vietnam
from app.core.text import Text
from app.documents.models import Document
from app.dossiers.models import Dossier
from app.dossiers.visibility import visible_to
from app.registers import queries as registers
from app.registers.models import CodeEntry

REGISTER = "register"
"""Why a paper is not asked for: it is read from the enterprise register. Any other reason is a number."""


async def records_of(session: AsyncSession, tax_code: str, procedure: Procedure, *, at: datetime) -> Records:
    """The filer's own valid results; none where this procedure has no use for them."""
    refers = any(field.type is FieldType.REFERENCE for field in procedure.fields)
    reuses = any(paper.once_only and paper.once_only.source == "licences" for paper in procedure.papers)
    return await registers.held_by(session, tax_code, on=day_in_vietnam(at)) if refers or reuses else []


async def communes_of(session: AsyncSession, procedure: Procedure, answers: Mapping[str, Any], *, at: datetime) -> Communes:
    """The communes of the provinces that the answers name; nothing is read where no address is asked for."""
    wanted = provinces_of(procedure.fields, answers)
    found: dict[str, list[CodeEntry]] = {}
    for code in await registers.codes_under(session, "communes", wanted, on=day_in_vietnam(at)) if wanted else ():
        found.setdefault(code.parent or "", []).append(code)
    return {
        province: Listed(tuple((one.code, Text(one.name_vi, one.name_en)) for one in few), not any(one.sample for one in few))
        for province, few in found.items()
    }


async def papers_held(
    session: AsyncSession, tax_code: str, procedure: Procedure, records: Records, *, at: datetime
) -> dict[str, str]:
    """Paper → what holds it: the register, the number of a result, or the number of the dossier it was given in."""
    found: dict[str, str] = {}
    for paper in procedure.papers:
        if paper.once_only and (holder := await _holder(session, tax_code, paper, paper.once_only, records, at)):
            found[paper.id] = holder
    return found


async def _holder(
    session: AsyncSession, tax_code: str, paper: Paper, rule: OnceOnly, records: Records, at: datetime
) -> str | None:
    if rule.source == "register":
        return REGISTER
    if rule.source == "licences":
        return next((str(record["number"]) for record in records if record.get("kind") in rule.procedures), None)
    return await _given_before(session, tax_code, paper, rule, at)


async def _given_before(session: AsyncSession, tax_code: str, paper: Paper, rule: OnceOnly, at: datetime) -> str | None:
    """The latest granted dossier in which the paper was filed, if that is not too long ago."""
    wanted = (
        visible_to(SYSTEM)
        .select()
        .join(Document, Document.dossier_id == Dossier.id)
        .where(Dossier.tax_code == tax_code, Dossier.procedure.in_(rule.procedures), Dossier.decision == "granted")
        .where(Document.paper == paper.id, Document.filed_round.is_not(None), Document.removed_at.is_(None))
        .order_by(Dossier.saved_at.desc())
        .limit(1)
    )
    if rule.within_years:
        wanted = wanted.where(Dossier.saved_at >= at.replace(year=at.year - rule.within_years, day=min(at.day, 28)))
    dossier = await session.scalar(wanted)
    return dossier.number if dossier else None
