"""One procedure, once through: what every file of procedures asks of each of them."""

from app.catalogue import files
from app.catalogue.procedure import Procedure
from app.core.db import transaction
from app.registers import queries as registers
from app.registers.rules import Dataset
from tests.house.filing.office import Office

DEFINITIONS = files.definitions()
SLUGS = sorted({name.split("/")[0] for name in DEFINITIONS})


async def filed_to_its_result(office: Office, slug: str, **chosen: object) -> str:
    """File, receive, pay, go through every step, decide, sign, seal, register, return; the number of the result."""
    dossier_id = await office.file(slug, **chosen)
    await office.receive(dossier_id)
    received = await office.dossier(dossier_id)
    assert received.number
    assert received.due_at is not None
    await office.decide(dossier_id)
    result, content = await office.fetch(dossier_id)
    done = await office.dossier(dossier_id)
    assert (done.state, done.decision) == ("returned", "granted")
    assert content.startswith(b"%PDF-")
    assert result["number"]
    procedure = Procedure.of(DEFINITIONS[f"{slug}/{done.version}"])
    assert done.ended_at is not None
    async with transaction(office.sessions) as session:
        record = await registers.one(session, Dataset(procedure.result.register_as.dataset), result["number"])
    assert (record["kind"], record["status"]) == (slug, "valid")
    return str(result["number"])
