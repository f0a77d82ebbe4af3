"""What one filing owes to another: each way through a procedure, a paper that is held, a result that takes another's place."""

import pytest

from app.core.db import transaction
from app.registers import queries as registers
from app.registers.rules import Dataset
from tests.house.filing.office import Office
from tests.house.filing.once import filed_to_its_result

CERTIFICATE, LOCAL = "multi-level-selling-certificate", "multi-level-selling-local-registration"


@pytest.mark.parametrize("method", ["normal", "tight"])
async def test_a_procedure_is_filed_by_each_of_its_ways(office: Office, method: str) -> None:
    await filed_to_its_result(office, "imported-food-inspection", method=method)


async def test_a_licence_that_is_held_is_not_asked_for_and_its_change_takes_its_place(office: Office) -> None:
    asked = await papers_asked(office, LOCAL)
    assert "certificate" in asked
    number = await filed_to_its_result(office, CERTIFICATE)
    assert asked - await papers_asked(office, LOCAL) == {"certificate"}
    changed = await filed_to_its_result(office, f"{CERTIFICATE}-change", old_certificate=number)
    async with transaction(office.sessions) as session:
        old, new = [await registers.one(session, Dataset.LICENCES, each) for each in (number, changed)]
    assert (old["status"], new["status"]) == ("replaced", "valid")


async def papers_asked(office: Office, slug: str) -> set[str]:
    """The papers that a fresh draft asks for."""
    dossier = await office.company.start(slug)
    return {need["id"] for need in (await office.company.get(f"/dossiers/{dossier}")).json()["papers"]}
