"""The common head of everything printed about a dossier. Private to the actions."""

from sqlalchemy.ext.asyncio import AsyncSession

from app.catalogue.procedure import Procedure
from app.dossiers.models import Dossier
from app.dossiers.printed import Head
from app.identity import queries as identity
from app.identity.models import Enterprise


async def head_of(
    session: AsyncSession,
    dossier: Dossier,
    procedure: Procedure,
    enterprise: Enterprise | None = None,
    *,
    at_desk: bool = False,
) -> Head:
    """The head in the name of the one-stop desk, or of the unit that decides."""
    unit = await identity.unit(session, dossier.desk if at_desk else dossier.unit)
    business = enterprise or await identity.enterprise(session, dossier.tax_code)
    return Head(unit.name_vi, called(dossier), procedure, business)


def called(dossier: Dossier) -> str:
    """What the dossier is called to people: its number, before receipt its reference."""
    return dossier.number or dossier.reference or ""
