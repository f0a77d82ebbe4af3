"""Acts of other packages that change what is shared write the record in their own transaction.

Dossiers and licences are tried where their acts are (tests/dossiers): every move, the issue, the revocation, the replacement.
"""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from app.catalogue import actions as catalogue
from app.catalogue import files, shared
from app.core.actor import SYSTEM
from app.core.text import Text
from app.identity import actions as identity
from app.identity.claims import Organisation
from app.registers import queries
from app.registers.codelists import Code, CodeList, adopt
from app.registers.rules import Dataset

AT = datetime(2026, 11, 23, 2, 15, tzinfo=UTC)
TAX_CODE = "9900000030"


def _organisation(**changes: object) -> Organisation:
    said = {"tax_code": TAX_CODE, "name_vi": "Công ty Ví Dụ", "province": "Hà Nội", "phone": "024", "rights": frozenset({"view"})}
    return Organisation.model_validate(said | changes)


async def test_an_enterprise_is_shared_with_the_code_of_its_province_and_without_its_telephone(session):
    await adopt(session, CodeList("provinces", Text("Tỉnh", "Provinces"), [Code("01", "Hà Nội", "Hà Nội")]), at=AT)
    await identity.put_enterprise(session, _organisation(), source="registry", at=AT)
    found = await queries.one(session, Dataset.ENTERPRISES, TAX_CODE)
    assert (found["name_vi"], found["province"]) == ("Công ty Ví Dụ", "01")
    assert "phone" not in found
    await identity.put_enterprise(session, _organisation(name_vi="Công ty Mới"), source="registry", at=AT)
    assert (await queries.one(session, Dataset.ENTERPRISES, TAX_CODE))["name_vi"] == "Công ty Mới"


async def test_a_published_procedure_is_shared_and_what_time_does_to_it_follows(session):
    name, content = next(iter(files.texts().items()))
    procedure = await catalogue.publish(session, SYSTEM, files.definition(content), at=AT)
    first = await queries.one(session, Dataset.PROCEDURES, procedure.slug)
    assert (first["slug"], first["version"], first["title_vi"]) == (procedure.slug, procedure.version, procedure.title.vi)
    assert name.startswith(procedure.slug)
    before = datetime.combine(procedure.valid_from, AT.time(), UTC) - timedelta(days=2)
    await shared.share_all(session, at=before)
    assert (await queries.one(session, Dataset.PROCEDURES, procedure.slug))["status"] == "upcoming"
    await shared.share_all(session, at=AT)
    assert (await queries.one(session, Dataset.PROCEDURES, procedure.slug))["status"] == "in_force"
    assert await session.scalar(text("select version from shared_record where dataset = 'procedures'")) == 3
