"""What is shared at all, as a DCAT-AP catalogue: datasets, their fields, the service that gives them, and how fresh they are."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from app.registers.models import SharedRecord
from app.registers.rules import SCHEMAS, Dataset, Field, FieldClass, Schema
from app.sharing.models import Party
from app.sharing.rules import MINISTRY

PATH = "/api/sharing/v1"
TERMS = "/danh-muc-du-lieu#dieu-kien"
EU = "http://publications.europa.eu/resource/authority"
CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "csvw": "http://www.w3.org/ns/csvw#",
    "adms": "http://www.w3.org/ns/adms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FORMATS = {"json": "application/json", "ndjson": "application/x-ndjson", "csv": "text/csv"}
_TYPES = {"date": "xsd:date", "date-time": "xsd:dateTime"}

Node = dict[str, Any]


async def newest(session: AsyncSession) -> dict[Dataset, datetime]:
    """When a record of each dataset was last written; one look into an index each. An empty dataset is left out."""
    found: dict[Dataset, datetime] = {}
    for dataset in Dataset:
        chosen = select(SharedRecord.changed_at).where(SharedRecord.dataset == dataset.value)
        at = await session.scalar(chosen.order_by(SharedRecord.changed_xid.desc()).limit(1))
        if at is not None:
            found[dataset] = at
    return found


async def contact(session: AsyncSession) -> Party | None:
    """The ministry as a party of agreements, with whom to talk to; None before it is registered."""
    return await session.get(Party, MINISTRY)


def catalogue(issuer: str, fresh: Mapping[Dataset, datetime], party: Party | None) -> Node:
    """The catalogue as JSON-LD (DCAT-AP 3)."""
    return {
        "@context": CONTEXT,
        "@id": f"{issuer}/catalog",
        "@type": "dcat:Catalog",
        **_words("title", "Dữ liệu dùng chung của Bộ Công Thương", "Shared data of the Ministry of Industry and Trade"),
        **_words(
            "description",
            "Dữ liệu mà cơ quan nhà nước khác được đọc theo thỏa thuận đã ký.",
            "Data that other authorities may read under a signed agreement.",
        ),
        "dct:publisher": _ministry(issuer),
        "dct:language": [{"@id": f"{EU}/language/VIE"}, {"@id": f"{EU}/language/ENG"}],
        "foaf:homepage": {"@id": f"{issuer}/danh-muc-du-lieu"},
        "dcat:service": [_service(issuer, party)],
        "dcat:dataset": [_dataset(issuer, schema, fresh.get(schema.dataset), party) for schema in SCHEMAS.values()],
    }


def _words(name: str, vi: str, en: str) -> Node:
    return {f"dct:{name}": [{"@value": vi, "@language": "vi"}, {"@value": en, "@language": "en"}]}


def _ministry(issuer: str) -> Node:
    names = [{"@value": "Bộ Công Thương", "@language": "vi"}, {"@value": "Ministry of Industry and Trade", "@language": "en"}]
    return {"@id": f"{issuer}/#{MINISTRY}", "@type": "foaf:Agent", "foaf:name": names, "dct:identifier": MINISTRY}


def _contact(party: Party | None) -> Node:
    """The unit's name and addresses as registered; never a person's."""
    said: Node = {"@type": "vcard:Organization", "vcard:fn": party.name_vi if party else "Bộ Công Thương"}
    reached = {"vcard:hasEmail": f"mailto:{party.email}", "vcard:hasTelephone": f"tel:{party.phone}"} if party else {}
    return said | {name: {"@id": address} for name, address in reached.items()}


def _service(issuer: str, party: Party | None) -> Node:
    return {
        "@id": f"{issuer}{PATH}",
        "@type": "dcat:DataService",
        **_words("title", "Giao diện chia sẻ dữ liệu", "Data-sharing interface"),
        "dcat:endpointURL": {"@id": f"{issuer}{PATH}"},
        "dcat:endpointDescription": {"@id": f"{issuer}/api/sharing/openapi.yaml"},
        "dct:conformsTo": {"@id": f"{issuer}/.well-known/oauth-protected-resource/api/sharing"},
        "dcat:contactPoint": _contact(party),
        "dcat:servesDataset": [{"@id": _address(issuer, dataset)} for dataset in Dataset],
        **_conditions(issuer),
    }


def _conditions(issuer: str) -> Node:
    access = {"@id": f"{EU}/access-right/NON_PUBLIC", "@type": "dct:RightsStatement"}
    return {"dct:accessRights": access, "dct:license": {"@id": f"{issuer}{TERMS}", "@type": "dct:LicenseDocument"}}


def _address(issuer: str, dataset: Dataset) -> str:
    return f"{issuer}/danh-muc-du-lieu#{dataset}"


def _dataset(issuer: str, schema: Schema, fresh: datetime | None, party: Party | None) -> Node:
    made = {
        "@id": _address(issuer, schema.dataset),
        "@type": "dcat:Dataset",
        "dct:identifier": schema.dataset.value,
        **_words("title", schema.title.vi, schema.title.en),
        **_words("description", f"Khóa: {schema.key_title.vi}.", f"Key: {schema.key_title.en}."),
        "dcat:version": f"{schema.life.version}.0",
        "dct:publisher": {"@id": f"{issuer}/#{MINISTRY}"},
        "dcat:contactPoint": _contact(party),
        # Written in the transaction of the act itself.
        "dct:accrualPeriodicity": {"@id": f"{EU}/frequency/UPDATE_CONT"},
        "dcat:distribution": [_distribution(issuer, schema.dataset, kind) for kind in _FORMATS],
        "csvw:tableSchema": {"@type": "csvw:Schema", "csvw:column": [_column(schema, field) for field in schema.fields]},
        **_conditions(issuer),
    }
    if fresh is not None:
        made["dct:modified"] = {"@value": fresh.isoformat(), "@type": "xsd:dateTime"}
    return made | _life(schema)


def _life(schema: Schema) -> Node:
    """Whether the dataset will end, in the words of ADMS."""
    life = schema.life
    status = "DEPRECATED" if life.deprecated_on else "COMPLETED"
    ends = {"dct:valid": {"@value": f"/{life.ends_on}", "@type": "dct:Period"}} if life.ends_on else {}
    return {"adms:status": {"@id": f"{EU}/dataset-status/{status}"}} | ends


def _distribution(issuer: str, dataset: Dataset, kind: str) -> Node:
    place = dataset.value if kind == "json" else "exports"
    return {
        "@id": f"{issuer}/catalog#{dataset}-{kind}",
        "@type": "dcat:Distribution",
        "dcat:accessURL": {"@id": f"{issuer}{PATH}/{place}"},
        "dcat:accessService": {"@id": f"{issuer}{PATH}"},
        "dcat:mediaType": {"@id": f"https://www.iana.org/assignments/media-types/{_FORMATS[kind]}"},
        "dcatap:availability": {"@id": f"{EU}/planned-availability/STABLE"},
        "dct:license": {"@id": f"{issuer}{TERMS}", "@type": "dct:LicenseDocument"},
    }


def _column(schema: Schema, field: Field) -> Node:
    """A field; its class is the right to it: only what is public may be repeated."""
    right = {FieldClass.PUBLIC: "PUBLIC", FieldClass.INTERNAL: "NON_PUBLIC"}.get(field.classed, "RESTRICTED")
    return {
        "@type": "csvw:Column",
        "csvw:name": field.name,
        "csvw:title": [{"@value": field.title.vi, "@language": "vi"}, {"@value": field.title.en, "@language": "en"}],
        "csvw:datatype": _TYPES.get(field.format or "", f"xsd:{field.kind}" if field.kind != "array" else "csvw:JSON"),
        "dct:identifier": schema.dictionary_code(field),
        "dct:type": field.classed.value,
        "dct:accessRights": {"@id": f"{EU}/access-right/{right}"},
    }
