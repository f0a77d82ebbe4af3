"""Which units a step asks, by the answers of the dossier. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from app.catalogue.definition import Step


def units_asked(step: Step, answers: Mapping[str, Any]) -> tuple[str, ...]:
    """The units, each once, in the order of the answers; an answer without a unit of its own goes to `otherwise`."""
    found = list(step.to)
    if chosen := step.to_by:
        units = (chosen.units.get(value, chosen.otherwise) for value in _values(answers, chosen.field))
        found += [unit for unit in units if unit]
    return tuple(dict.fromkeys(found))


def _values(answers: Mapping[str, Any], name: str) -> Iterable[str]:
    owner, _, column = name.partition(".")
    value = answers.get(owner)
    if column:
        rows = value if isinstance(value, list) else []
        return [row[column] for row in rows if isinstance(row, Mapping) and row.get(column)]
    return value if isinstance(value, list) else [value] if value else []
