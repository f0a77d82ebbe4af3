"""A rehearsal: what a grant would deliver, on records that are nobody's, and what the enterprise would be shown of it. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.core.text import Text
from app.registers.rules import SCHEMAS, Dataset, Field
from app.sharing import synthetic
from app.sharing.rules import Basis, Grant, Terms

_LOOKED_AT = 40
SHOWN = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A line of the page “who read my data”, as the enterprise would find it. `from_when` is later where a law hides it."""

    key: str
    fields: tuple[Text, ...]
    purposes: tuple[Text, ...]
    legal_basis: tuple[Basis, ...]
    from_when: datetime
    hidden_basis: str
    told: bool


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Of one dataset: the first records and how many of those looked at pass the filter; what is refused; one line of the log."""

    dataset: Dataset
    title: Text
    records: tuple[dict[str, Any], ...]
    passed: int
    looked_at: int
    refused: tuple[Field, ...]
    seen: Seen | None

    @property
    def bodies(self) -> list[str]:
        """The records as JSON that a person can read."""
        return [json.dumps(record, ensure_ascii=False, indent=2) for record in self.records]


def rehearse(terms: Terms, *, at: datetime, seed: int = 1) -> list[Rehearsal]:
    """Every dataset of the terms."""
    return [_one(terms, grant, at, seed) for grant in terms.grants]


def _one(terms: Terms, grant: Grant, at: datetime, seed: int) -> Rehearsal:
    schema, made = SCHEMAS[grant.dataset], synthetic.records(grant.dataset, _LOOKED_AT, seed)
    passing = [record for record in made if passes(grant, record)]
    shown = passing[:SHOWN] or [_fitted(grant, record) for record in made[:1]]
    return Rehearsal(
        dataset=grant.dataset,
        title=schema.title,
        records=tuple(delivered(grant, record) for record in shown),
        passed=len(passing),
        looked_at=_LOOKED_AT,
        refused=tuple(field for field in schema.fields if field.name not in grant.fields),
        seen=_seen(terms, grant, shown[0], at),
    )


def passes(grant: Grant, record: Mapping[str, Any]) -> bool:
    """Whether the row filter lets a record through: it compares text, as the statement of a read does."""
    return all(str(record.get(name)) in values for name, values in grant.row_filter.items())


def delivered(grant: Grant, record: Mapping[str, Any]) -> dict[str, Any]:
    """The granted members of a record, in their order, and nothing else."""
    return {name: record.get(name) for name in grant.fields}


def _fitted(grant: Grant, record: dict[str, Any]) -> dict[str, Any]:
    """A record made to pass a filter that none of the made ones happens to pass."""
    return record | {name: values[0] for name, values in grant.row_filter.items() if values}


def _seen(terms: Terms, grant: Grant, record: Mapping[str, Any], at: datetime) -> Seen | None:
    if synthetic.subject_of(grant.dataset, record) is None:
        return None
    titles = {field.name: field.title for field in SCHEMAS[grant.dataset].fields}
    return Seen(
        key=str(record[synthetic.KEYS[grant.dataset]]),
        fields=tuple(titles[name] for name in grant.fields if name in titles),
        purposes=tuple(purpose.title for purpose in terms.purposes),
        legal_basis=terms.legal_basis,
        from_when=at + timedelta(days=grant.hidden_days or 0),
        hidden_basis=grant.hidden_basis or "",
        told=grant.notify_subject,
    )
