"""The record of a result that other agencies read. Private to the actions."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.core.clock import day_in_vietnam
from app.dossiers.models import Dossier
from app.identity import queries as identity
from app.issued.models import IssuedDocument
from app.registers import actions as registers
from app.registers import queries as register_queries
from app.registers.rules import Dataset, with_status


async def share_licence(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, document: IssuedDocument, *, at: datetime
) -> None:
    """Write the record of a granted result under its number; a refusal has none."""
    if dossier.decision != "granted" or document.number is None:
        return
    enterprise = await identity.enterprise(session, dossier.tax_code)
    unit = await identity.unit(session, dossier.unit)
    province = await register_queries.code_named(session, "provinces", enterprise.province) if enterprise.province else None
    doc = {
        "number": document.number,
        "kind": dossier.procedure,
        "title": document.title_vi,
        "status": "valid",
        "status_history": [{"status": "valid", "from": day_in_vietnam(at).isoformat()}],
        "holder_tax_code": dossier.tax_code,
        "holder_name": enterprise.name_vi,
        "holder_address": enterprise.head_office,
        "holder_province": province,
        "issued_on": day_in_vietnam(at).isoformat(),
        "valid_from": _printed(document.facts, "valid_from"),
        "valid_to": document.valid_until.isoformat() if document.valid_until else None,
        "issuer": dossier.unit,
        "issuer_name": unit.name_vi,
        "signer": document.facts["signer"]["name"],
        "dossier_number": dossier.number,
        "document_sha256": document.sha256,
        "facts": procedure.register_doc(dossier.answers),
    }
    known = {name: value for name, value in doc.items() if value is not None}
    await registers.put(session, _dataset(procedure), document.number, known, dossier.tax_code, at=at)
    await _put_out_of_force(session, dossier, procedure, document.number, at=at)


async def _put_out_of_force(session: AsyncSession, dossier: Dossier, procedure: Procedure, number: str, *, at: datetime) -> None:
    """The result that the dossier asked to renew or change is no longer in force."""
    renewed = dossier.answers.get(procedure.result.renews) if procedure.result.renews else None
    if isinstance(renewed, str):
        await _restate(session, procedure, renewed, dossier.tax_code, "replaced", by=number, at=at)


async def restate_licence(
    session: AsyncSession,
    dossier: Dossier,
    procedure: Procedure,
    document: IssuedDocument,
    status: Literal["revoked", "replaced"],
    *,
    by: str | None = None,
    at: datetime,
) -> None:
    """Say in the record of a granted result that it is no longer in force, and which document (`by`) replaced it."""
    if dossier.decision != "granted" or document.number is None:
        return
    await _restate(session, procedure, document.number, dossier.tax_code, status, by=by, at=at)


async def _restate(
    session: AsyncSession, procedure: Procedure, number: str, tax_code: str, status: str, *, by: str | None, at: datetime
) -> None:
    doc = await register_queries.one(session, _dataset(procedure), number)
    told = with_status(doc, status, on=day_in_vietnam(at), by=by)
    await registers.put(session, _dataset(procedure), number, told, tax_code, at=at)


def _dataset(procedure: Procedure) -> Dataset:
    return Dataset(procedure.result.register_as.dataset)


def _printed(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return str(value)[:10] if value else None
