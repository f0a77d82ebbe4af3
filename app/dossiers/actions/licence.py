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
from app.registers.rules import Dataset


async def share_licence(
    session: AsyncSession, dossier: Dossier, procedure: Procedure, document: IssuedDocument, *, at: datetime
) -> None:
    """Write the record of a granted result under its number; a refusal has none."""
    if dossier.decision != "granted" or document.number is None:
        return
    enterprise = await identity.enterprise(session, dossier.tax_code)
    unit = await identity.unit(session, dossier.unit)
    doc = {
        "number": document.number,
        "kind": dossier.procedure,
        "title": document.title_vi,
        "status": "valid",
        "holder_tax_code": dossier.tax_code,
        "holder_name": enterprise.name_vi,
        "holder_address": enterprise.head_office,
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
    await _put_out_of_force(session, dossier, procedure, at=at)


async def _put_out_of_force(session: AsyncSession, dossier: Dossier, procedure: Procedure, *, at: datetime) -> None:
    """The result that the dossier asked to renew or change is no longer in force."""
    renewed = dossier.answers.get(procedure.result.renews) if procedure.result.renews else None
    if isinstance(renewed, str):
        before = await register_queries.one(session, _dataset(procedure), renewed)
        await registers.put(session, _dataset(procedure), renewed, before | {"status": "replaced"}, dossier.tax_code, at=at)


async def restate_licence(
    session: AsyncSession,
    dossier: Dossier,
    procedure: Procedure,
    document: IssuedDocument,
    status: Literal["revoked", "replaced"],
    *,
    at: datetime,
) -> None:
    """Say in the record of a granted result that it is no longer in force; everything else stays."""
    if dossier.decision != "granted" or document.number is None:
        return
    doc = await register_queries.one(session, _dataset(procedure), document.number)
    await registers.put(session, _dataset(procedure), document.number, doc | {"status": status}, dossier.tax_code, at=at)


def _dataset(procedure: Procedure) -> Dataset:
    return Dataset(procedure.result.register_as.dataset)


def _printed(facts: Mapping[str, Any], name: str) -> str | None:
    value = facts.get(name)
    return str(value)[:10] if value else None
