"""What the ministry already knows about a filer: records that a form may refer to, and papers it need not ask for. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from app.catalogue.questions import FieldType, FormField
from app.core.text import Text

Record = Mapping[str, Any]
Records = Sequence[Record]
"""Shared records of the filer's own results, valid today, as the `licences` dataset has them."""


def fitting(field: FormField, records: Records) -> list[Record]:
    """The records that a `reference` field may name."""
    kinds = field.records.procedures if field.records else ()
    return [record for record in records if not kinds or record.get("kind") in kinds]


def options(field: FormField, records: Records) -> dict[str, Text]:
    """Number → number and title of each record that may be named."""
    return {str(record["number"]): _named(record) for record in fitting(field, records)}


def _named(record: Record) -> Text:
    ends = f" ({record['valid_to']})" if record.get("valid_to") else ""
    said = f"{record['number']} – {record.get('title', '')}{ends}"
    return Text(said, said)


def filled(fields: Iterable[FormField], answers: Mapping[str, Any], records: Records) -> dict[str, Any]:
    """`answers` with what the named records say: always where a field is locked, else where nothing has been typed.

    A `reference` that can name one record only, names it.
    """
    found = dict(answers)
    every = tuple(fields)
    for each in every:
        if each.type is FieldType.REFERENCE and each.id not in found and len(known := fitting(each, records)) == 1:
            found[each.id] = str(known[0]["number"])
    for each in every:
        owner, _, member = (each.prefill or "").partition(".")
        if member and (each.locked or each.id not in found):
            value = _member(records, found.get(owner), member)
            found.pop(each.id, None)
            found |= {each.id: value} if value not in (None, "") else {}
    return found


def _member(records: Records, number: Any, member: str) -> Any:
    """A member of the record itself, else one of its facts."""
    record = next((record for record in records if record.get("number") == number), {})
    facts = record.get("facts")
    return record.get(member, facts.get(member) if isinstance(facts, Mapping) else None)
